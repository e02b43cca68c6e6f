"""botocore's model of SageMaker: what an operation takes and gives, checked both ways."""

import re
from collections.abc import Iterator
from functools import cache
from typing import cast

from botocore.model import ListShape, MapShape, OperationModel, ServiceModel, Shape, StructureShape
from botocore.session import Session
from botocore.validate import ParamValidator

from local_aws.sagemaker.values import Json

_LONGEST_MATCHED = 10_000
_REPEATED_END = re.compile(r"\$\{\d+,\d+\}$")  # an end that repeats: botocore's slip for a length
# Java's Unicode classes, inside brackets; the stand-ins are never narrower.
_CLASSES = {
    r"\p{L}": r"\w", r"\p{M}": r"\w", r"\p{N}": r"\w", r"\p{Z}": r"\s", r"\p{S}": r"\W",
    r"\p{P}": r"\W",
}  # fmt: skip


@cache
def service() -> ServiceModel:
    """The model that boto3 itself uses."""
    return Session().get_service_model("sagemaker")


def operation(name: str) -> OperationModel | None:
    """The operation's model; None if SageMaker has no such operation."""
    model = service()
    return model.operation_model(name) if name in model.operation_names else None


def faults(value: Json, shape: Shape) -> str:
    """Why `value` does not fit `shape`, empty if it does."""
    report = ParamValidator().validate(value, shape)
    if report.has_errors():
        return str(report.generate_report())
    found = list(_violations(value, shape, ""))
    if not found:
        return ""
    plural = "s" if len(found) > 1 else ""
    return f"{len(found)} validation error{plural} detected: " + "; ".join(found)


def _violations(value: object, shape: Shape, where: str) -> Iterator[str]:
    """The constraints that botocore leaves to the service: enums, longest lengths, patterns."""
    if isinstance(shape, StructureShape):
        for name, member in cast(Json, value).items():
            yield from _violations(member, shape.members[name], f"{where}.{name}".lstrip("."))
    elif isinstance(shape, ListShape):
        rows = cast("list[object]", value)
        yield from _too_large(len(rows), shape, where, "have length")
        for index, row in enumerate(rows):
            yield from _violations(row, shape.member, f"{where}.{index + 1}.member")
    elif isinstance(shape, MapShape):
        entries = cast(Json, value)
        yield from _too_large(len(entries), shape, where, "have length")
        for key, entry in entries.items():
            yield from _violations(key, shape.key, where)
            yield from _violations(entry, shape.value, f"{where}.{key}.member")
    elif shape.type_name in ("integer", "long", "float", "double"):
        yield from _too_large(cast(float, value), shape, where, "have value", value)
    elif shape.type_name == "string":
        yield from _text_violations(cast(str, value), shape, where)


def _too_large(
    size: float, shape: Shape, where: str, what: str, shown: object = None
) -> Iterator[str]:
    most = shape.metadata.get("max")
    if most is not None and size > most:
        value = f"Value '{shown}' at" if shown is not None else "Value at"
        yield f"{value} '{where}' {_MUST} {what} less than or equal to {most}"


def _text_violations(value: str, shape: Shape, where: str) -> Iterator[str]:
    yield from _too_large(len(value), shape, where, "have length", value)
    options = shape.metadata.get("enum")
    if options and value not in options:
        yield f"Value '{value}' at '{where}' {_MUST} satisfy enum value set: [{', '.join(options)}]"
    pattern = shape.metadata.get("pattern")
    if pattern and len(value) <= _LONGEST_MATCHED and not _matches(pattern, value):
        yield f"Value '{value}' at '{where}' {_MUST} satisfy regular expression pattern: {pattern}"


_MUST = "failed to satisfy constraint: Member must"


def _matches(pattern: str, value: str) -> bool:
    compiled = _compiled(pattern)
    return compiled is None or compiled.fullmatch(value) is not None


@cache
def _compiled(pattern: str) -> re.Pattern[str] | None:
    pattern = _REPEATED_END.sub("", pattern)
    for java, python in _CLASSES.items():
        pattern = pattern.replace(java, python)
    try:
        return re.compile(pattern)
    except re.PatternError:
        # A construct of Java's that Python lacks: the service would check it, we do not.
        return None
