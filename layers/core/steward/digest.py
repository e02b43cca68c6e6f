"""Digests of values: the same content gives the same id, wherever and whenever it is computed."""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from steward import times

_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)
# How a whole number looks that Python writes as a float; a text that looks so costs time only.
_WHOLE = (".0,", ".0}", ".0]", "e+")


def canonical(value: object) -> str:
    """`value` as JSON with sorted keys and no spaces; times as ISO text, 2.0 as 2.

    DynamoDB does not tell 2.0 from 2, and what was stored must give the same digest.
    """
    try:
        text = _ENCODER.encode(value)
    except TypeError:
        return _ENCODER.encode(_plain(value))
    # Walking through a value costs five times as much as writing it.
    is_plain = not text.endswith(".0") and not any(end in text for end in _WHOLE)
    return text if is_plain else _ENCODER.encode(_plain(value))


def as_written(value: object) -> str:
    """`value` as JSON in its own order: of a model's features, the order is that of a request."""
    return json.dumps(_plain(value), separators=(",", ":"), ensure_ascii=False)


def of_text(text: str) -> str:
    """SHA-256 of the text's UTF-8 bytes, hex."""
    return hashlib.sha256(text.encode()).hexdigest()


def of(value: object) -> str:
    """SHA-256 of the value's canonical JSON, hex."""
    return of_text(canonical(value))


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return times.iso(value)
    if isinstance(value, float) and value.is_integer():
        # As it is stored, by its shortest decimal form; int(value) has further digits above 2**53.
        return int(Decimal(repr(value)))
    if isinstance(value, Mapping):
        return {key: _plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    return value
