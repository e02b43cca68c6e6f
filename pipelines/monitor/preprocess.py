"""What SageMaker Model Monitor runs on each captured record before it looks at the data.

It would put the columns of the answer before those of the request, and call none by its name. The
names come from the job definition: `features_0`, `features_1` ... each hold some, by commas.
"""

import csv
import os
from collections.abc import Iterator, Mapping
from typing import Protocol


class Data(Protocol):
    """One side of a captured record."""

    data: str


class Record(Protocol):
    """A captured record, as Model Monitor hands it over."""

    endpoint_input: Data


type Row = dict[str, str]


def preprocess_handler(inference_record: Record) -> Row | list[Row]:
    """The request's features by their names; a list when it asked about several rows."""
    names = _names(os.environ)
    rows = [_row(cells, names) for cells in _cells(inference_record.endpoint_input.data)]
    return rows[0] if len(rows) == 1 else rows


def _cells(data: str) -> Iterator[list[str]]:
    yield from (cells for cells in csv.reader(data.splitlines()) if cells)


def _row(cells: list[str], names: list[str]) -> Row:
    # With more or fewer cells than features nobody knows which is which: they keep their order.
    fits = len(cells) == len(names)
    called = names if fits else [str(place).zfill(20) for place in range(len(cells))]
    return dict(zip(called, cells, strict=True))


def _names(environment: Mapping[str, str]) -> list[str]:
    names: list[str] = []
    part = 0
    while text := environment.get(f"features_{part}"):
        names += text.split(",")
        part += 1
    return names
