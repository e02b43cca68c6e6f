"""What happened is told once, in order, with its reason; what did not happen is only counted."""

from datetime import timedelta

import pytest

from cli.demo.report.lanes import picture
from cli.demo.report.record import Serving
from cli.demo.report.timeline import idle, length, moments
from tests.cli.report.records import decision, node, record, upload
from tests.steward.builders import after


def titles(*nodes: object) -> list[str]:
    return [moment.title for moment in moments(record(0, nodes=nodes))]


def test_moments_stand_in_the_order_of_the_clock() -> None:
    later = decision("rollout", "version 1", "start", "it may serve", after(5))
    assert titles(later, upload("a.csv", after(1))) == [
        "A file arrives",
        "Version 1 is rolled out",
    ]


def test_uploads_of_the_same_minute_are_told_together() -> None:
    found = titles(
        upload("a.csv", after(1)),
        upload("b.csv", after(1.5)),
        upload("c.csv", after(9)),
    )
    assert found == ["2 files arrive", "A file arrives"]


def test_a_file_that_is_left_out_is_told_with_its_reason() -> None:
    rejected = upload("b.csv", after(1), "reject", reason="b.csv lacks column term")
    (told,) = moments(record(0, nodes=(rejected,)))
    assert (told.title, told.text) == ("A file is left out", "b.csv lacks column term")


def test_decisions_to_do_nothing_are_counted_and_not_told() -> None:
    waiting = decision("training", "run 1", "wait", "not quiet yet", after(1))
    told = record(0, nodes=(waiting,))
    assert moments(told) == []
    assert idle(told) == 1


@pytest.mark.parametrize("verdict", ["hold", "page", "something-new"])
def test_any_other_decision_is_told_whatever_it_is_called(verdict: str) -> None:
    (told,) = moments(
        record(0, nodes=(decision("training", "run 1", verdict, "because", after(1)),))
    )
    assert told.text == "because"


def test_a_drift_report_names_version_and_features() -> None:
    violations = [{"about": "obrat", "check": "baseline_drift_check"}]
    report = node("drift-report", "1", after(1), violations=1, version=2, listed=violations)
    (told,) = moments(record(0, nodes=(report,)))
    assert told.title == "A monitor reports 1 violation of version 2"
    assert told.text == "obrat (baseline_drift_check)"


def test_long_pauses_and_new_days_are_told() -> None:
    nodes = tuple(upload(f"{place}.csv", after(at)) for place, at in enumerate((0, 20, 20 * 60)))
    assert [moment.pause for moment in moments(record(0, nodes=nodes))] == [
        "2026-11-20",
        "20 min later",
        "19 h 40 min later, 2026-11-21",
    ]


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0, "0 s"), (59, "59 s"), (615, "10 min 15 s"), (3600, "1 h"), (93_600, "1 d 2 h")],
)
def test_a_length_is_told_in_its_largest_two_units(seconds: int, told: str) -> None:
    assert length(timedelta(seconds=seconds)) == told


def test_a_version_serves_until_the_next_one_does() -> None:
    served = (
        Serving(after(10), {"1": 100}),
        Serving(after(20), {"2": 100}),
        Serving(after(30), {"1": 100}),
    )
    told = record(0, now=after(40), nodes=(upload("a.csv", after(0)),), served=served)
    drawn = picture(told)
    assert drawn is not None
    bars = {
        lane.label: [(bar.left, bar.width) for bar in lane.bars]
        for lane in drawn.lanes
        if lane.kind == "serving"
    }
    assert bars == {"version 1": [(25, 25), (75, 25)], "version 2": [(50, 25)]}


def test_ticks_are_few_and_on_the_axis() -> None:
    for minutes in (1, 7, 40, 500, 20_000):
        drawn = picture(record(0, now=after(minutes), nodes=(upload("a.csv", after(0)),)))
        assert drawn is not None
        assert all(0 < place < 100 for place, _ in drawn.ticks)
        assert len(drawn.ticks) <= 6


def test_where_nothing_happened_there_is_no_picture() -> None:
    assert picture(record(0)) is None
