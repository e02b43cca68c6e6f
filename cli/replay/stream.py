"""A file of rows with times, as a table in the order of time."""

import bz2
import csv
import gzip
import math
import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cli.replay.options import Settings, whole_time
from cli.target import Misused
from monitor.tables import Table, number, seconds
from tabular.files import Row, parse_rows
from tabular.metrics import Floats

UNPACK: dict[str, Callable[[bytes], bytes]] = {".gz": gzip.decompress, ".bz2": bz2.decompress}
MISSING = ("", ".", "NA", "NaN", "nan", "NULL", "null")


@dataclass(frozen=True)
class Stream:
    """All rows, oldest first; `ids` are columns of texts of which none comes twice."""

    table: Table
    times: Floats
    ids: tuple[str, ...]

    def part(self, first: int, end: int) -> Table:
        """The rows from one place to before another."""
        numbers = {name: column[first:end] for name, column in self.table.numbers.items()}
        categories = {name: column[first:end] for name, column in self.table.categories.items()}
        return Table(numbers, categories, self.times[first:end])


def read(given: Settings) -> Stream:
    """The file's rows. Raises Misused, with a sentence, for a file that cannot be replayed."""
    columns, rows = _rows(given.path)
    for name in (given.time_column, *sorted(given.left_out)):
        if name not in columns:
            raise Misused(f"{given.path} has no column {name!r}; it has {', '.join(columns)}.")
    times = _times(rows, given)
    order = np.argsort(times, kind="stable")
    ordered = [rows[place] for place in order.tolist()]
    names = [name for name in columns if name not in {given.time_column, *given.left_out}]
    texts = {name: [_cell(row[name]) for row in ordered] for name in names}
    numbers = {
        name: column for name, cells in texts.items() if (column := _numbers(cells)) is not None
    }
    ids = tuple(name for name, cells in texts.items() if name not in numbers and _is_id(cells))
    categories = {
        name: cells for name, cells in texts.items() if name not in numbers and name not in ids
    }
    if not numbers and not categories:
        raise Misused(f"{given.path} has no feature besides the time and what is left out.")
    return Stream(Table(numbers, categories), times[order], ids)


def _rows(path: Path) -> tuple[list[str], list[Row]]:
    unpack = UNPACK.get(path.suffix, bytes)
    data = path.read_bytes()
    try:
        columns, rows = parse_rows(unpack(data).decode("utf-8-sig"))
    except (OSError, ValueError, csv.Error, EOFError, zlib.error) as error:
        raise Misused(f"{path} is no CSV of UTF-8 text ({error}).") from None
    if not rows:
        raise Misused(f"{path} holds no row below a header.")
    return columns, rows


def _times(rows: Sequence[Row], given: Settings) -> Floats:
    cells = [row[given.time_column].strip() for row in rows]
    times = np.array([seconds(whole_time(cell)) for cell in cells], dtype=np.float64)
    wrong = [cell for cell, time in zip(cells, times, strict=True) if math.isnan(time)]
    if wrong:
        raise Misused(
            f"{given.path}: {len(wrong)} of {len(rows)} cells of {given.time_column} are no "
            f"ISO 8601 time or year, the first is {wrong[0][:40]!r}."
        )
    return times


def _cell(text: str) -> str:
    cell = text.strip()
    return "" if cell in MISSING else cell


def _numbers(cells: Iterable[str]) -> Floats | None:
    """The column as numbers; None if a cell that is not empty is none, or all are empty."""
    values = [(number(cell), cell) for cell in cells]
    if any(math.isnan(value) and cell for value, cell in values):
        return None
    column = np.array([value for value, _ in values], dtype=np.float64)
    return None if np.isnan(column).all() else column


def _is_id(cells: Sequence[str]) -> bool:
    known = [cell for cell in cells if cell]
    return len(known) > 1 and len(set(known)) == len(known)
