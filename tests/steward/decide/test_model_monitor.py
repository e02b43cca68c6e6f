"""Model Monitor: a schedule is what the version that serves needs, and its failures are told."""

from dataclasses import replace

import pytest

from steward.decide.model_monitor import (
    NO_DATA,
    Execution,
    Means,
    Schedule,
    Wanted,
    judge_end,
    judge_schedule,
    refused,
    why_not,
)
from tests.steward.builders import NOON

KIND = "data_quality"
WANTED = Wanted(2, "steward-mortgage-v2-dq-0123abcd")
SCHEDULE = Schedule("steward-mortgage-data-quality", KIND, "Scheduled", WANTED.definition)
PENDING = replace(SCHEDULE, status="Pending", definition="steward-mortgage-v1-dq-89abcdef")
OLD = replace(PENDING, status="Scheduled")
IMPOSSIBLE = Wanted(2, "", "version 2 has no baseline")
MEANS = Means(code=True, baseline=True, image=True, region="eu-west-1")
EXECUTION = Execution(
    kind=KIND,
    schedule=SCHEDULE.name,
    definition=WANTED.definition,
    status="Completed",
    scheduled_at=NOON,
    created_at=NOON,
    job="model-monitoring-1",
    why="",
)


@pytest.mark.parametrize(
    ("wanted", "schedule", "verdict", "reason"),
    [
        (WANTED, None, "schedule", "version 2 serves and has no schedule"),
        (WANTED, SCHEDULE, "nothing", f"the schedule {SCHEDULE.name} watches version 2"),
        (
            WANTED, OLD, "reschedule",
            f"version 2 serves by {WANTED.definition}, the schedule runs {OLD.definition}",
        ),
        (WANTED, PENDING, "wait", f"the schedule {SCHEDULE.name} is Pending"),
        (None, PENDING, "wait", f"the schedule {SCHEDULE.name} is Pending"),
        (None, None, "nothing", "data_quality is not to be watched by Model Monitor"),
        (None, SCHEDULE, "unschedule", "data_quality is not to be watched by Model Monitor"),
        (IMPOSSIBLE, None, "hold", "version 2 has no baseline"),
        (IMPOSSIBLE, OLD, "unschedule", "version 2 has no baseline"),
        (
            WANTED, replace(SCHEDULE, status="Failed", why="no role"), "page",
            f"the schedule {SCHEDULE.name} failed: no role",
        ),
        (
            WANTED, replace(SCHEDULE, status="Failed"), "page",
            f"the schedule {SCHEDULE.name} failed: no reason was given",
        ),
        (WANTED, replace(OLD, status="Failed"), "reschedule", "version 2 serves by"),
        (
            WANTED, replace(SCHEDULE, status="Stopped"), "hold",
            f"the schedule {SCHEDULE.name} was stopped by somebody else",
        ),
    ],
)  # fmt: skip
def test_a_schedule(
    wanted: Wanted | None, schedule: Schedule | None, verdict: str, reason: str
) -> None:
    found = judge_schedule(KIND, wanted, schedule)
    assert found.kind == verdict
    assert found.reason.startswith(reason)


@pytest.mark.parametrize(
    ("means", "reason"),
    [
        (MEANS, ""),
        (replace(MEANS, image=False), "Steward knows no image of Model Monitor for data_quality"),
        (replace(MEANS, code=False), "the monitor's code is not published; run `steward publish`"),
        (replace(MEANS, baseline=False), "version 2 has no baseline: its training run wrote none"),
    ],
)
def test_why_a_kind_can_have_no_schedule(means: Means, reason: str) -> None:
    found = why_not(KIND, 2, means)
    assert found.startswith(reason)
    assert bool(found) == bool(reason)


def test_what_aws_refuses_is_one_page_whatever_it_says() -> None:
    found = refused(KIND, WANTED.definition, "closed to this account")
    assert found.kind == "page"
    assert found.reason == f"AWS refused {WANTED.definition}: closed to this account"
    assert refused(KIND, WANTED.definition, "really").facts == found.facts


class TestEnd:
    @pytest.mark.parametrize("status", ["Completed", "CompletedWithViolations"])
    def test_with_a_report_needs_no_verdict(self, status: str) -> None:
        assert judge_end(replace(EXECUTION, status=status)) is None

    def test_of_quiet_hours_is_one_decision(self) -> None:
        quiet = replace(EXECUTION, status="Failed", why=NO_DATA)
        found = judge_end(quiet)
        assert found is not None
        assert (found.kind, found.reason) == ("hold", "nothing was captured")
        later = judge_end(replace(quiet, scheduled_at=NOON.replace(hour=13)))
        assert later == found

    @pytest.mark.parametrize(("why", "told"), [("disk", "disk"), ("", "no reason was given")])
    def test_of_a_failure_is_told_with_its_hour(self, why: str, told: str) -> None:
        found = judge_end(replace(EXECUTION, status="Failed", why=why))
        assert found is not None
        assert (found.kind, found.reason) == (
            "page",
            f"the execution of {SCHEDULE.name} at 2026-11-20T12:00Z ended as Failed: {told}",
        )

    @pytest.mark.parametrize("status", ["Pending", "InProgress", "Stopping"])
    def test_has_not_come_while_it_runs(self, status: str) -> None:
        assert not replace(EXECUTION, status=status).is_over
