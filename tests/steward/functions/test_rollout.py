"""functions/rollout: the approved version comes to serve, once, and only while it is approved."""

import pytest

from steward.lineage.read import served_at
from tests.steward.builders import after
from tests.steward.functions.house import ARTIFACTS, NAME, House, arn
from tests.steward.functions.parts import ARTIFACT_1, approved, row


class TestFirst:
    def test_is_asked_for_once(self, house: House) -> None:
        approved(house)
        house.deliver("rollout", *[{"look_at": "mortgage"}] * 3)
        assert house.sagemaker.calls.count("CreateEndpoint") == 1
        assert row(house)["state"] == "open"
        assert house.decisions("rollout") == [("version 1", "start"), ("rollout 1", "wait")]

    def test_serves_what_was_registered_with_capture_that_names_the_version(
        self, house: House
    ) -> None:
        approved(house)
        house.look("rollout")
        (name,) = house.sagemaker.configs
        assert name.startswith("steward-mortgage-v1-")
        assert len(name) == len("steward-mortgage-v1-") + 8
        assert house.sagemaker.models[name]["PrimaryContainer"] == {"ModelPackageName": arn(1)}
        config = house.sagemaker.configs[name]
        assert config["ProductionVariants"][0]["InitialInstanceCount"] == 4
        assert config["DataCaptureConfig"]["DestinationS3Uri"].endswith("/capture/mortgage/v1")

    def test_ends_with_a_serving_interval(self, house: House) -> None:
        approved(house)
        house.look("rollout")
        house.clock.pass_by(minutes=4)
        house.sagemaker.settle()
        house.clock.pass_by(minutes=1)
        house.deliver("rollout", house.endpoint_event())
        assert (row(house)["state"], row(house)["outcome"]) == ("closed", "served")
        ready = house.sagemaker.endpoints[NAME]["LastModifiedTime"]
        served = served_at(house.store, NAME, ready)
        assert served is not None
        assert served.versions == {"1": 100}
        assert served_at(house.store, NAME, after(0)) is None
        assert house.subjects()[-1] == "[mortgage] version 1 serves"
        assert house.sweep() == []

    @pytest.mark.parametrize("status", ["PendingManualApproval", "Rejected"])
    def test_needs_an_approval(self, house: House, status: str) -> None:
        house.judged()
        house.deliver("approval", house.says(1, status))
        assert house.look("rollout") == 0
        assert house.sagemaker.endpoints == {}

    def test_waits_for_approval_to_note_the_word(self, house: House) -> None:
        house.judged()
        house.says(1)
        house.look("rollout")
        assert house.sagemaker.endpoints == {}

    def test_that_sagemaker_fails_to_create_is_told_and_taken_down(self, house: House) -> None:
        approved(house)
        house.look("rollout")
        house.sagemaker.endpoints[NAME] |= {"EndpointStatus": "Failed", "FailureReason": "image"}
        house.look("rollout")
        assert row(house)["outcome"] == "failed"
        assert "[mortgage] the rollout of version 1 failed" in house.subjects()
        assert house.sagemaker.endpoints[NAME]["EndpointStatus"] == "Deleting"
        said = len(house.said)
        house.look("rollout")
        del house.sagemaker.endpoints[NAME]
        house.look("rollout")
        assert len(house.said) == said
        assert house.sagemaker.endpoints == {}


class TestNext:
    def test_is_an_update_with_the_models_way_of_shifting(self, house: House) -> None:
        house.serving(1)
        approved(house, 2, against=1)
        house.look("rollout")
        assert house.sagemaker.calls.count("UpdateEndpoint") == 1
        policy = house.sagemaker.endpoints[NAME]["deployment"]["BlueGreenUpdatePolicy"]
        assert policy["TrafficRoutingConfiguration"] == {
            "Type": "CANARY",
            "WaitIntervalInSeconds": 300,
            "CanarySize": {"Type": "INSTANCE_COUNT", "Value": 1},
        }
        assert policy["TerminationWaitInSeconds"] == 60

    def test_begins_where_the_one_before_ended(self, house: House) -> None:
        house.serving(1)
        first = house.clock.now()
        house.clock.pass_by(minutes=60)
        house.serving(2, against=1)
        before, now = (served_at(house.store, NAME, at) for at in (first, house.clock.now()))
        assert before is not None
        assert now is not None
        assert (before.versions, now.versions) == ({"1": 100}, {"2": 100})
        assert row(house)["number"] == 2

    def test_is_told_as_failed_when_sagemaker_went_back(self, house: House) -> None:
        house.serving(1)
        approved(house, 2, against=1)
        house.look("rollout")
        house.sagemaker.settle(failure="alarm steward-5xx")
        house.deliver("rollout", house.endpoint_event())
        assert row(house)["outcome"] == "failed"
        assert "alarm steward-5xx" in house.said[-1]["Message"]
        house.clock.pass_by(minutes=60)
        house.look("rollout")
        assert house.sagemaker.calls.count("UpdateEndpoint") == 1
        assert house.sweep() == []

    def test_is_tried_again_after_a_new_approval(self, house: House) -> None:
        house.serving(1)
        approved(house, 2, against=1)
        house.look("rollout")
        house.clock.pass_by(minutes=4)
        house.sagemaker.settle(failure="alarm")
        house.look("rollout")
        house.deliver("approval", house.says(2, words="retry: the alarm was wrong"))
        house.look("rollout")
        assert house.sagemaker.calls.count("UpdateEndpoint") == 2
        assert row(house)["number"] == 3

    def test_goes_back_when_the_live_version_is_revoked(self, house: House) -> None:
        house.serving(1)
        house.serving(2, against=1)
        house.deliver("approval", house.says(2, "Rejected", "customers complain"))
        house.look("rollout")
        house.clock.pass_by(minutes=4)
        house.sagemaker.settle()
        house.look("rollout")
        assert house.sagemaker.endpoints[NAME]["EndpointConfigName"].startswith(f"{NAME}-v1-")
        assert (row(house)["direction"], row(house)["outcome"]) == ("back", "served")
        house.clock.pass_by(minutes=60)
        house.look("rollout")
        assert house.sagemaker.calls.count("UpdateEndpoint") == 2

    def test_stays_and_pages_once_when_there_is_nowhere_to_go_back_to(self, house: House) -> None:
        house.serving(1)
        said = len(house.said)
        house.deliver("approval", house.says(1, "Rejected"))
        house.look("rollout")
        house.look("rollout")
        assert house.subjects()[said:] == ["[mortgage] endpoint is held"]
        assert house.sagemaker.calls.count("UpdateEndpoint") == 0

    def test_serves_though_it_was_compared_with_one_that_does_not_serve_any_more(
        self, house: House
    ) -> None:
        """A person deleted the endpoint: there is nothing to have become worse than."""
        house.serving(1)
        house.serving(2, against=1)
        house.clock.pass_by(minutes=1)
        house.sagemaker.endpoints.clear()
        house.look("rollout")
        assert house.sagemaker.endpoints[NAME]["EndpointConfigName"].startswith(f"{NAME}-v2-")
        assert house.subjects()[-1] == "[mortgage] the endpoint is gone"
        gone = served_at(house.store, NAME, house.clock.now())
        assert gone is not None
        assert gone.versions == {}

    def test_never_goes_from_a_newer_version_to_an_older_one(self, house: House) -> None:
        house.judged(1)
        house.serving(2)
        house.deliver("approval", house.says(1))
        house.look("rollout")
        assert house.sagemaker.calls.count("UpdateEndpoint") == 0


