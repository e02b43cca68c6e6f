"""Digests of values: the same content gives the same id, wherever and whenever it is computed."""

import hashlib
import json
from datetime import datetime

from steward import times


def canonical(value: object) -> str:
    """`value` as JSON with sorted keys and no spaces; times as ISO text."""
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_text
    )


def of_text(text: str) -> str:
    """SHA-256 of the text's UTF-8 bytes, hex."""
    return hashlib.sha256(text.encode()).hexdigest()


def of(value: object) -> str:
    """SHA-256 of the value's canonical JSON, hex."""
    return of_text(canonical(value))


def _text(value: object) -> str:
    if isinstance(value, datetime):
        return times.iso(value)
    raise TypeError(f"no canonical form for {type(value).__name__}: {value!r}")
