"""The pipeline's Prepare step: exactly the snapshot's rows, checked, without names, split for ever.

Outputs: train/train.csv, test/test.csv, test/recent.csv, prepared/prepared.json.
"""

import argparse
import hashlib
import hmac
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from inference import number
from tabular.aws import fetch_secret
from tabular.failing import StepFailed, run
from tabular.files import Row, write_json, write_rows
from tabular.snapshot import Snapshot, Source, fetch_rows, fetch_snapshot, read_snapshot
from tabular.spec import Spec, read_spec

DONE = {"drop": "dropped", "hash": "hashed"}


@dataclass(frozen=True)
class Dataset:
    """One object's rows."""

    source: Source
    rows: list[Row]


def main(argv: Sequence[str] | None = None) -> None:
    """Fetch, check, choose, protect, split, write."""
    paths = _arguments(argv)
    spec = read_spec(paths.spec)
    snapshot = read_snapshot(paths.snapshot, paths.snapshot_digest)
    datasets = fetch(snapshot, spec)
    chosen = newest_rows(datasets, spec)
    rows = protect([row for _, row in chosen], spec)
    train, test = split(rows, spec)
    check_outcomes(train, test, spec)
    recent = split(unseen(chosen, rows, paths.champion_snapshot_uri), spec)[1]
    write(paths.out, spec, train, test, recent)
    used = Counter(source for source, _ in chosen)
    write_json(paths.out / "prepared" / "prepared.json", account(spec, datasets, used, train, test))
    print(f"Prepared {len(train)} training and {len(test)} test rows of {len(datasets)} objects.")


def fetch(snapshot: Snapshot, spec: Spec) -> list[Dataset]:
    """Every object of the snapshot, its label, its times and its features checked."""
    datasets = []
    for source in snapshot.objects:
        rows = fetch_rows(snapshot.bucket, source, spec.columns)
        check_cells(source, rows, spec)
        datasets.append(Dataset(source, rows))
    return datasets


def check_cells(source: Source, rows: list[Row], spec: Spec) -> None:
    """Refuse a label that is not 0 or 1, and what is no time or no number; none is quoted."""
    numbers = [name for name, kind in spec.features.items() if kind != "category"]
    for place, row in enumerate(rows, 1):
        if row[spec.label].strip() not in {"", "0", "1"}:
            raise StepFailed(f"{source}, row {place}: {spec.label} must be 0, 1 or empty.")
        for name in spec.times:
            if not is_time(row[name]):
                raise StepFailed(f"{source}, row {place}: {name} must be a time in ISO 8601.")
        for name in numbers:
            try:
                number(name, row[name])
            except ValueError:
                raise StepFailed(f"{source}, row {place}: {name} must be a number.") from None


def is_time(cell: str) -> bool:
    """Whether the cell is a date or a time in ISO 8601; an empty one is none."""
    try:
        datetime.fromisoformat(cell.strip())
    except ValueError:
        return False
    return True


def newest_rows(datasets: list[Dataset], spec: Spec) -> list[tuple[Source, Row]]:
    """One row per key, the newest object's; rows without a key or an outcome teach nothing."""
    newest: dict[str, tuple[Source, Row]] = {}
    for dataset in datasets:
        for row in dataset.rows:
            if key := row[spec.key].strip():
                newest[key] = (dataset.source, {**row, spec.key: key})
    return [(source, row) for source, row in newest.values() if row[spec.label].strip()]


def protect(rows: list[Row], spec: Spec) -> list[Row]:
    """Keep only the spec's columns; personal ones are left out or replaced by a keyed hash."""
    hashed = [name for name, rule in spec.pii.items() if rule == "hash"]
    secret = fetch_secret(os.environ["PII_SECRET"]) if hashed else b""
    return [
        {name: row[name].strip() for name in spec.columns}
        | {name: _pseudonym(secret, row.get(name, "")) for name in hashed}
        for row in rows
    ]


def _pseudonym(secret: bytes, value: str) -> str:
    return hmac.new(secret, value.encode(), hashlib.sha256).hexdigest() if value else ""


def split(rows: list[Row], spec: Spec) -> tuple[list[Row], list[Row]]:
    """Training rows and test rows; a key stays on its side in every run, for ever."""
    train: list[Row] = []
    test: list[Row] = []
    for row in rows:
        (test if is_test(row[spec.key], spec.test_percent) else train).append(row)
    return train, test


def is_test(key: str, test_percent: int) -> bool:
    """Whether the key's own digest puts its row among the test rows."""
    return int(hashlib.sha256(key.encode()).hexdigest(), 16) % 100 < test_percent


def unseen(
    chosen: Sequence[tuple[Source, Row]], rows: Sequence[Row], champion_snapshot_uri: str
) -> list[Row]:
    """The rows of objects that the serving version was not made from; none if that is unknown."""
    if not champion_snapshot_uri:
        return []
    seen = set(fetch_snapshot(champion_snapshot_uri).objects)
    return [row for (source, _), row in zip(chosen, rows, strict=True) if source not in seen]


def check_outcomes(train: list[Row], test: list[Row], spec: Spec) -> None:
    """Refuse rows from which nothing can be learnt or judged."""
    for kind, rows in (("training", train), ("test", test)):
        if not rows:
            raise StepFailed(f"The snapshot leaves no {kind} rows to work with.")
        outcomes = {row[spec.label] for row in rows}
        if len(outcomes) == 1:
            only = outcomes.pop()
            raise StepFailed(f"{spec.label} is {only} in all {len(rows)} {kind} rows.")


def write(out: Path, spec: Spec, train: list[Row], test: list[Row], recent: list[Row]) -> None:
    """Write both sides, and the test rows that the serving version's makers could not know."""
    columns = [*spec.columns, *(name for name, rule in spec.pii.items() if rule == "hash")]
    write_rows(out / "train" / "train.csv", columns, train)
    write_rows(out / "test" / "test.csv", columns, test)
    write_rows(out / "test" / "recent.csv", columns, recent)


def account(
    spec: Spec,
    datasets: list[Dataset],
    used: Mapping[Source, int],
    train: list[Row],
    test: list[Row],
) -> dict[str, object]:
    """What became of every object's rows, for the lineage."""
    objects = [
        {
            "key": dataset.source.key,
            "version_id": dataset.source.version_id,
            "sha256": dataset.source.sha256,
            "rows": len(dataset.rows),
            "used": used.get(dataset.source, 0),
        }
        for dataset in datasets
    ]
    return {
        "objects": objects,
        "rows": len(train) + len(test),
        "train_rows": len(train),
        "test_rows": len(test),
        "pii": {name: DONE[rule] for name, rule in spec.pii.items()},
    }


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Prepare a snapshot's rows for training.")
    for name in ("--snapshot", "--spec", "--out"):
        parser.add_argument(name, type=Path, required=True)
    parser.add_argument("--snapshot-digest", required=True)
    parser.add_argument("--champion-snapshot-uri", required=True, help="empty: unknown")
    return parser.parse_args(argv)


if __name__ == "__main__":
    run(main)
