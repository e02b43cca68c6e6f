"""A compiled pipeline definition, checked when it is stored rather than when it runs."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import cast

from local_aws.sagemaker.errors import invalid
from local_aws.sagemaker.values import Json, maybe_text, section, sections, text

STEP_TYPES = ("Processing", "Training", "Condition", "RegisterModel", "Fail")
_BRANCHES = ("IfSteps", "ElseSteps")
_TYPES = {"String": str, "Integer": int, "Float": float}


@dataclass(frozen=True)
class Step:
    """One step. The steps of a condition's branches are separate steps, named by `branches`."""

    name: str
    type: str
    arguments: Json
    needs: frozenset[str]
    branches: tuple[tuple["Step", ...], tuple["Step", ...]]
    property_files: Mapping[str, tuple[str, str]]
    display_name: str | None = None

    def tree(self) -> Iterator["Step"]:
        """The step and all steps below it."""
        yield self
        for branch in self.branches:
            for step in branch:
                yield from step.tree()


@dataclass(frozen=True)
class Definition:
    """What a pipeline runs, and the parameters that a run may set."""

    text: str
    parameters: Mapping[str, Json]
    steps: tuple[Step, ...]

    @classmethod
    def parse(cls, source: str) -> "Definition":
        """Read a definition; ValidationException says what is wrong with it."""
        body = _document(source)
        try:
            parameters = {text(p, "Name"): p for p in sections(body, "Parameters")}
            steps = tuple(_step(value) for value in sections(body, "Steps"))
        except (KeyError, AttributeError, TypeError) as error:
            raise _bad(f"a member is missing or has the wrong type: {error!r}") from error
        definition = cls(source, parameters, steps)
        _check_names(definition)
        _check_order(definition)
        return definition

    def all_steps(self) -> list[Step]:
        """Every step, those of branches too."""
        return [below for step in self.steps for below in step.tree()]

    def values(self, given: Mapping[str, str]) -> dict[str, object]:
        """The value of each parameter for a run: what is given, else the default."""
        if unknown := sorted(set(given) - set(self.parameters)):
            raise invalid(f"Parameters {unknown} are not defined in the pipeline definition.")
        return {name: _value(p, given.get(name)) for name, p in self.parameters.items()}


def _bad(why: str) -> Exception:
    return invalid(f"Invalid pipeline definition: {why}.")


def _document(source: str) -> Json:
    try:
        body = json.loads(source)
    except ValueError as error:
        raise _bad(f"it is not JSON: {error}") from error
    for member in ("Version", "Steps"):
        if not isinstance(body, dict) or member not in body:
            raise _bad(f"the member {member} is missing")
    return cast(Json, body)


def _step(value: Json) -> Step:
    name, kind = text(value, "Name"), text(value, "Type")
    if kind not in STEP_TYPES:
        covered = ", ".join(STEP_TYPES)
        raise _bad(f"step {name} has type {kind}, and only {covered} can run here")
    arguments = section(value, "Arguments")
    own = {key: member for key, member in arguments.items() if key not in _BRANCHES}
    first, second = (tuple(_step(s) for s in sections(arguments, b)) for b in _BRANCHES)
    return Step(
        name=name,
        type=kind,
        arguments=own,
        needs=frozenset(_referred(own)) | frozenset(_explicit(value)),
        branches=(first, second),
        property_files={
            text(f, "PropertyFileName"): (text(f, "OutputName"), text(f, "FilePath"))
            for f in sections(value, "PropertyFiles")
        },
        display_name=maybe_text(value, "DisplayName"),
    )


def _explicit(value: Json) -> Iterator[str]:
    for entry in cast("list[str | Json]", value.get("DependsOn") or []):
        yield entry if isinstance(entry, str) else text(entry, "Step")


def references(value: object) -> Iterator[str]:
    """Every path that a `Get` below `value` names."""
    if isinstance(value, dict):
        for key, member in value.items():
            if key == "Get" and isinstance(member, str):
                yield member
            else:
                yield from references(member)
    elif isinstance(value, list):
        for member in value:
            yield from references(member)


def _referred(arguments: Json) -> Iterator[str]:
    for path in references(arguments):
        kind, _, rest = path.partition(".")
        if kind == "Steps":
            yield re.split(r"[.\[]", rest)[0]


def _check_names(definition: Definition) -> None:
    steps = definition.all_steps()
    known = {step.name for step in steps}
    if len(known) < len(steps):
        raise _bad("two steps have the same name")
    for step in steps:
        if missing := sorted(step.needs - known):
            raise _bad(f"step {step.name} refers to steps {missing}, which do not exist")
        for path in references(step.arguments):
            kind, _, name = path.partition(".")
            if kind == "Parameters" and name not in definition.parameters:
                raise _bad(f"step {step.name} refers to the parameter {name}, which is not defined")


def _check_order(definition: Definition) -> None:
    """A step must be able to start once what it needs has run: no cycles."""
    waiting = {step.name: set(step.needs) for step in definition.all_steps()}
    for step in definition.all_steps():
        for branch in step.branches:
            for inner in branch:
                waiting[inner.name].add(step.name)
    while waiting:
        startable = [name for name, needs in waiting.items() if not needs & waiting.keys()]
        if not startable:
            raise _bad(f"steps {sorted(waiting)} wait for each other")
        for name in startable:
            del waiting[name]


def _value(parameter: Json, given: str | None) -> object:
    name, kind = text(parameter, "Name"), text(parameter, "Type")
    value = given if given is not None else parameter.get("DefaultValue")
    if value is None:
        raise invalid(f"The parameter {name} has no default value and was not given.")
    options = parameter.get("EnumValues")
    if isinstance(options, list) and value not in options:
        raise invalid(f"The parameter {name} is {value!r} and must be one of {options}.")
    return _typed(name, kind, value)


def _typed(name: str, kind: str, value: object) -> object:
    if kind == "Boolean":
        return value if isinstance(value, bool) else str(value).lower() == "true"
    try:
        return _TYPES[kind](cast(str, value))
    except KeyError as error:
        raise _bad(f"the parameter {name} has the unknown type {kind}") from error
    except ValueError as error:
        raise invalid(f"The parameter {name} is {value!r} and must be of type {kind}.") from error
