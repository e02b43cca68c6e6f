"""What the sections of a document are made of: text, tables and lists, told one below the other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

NOTHING = "\N{EN DASH}"


@dataclass(frozen=True, slots=True)
class Text:
    """A sentence or two."""

    kind: ClassVar = "text"
    text: str


@dataclass(frozen=True, slots=True)
class Missing:
    """What is not known, said where it would stand."""

    kind: ClassVar = "missing"
    text: str


@dataclass(frozen=True, slots=True)
class Pairs:
    """Words and values."""

    kind: ClassVar = "pairs"
    pairs: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of text below a head."""

    kind: ClassVar = "table"
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Bars:
    """Names, figures, and their share in percent of the largest."""

    kind: ClassVar = "bars"
    rows: tuple[tuple[str, str, float], ...]


@dataclass(frozen=True, slots=True)
class Words:
    """What somebody said, and who and when."""

    kind: ClassVar = "words"
    text: str
    by: str


@dataclass(frozen=True, slots=True)
class Listing:
    """Lines of one list."""

    kind: ClassVar = "listing"
    lines: tuple[str, ...]


type Part = Text | Missing | Pairs | Table | Bars | Words | Listing


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a document with its heading; `about` says what stands there, `mark` why."""

    anchor: str
    title: str
    about: str
    parts: tuple[Part, ...]
    mark: str = ""


def pairs(values: Mapping[str, object]) -> Pairs:
    """Values by their words; those that are not known are said to be so."""
    return Pairs(tuple((word, plain(value) or "not on record") for word, value in values.items()))


def table(head: Sequence[str], rows: Sequence[Sequence[object]], none: str) -> Table | Missing:
    """A table; without a row, what that means."""
    if not rows:
        return Missing(none)
    cells = tuple(tuple(plain(cell) or NOTHING for cell in row) for row in rows)
    return Table(tuple(head), cells)


def plain(value: object) -> str:
    """A value as text; a fraction by its first digits."""
    match value:
        case None:
            return ""
        case float():
            return f"{value:.4g}"
        case Mapping():
            return ", ".join(f"{name}: {plain(entry)}" for name, entry in value.items())
        case list() | tuple():
            return ", ".join(map(plain, value))
        case _:
            return str(value)
