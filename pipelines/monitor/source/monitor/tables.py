"""A baseline made once from a table of rows, and the changes of any window of rows against it."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from monitor import cycle
from monitor.compare import Change, compare_categories, compare_numbers
from monitor.cycle import Cycle
from tabular.files import Row
from tabular.metrics import Bools, Floats

LARGEST = 1e100  # what is beyond overflows in a sum of squares, and no feature means it
LEAST_OF_CYCLE = 50  # rows of a category; fewer tell no cycle, and there may be thousands of them
HOUR = 3_600.0


@dataclass(frozen=True)
class Table:
    """Columns of equal length; NaN and the empty text are missing values."""

    numbers: Mapping[str, Floats]
    categories: Mapping[str, Sequence[str]]
    times: Floats | None = None  # seconds since 1970, NaN if unknown; None: rows have no time

    def without(self, names: set[str]) -> "Table":
        """The same rows without some columns."""
        return Table(
            {name: column for name, column in self.numbers.items() if name not in names},
            {name: column for name, column in self.categories.items() if name not in names},
            self.times,
        )


@dataclass(frozen=True)
class Numbers:
    """What a number feature is compared with: sorted values, each weighed for the time of day.

    `pulls` is what each value tells of each term of a cycle. Where the baseline's own hours are
    described better so, the cycle is taken out of the values as well; of integers and long tails it
    would make values that never were.
    """

    ordered: Floats
    cycle: Cycle | None = None
    pulls: Floats | None = None
    is_without: bool = False

    def seen_in(self, values: Floats, times: Floats | None) -> Floats:
        """A window's values as they are compared."""
        return _without_cycle(values, times, self.cycle if self.is_without else None)

    def change(
        self, feature: str, values: Floats, times: Floats | None, *, quick: bool
    ) -> Change | None:
        seen = self.seen_in(values, times)
        when = None if times is None else times[_known(values) & _known(times)]
        if self.cycle is None or self.pulls is None or when is None or not len(when):
            return compare_numbers(feature, self.ordered, seen, quick=quick)
        weights, worth = self.pulls @ cycle.mean_terms(when), self.cycle.worth(when)
        return compare_numbers(
            feature, self.ordered, seen, quick=quick, worth=worth, weights=weights
        )


@dataclass(frozen=True)
class Categories:
    """What a category feature is compared with: counts, and the cycles of their shares."""

    counts: Mapping[str, float]
    cycles: Mapping[str, Cycle]

    def expected_at(self, times: Floats | None) -> Mapping[str, float]:
        """The counts that the baseline would have at these times of day, for what it is worth."""
        if times is None or not self.cycles or not _known(times).any():
            return self.counts
        when, whole = times[_known(times)], sum(self.counts.values())
        worth = min(whole, *(fit.worth(when) for fit in self.cycles.values()))
        shares = {name: count / whole for name, count in self.counts.items()}
        for name, fit in self.cycles.items():
            shares[name] = max(float(fit.expected(when).mean()), 0.0)
        return {name: share * worth for name, share in shares.items()}

    def change(
        self, feature: str, values: Sequence[str], times: Floats | None, *, quick: bool
    ) -> Change | None:
        seen = Counter(value for value in values if value)
        return compare_categories(feature, self.expected_at(times), seen, quick=quick)


@dataclass(frozen=True)
class Baseline:
    """What windows are compared with, by feature."""

    numbers: Mapping[str, Numbers]
    categories: Mapping[str, Categories]

    @property
    def with_cycle(self) -> tuple[str, ...]:
        """The features that are compared without their daily cycle."""
        numbers = [name for name, known in self.numbers.items() if known.cycle]
        return (*numbers, *(name for name, known in self.categories.items() if known.cycles))


def table_of(rows: Sequence[Row], features: Mapping[str, str], time: str | None = None) -> Table:
    """Rows of text as columns; `features` maps each to "number", "integer" or "category"."""
    return Table(
        {
            name: np.array([number(row[name]) for row in rows], dtype=np.float64)
            for name, kind in features.items()
            if kind != "category"
        },
        {
            name: [row[name].strip() for row in rows]
            for name, kind in features.items()
            if kind == "category"
        },
        None if time is None else np.array([seconds(row[time]) for row in rows], dtype=np.float64),
    )


