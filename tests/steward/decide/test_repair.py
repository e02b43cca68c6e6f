"""What the sweep does is a repair where it answers what has been so for long."""

from datetime import datetime

import pytest

from steward.decide import model_monitor, rollout, training
from steward.decide.repair import FULL_SWEEP, LATE, LONG_AGO, SWEEP, mended
from steward.decide.training import TrainingFacts
from steward.decide.verdict import Verdict
from steward.spec.model import Freeze
from tests.steward.builders import (
    NOON,
    after,
    approved,
    endpoint,
    execution,
    rollout_facts,
    rollout_spec,
    run,
    served,
    version,
)
from tests.steward.builders import minutes as length
from tests.steward.builders import rollout as in_flight

DONE = Verdict("rollout", "endpoint", "found", "the endpoint serves another config", {"after": 1})


@pytest.mark.parametrize("asked_by", [SWEEP, FULL_SWEEP])
@pytest.mark.parametrize("since", [NOON - LATE, LONG_AGO])
def test_what_the_sweep_finds_late_is_a_repair(asked_by: str, since: datetime) -> None:
    verdict = mended(DONE, asked_by, since, NOON)
    assert verdict.repair == f"nothing had led to it; the {asked_by} found it"


@pytest.mark.parametrize(
    ("asked_by", "since"),
    [("", LONG_AGO), (SWEEP, after(-1)), (FULL_SWEEP, None)],
    ids=["by an event", "an event may be on its way", "time has passed"],
)
def test_anything_else_is_not(asked_by: str, since: datetime | None) -> None:
    assert mended(DONE, asked_by, since, NOON) == DONE


def test_a_repair_is_the_same_decision_as_without_the_sweep() -> None:
    verdict = mended(DONE, SWEEP, LONG_AGO, NOON)
    assert verdict.id("mortgage") == DONE.id("mortgage")


class TestTraining:
    @pytest.mark.parametrize(
        ("kind", "since"), [("finish", after(25)), ("resume", NOON), ("start", None)]
    )
    def test_a_run_is_due_since_it_ended_or_was_opened(
        self, kind: str, since: datetime | None
    ) -> None:
        ended = execution("Succeeded", ended_at=after(25))
        facts = TrainingFacts((), run(opened_at=NOON), ended)
        assert training.since(Verdict("training", "run 1", kind, ""), facts) == since


class TestRollout:
    @pytest.mark.parametrize(
        ("kind", "since"),
        [
            ("resume", after(2)),
            ("withdraw", after(2)),
            ("finish", after(30)),
            ("fail", after(30)),
            ("found", after(30)),
            ("remove", after(30)),
            ("gone", LONG_AGO),
            ("abort", None),
            ("wait", None),
        ],
    )
    def test_a_step_is_due_since_the_rollout_or_the_endpoint_became_so(
        self, kind: str, since: datetime | None
    ) -> None:
        facts = rollout_facts(live=endpoint(), last=in_flight(opened_at=after(2)))
        assert rollout.since(Verdict("rollout", "endpoint", kind, ""), facts) == since

    def test_a_start_is_due_since_the_last_word_on_what_serves_and_what_shall(self) -> None:
        live, wanted = served(1, modified_at=after(9)), approved(2, modified_at=after(5))
        for of, since in ((endpoint(1), after(9)), (None, after(5))):
            facts = rollout_facts(live, wanted, version(3, modified_at=after(20)), live=of)
            assert rollout.since(_start(2), facts) == since

    def test_a_start_that_waited_for_the_end_of_a_freeze_is_due_by_time(self) -> None:
        policy = rollout_spec(freeze=(Freeze(after(1), after(50)),))
        facts = rollout_facts(approved(2, modified_at=after(5)), policy=policy)
        assert rollout.since(_start(2), facts) is None

    def test_a_freeze_that_ended_before_the_word_held_nothing(self) -> None:
        policy = rollout_spec(freeze=(Freeze(after(1), after(4)), Freeze(after(70), after(80))))
        facts = rollout_facts(approved(2, modified_at=after(5)), policy=policy)
        assert rollout.since(_start(2), facts) == after(5)

    @pytest.mark.parametrize(
        ("opened_at", "state", "expected"),
        [(after(-1), "open", length(61)), (NOON, "open", None), (after(-1), "closed", None)],
    )
    def test_a_rollout_that_is_open_for_twice_its_timeout_is_overdue(
        self, opened_at: datetime, state: str, expected: object
    ) -> None:
        last = in_flight(opened_at=opened_at, state=state)
        assert rollout.overdue(rollout_facts(last=last)) == expected

    def test_no_rollout_is_not_overdue(self) -> None:
        assert rollout.overdue(rollout_facts()) is None

    def test_alarms_that_were_left_are_named(self) -> None:
        verdict = rollout.tidied(["b", "a"])
        assert verdict.reason == "rollouts that are over had left 2 alarms: a, b"


def _start(number: int) -> Verdict:
    return Verdict("rollout", f"version {number}", "start", "", {"version": number})


def test_a_schedule_that_is_gone_is_made_again_by_a_decision_of_its_own() -> None:
    made = model_monitor.judge_schedule(
        "data_quality", model_monitor.Wanted(1, "steward-mortgage-v1-dq-00000000"), None
    )
    verdict = model_monitor.again(made)
    assert verdict.id("mortgage") != made.id("mortgage")
    assert verdict.reason == (
        "version 1 serves and has no schedule; the same was decided before and is not so"
    )
