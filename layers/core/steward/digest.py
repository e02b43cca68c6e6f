"""Digests of values: the same content gives the same id, wherever and whenever it is computed."""

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import datetime

from steward import times

# In canonical JSON a whole number may not look like this; a text that does costs only time.
_WHOLE = re.compile(r"(?:^|[:\[,])-?\d+(?:\.0(?:$|[,}\]])|(?:\.\d+)?e)")


def canonical(value: object) -> str:
    """`value` as JSON with sorted keys and no spaces; times as ISO text, 2.0 as 2.

    DynamoDB does not tell 2.0 from 2, and what was stored must give the same digest.
    """
    try:
        text = _sorted(value)
    except TypeError:
        return _sorted(_plain(value))
    # Walking through a value costs five times as much as writing it.
    return _sorted(_plain(value)) if _WHOLE.search(text) else text


def as_written(value: object) -> str:
    """`value` as JSON in its own order: of a model's features, the order is that of a request."""
    return json.dumps(_plain(value), separators=(",", ":"), ensure_ascii=False)


def of_text(text: str) -> str:
    """SHA-256 of the text's UTF-8 bytes, hex."""
    return hashlib.sha256(text.encode()).hexdigest()


def of(value: object) -> str:
    """SHA-256 of the value's canonical JSON, hex."""
    return of_text(canonical(value))


def _sorted(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return times.iso(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, Mapping):
        return {key: _plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    return value