def baseline_of(table: Table) -> Baseline:
    """Make the baseline; where rows have times, find the daily cycles."""
    return Baseline(
        {name: _numbers(values, table.times) for name, values in table.numbers.items()},
        {name: _categories(values, table.times) for name, values in table.categories.items()},
    )


def changes_of(baseline: Baseline, window: Table, *, quick: bool = False) -> list[Change]:
    """One change per feature that both have values of, in the baseline's order."""
    numbers = [
        known.change(name, window.numbers[name], window.times, quick=quick)
        for name, known in baseline.numbers.items()
        if name in window.numbers
    ]
    categories = [
        known.change(name, window.categories[name], window.times, quick=quick)
        for name, known in baseline.categories.items()
        if name in window.categories
    ]
    return [change for change in (*numbers, *categories) if change]


def number(cell: str) -> float:
    """The cell as a number that can be added up, else NaN."""
    try:
        value = float(cell)
    except ValueError:
        return math.nan
    return value if abs(value) <= LARGEST else math.nan


def seconds(text: str) -> float:
    """A time in ISO 8601 as seconds since 1970, UTC where it names no zone; else NaN."""
    try:
        time = datetime.fromisoformat(text.strip())
    except ValueError:
        return math.nan
    return (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp()


def _numbers(values: Floats, times: Floats | None) -> Numbers:
    known = values[_known(values)]
    if times is None:
        return Numbers(np.sort(known))
    both = _known(values) & _known(times)
    value, time = values[both], times[both]
    follows = (value, np.abs(value - np.median(known))) if len(value) else ()
    if not any(cycle.fit(time, one) for one in follows):
        return Numbers(np.sort(known))
    found = cycle.estimate(time, value)
    sides = (_weighed(value, time, found), _weighed(found.residuals(time, value), time, found))
    as_they_are, without = (_misfit(*side) for side in sides)
    is_without = without < as_they_are
    ordered, pulls, _ = sides[is_without]
    return Numbers(ordered, found, pulls, is_without)


def _weighed(values: Floats, times: Floats, found: Cycle) -> tuple[Floats, Floats, Floats]:
    """The values in their order, what each tells of the cycle's terms, and their times."""
    order = np.argsort(values, kind="stable")
    return values[order], found.pulls(times[order]), times[order]


def _misfit(ordered: Floats, pulls: Floats, times: Floats) -> float:
    """How far the values of each hour of the day are from what all of them say of it."""
    hours = times % cycle.DAY // HOUR
    each = [hours == hour for hour in np.unique(hours)]
    weights = (pulls @ cycle.mean_terms(times[now]) for now in each)
    changes = [
        compare_numbers("", ordered, ordered[now], quick=True, weights=given)
        for now, given in zip(each, weights, strict=True)
    ]
    return sum(change.effect for change in changes if change)


def _categories(values: Sequence[str], times: Floats | None) -> Categories:
    counts = {name: float(count) for name, count in Counter(values).items() if name}
    if times is None:
        return Categories(counts, {})
    column = np.array(values)
    both = (column != "") & _known(times)
    common = {
        name: (column[both] == name).astype(np.float64)
        for name, count in counts.items()
        if count >= LEAST_OF_CYCLE
    }
    # One share cannot follow the clock alone: where one surely does, all are taken to.
    if not any(cycle.fit(times[both], is_name) for is_name in common.values()):
        return Categories(counts, {})
    fits = {name: cycle.estimate(times[both], is_name) for name, is_name in common.items()}
    return Categories(counts, fits)


def _without_cycle(values: Floats, times: Floats | None, found: Cycle | None) -> Floats:
    if found is None or times is None:
        return values[_known(values)]
    both = _known(values) & _known(times)
    return found.residuals(times[both], values[both])


def _known(values: Floats) -> Bools:
    return ~np.isnan(values)
