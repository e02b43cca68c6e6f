"""functions/rollout: from the opening of a rollout to its end, wherever something goes wrong."""

from datetime import datetime

import pytest

from tests.steward.functions.house import ARTIFACTS, NAME, House
from tests.steward.functions.parts import ARTIFACT_1, approved, may_have_answered, row


class TestBetweenOpeningAndCall:
    """The row is open, the call was not made: what holds is read again just before it."""

    @pytest.fixture
    def opened(self, house: House) -> House:
        approved(house)
        house.sagemaker.meanwhile["CreateModel"] = lambda: 1 / 0
        house.look("rollout", times=1)
        assert row(house)["state"] == "open"
        return house

    def test_it_is_resumed(self, opened: House) -> None:
        opened.look("rollout")
        assert opened.sagemaker.calls.count("CreateEndpoint") == 1

    def test_it_is_resumed_though_somebody_touched_the_endpoint(self, house: House) -> None:
        """Autoscaling changed a count; nothing was asked for that could have failed."""
        house.serving(1)
        approved(house, 2, against=1)
        house.sagemaker.meanwhile["CreateModel"] = lambda: 1 / 0
        house.look("rollout", times=1)
        house.clock.pass_by(minutes=1)
        house.sagemaker.endpoints[NAME]["LastModifiedTime"] = house.clock.now()
        house.look("rollout")
        assert row(house)["state"] == "open"
        assert house.sagemaker.calls.count("UpdateEndpoint") == 1

    def test_a_revocation_withdraws_it(self, opened: House) -> None:
        opened.says(1, "Rejected")
        assert opened.look("rollout") == 0
        assert row(opened)["outcome"] == "withdrawn"
        assert ("rollout 1", "withdraw") in opened.decisions("rollout")
        assert "CreateEndpoint" not in opened.sagemaker.calls

    def test_a_revocation_at_the_last_moment_withdraws_it(self, opened: House) -> None:
        opened.sagemaker.meanwhile["CreateEndpointConfig"] = lambda: opened.says(1, "Rejected")
        opened.look("rollout")
        assert row(opened)["outcome"] == "withdrawn"
        assert "CreateEndpoint" not in opened.sagemaker.calls

    def test_a_later_approval_opens_another_one(self, opened: House) -> None:
        opened.deliver("approval", opened.says(1, "Rejected"))
        opened.look("rollout")
        opened.deliver("approval", opened.says(1))
        opened.look("rollout")
        assert (row(opened)["number"], row(opened)["state"]) == (2, "open")
        assert opened.sagemaker.calls.count("CreateEndpoint") == 1

    def test_a_deletion_from_the_registry_withdraws_it(self, opened: House) -> None:
        opened.sagemaker.packages.clear()
        assert opened.look("rollout") == 0
        assert row(opened)["outcome"] == "withdrawn"
        assert ("rollout 1", "withdraw") in opened.decisions("rollout")
        assert "CreateEndpoint" not in opened.sagemaker.calls
        assert opened.sweep() == []

    def test_another_artifact_is_not_rolled_out(self, opened: House) -> None:
        opened.aws.s3.put_object(Bucket=ARTIFACTS, Key=ARTIFACT_1, Body=b"another model")
        opened.look("rollout")
        assert "CreateEndpoint" not in opened.sagemaker.calls


class TestWithoutRoom:
    """A limit of the account refuses the new fleet."""

    @pytest.fixture(params=["a first deployment", "an update"])
    def full(self, request: pytest.FixtureRequest, house: House) -> House:
        if request.param == "an update":
            house.serving(1)
            approved(house, 2, against=1)
        else:
            approved(house)
        house.sagemaker.is_full = True
        house.said.clear()
        return house

    def test_is_told_once_and_stays_open(self, full: House) -> None:
        for _ in range(3):
            assert full.look("rollout") == 0
            full.clock.pass_by(minutes=1)
        assert row(full)["state"] == "open"
        assert "called_at" not in row(full)
        (held,) = full.said
        assert held["Subject"] == f"[mortgage] rollout {row(full)['number']} is held"
        assert "a limit of the account leaves no room" in held["Message"]
        assert ("rollout", "mortgage") in full.sweep()

    def test_goes_on_by_itself_once_there_is_room(self, full: House) -> None:
        full.look("rollout")
        full.sagemaker.is_full = False
        full.look("rollout")
        full.sagemaker.settle()
        full.look("rollout")
        assert row(full)["outcome"] == "served"
        assert full.sweep() == []

    def test_is_withdrawn_when_the_version_is_revoked(self, full: House) -> None:
        full.look("rollout")
        full.says(row(full)["version"], "Rejected")
        full.look("rollout")
        assert row(full)["outcome"] == "withdrawn"

    @pytest.mark.parametrize("operation", ["CreateModel", "CreateEndpointConfig"])
    def test_of_models_is_held_too(self, house: House, operation: str) -> None:
        def refuse() -> None:
            raise house.sagemaker.refuse("ResourceLimitExceeded", "The limit of models is 1")

        approved(house)
        house.sagemaker.meanwhile[operation] = refuse
        assert house.look("rollout", times=1) == 0
        assert house.decisions("rollout")[-1] == ("rollout 1", "hold")
        assert "called_at" not in row(house)
        house.look("rollout")
        assert house.sagemaker.calls.count("CreateEndpoint") == 1


class TestWhatMayHaveAnswered:
    """Version 1 serves, and a rollout of version 2 is in flight since the minute `before`."""

    @pytest.fixture
    def before(self, house: House) -> datetime:
        house.serving(1)
        house.clock.pass_by(minutes=60)
        approved(house, 2, against=1)
        before = house.clock.now()
        house.clock.pass_by(minutes=1)
        house.look("rollout")
        house.clock.pass_by(minutes=2)
        return before

    def test_both_versions_while_it_is_in_flight(self, house: House, before: datetime) -> None:
        assert may_have_answered(house, before) == ["1"]
        assert may_have_answered(house, house.clock.now()) == ["1", "2"]

    @pytest.mark.parametrize(("failure", "then"), [("", "2"), ("alarm", "1")])
    def test_both_versions_until_its_end(
        self, house: House, before: datetime, failure: str, then: str
    ) -> None:
        during = house.clock.now()
        house.clock.pass_by(minutes=2)
        house.sagemaker.settle(failure=failure)
        ended = house.clock.now()
        house.clock.pass_by(minutes=1)
        house.look("rollout")
        assert may_have_answered(house, before) == ["1"]
        assert may_have_answered(house, during) == ["1", "2"]
        assert (
            may_have_answered(house, ended) == may_have_answered(house, house.clock.now()) == [then]
        )

    def test_only_the_old_one_when_it_was_never_asked_for(self, house: House) -> None:
        house.serving(1)
        house.clock.pass_by(minutes=60)
        approved(house, 2, against=1)
        house.sagemaker.meanwhile["CreateModel"] = lambda: house.says(2, "Rejected")
        opened = house.clock.now()
        house.look("rollout")
        assert row(house)["outcome"] == "withdrawn"
        assert (
            may_have_answered(house, opened) == may_have_answered(house, house.clock.now()) == ["1"]
        )
