"""What the sections of a document are made of: text, tables and lists, told one below the other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

NOTHING = "\N{EN DASH}"
_LONG = 32


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
class Cell:
    """A cell of a table; figures stand to the right, digests are set small."""

    text: str
    is_figure: bool = False

    @property
    def is_digest(self) -> bool:
        """Whether it is one long word."""
        return len(self.text) >= _LONG and " " not in self.text and "/" not in self.text

    @property
    def is_short(self) -> bool:
        """Whether no word of it is too long for a line."""
        return max(map(len, self.text.split()), default=0) < _LONG // 2


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of text below a head."""

    kind: ClassVar = "table"
    head: tuple[Cell, ...]
    rows: tuple[tuple[Cell, ...], ...]


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
    figures = [any(map(_is_figure, column)) for column in zip(*rows, strict=True)]
    return Table(
        head=tuple(Cell(*one) for one in zip(head, figures, strict=True)),
        rows=tuple(
            tuple(Cell(plain(cell) or NOTHING, _is_figure(cell)) for cell in row) for row in rows
        ),
    )


def _is_figure(value: object) -> bool:
    return isinstance(value, int | float)


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
