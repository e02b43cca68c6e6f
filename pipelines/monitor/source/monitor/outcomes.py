"""What really happened to the rows that an endpoint scored: ground truth in AWS's shape."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from monitor.captures import Captured, lines_below
from monitor.fetch import Store
from monitor.payload import Malformed, member, parse, rows_of, text
from monitor.plan import Window
from monitor.tables import number
from tabular.files import Row


@dataclass(frozen=True)
class Outcomes:
    """The outcomes by the id they belong to, and what was left out."""

    by_id: Mapping[str, Row]
    unreadable: int
    duplicates: int  # outcomes that a later one replaced

    def notes(self, joined: int, rows: int) -> list[str]:
        """What a reader of the figures has to know."""
        said = {
            "outcomes could not be read": self.unreadable,
            "outcomes were replaced by a later one of the same id": self.duplicates,
            "outcomes belong to no row of this window": len(self.by_id) - joined,
        }
        known = [f"{count} {what}." for what, count in said.items() if count]
        return [f"{joined} of {rows} rows have an outcome.", *known]


@dataclass(frozen=True)
class Joined:
    """A scored row whose outcome is known."""

    captured: Captured
    outcome: Row

    def cell(self, column: str) -> str:
        """A column of the outcome; empty if it does not tell."""
        return self.outcome.get(column, "")


def read_outcomes(store: Store, prefix: str, columns: Sequence[str], span: Window) -> Outcomes:
    """Read the outcomes of these hours; `columns` are the label and what may follow it."""
    by_id: dict[str, Row] = {}
    unreadable = duplicates = 0
    for line in lines_below(store, prefix, span):
        try:
            name, outcome = _outcome(line, columns)
        except Malformed:
            unreadable += 1
            continue
        duplicates += name in by_id
        by_id[name] = outcome
    return Outcomes(by_id, unreadable, duplicates)


def join(rows: Sequence[Captured], outcomes: Outcomes) -> list[Joined]:
    """The scored rows that have an outcome."""
    return [
        Joined(row, outcomes.by_id[row.id])
        for row in rows
        if row.id is not None and row.id in outcomes.by_id and not math.isnan(row.score)
    ]


def _outcome(line: str, columns: Sequence[str]) -> tuple[str, Row]:
    record = parse(line)
    name = text(member(member(record, "eventMetadata"), "eventId"))
    rows = rows_of(member(record, "groundTruthData"))
    if len(rows) != 1:
        raise Malformed("An outcome is one row.")
    cells = rows[0]
    given = cells if isinstance(cells, Mapping) else dict(zip(columns, cells, strict=False))
    row = {column: given[column].strip() for column in columns if column in given}
    label = number(row.get(columns[0], ""))
    if label not in (0, 1):
        raise Malformed("A label is 0 or 1.")
    return name, row | {columns[0]: "1" if label else "0"}
