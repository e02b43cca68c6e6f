"""Reading and writing what the steps hand to each other: CSV rows of text, and JSON."""

import csv
import hashlib
import io
import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from tabular.failing import StepFailed

type Json = bool | int | float | str | list[Json] | dict[str, Json] | None
type Row = dict[str, str]


def only_file(folder: Path, pattern: str) -> Path:
    """The one file in `folder` that matches: SageMaker lays an input into a folder of its own."""
    found = sorted(folder.glob(pattern))
    if len(found) != 1:
        raise StepFailed(f"{folder.name} holds {len(found)} files {pattern} where one is expected.")
    return found[0]


def sha256(data: bytes) -> str:
    """The digest by which everything here is named."""
    return hashlib.sha256(data).hexdigest()


def parse_rows(text: str) -> tuple[list[str], list[Row]]:
    """The columns and the rows of a CSV with a header; a short row's missing cells are empty."""
    reader = csv.DictReader(io.StringIO(text, newline=""), restval="", restkey="")
    return list(reader.fieldnames or []), list(reader)


def read_rows(path: Path) -> list[Row]:
    """The rows of a CSV file."""
    return parse_rows(path.read_text(encoding="utf-8"))[1]


def write_rows(path: Path, columns: Sequence[str], rows: Iterable[Row]) -> None:
    """Write a CSV with a header, of these columns only."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def evenly_spaced[T](items: Sequence[T], most: int) -> list[T]:
    """All items, or `most` of them from everywhere in their order."""
    if len(items) <= most:
        return list(items)
    return [items[place * len(items) // most] for place in range(most)]


def read_json(path: Path) -> Json:
    """The value that a JSON file holds."""
    value: Json = json.loads(path.read_text(encoding="utf-8"))
    return value


def write_json(path: Path, value: object) -> None:
    """Write JSON for people and programs; NaN is no JSON, so it is refused."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=1, allow_nan=False) + "\n", encoding="utf-8")
