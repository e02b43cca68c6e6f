"""Captured requests and answers as a table: columns of the answer first, then of the request."""

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from local_aws.sagemaker.values import Json, section, text

type Cell = str | None
type Cells = dict[str, Cell]
type Columns = Mapping[str, Sequence[Cell]]


class DataError(Exception):
    """The data cannot be analyzed; the sentence becomes the job's failure."""


@dataclass(frozen=True)
class Record:
    """One captured request: rows of its answer and of itself."""

    event_id: str
    answer: Sequence[Cells]
    request: Sequence[Cells]

    def rows(self) -> Iterator[Cells]:
        """Rows of both, side by side."""
        sides = [side for side in (self.answer, self.request) if side]
        if len({len(side) for side in sides}) > 1:
            raise DataError(
                f"The record {self.event_id} has {len(self.answer)} rows in its answer and "
                f"{len(self.request)} in its request."
            )
        for parts in zip(*sides, strict=True):
            yield _joined(parts)


def _joined(parts: Sequence[Cells]) -> Cells:
    joined: Cells = {}
    for part in parts:
        for name, cell in part.items():
            joined[_nth(len(joined)) if name.startswith("_c") else name] = cell
    return joined


def _nth(number: int) -> str:
    """What a column without a name is called."""
    return f"_c{number}"


def records(folder: Path) -> Iterator[Record]:
    """Every captured record below a folder."""
    for line in lines(folder):
        data = section(line, "captureData")
        sides = [section(data, side) for side in ("endpointOutput", "endpointInput")]
        answer, request = (list(rows_of(side)) if side else [] for side in sides)
        if len({text(side, "encoding") for side in sides if side}) > 1:
            raise DataError(
                f"Encoding mismatch: Encoding is {sides[1]['encoding']} for endpointInput, but "
                f"Encoding is {sides[0]['encoding']} for endpointOutput. We currently only support "
                "the same type of input and output encoding at the moment."
            )
        yield Record(event_id(line), answer, request)


def lines(folder: Path) -> Iterator[Json]:
    """Every line of the JSON Lines files below a folder."""
    for path in sorted(folder.rglob("*")):
        for line in path.read_text().splitlines() if path.is_file() else ():
            yield cast(Json, json.loads(line))


def event_id(line: Json) -> str:
    """What joins a record with its ground truth: the caller's id, else the event's own."""
    metadata = section(line, "eventMetadata")
    return str(metadata.get("inferenceId") or text(metadata, "eventId"))


def rows_of(side: Json) -> Iterator[Cells]:
    """The rows of one side of a record, or of a ground truth."""
    encoding, data = text(side, "encoding"), text(side, "data")
    if encoding == "CSV":
        for row in csv.reader(data.splitlines()):
            yield {_nth(index): cell.strip() or None for index, cell in enumerate(row)}
    elif encoding == "JSON":
        found = json.loads(data)
        for one in found if isinstance(found, list) else [found]:
            yield _flat(one)
    else:
        raise DataError(f"The encoding {encoding} of captured data is neither CSV nor JSON.")


def _flat(row: object) -> Cells:
    if not isinstance(row, dict) or any(isinstance(one, dict | list) for one in row.values()):
        raise DataError(f"Only flat JSON objects can be analyzed, got {json.dumps(row)[:100]}.")
    return {
        name: None if cell is None else cell if isinstance(cell, str) else json.dumps(cell)
        for name, cell in row.items()
    }


def table(rows: Sequence[Cells], names: Sequence[str]) -> Columns:
    """The columns of rows; those without names are called by `names` if there are as many."""
    found = list(dict.fromkeys(name for row in rows for name in row))
    nameless = found == [_nth(index) for index in range(len(found))]
    called = names if nameless and len(names) == len(found) else found
    return {
        name: [row.get(column) for row in rows] for name, column in zip(called, found, strict=True)
    }
