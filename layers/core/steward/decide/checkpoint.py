"""Checkpoint: once a day, what every model's ledger ends with is signed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

_SCHEMA = 1
FIRST = "0" * 64


@dataclass(frozen=True, slots=True)
class Signed:
    """The last checkpoint: its day, the digest of its statement, and the heads that it signed."""

    day: date
    sha256: str
    heads: Mapping[str, Mapping[str, object]] = field(default_factory=dict)


def is_due(last: Signed | None, now: datetime) -> bool:
    """Whether no checkpoint of this day, in UTC, is known."""
    return last is None or last.day < now.date()


def heads_of(
    heads: Mapping[str, Mapping[str, object]], last: Signed | None
) -> dict[str, Mapping[str, object]]:
    """What is signed of every model; one whose file was removed keeps its last head."""
    return {**(last.heads if last else {}), **heads}


def statement(
    prefix: str, now: datetime, heads: Mapping[str, Mapping[str, object]], last: Signed | None
) -> dict[str, object]:
    """What is signed: where each model's ledger ends, and which checkpoint came before."""
    previous = last.sha256 if last else FIRST
    return {"schema": _SCHEMA, "prefix": prefix, "at": now, "heads": heads, "previous": previous}


def broken(last: Signed | None, found: Mapping[str, str]) -> list[str]:
    """What is not as it was signed last: of each model, `found` is the digest that is there now."""
    return [
        f"entry {head['seq']} of {model} was signed as {head['digest']}, "
        f"found is {found.get(model, 'nothing')}"
        for model, head in (last.heads if last else {}).items()
        if found.get(model) != head["digest"]
    ]
