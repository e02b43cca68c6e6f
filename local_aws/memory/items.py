"""Items: what DynamoDB makes of their values, what it refuses, and how large they are.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
"""

import re
from collections.abc import Mapping
from decimal import Context, Inexact, InvalidOperation
from typing import Any, NamedTuple

from local_aws.memory.errors import invalid

type Json = dict[str, Any]
type Key = tuple[str, str]

LARGEST_ITEM = 400 * 1024
LONGEST = {"pk": 2048, "sk": 1024}
_WHOLE_NUMBER = re.compile(r"-?[1-9][0-9]{0,37}|0")
_EXACT = Context(prec=38, traps=[Inexact, InvalidOperation])
_AS_GIVEN = ("S", "BOOL", "NULL")


class Stored(NamedTuple):
    """An item as it is kept. Nobody else has it: it is copied on the way in and on the way out."""

    key: Key
    item: Json
    size: int

    def copy(self) -> Json:
        """The item for an answer."""
        return _copy(self.item)


def stored(item: Mapping[str, Json]) -> Stored:
    """An item of a request, checked."""
    key = key_of({name: value for name, value in item.items() if name in LONGEST})
    kept = normal(item)
    size = sum(len(name.encode()) + _size(value) for name, value in kept.items())
    if size > LARGEST_ITEM:
        raise invalid(f"the item {key} has {size} bytes, {LARGEST_ITEM} are allowed")
    return Stored(key, kept, size)


def key_of(key: Mapping[str, Json]) -> Key:
    """The two keys of a request, checked."""
    if key.keys() != LONGEST.keys():
        raise invalid(f"a key is pk and sk, not {sorted(key)}")
    return key_text("pk", key["pk"]), key_text("sk", key["sk"])


def key_text(name: str, value: Json) -> str:
    """The text of one key, checked."""
    text = value.get("S")
    if not isinstance(text, str) or not text:
        raise invalid(f"the key {name} must be a text that is not empty, not {value}")
    if len(text.encode()) > LONGEST[name]:
        raise invalid(f"the key {name} has {len(text.encode())} bytes, {LONGEST[name]} are allowed")
    return text


def normal(values: Mapping[str, Json]) -> Json:
    """A copy of the values by name, each in the one form in which DynamoDB keeps it."""
    if "" in values:
        raise invalid("an attribute has a name")
    return {name: _normal(value) for name, value in values.items()}


def _normal(value: Json) -> Json:
    ((kind, inner),) = value.items()
    if kind in _AS_GIVEN:
        return {kind: inner}
    if kind == "N":
        return {kind: inner if _WHOLE_NUMBER.fullmatch(inner) else _number(inner)}
    if kind == "M":
        return {kind: normal(inner)}
    if kind == "L":
        return {kind: [_normal(one) for one in inner]}
    raise NotImplementedError(f"the in-memory DynamoDB knows no values of type {kind}")


def _copy(values: Json) -> Json:
    """Most values are flat, and copying is most of what a large read costs."""
    return {
        name: _copy_nested(value) if "M" in value or "L" in value else value.copy()
        for name, value in values.items()
    }


def _copy_nested(value: Json) -> Json:
    if "M" in value:
        return {"M": _copy(value["M"])}
    if "L" in value:
        return {"L": [_copy_nested(one) for one in value["L"]]}
    return value.copy()


def _number(text: str) -> str:
    """Without zeros that say nothing, and without exponent unless it is long."""
    try:
        number = _EXACT.create_decimal(text).normalize(_EXACT)
    except InvalidOperation as error:
        raise invalid(f"{text} is no number") from error
    except Inexact as error:
        raise invalid(f"{text} has more than {_EXACT.prec} digits") from error
    if not number:
        return "0"
    if not number.is_finite() or not -130 <= number.adjusted() <= 125:
        raise invalid(f"{text} is not between 1E-130 and 1E+126")
    return f"{number:f}" if number.adjusted() < _EXACT.prec else str(number)


def _digits(number: str) -> int:
    return len(number.partition("E")[0].lstrip("-").replace(".", "").strip("0"))


def _size(value: Json) -> int:
    ((kind, inner),) = value.items()
    if kind == "S":
        return len(inner.encode())
    if kind == "N":
        return 1 + (_digits(inner) + 1) // 2
    if kind == "M":
        return 3 + sum(1 + len(name.encode()) + _size(one) for name, one in inner.items())
    if kind == "L":
        return 3 + sum(1 + _size(one) for one in inner)
    return 1
