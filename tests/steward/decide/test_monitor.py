"""Monitors: each complete window of the version that serves is looked at once."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from steward.decide.drift_facts import Told, Window
from steward.decide.monitor import (
    MOST_DUE,
    Due,
    Readiness,
    Watched,
    after,
    due_windows,
    failed,
    judge_due,
    lag,
)
from tests.steward.builders import MONITOR, NOON, minutes, window

READY = Readiness(code=True, baseline=True, captured=True)
DUE = Due("data_quality", 2, window(1), "steward-mortgage-v2-dq-2026112011")


def due(now: datetime, watched: Watched | None = None, kind: str = "data_quality") -> list[Window]:
    return due_windows(kind, MONITOR, 2, NOON + minutes(10), watched, now)


def test_a_window_is_due_when_late_captures_have_arrived() -> None:
    assert due(NOON + minutes(74)) == []
    assert due(NOON + minutes(75)) == [Window(NOON, NOON + minutes(60))]


def test_what_needs_outcomes_waits_for_them() -> None:
    assert due(NOON + minutes(75), kind="model_quality") == []
    assert lag("model_quality", MONITOR) == timedelta(hours=24, minutes=15)
    assert len(due(NOON + timedelta(hours=25, minutes=15), kind="model_quality")) == 1


def test_windows_are_looked_at_once() -> None:
    watched = Watched(2, NOON + minutes(60), 1)
    assert due(NOON + minutes(75), watched) == []
    assert [one.start for one in due(NOON + minutes(195), watched)] == [
        NOON + minutes(60), NOON + minutes(120),
    ]  # fmt: skip


def test_a_new_version_begins_with_the_window_in_which_it_first_served() -> None:
    of_another = Watched(1, NOON + minutes(600), 9)
    assert [one.start for one in due(NOON + minutes(75), of_another)] == [NOON]


def test_the_jobs_of_another_version_are_not_counted_with_its_own() -> None:
    window = Due("data_quality", 2, Window(NOON, NOON + minutes(60)), "job")
    assert after(window, Watched(1, NOON, 9), jobs=1).jobs == 1
    assert after(window, Watched(2, NOON, 9), jobs=1).jobs == 10


def test_after_a_long_silence_only_the_last_day_is_looked_at() -> None:
    found = due(NOON + timedelta(days=30, minutes=15))
    assert len(found) == MOST_DUE
    assert found[-1].end == NOON + timedelta(days=30)


def test_a_clock_that_jumps_back_finds_nothing_due() -> None:
    assert due(NOON - timedelta(days=1), Watched(2, NOON + minutes(60), 1)) == []


@pytest.mark.parametrize("hours", [1, 6, 24])
def test_windows_begin_at_the_same_hours_of_every_day(hours: int) -> None:
    spec = replace(MONITOR, every=timedelta(hours=hours))
    now = NOON + timedelta(days=3)
    for found in due_windows("bias", spec, 2, NOON, None, now):
        assert found.start.hour % hours == 0
        assert found.end - found.start == timedelta(hours=hours)


class TestJudgement:
    def test_starts_a_job_for_a_window_with_all_that_it_needs(self) -> None:
        verdict = judge_due(DUE, READY, None)
        assert (verdict.kind, verdict.subject) == ("watch", "data_quality of version 2")
        assert verdict.reason == (
            "the window from 2026-11-20T11:00Z to 2026-11-20T12:00Z is complete"
        )

    @pytest.mark.parametrize(
        ("missing", "reason"),
        [
            ({"code": False}, "run `steward publish`"),
            ({"baseline": False}, "version 2 has no baseline"),
            ({"captured": False}, "nothing was captured"),
        ],
    )
    def test_holds_without_one_of_them_and_says_which(
        self, missing: dict[str, bool], reason: str
    ) -> None:
        verdict = judge_due(DUE, replace(READY, **missing), None)
        assert (verdict.kind, reason in verdict.reason) == ("hold", True)

    def test_of_a_quiet_night_is_one_decision(self) -> None:
        silent = replace(READY, captured=False)
        later = replace(DUE, window=window(0))
        watched = Watched(2, NOON, 3)
        first, second = (judge_due(one, silent, watched).id("mortgage") for one in (DUE, later))
        assert first == second
        after_a_job = judge_due(later, silent, replace(watched, jobs=4)).id("mortgage")
        assert after_a_job != first

    def test_of_a_job_that_failed_pages(self) -> None:
        verdict = failed(DUE, "Failed", "", None, NOON)
        assert (verdict.kind, verdict.reason) == (
            "page",
            "the job steward-mortgage-v2-dq-2026112011 ended as Failed: no reason was given",
        )

    @pytest.mark.parametrize(
        ("why", "hours", "kind"),
        [("no rows", 1, "hold"), ("no rows", 24, "page"), ("no model", 1, "page")],
    )
    def test_of_jobs_that_fail_the_same_way_pages_once_a_day(
        self, why: str, hours: int, kind: str
    ) -> None:
        told = Told(frozenset({"no rows"}), NOON)
        now = NOON + timedelta(hours=hours)
        assert failed(DUE, "Failed", why, told, now).kind == kind
