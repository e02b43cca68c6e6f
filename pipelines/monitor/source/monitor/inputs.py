"""All that a check reads: the plan, the spec, what was captured, and the baseline's files."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory

from monitor.captures import Captured, Captures, read_captures
from monitor.fetch import Store
from monitor.outcomes import Joined, Outcomes, join, read_outcomes
from monitor.payload import Cells
from monitor.plan import Plan, Window
from monitor.tables import number
from tabular.failing import StepFailed
from tabular.files import Json, Row, parse_rows
from tabular.scoring import Scorer, load_archive
from tabular.spec import Spec, read_spec


@dataclass(frozen=True)
class Inputs:
    """What one job works on; each part is read when it is first needed."""

    plan: Plan
    store: Store

    @cached_property
    def spec(self) -> Spec:
        with TemporaryDirectory() as folder:
            (Path(folder) / "spec.json").write_bytes(self.store.read(self.plan.spec))
            return read_spec(Path(folder))

    @cached_property
    def model(self) -> Scorer:
        with TemporaryDirectory() as folder:
            archive = Path(folder) / "model.tar.gz"
            archive.write_bytes(self.store.read(self.plan.model_data))
            return load_archive(archive)

    @cached_property
    def captures(self) -> Captures:
        return read_captures(self.store, self.plan.captures, self.plan.window)

    @cached_property
    def outcomes(self) -> Outcomes:
        plan = self.plan
        if plan.outcomes is None:
            return Outcomes({}, 0, 0)
        span = Window(plan.window.start, plan.outcomes_until or plan.window.end)
        columns = (self.spec.label, *self.outcome_columns)
        return read_outcomes(self.store, plan.outcomes, columns, span)

    @property
    def outcome_columns(self) -> tuple[str, ...]:
        """What may follow the label in an outcome: the facets, then the columns of groups."""
        return tuple(dict.fromkeys((*self.spec.facets, *self.plan.groups)))

    @cached_property
    def joined(self) -> list[Joined]:
        return join(self.captures.rows, self.outcomes)

    def baseline_rows(self, name: str) -> list[Row]:
        """The rows of one of the baseline's CSV files."""
        text = self.store.read(self._baseline(name)).decode()
        columns, rows = parse_rows(text)
        if not columns:
            raise StepFailed(f"{self._baseline(name)} is empty.")
        return rows

    def baseline_json(self, name: str) -> Json:
        """One of the baseline's JSON files."""
        value: Json = json.loads(self.store.read(self._baseline(name)))
        return value

    def time_of(self, rows: Sequence[Row]) -> str | None:
        """The time column, if these rows have it."""
        return self.spec.time if rows and self.spec.time in rows[0] else None

    def row(self, captured: Captured) -> Row | None:
        """A captured row by the names of the features; None if it has not one cell for each.

        A cell of a number feature that is no number is as good as missing.
        """
        row = row_by_name(captured.cells, self.spec.features)
        return row and {name: self._usable(name, cell) for name, cell in row.items()}

    def _usable(self, name: str, cell: str) -> str:
        is_number = self.spec.features[name] != "category"
        return "" if is_number and math.isnan(number(cell)) else cell

    def _baseline(self, name: str) -> str:
        return f"{self.plan.baseline.rstrip('/')}/{name}"


def row_by_name(cells: Cells, features: Mapping[str, str]) -> Row | None:
    """The cells by the names of the features; None if a list of cells is too short or long."""
    if isinstance(cells, Mapping):
        return {name: cells.get(name, "").strip() for name in features}
    if len(cells) != len(features):
        return None
    return dict(zip(features, (cell.strip() for cell in cells), strict=True))
