"""Windows against baselines: what must be flagged, what must not, and the cycle of a day."""

from collections import Counter

import numpy as np
import pytest

from monitor import cycle
from monitor.compare import flag
from monitor.tables import Baseline, Table, baseline_of, changes_of, seconds, table_of

FEATURES = [f"x{place}" for place in range(20)]
HOUR, DAY = 3_600.0, 86_400.0


def draw(random: np.random.Generator, rows: int, shifted: int = 0) -> Table:
    """Twenty independent features, the first of them moved by half a standard deviation."""
    shifts = {name: 0.5 if place < shifted else 0.0 for place, name in enumerate(FEATURES)}
    return Table({name: random.normal(shifts[name], 1, rows) for name in FEATURES}, {})


def daily(random: np.random.Generator, times: np.ndarray) -> Table:
    """A number and a category that both follow the clock."""
    wave = np.sin(times * (2 * np.pi / DAY))
    plans = np.where(random.uniform(0, 1, len(times)) < 0.5 + 0.4 * wave, "day", "night")
    return Table(
        {"amount": 10 + 2 * wave + random.normal(0, 1, len(times))}, {"plan": list(plans)}, times
    )


def flagged(baseline: Baseline, window: Table) -> set[tuple[str, str]]:
    changes = changes_of(baseline, window, quick=True)
    return {(change.feature, change.direction) for change in flag(changes, 0.01, 0.1)}


def test_nothing_is_flagged_three_times_in_a_row_where_nothing_changed() -> None:
    random = np.random.default_rng(1)
    for _ in range(2):
        baseline = baseline_of(draw(random, 1300))
        windows = [flagged(baseline, draw(random, 500)) for _ in range(72)]
        runs = zip(windows, windows[1:], windows[2:], strict=False)
        assert not any(first & second & third for first, second, third in runs)


def test_half_a_standard_deviation_in_three_features_is_flagged_in_every_window() -> None:
    random = np.random.default_rng(2)
    wanted = {(name, "up") for name in FEATURES[:3]}
    for _ in range(10):
        baseline = baseline_of(draw(random, 1300))
        assert all(flagged(baseline, draw(random, 500, shifted=3)) >= wanted for _ in range(3))


def test_an_hour_of_a_daily_cycle_is_no_drift() -> None:
    random = np.random.default_rng(3)
    baseline = baseline_of(daily(random, random.uniform(0, 60 * DAY, 2000)))
    assert baseline.with_cycle == ("amount", "plan")
    for hour in range(24):
        start = 90 * DAY + hour * HOUR
        assert not flagged(baseline, daily(random, random.uniform(start, start + HOUR, 500)))


SHAPES = {
    "flag": lambda random, wave: (random.normal(0, 1, len(wave)) + 1.5 * wave > 0.5) * 1.0,
    "count": lambda random, wave: random.poisson(np.exp(0.5 + 0.2 * wave)) * 1.0,
    "heavy tail": lambda random, wave: np.exp(1.5 * random.normal(0, 1, len(wave))),
    "factor": lambda random, wave: np.exp(random.normal(0, 1, len(wave)) + 1.5 * wave),
    "spread": lambda random, wave: random.normal(0, 1, len(wave)) * np.exp(0.7 * wave),
    "peak": lambda random, wave: random.normal(0, 1, len(wave)) + 6 * np.exp(2 * (wave - 1)),
    "strong": lambda random, wave: random.normal(0, 1, len(wave)) + 3 * wave,
}


def shaped(
    random: np.random.Generator, shape: str, start: float, length: float, rows: int
) -> Table:
    times = random.uniform(start, start + length, rows)
    return Table({"x": SHAPES[shape](random, np.sin(times * (2 * np.pi / DAY)))}, {}, times)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("seed", range(4))
def test_what_follows_the_clock_in_any_way_is_not_flagged_for_three_hours(
    shape: str, seed: int
) -> None:
    random = np.random.default_rng(seed)
    baseline = baseline_of(shaped(random, shape, 0, 42 * DAY, 1300))
    starts = [60 * DAY + hour * HOUR for hour in range(48)]
    hours = [flagged(baseline, shaped(random, shape, start, HOUR, 500)) for start in starts]
    assert not any(map(set.intersection, hours, hours[1:], hours[2:]))


