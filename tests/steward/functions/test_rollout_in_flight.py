"""functions/rollout: from the opening of a rollout to its end, wherever something goes wrong."""

from datetime import datetime

import pytest

from steward.lineage.trace import candidates_at
from tests.steward.functions.house import ARTIFACTS, NAME, House
from tests.steward.functions.parts import ARTIFACT_1, approved, row
from tests.steward.standin import Json


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


class TestBetweenCallAndNote:
    """SageMaker was asked, and the function died before it noted that."""

    @pytest.fixture
    def asked(self, house: House) -> House:
        house.serving(1)
        approved(house, 2, against=1)
        house.sagemaker.afterwards["UpdateEndpoint"] = lambda: 1 / 0
        assert house.look("rollout", times=1) == 1
        assert "called_at" not in row(house)
        return house

    def test_it_is_adopted_and_not_asked_for_again(self, asked: House) -> None:
        assert asked.look("rollout") == 0
        assert "called_at" in row(asked)
        assert row(asked)["highest"] == 2
        assert asked.sagemaker.calls.count("UpdateEndpoint") == 1
        assert ("rollout", "mortgage") in asked.sweep()

    def test_it_serves_also_when_it_was_done_before_anybody_looked(self, asked: House) -> None:
        asked.clock.pass_by(minutes=4)
        asked.sagemaker.settle()
        assert asked.look("rollout") == 0
        assert row(asked)["outcome"] == "served"
        assert asked.sagemaker.calls.count("UpdateEndpoint") == 1

    def test_a_first_deployment_is_adopted_too(self, house: House) -> None:
        approved(house)
        house.sagemaker.afterwards["CreateEndpoint"] = lambda: 1 / 0
        assert house.look("rollout") == 0
        assert "called_at" in row(house)
        assert house.sagemaker.calls.count("CreateEndpoint") == 1


def test_an_endpoint_that_has_not_begun_to_move_is_waited_for(house: House) -> None:
    """DescribeEndpoint may say for a while what was before the call."""
    house.serving(1)
    house.clock.pass_by(minutes=60)
    approved(house, 2, against=1)
    endpoints, before = house.sagemaker.endpoints, dict(house.sagemaker.endpoints[NAME])
    moving: Json = {}

    def say_what_was_before() -> None:
        moving.update(endpoints[NAME])
        endpoints[NAME] = before

    house.sagemaker.afterwards["UpdateEndpoint"] = say_what_was_before
    assert house.look("rollout") == 0
    assert house.look("rollout") == 0
    assert row(house)["state"] == "open"
    assert house.sagemaker.calls.count("UpdateEndpoint") == 1
    endpoints[NAME] = moving
    house.sagemaker.settle()
    house.look("rollout")
    assert row(house)["outcome"] == "served"


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
        assert full.subjects() == ["[mortgage] a person must look at the endpoint"]
        assert "a limit of the account leaves no room" in full.said[0]["Message"]
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

    def versions(self, house: House, at: datetime) -> list[str]:
        return [one for served in candidates_at(house.store, NAME, at) for one in served.versions]

    def test_both_versions_while_it_is_in_flight(self, house: House, before: datetime) -> None:
        assert self.versions(house, before) == ["1"]
        assert self.versions(house, house.clock.now()) == ["1", "2"]

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
        assert self.versions(house, before) == ["1"]
        assert self.versions(house, during) == ["1", "2"]
        assert self.versions(house, ended) == self.versions(house, house.clock.now()) == [then]

    def test_only_the_old_one_when_it_was_never_asked_for(self, house: House) -> None:
        house.serving(1)
        house.clock.pass_by(minutes=60)
        approved(house, 2, against=1)
        house.sagemaker.meanwhile["CreateModel"] = lambda: house.says(2, "Rejected")
        opened = house.clock.now()
        house.look("rollout")
        assert row(house)["outcome"] == "withdrawn"
        assert self.versions(house, opened) == self.versions(house, house.clock.now()) == ["1"]
