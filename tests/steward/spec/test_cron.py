"""Cron expressions say when a run is due, in UTC."""

from datetime import UTC, datetime

import pytest

from steward.spec.cron import read_cron

FRIDAY_NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "latest"),
    [
        ("* * * * *", "2026-11-20T12:00"),
        ("1 * * * *", "2026-11-20T11:01"),
        ("*/25 * * * *", "2026-11-20T12:00"),
        ("5/25 * * * *", "2026-11-20T11:55"),
        ("30 3 * * *", "2026-11-20T03:30"),
        ("0 13 * * *", "2026-11-19T13:00"),
        ("0 3 * * 1", "2026-11-16T03:00"),
        ("0 3 * * 0", "2026-11-15T03:00"),
        ("0 3 * * 7", "2026-11-15T03:00"),
        ("0 3 1 * *", "2026-11-01T03:00"),
        ("0 3 31 * *", "2026-10-31T03:00"),
        ("0 3 1,15 * *", "2026-11-15T03:00"),
        ("0 3 * 2-4 *", "2026-04-30T03:00"),
        ("0 0 29 2 *", "2024-02-29T00:00"),
        ("0 0 1 * 4", "2026-11-19T00:00"),  # either day, as cron itself does
        ("10-20/5 9-11 * * *", "2026-11-20T11:20"),
    ],
)
def test_the_last_time_it_was_due(text: str, latest: str) -> None:
    found = read_cron(text).latest(FRIDAY_NOON)
    assert found
    assert found.isoformat()[:16] == latest


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "0 fields, five are needed"),
        ("0 0 * * * *", "6 fields, five are needed"),
        ("60 * * * *", "minute '60', a number from 0 to 59 is needed"),
        ("* 24 * * *", "hour '24', a number from 0 to 23"),
        ("* * 0 * *", "day of month '0', a number from 1 to 31"),
        ("* * * JAN *", "month 'JAN', a number from 1 to 12"),
        ("* * * * 8", "day of week '8', a number from 0 to 7"),
        ("5-1 * * * *", "minute '5-1'"),
        ("*/0 * * * *", "minute '*/0'"),
        ("1/2/3 * * * *", "minute '1/2/3'"),
        ("-1 * * * *", "minute '-1'"),
        ("0 0 30 2 *", "no such day ever comes"),
    ],
)
def test_what_is_none_says_why(text: str, fault: str) -> None:
    with pytest.raises(ValueError, match="^" + fault.replace("*", r"\*")):
        read_cron(text)