@pytest.mark.parametrize("shape", SHAPES)
def test_values_twice_as_high_are_drift_at_any_hour(shape: str) -> None:
    random = np.random.default_rng(1)
    baseline = baseline_of(shaped(random, shape, 0, 42 * DAY, 1300))
    for hour in range(24):
        window = shaped(random, shape, 60 * DAY + hour * HOUR, HOUR, 500)
        assert flagged(baseline, Table({"x": 2 * window.numbers["x"] + 1}, {}, window.times)), hour


def test_a_shift_beyond_the_cycle_is_drift() -> None:
    random = np.random.default_rng(4)
    baseline = baseline_of(daily(random, random.uniform(0, 60 * DAY, 2000)))
    window = daily(random, random.uniform(90 * DAY, 90 * DAY + HOUR, 500))
    moved = Table({"amount": window.numbers["amount"] - 1}, {}, window.times)
    assert flagged(baseline, moved) == {("amount", "down")}


def test_without_times_the_same_hour_looks_like_drift() -> None:
    random = np.random.default_rng(5)
    timeless = daily(random, random.uniform(0, 60 * DAY, 2000))
    baseline = baseline_of(Table(timeless.numbers, timeless.categories))
    assert baseline.with_cycle == ()
    window = daily(random, random.uniform(90 * DAY + 6 * HOUR, 90 * DAY + 7 * HOUR, 500))
    assert flagged(baseline, window) == {("amount", "up"), ("plan", "changed")}


def test_a_cycle_is_what_the_values_were_made_from() -> None:
    times = np.arange(0, 10 * DAY, 600)
    found = cycle.fit(times, 5 + 3 * np.cos(times * (2 * np.pi / DAY)))
    assert found is not None
    assert found.coefficients == pytest.approx((5, 3, *[0] * 5), abs=1e-9)
    assert found.expected(np.array([0, DAY / 2])) == pytest.approx([8, 2])
    assert found.residuals(np.array([0.0]), np.array([8.5])) == pytest.approx([5.5])


@pytest.mark.parametrize("hours", [range(9, 18), range(3)])
def test_rows_of_a_part_of_the_day_tell_no_cycle(hours: range) -> None:
    times = np.array([day * DAY + hour * HOUR for day in range(50) for hour in hours])
    assert cycle.fit(times, np.sin(times * (2 * np.pi / DAY))) is None


def test_values_without_a_cycle_have_none() -> None:
    random = np.random.default_rng(6)
    times = random.uniform(0, 60 * DAY, 1000)
    assert cycle.fit(times, random.normal(0, 1, 1000)) is None
    assert cycle.fit(times, np.ones(1000)) is None
    assert cycle.fit(times[:9], times[:9]) is None


def test_rows_become_columns_and_what_is_missing_is_left_out() -> None:
    features = {"income": "number", "children": "integer", "city": "category"}
    rows = [
        {"income": "1.5", "children": "2", "city": "Rome ", "at": "2026-11-20T10:00:00Z"},
        {"income": "", "children": "many", "city": "", "at": "never"},
    ]
    table = table_of(rows, features, "at")
    assert table.categories == {"city": ["Rome", ""]}
    assert table.times is not None
    assert table.times[0] == seconds("2026-11-20T12:00:00+02:00")
    assert np.isnan(
        [table.numbers["income"][1], table.numbers["children"][1], table.times[1]]
    ).all()
    (city,) = baseline_of(table).categories.values()
    assert city.counts == Counter({"Rome": 1})


def test_a_feature_that_only_one_side_has_gives_no_change() -> None:
    baseline = baseline_of(Table({"a": np.ones(9), "b": np.ones(9)}, {"c": ["x"] * 9}))
    window = Table({"b": np.ones(9)}, {"c": ["x"] * 9, "d": ["y"] * 9})
    assert [change.feature for change in changes_of(baseline, window)] == ["b", "c"]
    assert [change.feature for change in changes_of(baseline, window.without({"b"}))] == ["c"]


def test_a_cycle_tells_less_of_one_hour_than_of_a_whole_day() -> None:
    times = np.arange(0, 10 * DAY, 600)
    found = cycle.fit(times, np.sin(times * (2 * np.pi / DAY)))
    assert found is not None
    assert found.worth(times) == pytest.approx(len(times))
    assert found.worth(times[:6]) == pytest.approx(len(times) / cycle.TERMS, rel=0.05)
