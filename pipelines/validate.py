"""Checking a compiled definition against the service model that ships with botocore.

SageMaker itself looks at a step's arguments only when an execution reaches the step. The published
schema of pipeline definitions is older than the SDK, so each step is held to the request of the
operation that it becomes, and each expression to the parameters, steps and files that exist.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

import botocore.session
from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape
from botocore.validate import ParamValidator

type Json = bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None
type Object = Mapping[str, Json]

# A step's type -> the operation it becomes, and the names that SageMaker itself will add.
OPERATIONS: Mapping[str, tuple[str, Object]] = {
    "Processing": ("CreateProcessingJob", {"ProcessingJobName": "job"}),
    "Training": ("CreateTrainingJob", {"TrainingJobName": "job"}),
    "RegisterModel": ("CreateModelPackage", {}),
}
EXPRESSIONS = ("Get", "Std:Join", "Std:JsonGet")
EXECUTION_VARIABLES = (
    "StartDateTime", "CurrentDateTime", "PipelineName", "PipelineArn",
    "PipelineExecutionId", "PipelineExecutionArn",
)  # fmt: skip
# botocore carries Java's regular expressions; these classes are written otherwise in Python.
JAVA_CLASSES = {r"\p{L}": r"\w", r"\p{N}": r"\d", r"\p{Z}": r"\s"}


class Later(str):
    """A text that is known only when the pipeline runs."""

    __slots__ = ()


def faults(definition: Object) -> list[str]:
    """One sentence for each thing that SageMaker would refuse."""
    service = botocore.session.Session().get_service_model("sagemaker")
    found = list(_reference_faults(definition))
    for step in all_steps(definition):
        kind = str(step["Type"])
        if kind in {"Condition", "Fail"}:
            continue
        if kind not in OPERATIONS:
            found.append(f"{step['Name']}: a step of type {kind} cannot be checked.")
            continue
        operation, added = OPERATIONS[kind]
        model = service.operation_model(operation)
        arguments = {**added, **_object(step["Arguments"])}
        found += [f"{step['Name']}: {fault}" for fault in _request_faults(arguments, model)]
    return found


def all_steps(definition: Object) -> Iterator[Object]:
    """Every step, those inside conditions too."""
    yield from _steps(definition["Steps"])


def _steps(steps: Json) -> Iterator[Object]:
    for item in _items(steps):
        step = _object(item)
        yield step
        if step["Type"] == "Condition":
            arguments = _object(step["Arguments"])
            yield from _steps(arguments["IfSteps"])
            yield from _steps(arguments["ElseSteps"])


def _resolve(value: Json, shape: Shape | None) -> Json:
    """The value with a stand-in of the right kind for each expression."""
    if isinstance(value, Mapping):
        if len(value) == 1 and next(iter(value)) in EXPRESSIONS:
            whole = shape is not None and shape.type_name in {"integer", "long", "float", "double"}
            return 1 if whole else Later("s3://later/later")
        if isinstance(shape, StructureShape):
            members = shape.members
            return {key: _resolve(inner, members.get(key)) for key, inner in value.items()}
        if isinstance(shape, MapShape):
            return {key: _resolve(inner, shape.value) for key, inner in value.items()}
    if isinstance(shape, ListShape):
        return [_resolve(inner, shape.member) for inner in _items(value)]
    return value


def _request_faults(arguments: Object, model: OperationModel) -> Iterator[str]:
    shape = model.input_shape
    if shape is None:
        return
    request = _object(_resolve(arguments, shape))
    report = ParamValidator().validate(request, shape)
    if report.has_errors():
        yield from report.generate_report().splitlines()
    else:
        yield from _text_faults(request, shape, shape.name)


def _text_faults(value: Json, shape: Shape, path: str) -> Iterator[str]:
    """What botocore leaves to the service: enumerations, patterns and greatest lengths of texts."""
    if isinstance(shape, StructureShape):
        for key, inner in _object(value).items():
            yield from _text_faults(inner, shape.members[key], f"{path}.{key}")
    elif isinstance(shape, MapShape):
        for key, inner in _object(value).items():
            yield from _text_faults(key, shape.key, f"{path}.{key}")
            yield from _text_faults(inner, shape.value, f"{path}.{key}")
    elif isinstance(shape, ListShape):
        for place, inner in enumerate(_items(value)):
            yield from _text_faults(inner, shape.member, f"{path}[{place}]")
    elif isinstance(value, str) and not isinstance(value, Later):
        yield from _text_fault(value, shape, path)


def _text_fault(text: str, shape: Shape, path: str) -> Iterator[str]:
    allowed = shape.metadata.get("enum")
    if allowed and text not in allowed:
        yield f"{path} is {text!r}, which is none of {len(allowed)} values such as {allowed[0]}."
    pattern = shape.metadata.get("pattern")
    if pattern and not re.fullmatch(_python_pattern(pattern), text):
        yield f"{path} is {text!r}, which does not match {pattern}."
    longest = shape.metadata.get("max")
    if longest is not None and len(text) > longest:
        yield f"{path} has {len(text)} characters, at most {longest} are allowed."


def _python_pattern(pattern: str) -> str:
    for java, python in JAVA_CLASSES.items():
        pattern = pattern.replace(java, python)
    # One pattern repeats the end of the text, which says no more than the end itself.
    return re.sub(r"\$\{\d+,\d+\}", "$", pattern)


def _reference_faults(definition: Object) -> Iterator[str]:
    """Expressions that name a parameter, variable, step or property file that is not there."""
    known = {f"Execution.{name}" for name in EXECUTION_VARIABLES}
    known |= {f"Parameters.{_object(p)['Name']}" for p in _items(definition["Parameters"])}
    steps = {str(step["Name"]): step for step in all_steps(definition)}
    for name, step in steps.items():
        for file in _items(step.get("PropertyFiles", ())):
            known.add(f"Steps.{name}.PropertyFiles.{_object(file)['PropertyFileName']}")
    for reference in _references(definition["Steps"]):
        owner = reference.split(".")[1] if reference.startswith("Steps.") else ""
        is_property = owner in steps and ".PropertyFiles." not in reference
        if reference not in known and not is_property:
            yield f"{reference} is used, but there is no such thing."


def _references(value: Json) -> Iterator[str]:
    if isinstance(value, Mapping):
        if set(value) == {"Get"}:
            yield str(value["Get"])
        else:
            for inner in value.values():
                yield from _references(inner)
    elif not isinstance(value, str):
        for inner in _items(value):
            yield from _references(inner)


def _items(value: Json) -> Sequence[Json]:
    return value if isinstance(value, Sequence) and not isinstance(value, str) else ()


def _object(value: Json) -> Object:
    return value if isinstance(value, Mapping) else {}
