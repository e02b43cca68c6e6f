"""Values to DynamoDB items and back."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from steward import times
from steward.aws import TypeDeserializer, TypeSerializer

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

type Item = Mapping[str, object]

_serializer, _deserializer = TypeSerializer(), TypeDeserializer()


def to_item(values: Item) -> "dict[str, AttributeValueTypeDef]":
    """An item as DynamoDB's API wants it; times become text, None is left out."""
    return {
        key: _serializer.serialize(_plain(value))
        for key, value in values.items()
        if value is not None
    }


def from_item(item: "Mapping[str, AttributeValueTypeDef]") -> dict[str, object]:
    """An item as plain values: numbers are int or float."""
    return {key: _number(_deserializer.deserialize(value)) for key, value in item.items()}


def size(item: "Mapping[str, AttributeValueTypeDef]") -> int:
    """Bytes of an item as DynamoDB counts them: names and values (HowItWorks, "Item sizes")."""
    return sum(len(key.encode()) + _size(value) for key, value in item.items())


def _size(value: "AttributeValueTypeDef") -> int:
    ((kind, content),) = value.items()
    if isinstance(content, str):
        return len(content.encode()) if kind == "S" else len(content) // 2 + 2
    if isinstance(content, Mapping):
        return 3 + sum(len(key.encode()) + 1 + _size(entry) for key, entry in content.items())
    if isinstance(content, list):
        return 3 + sum(1 + _size(entry) for entry in content)
    return 1


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return times.iso(value)
    if isinstance(value, float):
        return Decimal(repr(value))
    if isinstance(value, Mapping):
        return {key: _plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    return value


def _number(value: object) -> object:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, dict):
        return {key: _number(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [_number(entry) for entry in value]
    return value
