"""Takes typed members out of parsed JSON, or says which one is missing or of which type it is."""

from collections.abc import Mapping
from datetime import UTC, datetime

from steward.errors import BadEvent

type Json = Mapping[str, object]


def _find(data: Json, path: tuple[str, ...]) -> object:
    value: object = data
    for step in path:
        value = value.get(step) if isinstance(value, Mapping) else None
    return value


def text(data: Json, *path: str) -> str:
    """The non-empty text at `path`."""
    value = _find(data, path)
    if isinstance(value, str) and value:
        return value
    raise BadEvent(f"{'.'.join(path)}: found {value!r}, a text is needed")


def optional_text(data: Json, *path: str) -> str | None:
    """The text at `path`, None when it is absent."""
    return None if _find(data, path) is None else text(data, *path)


def whole(data: Json, *path: str) -> int:
    """The whole number, not below 0, at `path`."""
    value = _find(data, path)
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    raise BadEvent(f"{'.'.join(path)}: found {value!r}, a whole number is needed")


def texts(data: Json, *path: str) -> tuple[str, ...]:
    """The list of texts at `path`; an absent one is empty."""
    value = _find(data, path)
    if value is None:
        return ()
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return tuple(value)
    raise BadEvent(f"{'.'.join(path)}: found {value!r}, a list of texts is needed")


def objects(data: Json, *path: str) -> tuple[Json, ...]:
    """The list of objects at `path`."""
    value = _find(data, path)
    if isinstance(value, list) and all(isinstance(item, Mapping) for item in value):
        return tuple(value)
    raise BadEvent(f"{'.'.join(path)}: found {type(value).__name__}, a list of objects is needed")


def time(data: Json, *path: str) -> datetime:
    """The ISO 8601 time at `path`."""
    found = text(data, *path)
    try:
        when = datetime.fromisoformat(found)
    except ValueError:
        raise BadEvent(f"{'.'.join(path)}: found {found!r}, an ISO 8601 time is needed") from None
    return when if when.tzinfo else when.replace(tzinfo=UTC)
