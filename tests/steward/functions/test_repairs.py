"""What the sweep had to find is on record as that; what it does every day is not."""

from datetime import timedelta
from typing import Any

import pytest

from steward.lineage import ledger
from steward.record.store import put
from steward.spec.model import ModelSpec
from tests.steward.functions.house import NAME, House
from tests.steward.functions.parts import approved

FULL = "full sweep"


def by_sweep(house: House, concern: str, asked_by: str = "sweep") -> list[tuple[str, str]]:
    """A look that the sweep asks for, five minutes later; what it mended."""
    before = house.repairs()
    house.clock.pass_by(minutes=5)
    assert house.look(concern, asked_by=asked_by) == 0
    assert house.repairs()[: len(before)] == before
    return house.repairs()[len(before) :]


class TestEventsThatWereLost:
    def test_that_a_run_ended(self, house: House, capsys: pytest.CaptureFixture[str]) -> None:
        house.trained()
        (execution,) = house.sagemaker.executions
        house.sagemaker.end(execution, "Failed", "no rows")
        assert by_sweep(house, "training") == [("run 1", "finish")]
        assert '"SweepRepaired":[1.0]' in capsys.readouterr().out

    def test_that_a_version_was_registered_and_a_word_was_said(self, house: House) -> None:
        house.trained()
        house.registered()
        assert by_sweep(house, "approval", FULL) == [("version 1", "passed")]
        house.says(1)
        assert by_sweep(house, "approval", FULL) == [("version 1", "approved")]

    def test_that_a_word_was_noted(self, house: House) -> None:
        approved(house)
        assert by_sweep(house, "rollout") == [("version 1", "start")]

    def test_that_a_rollout_ended(self, house: House) -> None:
        approved(house)
        house.look("rollout")
        house.sagemaker.settle()
        assert by_sweep(house, "rollout") == [("rollout 1", "finish")]

    def test_that_an_endpoint_was_deleted(self, house: House) -> None:
        house.serving()
        del house.sagemaker.endpoints[NAME]
        assert ("endpoint", "gone") in by_sweep(house, "rollout", FULL)


class TestWhatWasHalfDone:
    def test_a_rollout_that_was_never_asked_for(self, house: House) -> None:
        approved(house)
        house.sagemaker.meanwhile["CreateModel"] = _dies
        assert house.look("rollout", times=1) == 1
        assert by_sweep(house, "rollout") == [("rollout 1", "resume")]
        assert NAME in house.sagemaker.endpoints

    def test_alarms_of_a_rollout_that_is_over(self, house: House) -> None:
        house.serving()
        house.serving(2, against=1)
        left = f"{NAME}-r2-abort"
        for asked_by, repaired in (("sweep", []), (FULL, [("endpoint", "tidy")])):
            house.aws.cloudwatch.put_metric_alarm(**_alarm(left))
            assert by_sweep(house, "rollout", asked_by) == repaired
        assert left not in house.cloudwatch.alarms


def _dies() -> None:
    raise OSError("the function was killed")


def _alarm(name: str) -> dict[str, Any]:
    return {
        "AlarmName": name,
        "Namespace": "Steward",
        "MetricName": "RolloutAborted",
        "Statistic": "Sum",
        "Period": 60,
        "EvaluationPeriods": 1,
        "Threshold": 0,
        "ComparisonOperator": "GreaterThanThreshold",
    }


class TestWhatTheSweepDoesEveryDay:
    def test_starting_a_run_when_uploads_have_been_quiet(self, house: House) -> None:
        house.deliver("training", house.upload())
        house.clock.pass_by(minutes=10)
        assert by_sweep(house, "training") == []
        assert house.sagemaker.executions

    def test_being_the_first_to_see_what_has_just_happened(self, house: House) -> None:
        house.trained()
        (execution,) = house.sagemaker.executions
        house.sagemaker.end(execution, "Failed", "no rows")
        house.look("training", asked_by="sweep")
        assert ("run 1", "finish") in house.decisions("training")
        assert house.repairs() == []

    def test_asking_again_where_the_account_had_no_room(self, house: House) -> None:
        approved(house)
        house.sagemaker.is_full = True
        house.look("rollout")
        house.sagemaker.is_full = False
        assert by_sweep(house, "rollout") == []
        assert NAME in house.sagemaker.endpoints

    def test_looking_where_nothing_is_to_be_done(self, house: House) -> None:
        house.serving()
        for concern in ("training", "approval", "rollout"):
            assert by_sweep(house, concern, FULL) == []


def test_a_rollout_that_does_not_end_is_counted(
    house: House, mortgage: ModelSpec, capsys: pytest.CaptureFixture[str]
) -> None:
    approved(house)
    house.look("rollout")
    house.clock.pass_by(minutes=2 * mortgage.rollout.timeout // timedelta(minutes=1))
    house.look("rollout", asked_by="sweep")
    assert "RolloutStuck" not in capsys.readouterr().out
    house.clock.pass_by(minutes=2)
    house.look("rollout", asked_by="sweep")
    assert '"RolloutStuck":[1.0]' in capsys.readouterr().out


def test_an_entry_that_is_not_as_it_was_signed_is_counted(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    house.deliver("training", house.upload())
    house.sweep()
    house.clock.pass_by(minutes=60 * 24)
    head = house.store.last("lineage", ledger.partition("mortgage"))
    assert head
    house.sweep()
    assert "LedgerBroken" not in capsys.readouterr().out
    house.store.transact([put("lineage", {**head, "at": "yesterday"})])
    house.clock.pass_by(minutes=60 * 24)
    house.sweep()
    assert '"LedgerBroken":[1.0]' in capsys.readouterr().out
