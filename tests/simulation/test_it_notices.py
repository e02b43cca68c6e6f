"""The simulation can fail: with something broken on purpose, something does not hold."""

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from steward.batch import Answer
from steward.decide import rollout as decide
from steward.decide.rollout_facts import FORWARD, RolloutFacts
from steward.record import ledger, rollout
from tests.simulation.__main__ import simulate
from tests.simulation.house import apps, given_back

SEEDS, STEPS = 10, 500


@pytest.fixture(autouse=True)
def undisturbed() -> Iterator[None]:
    with given_back():
        yield


def notices(what: str, *, deaf: bool = False) -> bool:
    """Whether in one of the seeds that does not hold."""
    return any(
        what in violation
        for seed in range(SEEDS)
        for violation in simulate(seed, STEPS, deaf=deaf).violations
    )


def test_two_runs_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run's token that changes with every try, and nobody looks whether it was started."""
    monkeypatch.setattr("steward.act.training.run_token", lambda *_: f"{random.random():.30f}")  # noqa: S311
    monkeypatch.setattr("steward.act.training._find_run", lambda *_: None)
    assert notices("StartPipelineExecution")


def test_an_approval_that_was_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """A version is as it was when it was first looked at."""
    rollout_app, known = apps()["rollout"], dict[str, Any]()
    usual = rollout_app.observe_package

    def remembered(aws: Any, arn: str) -> Any:
        if arn not in known:
            known[arn] = usual(aws, arn)
        return known[arn]

    monkeypatch.setattr(rollout_app, "observe_package", remembered)
    assert notices("its approval was read as unread")


def test_an_older_version_in_the_place_of_a_newer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any version that may serve is good enough."""

    def oldest(facts: RolloutFacts, live: int | None, eligible: list[int]) -> Any:
        others = [number for number in eligible if number != live]
        if not others:
            return decide.Stay("nothing", "no version may serve")
        return decide.Target(min(others), FORWARD, "the oldest")

    monkeypatch.setattr(decide, "_forward", oldest)
    assert notices(" replaces ")


def test_a_step_back_to_what_never_served(monkeypatch: pytest.MonkeyPatch) -> None:
    """Back to the newest other version that is approved."""

    def newest(facts: RolloutFacts, live: int, why_not: str, eligible: list[int]) -> Any:
        others = [number for number in eligible if number != live]
        if not others:
            return decide.Stay("hold", why_not)
        return decide.Target(others[0], decide.BACK, why_not)

    monkeypatch.setattr(decide, "_step_back", newest)
    assert notices("which has never served")


def test_a_rollout_that_is_not_on_record(monkeypatch: pytest.MonkeyPatch) -> None:
    """SageMaker is asked without a rollout that was opened."""
    monkeypatch.setattr(apps()["rollout"], "open_rollout", lambda *_: True)
    monkeypatch.setattr(apps()["rollout"], "record_asking", lambda *given: given[2])
    assert notices("the open rollout is")


def test_a_record_that_is_not_true(monkeypatch: pytest.MonkeyPatch) -> None:
    """What serves is written as if it had begun later."""
    usual = rollout._serving
    late = lambda *args: replace(usual(*args), since=usual(*args).since + timedelta(minutes=9))  # noqa: E731
    monkeypatch.setattr(rollout, "_serving", late)
    assert notices(" served, ")


def test_a_ledger_that_does_not_verify(monkeypatch: pytest.MonkeyPatch) -> None:
    """Marks that are not those of what was written."""
    monkeypatch.setattr(ledger.ledger, "marks", lambda items: ["0" * 32 for _ in items])
    assert notices("ledger: ")


def test_an_edge_that_leads_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shared nodes are linked to and not written."""
    monkeypatch.setattr("steward.record.approval.ensure", lambda *_: None)
    monkeypatch.setattr("steward.record.store._merged", _without_checks)
    assert notices("dangling: ")


def _without_checks(writes: Any) -> Any:
    return [write for write in writes if write.kind != "ConditionCheck"]


def test_uploads_that_are_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    """A message that failed is said to be done."""
    usual = apps()["training"].batch.each

    def careless(*given: Any) -> Answer:
        usual(*given)
        return {"batchItemFailures": []}

    monkeypatch.setattr("steward.batch.each", careless)
    assert notices("neither on record nor a dead letter")


def test_what_never_comes_to_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sweep asks nobody to look."""
    monkeypatch.setattr(apps()["sweep"], "ask_to_look", lambda *_: None)
    assert notices("and on record as not judged", deaf=True)
