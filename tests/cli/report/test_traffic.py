"""The plot of traffic: what each version answered and failed, and when."""

from itertools import pairwise

from cli.demo.report.record import Load
from cli.demo.report.traffic import chart
from tests.cli.report.records import record
from tests.steward.builders import after


def test_without_requests_there_is_none() -> None:
    assert chart(record(1)) is None


def test_each_version_has_a_row_with_its_sums() -> None:
    loads = (Load(after(0), 1, 90, 0), Load(after(0), 2, 30, 4), Load(after(1), 2, 30, 2))
    drawn = chart(record(2, traffic=loads))
    assert drawn is not None
    assert [(row.version, row.requests, row.errors) for row in drawn.rows] == [
        (1, 90, 0), (2, 60, 6),
    ]  # fmt: skip


def test_time_without_requests_is_left_out_and_where_they_begin_again_is_said() -> None:
    minutes = (0, 1, 2, 300, 301)
    drawn = chart(record(1, traffic=tuple(Load(after(at), 1, 9, 0) for at in minutes)))
    assert drawn is not None
    (row,) = drawn.rows
    places = [round(column.left / row.columns[0].width) for column in row.columns]
    assert places == [0, 1, 2, 4, 5]
    assert [at for _, at in drawn.ticks] == [after(0), after(300)]


def test_labels_have_room_between_them() -> None:
    loads = tuple(Load(after(10 * number), 1, 9, 0) for number in range(30))
    drawn = chart(record(1, traffic=loads))
    assert drawn is not None
    places = [place for place, _ in drawn.labels]
    assert len(drawn.ticks) == 30
    assert min(b - a for a, b in pairwise(places)) >= 14


def test_heights_are_square_roots_of_the_most() -> None:
    loads = (Load(after(0), 1, 100, 0), Load(after(1), 1, 25, 4))
    drawn = chart(record(1, traffic=loads))
    assert drawn is not None
    second = drawn.rows[0].columns[1]
    assert (second.requests, second.errors) == (0.5, 0.2)
    assert second.title == "12:01: 25 requests, 4 failed"
