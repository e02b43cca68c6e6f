"""The conditions that Steward writes; any other form is refused aloud."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from functools import cache
from typing import NamedTuple

from local_aws.memory.errors import invalid
from local_aws.memory.items import Json, key_text, normal

_EXISTS = re.compile(r"attribute_(not_)?exists\(([\w#]+)\)")
_EQUALS = re.compile(r"([\w#]+) = (:\w+)")
_PARTITION = re.compile(r"pk = (:\w+)(?: AND (.+))?")
_BETWEEN = re.compile(r"sk BETWEEN (:\w+) AND (:\w+)")
_PREFIX = re.compile(r"begins_with\(sk, (:\w+)\)")
_UNTIL = re.compile(r"sk <= (:\w+)")


class _Part(NamedTuple):
    """An attribute is there, is absent, or equals a value."""

    name: str
    absent: bool = False
    value: str | None = None


def check_placeholders(expression: str, *given: Mapping[str, object]) -> None:
    """Refuse names and values that are used and not given, or given and not used."""
    used, defined = _placeholders(expression), {name for some in given for name in some}
    if used != defined:
        raise invalid(f"{expression!r} uses {sorted(used)}, the request has {sorted(defined)}")


@cache
def _placeholders(expression: str) -> frozenset[str]:
    return frozenset(re.findall(r"[:#]\w+", expression))


class Condition:
    """What must hold of an item before a transaction does anything."""

    def __init__(self, expression: str, names: Mapping[str, str], values: Json) -> None:
        check_placeholders(expression, names, values)
        self._parts = _parts(expression)
        self._names, self._values = names, normal(values)

    def holds(self, item: Json) -> bool:
        """Whether it does of this item, which is empty where there is none."""
        return all(self._part_holds(part, item) for part in self._parts)

    def _part_holds(self, part: _Part, item: Json) -> bool:
        found = item.get(self._names.get(part.name, part.name))
        if part.value is None:
            return (found is None) is part.absent
        return bool(found == self._values[part.value])


@cache
def _parts(expression: str) -> tuple[_Part, ...]:
    return tuple(_part(text) for text in expression.split(" AND ")) if expression else ()


def _part(text: str) -> _Part:
    if found := _EXISTS.fullmatch(text):
        return _Part(found[2], absent=bool(found[1]))
    if found := _EQUALS.fullmatch(text):
        return _Part(found[1], value=found[2])
    raise NotImplementedError(f"the in-memory DynamoDB does not know the condition {text!r}")


def partition(expression: str, values: Json) -> tuple[str, str]:
    """Of a query's condition: the partition, and what is left to ask of the sort key."""
    check_placeholders(expression, values)
    found = _PARTITION.fullmatch(expression)
    if not found:
        raise NotImplementedError(f"the in-memory DynamoDB does not know the query {expression!r}")
    return key_text("pk", values[found[1]]), found[2] or ""


def span(condition: str, values: Json, keys: Sequence[str]) -> tuple[int, int]:
    """From which place to which the sorted keys fulfil the condition."""
    if not condition:
        return 0, len(keys)
    if found := _BETWEEN.fullmatch(condition):
        low, high = (key_text("sk", values[name]) for name in found.groups())
        if low > high:
            raise invalid(f"BETWEEN needs bounds in order, not {low!r} and {high!r}")
        return bisect_left(keys, low), bisect_right(keys, high)
    if found := _PREFIX.fullmatch(condition):
        prefix = key_text("sk", values[found[1]])
        start = bisect_left(keys, prefix)
        return start, bisect_right(keys, prefix, start, key=lambda key: key[: len(prefix)])
    if found := _UNTIL.fullmatch(condition):
        return 0, bisect_right(keys, key_text("sk", values[found[1]]))
    raise NotImplementedError(f"the in-memory DynamoDB does not know the query {condition!r}")
