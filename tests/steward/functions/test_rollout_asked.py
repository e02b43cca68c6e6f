"""functions/rollout: SageMaker is asked, and the function dies or the answer is lost."""

import pytest

from tests.steward.builders import minutes
from tests.steward.functions.house import NAME, House, arn
from tests.steward.functions.parts import approved, may_have_answered, row
from tests.steward.standin import Json


class TestBetweenCallAndAnswer:
    """SageMaker was asked, and the function died before it heard the answer."""

    @pytest.fixture
    def asked(self, house: House) -> House:
        house.serving(1)
        house.clock.pass_by(minutes=60)
        approved(house, 2, against=1)
        house.clock.pass_by(minutes=1)
        house.sagemaker.afterwards["UpdateEndpoint"] = lambda: 1 / 0
        assert house.look("rollout", times=1) == 1
        house.clock.pass_by(minutes=3)
        return house

    def test_it_is_not_asked_for_again(self, asked: House) -> None:
        assert asked.look("rollout") == 0
        assert row(asked)["state"] == "open"
        assert asked.sagemaker.calls.count("UpdateEndpoint") == 1
        assert ("rollout", "mortgage") in asked.sweep()

    def test_it_serves_also_when_it_was_done_before_anybody_looked(self, asked: House) -> None:
        asked.sagemaker.settle()
        assert asked.look("rollout") == 0
        assert row(asked)["outcome"] == "served"
        assert asked.sagemaker.calls.count("UpdateEndpoint") == 1

    def test_it_failed_also_when_that_was_before_anybody_looked(self, asked: House) -> None:
        asked.sagemaker.settle(failure="alarm")
        assert asked.look("rollout") == 0
        assert row(asked)["outcome"] == "failed"
        assert asked.sagemaker.calls.count("UpdateEndpoint") == 1

    @pytest.mark.parametrize("failure", ["", "alarm"])
    @pytest.mark.parametrize("revoked", [False, True])
    @pytest.mark.parametrize("looked", [False, True])
    def test_its_window_is_not_lost(
        self, asked: House, failure: str, revoked: bool, looked: bool
    ) -> None:
        during = asked.clock.now()
        asked.clock.pass_by(minutes=3)
        if looked:
            asked.look("rollout")
        asked.sagemaker.settle(failure=failure)
        if revoked:
            asked.says(2, "Rejected")
        asked.look("rollout")
        assert may_have_answered(asked, during) == ["1", "2"]

    def test_a_first_deployment_is_not_asked_for_again_either(self, house: House) -> None:
        approved(house)
        house.sagemaker.afterwards["CreateEndpoint"] = lambda: 1 / 0
        assert house.look("rollout") == 0
        assert "called_at" in row(house)
        assert house.sagemaker.calls.count("CreateEndpoint") == 1

    def test_a_first_deployment_that_is_not_listed_yet_was_asked_for(self, house: House) -> None:
        """CreateEndpoint is refused because it exists; that is what was wanted."""
        approved(house)
        house.look("rollout")
        listed = house.sagemaker.list_endpoints
        house.sagemaker.list_endpoints = lambda **_: {"Endpoints": []}  # type: ignore[method-assign]
        assert house.look("rollout", times=1) == 0
        house.sagemaker.list_endpoints = listed  # type: ignore[method-assign]
        house.sagemaker.settle()
        house.look("rollout")
        assert row(house)["outcome"] == "served"


class TestBetweenNoteAndCall:
    """It was noted that SageMaker is asked, and the function died before it asked."""

    @pytest.fixture
    def noted(self, house: House) -> House:
        house.serving(1)
        house.clock.pass_by(minutes=60)
        approved(house, 2, against=1)
        house.sagemaker.meanwhile["UpdateEndpoint"] = lambda: 1 / 0
        assert house.look("rollout", times=1) == 1
        assert "called_at" in row(house)
        assert house.sagemaker.endpoints[NAME]["EndpointStatus"] == "InService"
        return house

    def test_it_is_asked_for(self, noted: House) -> None:
        assert noted.look("rollout") == 0
        assert noted.sagemaker.endpoints[NAME]["EndpointStatus"] == "Updating"
        noted.sagemaker.settle()
        noted.look("rollout")
        assert row(noted)["outcome"] == "served"

    def test_a_revocation_does_not_withdraw_it_while_it_may_still_begin(self, noted: House) -> None:
        noted.says(2, "Rejected")
        assert noted.look("rollout") == 0
        assert row(noted)["state"] == "open"
        assert ("rollout", "mortgage") in noted.sweep()

    def test_a_revocation_withdraws_it_when_it_can_not_have_begun(self, noted: House) -> None:
        noted.says(2, "Rejected")
        noted.clock.pass_by(minutes=10)
        assert noted.look("rollout") == 0
        assert row(noted)["outcome"] == "withdrawn"
        assert noted.sagemaker.endpoints[NAME]["EndpointStatus"] == "InService"
        assert noted.sweep() == []