class TestStale:
    """Versions 2 and 3 were both compared with version 1, and version 2 came to serve."""

    @pytest.fixture
    def stale(self, house: House) -> House:
        house.serving(1)
        house.judged(2, against=1)
        house.judged(3, against=1)
        house.deliver("approval", house.says(2))
        house.look("rollout")
        house.clock.pass_by(minutes=4)
        house.sagemaker.settle()
        house.look("rollout")
        house.deliver("approval", house.says(3))
        house.said.clear()
        return house

    def test_is_held_and_told_once(self, stale: House) -> None:
        stale.look("rollout")
        stale.look("rollout")
        assert stale.sagemaker.calls.count("UpdateEndpoint") == 1
        assert stale.decisions("rollout")[-1] == ("endpoint", "hold")
        assert stale.subjects() == ["[mortgage] endpoint is held"]
        assert "version 3 was compared with" in stale.said[0]["Message"]
        assert stale.sweep() == []

    def test_is_rolled_out_when_it_is_approved_again_with_an_override(self, stale: House) -> None:
        stale.look("rollout")
        stale.deliver("approval", stale.says(3, words="override: compared by hand"))
        stale.look("rollout")
        assert stale.sagemaker.calls.count("UpdateEndpoint") == 2


def test_another_artifact_than_the_registered_one_is_held_and_told(house: House) -> None:
    approved(house)
    house.aws.s3.put_object(Bucket=ARTIFACTS, Key=ARTIFACT_1, Body=b"another model")
    house.look("rollout")
    house.look("rollout")
    assert house.sagemaker.endpoints == {}
    assert house.decisions("rollout") == [("version 1", "hold")]
    assert house.subjects()[-1] == "[mortgage] version 1 is held"
    assert "is not what was registered" in house.said[-1]["Message"]
    assert len(house.said) == 2


@pytest.mark.parametrize("late", ["look", "endpoint", "approval"])
def test_a_duplicate_or_late_event_changes_nothing(house: House, late: str) -> None:
    house.judged()
    word = house.says(1)
    house.deliver("approval", word)
    house.look("rollout")
    house.sagemaker.settle()
    house.deliver("rollout", house.endpoint_event())
    before = house.tables()
    house.clock.pass_by(minutes=60)
    if late == "approval":
        assert house.deliver("approval", word, word) == 0
    else:
        event = {"look": {"look_at": "mortgage"}, "endpoint": house.endpoint_event()}[late]
        assert house.deliver("rollout", event, event) == 0
    assert house.tables() == before


@pytest.mark.parametrize("name", ["steward-churn", "steward-dev-mortgage", "handmade"])
def test_an_endpoint_of_no_model_is_ignored(house: House, name: str) -> None:
    """The rule matches by prefix, and another deployment's may begin with ours."""
    event = house.endpoint_event()
    event["detail"]["EndpointName"] = name
    assert house.deliver("rollout", event) == 0
    assert house.tables() == []


def test_an_endpoint_that_somebody_else_updates_is_waited_for(house: House) -> None:
    house.serving(1)
    house.sagemaker.endpoints[NAME]["EndpointStatus"] = "SystemUpdating"
    approved(house, 2, against=1)
    house.look("rollout")
    assert house.sagemaker.calls.count("UpdateEndpoint") == 0
    assert ("rollout", "mortgage") in house.sweep()
    house.sagemaker.settle()
    house.look("rollout")
    assert house.sagemaker.calls.count("UpdateEndpoint") == 1
