"""Times and durations as people read them."""

from datetime import datetime, timedelta

import pytest

from steward import times


@pytest.mark.parametrize("text", ["0s", "90s", "10m", "36h", "7d"])
def test_a_duration_reads_back_as_it_is_written(text: str) -> None:
    length = times.duration(text)
    assert length is not None
    assert times.short(length) == text


def test_a_duration_is_in_the_greatest_unit_that_says_it_exactly() -> None:
    assert times.short(timedelta(hours=48)) == "2d"
    assert times.short(timedelta(minutes=61)) == "61m"


def test_a_time_for_people_is_in_utc_whatever_it_came_in() -> None:
    paris = datetime.fromisoformat("2026-11-20T13:05:59+01:00")
    assert times.minute(paris) == "2026-11-20 12:05 UTC"
