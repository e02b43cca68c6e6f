"""The small language inside a definition: Get, Std:Join, Std:JsonGet, and conditions."""

import json
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import cast

from local_aws.sagemaker.values import Json, section, sections, text

# The member that names an element, where a list of a job's description is read as a map.
_KEYS = ("OutputName", "InputName", "ChannelName", "MetricName", "Name")
_TOKEN = re.compile(r"\['([^']*)'\]|\[\"([^\"]*)\"\]|\[(\d+)\]|([^.\[\]]+)")
_COMPARE: Mapping[str, Callable[[object, object], object]] = {
    "GreaterThan": cast(Callable[[object, object], object], operator.gt),
    "GreaterThanOrEqualTo": cast(Callable[[object, object], object], operator.ge),
    "LessThan": cast(Callable[[object, object], object], operator.lt),
    "LessThanOrEqualTo": cast(Callable[[object, object], object], operator.le),
}


class BadExpressionError(Exception):
    """An expression has no value in this run."""


@dataclass
class Scope:
    """What expressions can see in one run."""

    parameters: Mapping[str, object]
    variables: Mapping[str, object]
    read: Callable[[str], bytes]
    properties: dict[str, Json] = field(default_factory=dict)
    property_files: dict[str, Mapping[str, str]] = field(default_factory=dict)

    def evaluate(self, value: object) -> object:
        """The value with every expression in it replaced by what it stands for."""
        if isinstance(value, list):
            return [self.evaluate(member) for member in value]
        if not isinstance(value, dict):
            return value
        match list(value.items()):
            case [("Get", str(path))]:
                return self._get(path)
            case [("Std:Join", dict(join))]:
                return self._join(join)
            case [("Std:JsonGet", dict(call))]:
                return self._json_get(call)
        return {key: self.evaluate(member) for key, member in value.items()}

    def _get(self, path: str) -> object:
        kind, _, rest = path.partition(".")
        if kind == "Parameters" and rest in self.parameters:
            return self.parameters[rest]
        if kind == "Execution" and rest in self.variables:
            return self.variables[rest]
        step, *tokens = _tokens(rest)
        if kind == "Steps" and tokens[:1] == ["PropertyFiles"]:
            return self.property_files[step][tokens[1]]
        if kind == "Steps" and step in self.properties:
            return _walk(self.properties[step], tokens, path)
        raise BadExpressionError(f"{path} has no value in this run")

    def _join(self, join: Json) -> str:
        values = cast("list[object]", self.evaluate(join.get("Values", [])))
        return str(join.get("On", "")).join(str(value) for value in values)

    def _json_get(self, call: Json) -> object:
        uri = str(self.evaluate(call.get("PropertyFile") or call.get("S3Uri")))
        path = str(self.evaluate(call["Path"]))
        try:
            content = json.loads(self.read(uri))
        except ValueError as error:
            raise BadExpressionError(f"the property file {uri} is not JSON: {error}") from error
        return _walk(content, _tokens(path), f"{uri}#{path}")

    def holds(self, condition: Json) -> bool:
        """Whether a condition is true."""
        kind = text(condition, "Type")
        if kind == "Not":
            return not self.holds(section(condition, "Expression"))
        if kind == "Or":
            return any(self.holds(inner) for inner in sections(condition, "Conditions"))
        if kind == "In":
            options = cast("list[object]", self.evaluate(condition["Values"]))
            return self.evaluate(condition["QueryValue"]) in options
        return self._compares(kind, condition)

    def _compares(self, kind: str, condition: Json) -> bool:
        left, right = (self.evaluate(condition[side]) for side in ("LeftValue", "RightValue"))
        if kind == "Equals":
            return left == right
        if kind not in _COMPARE:
            raise BadExpressionError(f"the condition type {kind} is not known")
        try:
            return bool(_COMPARE[kind](left, right))
        except TypeError as error:
            raise BadExpressionError(f"{left!r} and {right!r} cannot be compared") from error


def _tokens(path: str) -> list[str]:
    return ["".join(parts) for parts in _TOKEN.findall(path)]


def _walk(value: object, tokens: list[str], path: str) -> object:
    for token in tokens:
        try:
            value = _member(value, token)
        except (KeyError, IndexError, ValueError, TypeError) as error:
            raise BadExpressionError(f"{path} has no member {token}") from error
    return value


def _member(value: object, token: str) -> object:
    if isinstance(value, list):
        return value[int(token)] if token.isdigit() else _named(value, token)
    return cast(Json, value)[token]


def _named(rows: list[Json], name: str) -> Json:
    for row in rows:
        if any(row.get(key) == name for key in _KEYS):
            return row
    raise KeyError(name)
