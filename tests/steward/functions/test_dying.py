"""A function may die after any change that it makes: delivered again, all ends the same."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.steward.fakes import Mortal
from tests.steward.functions.house import ARTIFACTS, House

type Json = dict[str, Any]
type Act = Callable[[House], None]


def uploads(house: House) -> None:
    house.deliver("training", house.upload("a.csv"))
    house.deliver("training", house.upload("b.csv", house.rows(3, without="unem")))
    house.clock.pass_by(minutes=10)
    house.look("training")


def failed_run(house: House) -> None:
    uploads(house)
    (execution,) = house.sagemaker.executions
    house.sagemaker.end(execution, "Failed", "no rows")
    house.deliver("training", house.run_event())


def approval(house: House) -> None:
    uploads(house)
    house.deliver("approval", house.registered())
    house.deliver("approval", house.says(1))


def rollout(house: House) -> None:
    approval(house)
    house.look("rollout")
    house.clock.pass_by(minutes=4)
    house.sagemaker.settle()
    house.deliver("rollout", house.endpoint_event())


def failed_rollout(house: House) -> None:
    rollout(house)
    house.judged(2, against=1)
    house.deliver("approval", house.says(2))
    house.look("rollout")
    house.sagemaker.settle(failure="alarm")
    house.deliver("rollout", house.endpoint_event())


def drift(house: House) -> None:
    key = "monitoring/mortgage/v1/2026/11/20/12/constraint_violations.json"
    house.deliver("drift", house.upload(key, '{"violations": [{}]}', bucket=ARTIFACTS))


def ended(house: House) -> list[Json]:
    """Both tables, without what a moment of death may leave unknown.

    When the call of SageMaker was the last thing done, nobody knows when it was made; the agenda's
    mark only says what came last.
    """
    kept = []
    for item in house.tables():
        item = {name: value for name, value in item.items() if name not in ("mark", "called_at")}
        facts = item.get("facts", {}).get("M", {})
        facts.pop("asked_at", None)
        kept.append(item)
    return kept


def outside(house: House) -> tuple[object, ...]:
    """What stands in SageMaker and S3."""
    listed = house.aws.s3.list_objects_v2(Bucket=ARTIFACTS)
    return (
        house.sagemaker.executions,
        house.sagemaker.models,
        house.sagemaker.configs,
        house.sagemaker.endpoints,
        sorted(found["Key"] for found in listed.get("Contents", [])),
    )


# Which changes an act makes itself: writes of the story (S3, the registry) do not count.
STORIES: dict[str, tuple[Act, int]] = {
    "uploads": (uploads, 0),
    "failed_run": (failed_run, 0),
    "approval": (approval, 0),
    "rollout": (rollout, 0),
    "failed_rollout": (failed_rollout, 0),
    "drift": (drift, 0),
}


@pytest.fixture
def functions_only(mortal: Mortal, house: House, monkeypatch: pytest.MonkeyPatch) -> Mortal:
    """Only functions die, not the story around them."""
    inside = house.deliver

    def deliver(*given: Any, **named: Any) -> int:
        mortal.awake = True
        try:
            return inside(*given, **named)
        finally:
            mortal.awake = False

    monkeypatch.setattr(house, "deliver", deliver)
    return mortal
