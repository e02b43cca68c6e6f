"""Takes typed members out of parsed JSON, or says which one is missing or of which type it is."""

from collections.abc import Mapping
from datetime import UTC, datetime
from reprlib import Repr

from steward.errors import BadEvent

type Json = Mapping[str, object]

# AWS's longest are ARNs; S3's longest key has 1,024 bytes.
_LONGEST = 4096
# S3's largest object has 5e13 bytes, and DynamoDB keeps 38 digits.
_LARGEST = 10**15
# Room for any lag or skew before and after, and for any offset from UTC.
_YEARS = range(1970, 3000)
# A value may have the size of the whole message, and any depth.
shown = Repr(maxstring=200, maxother=200).repr


def _find(data: Json, path: tuple[str, ...]) -> object:
    value: object = data
    for step in path:
        value = value.get(step) if isinstance(value, Mapping) else None
    return value


def _bad(path: tuple[str, ...], value: object, needed: str) -> BadEvent:
    return BadEvent(f"{'.'.join(path)}: found {shown(value)}, {needed} is needed")


def text(data: Json, *path: str, most: int = _LONGEST) -> str:
    """The text at `path`: not empty, and at most so many bytes of UTF-8."""
    value = _find(data, path)
    if not isinstance(value, str) or not value:
        raise _bad(path, value, "a text")
    try:
        size = len(value.encode())
    except UnicodeEncodeError:
        raise _bad(path, value, "a text of whole characters") from None
    if size > most:
        raise _bad(path, value, f"a text of at most {most} bytes")
    return value


def optional_text(data: Json, *path: str) -> str | None:
    """The text at `path`, None when it is absent."""
    return None if _find(data, path) is None else text(data, *path)


def whole(data: Json, *path: str) -> int:
    """The whole number from 0 to 10**15 at `path`."""
    value = _find(data, path)
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _LARGEST:
        return value
    raise _bad(path, value, "a whole number")


def texts(data: Json, *path: str) -> tuple[str, ...]:
    """The list of texts at `path`; an absent one is empty."""
    value = _find(data, path)
    if value is None:
        return ()
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return tuple(value)
    raise _bad(path, value, "a list of texts")


def objects(data: Json, *path: str) -> tuple[Json, ...]:
    """The list of objects at `path`."""
    value = _find(data, path)
    if isinstance(value, list) and all(isinstance(item, Mapping) for item in value):
        return tuple(value)
    raise BadEvent(f"{'.'.join(path)}: found {type(value).__name__}, a list of objects is needed")


def time(data: Json, *path: str) -> datetime:
    """The ISO 8601 time at `path`, of the years 1970 to 2999."""
    found = text(data, *path)
    try:
        when = datetime.fromisoformat(found)
    except ValueError:
        raise _bad(path, found, "an ISO 8601 time") from None
    if when.year not in _YEARS:
        raise _bad(path, found, f"a time of the years {_YEARS.start} to {_YEARS.stop - 1}")
    return when if when.tzinfo else when.replace(tzinfo=UTC)
