"""Items: what DynamoDB makes of their values, what it refuses, and how large they are.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
"""

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

from local_aws.memory.errors import invalid

type Json = dict[str, Any]
type Key = tuple[str, str]

LARGEST_ITEM = 400 * 1024
LONGEST = {"pk": 2048, "sk": 1024}
_WHOLE_NUMBER = re.compile(r"-?[1-9][0-9]{0,37}|0")
_SAME_IN_AND_OUT = ("S", "BOOL", "NULL")


class Stored(NamedTuple):
    """An item as it is kept. Nobody else has it: it is copied on the way in and on the way out."""

    key: Key
    item: Json
    size: int

    def copy(self) -> Json:
        """The item for an answer."""
        return copy_of(self.item)


def stored(item: Mapping[str, Json]) -> Stored:
    """An item of a request, checked."""
    key = key_of({name: value for name, value in item.items() if name in LONGEST})
    kept = copy_of(item)
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


def copy_of(values: Mapping[str, Json]) -> Json:
    """The same values by name, in the one form in which DynamoDB keeps each."""
    return {name: _value(value) for name, value in values.items()}


def _value(value: Json) -> Json:
    ((kind, inner),) = value.items()
    if kind in _SAME_IN_AND_OUT:
        return {kind: inner}
    if kind == "N":
        return {kind: inner if _WHOLE_NUMBER.fullmatch(inner) else _number(inner)}
    if kind == "M":
        return {kind: copy_of(inner)}
    if kind == "L":
        return {kind: [_value(one) for one in inner]}
    raise NotImplementedError(f"the in-memory DynamoDB knows no values of type {kind}")


def _number(text: str) -> str:
    """Without exponent, and without zeros that say nothing."""
    try:
        number = Decimal(text)
    except InvalidOperation as error:
        raise invalid(f"{text} is no number") from error
    if not number.is_finite() or (number and not -130 <= number.adjusted() <= 125):
        raise invalid(f"{text} is not between 1E-130 and 1E+126")
    plain = f"{number:f}"
    plain = plain.rstrip("0").rstrip(".") if "." in plain else plain
    if _digits(plain) > 38:
        raise invalid(f"{text} has more than 38 digits")
    return plain if number else "0"


def _digits(number: str) -> int:
    return len(number.lstrip("-").replace(".", "").strip("0"))


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
