"""Reading members of JSON whose shape has been checked: here its type is stated once."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import cast

type Json = dict[str, object]


def text(source: Mapping[str, object], key: str) -> str:
    """A string that must be there."""
    return cast(str, source[key])


def maybe_text(source: Mapping[str, object], key: str) -> str | None:
    """A string, or None if the caller left it out."""
    return cast("str | None", source.get(key))


def whole(source: Mapping[str, object], key: str, default: int) -> int:
    """A whole number."""
    return cast(int, source.get(key, default))


def section(source: Mapping[str, object], key: str) -> Json:
    """A structure, empty if it is absent."""
    return cast(Json, source.get(key) or {})


def sections(source: Mapping[str, object], key: str) -> list[Json]:
    """A list of structures, empty if it is absent."""
    return cast("list[Json]", source.get(key) or [])


def texts(source: Mapping[str, object], key: str) -> list[str]:
    """A list of strings, empty if it is absent."""
    return cast("list[str]", source.get(key) or [])


def text_map(source: Mapping[str, object], key: str) -> dict[str, str]:
    """A map of strings, empty if it is absent."""
    return cast("dict[str, str]", source.get(key) or {})


def given(**members: object) -> Json:
    """A structure of the members that are not None; AWS leaves absent members out."""
    return {name: value for name, value in members.items() if value is not None}


def pick(source: Mapping[str, object], *names: str) -> Json:
    """The named members that are there."""
    return {name: source[name] for name in names if name in source}


def moment(value: object) -> datetime:
    """A timestamp as JSON carries it: epoch seconds."""
    return datetime.fromtimestamp(float(cast(float, value)), UTC)


def iso(when: datetime) -> str:
    """A time as most SageMaker events write it."""
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")


def epoch_ms(when: datetime) -> int:
    """A time as endpoint and job events write it."""
    return round(when.timestamp() * 1000)
