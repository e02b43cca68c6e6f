"""Takes what it needs out of JSON that somebody else wrote; what is not there is None or empty."""

import math
from collections.abc import Mapping


def find(document: object, *path: str) -> object:
    """What stands at a path, None when nothing does."""
    for step in path:
        document = document.get(step) if isinstance(document, Mapping) else None
    return document


def number(document: object, *path: str) -> float | None:
    """A finite number; whole ones stay whole."""
    value = find(document, *path)
    if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value):
        return None
    return value


def mapping(value: object) -> Mapping[str, object]:
    """An object, else an empty one."""
    return value if isinstance(value, Mapping) else {}


def listed(value: object) -> list[object]:
    """A list, else an empty one."""
    return value if isinstance(value, list) else []
