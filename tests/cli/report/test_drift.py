"""The report's windows: what each monitor's job saw, and the last one beside the baseline."""

from dataclasses import replace

from cli.demo.report.drift import drift
from tests.cli.report.records import record, statistics, watched


def test_without_a_window_there_is_none() -> None:
    assert drift(record(1, watched=())) is None


def test_a_window_that_was_too_small_to_compare_is_left_out() -> None:
    empty = replace(watched(1), analysis={"version": "1.0", "features": []})
    assert drift(record(1, watched=(empty,))) is None


def test_violations_stand_first_and_bars_share_a_scale() -> None:
    seen = drift(record(1))
    assert seen is not None
    (line,) = seen.lines
    assert [(one.feature, one.flagged) for one in line.effects] == [
        ("unem", True), ("obrat", False),
    ]  # fmt: skip
    assert line.effects[0].share == 100
    assert round(seen.limit, 1) == round(100 * 0.1 / 0.3, 1)


def test_the_last_six_windows_are_told_and_the_last_one_is_drawn() -> None:
    seen = drift(record(1, watched=tuple(watched(number) for number in range(1, 9))))
    assert seen is not None
    assert len(seen.lines) == 6
    assert seen.plotted == seen.lines[-1].start
    assert [plot.feature for plot in seen.plots] == ["unem", "obrat"]


def test_a_feature_without_values_is_not_drawn() -> None:
    without = replace(watched(1), statistics=statistics({"unem": [], "obrat": [30.0]}))
    seen = drift(record(1, watched=(without,)))
    assert seen is not None
    assert [plot.feature for plot in seen.plots] == ["obrat"]


def test_a_feature_of_one_value_is_drawn() -> None:
    same = statistics({"unem": [3.0], "obrat": [3.0]})
    seen = drift(record(1, watched=(replace(watched(1), statistics=same, baseline=same),)))
    assert seen is not None
    assert [(plot.low, plot.high) for plot in seen.plots] == [(3.0, 4.0)] * 2
