"""What an endpoint was asked and answered within a window, from its data capture."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from monitor.fetch import Store
from monitor.payload import Cells, Malformed, member, parse, rows_of, text
from monitor.plan import HOUR, Window
from monitor.tables import number, seconds
from tabular.files import Json


@dataclass(frozen=True)
class Captured:
    """One row of a request, with its score."""

    id: str | None  # by which an outcome may be joined; None where several rows share it
    time: float  # seconds since 1970
    cells: Cells
    score: float  # NaN if the answer does not tell


@dataclass(frozen=True)
class Captures:
    """A window's rows in the order of their time, and what was left out."""

    rows: tuple[Captured, ...]
    unreadable: int  # lines that are no record, or records that hold no rows
    duplicates: int  # records whose id an earlier one has

    def notes(self) -> list[str]:
        """What a reader of the figures has to know."""
        said = {
            "captured records could not be read": self.unreadable,
            "captured records had the id of an earlier one and were left out": self.duplicates,
            "rows have no score": sum(math.isnan(row.score) for row in self.rows),
        }
        return [f"{count} {what}." for what, count in said.items() if count]


@dataclass(frozen=True)
class _Record:
    id: str
    time: float
    rows: tuple[Captured, ...]


def read_captures(store: Store, prefix: str, window: Window) -> Captures:
    """Read the window's hours and the one after it: capture files arrive late."""
    records, unreadable = [], 0
    for line in lines_below(store, prefix, Window(window.start, window.end + HOUR)):
        try:
            captured = parse(line)
            if _time(captured) in window:
                records.append(_record(captured))
        except Malformed:
            unreadable += 1
    first = _first_of_each(records)
    rows = tuple(row for record in first for row in record.rows)
    return Captures(rows, unreadable, len(records) - len(first))


def lines_below(store: Store, prefix: str, span: Window) -> Iterator[str]:
    """Every line of every file in the span's hour folders, in the order of the keys."""
    for folder in span.folders():
        for uri in store.below(f"{prefix.rstrip('/')}/{folder}"):
            body = store.read(uri).decode(errors="replace")
            # A line ends at a line feed only: splitlines() would also break at U+2028 in a text.
            yield from (line for line in body.split("\n") if line.strip())


def _time(record: Json) -> datetime:
    when = text(member(member(record, "eventMetadata"), "inferenceTime"))
    if math.isnan(seconds(when)):
        raise Malformed("A time in ISO 8601 is expected.")
    return datetime.fromtimestamp(seconds(when), tz=UTC)


def _record(record: Json) -> _Record:
    event, data = member(record, "eventMetadata"), member(record, "captureData")
    name = text(member(event, "inferenceId") or member(event, "eventId"))
    time = _time(record).timestamp()
    cells = rows_of(member(data, "endpointInput"))
    if not cells:
        raise Malformed("A request holds a row.")
    scores = _scores(member(data, "endpointOutput"), len(cells))
    join = name if len(cells) == 1 else None
    rows = [Captured(join, time, row, score) for row, score in zip(cells, scores, strict=True)]
    return _Record(name, time, tuple(rows))


def _scores(answer: Json, rows: int) -> list[float]:
    """One score per row; an answer that is missing or does not fit tells none."""
    try:
        scores = [number(cells[0]) for cells in rows_of(answer) if isinstance(cells, tuple)]
    except Malformed:
        scores = []
    return scores if len(scores) == rows else [math.nan] * rows


def _first_of_each(records: Sequence[_Record]) -> list[_Record]:
    """The earliest record of each id, in the order of time."""
    first: dict[str, _Record] = {}
    for record in sorted(records, key=lambda record: record.time):
        first.setdefault(record.id, record)
    return list(first.values())