class TestBeforeItBeginsToMove:
    """SageMaker was asked, and DescribeEndpoint says for a while what was before the call."""

    @pytest.fixture
    def moving(self, house: House) -> Json:
        """The endpoint as it will be seen."""
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
        return moving

    def refuse(self, house: House) -> None:
        raise house.sagemaker.refuse("ValidationException", "Cannot update in-progress endpoint")

    def test_it_is_asked_for_again_and_sagemaker_refuses_that(
        self, house: House, moving: Json
    ) -> None:
        house.sagemaker.meanwhile["UpdateEndpoint"] = lambda: self.refuse(house)
        assert house.look("rollout", times=1) == 1
        assert row(house)["state"] == "open"
        house.sagemaker.endpoints[NAME] = moving
        assert house.look("rollout") == 0
        house.sagemaker.settle()
        house.look("rollout")
        assert row(house)["outcome"] == "served"

    def test_it_has_not_failed_though_somebody_touched_the_endpoint_before_it(
        self, house: House
    ) -> None:
        """What counts is when the endpoint was modified just before the call."""
        house.serving(1)
        approved(house, 2, against=1)
        house.sagemaker.meanwhile["CreateModel"] = lambda: 1 / 0
        house.look("rollout", times=1)
        house.clock.pass_by(minutes=1)
        endpoints = house.sagemaker.endpoints
        endpoints[NAME]["LastModifiedTime"] = house.clock.now()
        before = dict(endpoints[NAME])
        house.sagemaker.afterwards["UpdateEndpoint"] = lambda: endpoints.update({NAME: before})
        house.look("rollout")
        house.look("rollout")
        assert row(house)["state"] == "open"

    def test_a_revocation_does_not_hide_that_it_serves_in_the_end(
        self, house: House, moving: Json
    ) -> None:
        house.says(2, "Rejected")
        house.look("rollout")
        house.sagemaker.endpoints[NAME] = moving
        house.clock.pass_by(minutes=4)
        house.sagemaker.settle()
        since = house.clock.now()
        house.clock.pass_by(minutes=1)
        house.look("rollout")
        house.clock.pass_by(minutes=4)
        assert "2" in may_have_answered(house, since)


def test_a_rollout_may_be_withdrawn_and_opened_again_in_one_instant(house: House) -> None:
    """The clock of an embedded AWS stands still while a function runs."""
    house.serving(1)
    approved(house, 2, against=1)
    words = [house.says(2, "Rejected"), house.says(2)]

    def revoke_and_approve() -> None:
        for status, word in zip(("Rejected", "Approved"), words, strict=True):
            house.sagemaker.decide(arn(2), status)
            house.sagemaker.packages[arn(2)]["LastModifiedTime"] += minutes(status == "Approved")
            house.deliver("approval", word)

    house.sagemaker.meanwhile["CreateModel"] = revoke_and_approve
    assert house.look("rollout") == 0
    assert (row(house)["number"], row(house)["state"]) == (3, "open")


class TestRefused:
    """SageMaker or the account says no; what was noted of the call must not stand in the way."""

    def test_a_version_that_was_withdrawn_rolls_out_when_it_is_approved_again(
        self, house: House
    ) -> None:
        house.serving(1)
        approved(house, 2, against=1)
        house.sagemaker.meanwhile["UpdateEndpoint"] = lambda: 1 / 0
        house.look("rollout", times=1)
        house.deliver("approval", house.says(2, "Rejected"))
        house.clock.pass_by(minutes=11)
        house.look("rollout")
        assert row(house)["outcome"] == "withdrawn"
        house.deliver("approval", house.says(2))
        house.look("rollout")
        assert house.sagemaker.endpoints[NAME]["EndpointStatus"] == "Updating"

    def test_a_version_without_room_for_its_model_can_still_be_revoked(self, house: House) -> None:
        def limit(**_: object) -> None:
            raise house.sagemaker.refuse("ResourceLimitExceeded", "too many models")

        approved(house)
        house.sagemaker.create_model = limit  # type: ignore[method-assign,assignment]
        house.look("rollout")
        assert row(house)["state"] == "open"
        house.deliver("approval", house.says(1, "Rejected"))
        house.look("rollout")
        assert row(house)["outcome"] == "withdrawn"


class TestTwoLooksAtOnce:
    """Two messages of one model are handled at the same moment."""

    def test_one_without_room_does_not_forget_that_the_other_asked(self, house: House) -> None:
        def the_other() -> None:
            house.look("rollout", times=1)
            raise house.sagemaker.refuse("ResourceLimitExceeded", "no")

        house.serving(1)
        house.clock.pass_by(minutes=60)
        approved(house, 2, against=1)
        house.sagemaker.meanwhile["UpdateEndpoint"] = the_other
        house.look("rollout", times=1)
        assert "called_at" in row(house)

    def test_one_that_withdraws_does_not_lose_what_the_other_asked_for(self, house: House) -> None:
        def the_other() -> None:
            house.look("rollout", times=1)
            house.says(2, "Rejected")

        house.serving(1)
        house.clock.pass_by(minutes=60)
        approved(house, 2, against=1)
        house.sagemaker.meanwhile["CreateModel"] = the_other
        house.look("rollout", times=1)
        house.clock.pass_by(minutes=4)
        during = house.clock.now()
        house.clock.pass_by(minutes=4)
        house.sagemaker.settle()
        house.look("rollout")
        assert may_have_answered(house, during) == ["1", "2"]
