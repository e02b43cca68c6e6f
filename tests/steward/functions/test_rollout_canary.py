"""functions/rollout: a version is judged while it takes traffic, and goes back when it is worse."""

import pytest

from steward.lineage.read import served_at
from tests.steward.functions.house import ARTIFACTS, NAME, House
from tests.steward.functions.parts import ARTIFACT_1, approved, row

GUARDS = ["abort", "error-rate", "model-error-rate", "p99"]


@pytest.fixture
def baking(house: House) -> House:
    """Version 2 takes a quarter of the traffic, version 1 the rest."""
    house.serving(1)
    house.clock.pass_by(minutes=60)
    approved(house, 2, against=1)
    house.look("rollout")
    house.clock.pass_by(minutes=5)
    house.sagemaker.bake()
    house.said.clear()
    return house


def alarm(kind: str, rollout: int = 2) -> str:
    return f"{NAME}-r{rollout}-{kind}"


def end(house: House) -> str:
    """How the last rollout ended, in words."""
    number = row(house)["number"]
    item = house.store.get(house.store.lineage, f"rollout#{NAME}/{number}", "end")
    assert item is not None
    return str(item["facts"]["reason"])  # type: ignore[index]


class TestGuards:
    def test_are_made_for_the_new_fleet_alone(self, baking: House) -> None:
        alarms = baking.cloudwatch.alarms
        assert list(alarms) == [alarm(kind) for kind in GUARDS]
        config = {"Name": "EndpointConfigName", "Value": row(baking)["config_name"]}
        for kind in GUARDS[1:]:
            assert config in alarms[alarm(kind)]["Dimensions"]
        assert alarms[alarm("error-rate")]["Threshold"] == 0.05
        assert alarms[alarm("p99")]["Threshold"] == 5_000_000, "microseconds"
        deployment = baking.sagemaker.endpoints[NAME]["deployment"]
        named = deployment["AutoRollbackConfiguration"]["Alarms"]
        assert [one["AlarmName"] for one in named] == list(alarms)

    def test_latch_so_that_the_cause_can_be_read_afterwards(self, baking: House) -> None:
        alarms = baking.cloudwatch.alarms.values()
        assert {one["TreatMissingData"] for one in alarms} == {"ignore"}

    def test_are_removed_when_it_is_over(self, baking: House) -> None:
        baking.takes(*[(30, 0, 90, 0)] * 4)
        baking.sagemaker.settle()
        baking.look("rollout")
        assert row(baking)["outcome"] == "served"
        assert baking.cloudwatch.alarms == {}

    def test_that_are_gone_do_not_keep_it_from_its_end(self, baking: House) -> None:
        """Somebody deleted an alarm during the rollout."""
        del baking.cloudwatch.alarms[alarm("p99")]
        baking.takes(*[(30, 0, 90, 0)] * 4)
        baking.sagemaker.settle()
        assert baking.look("rollout") == 0
        assert baking.cloudwatch.alarms == {}

    def test_that_fire_already_hold_the_start_until_they_do_not(self, house: House) -> None:
        house.serving(1)
        house.clock.pass_by(minutes=60)
        approved(house, 2, against=1)
        firing = house.cloudwatch.put_metric_alarm(AlarmName=alarm("error-rate"))
        house.cloudwatch.trip(alarm("error-rate"))
        house.look("rollout")
        assert firing == {}
        assert house.sagemaker.calls.count("UpdateEndpoint") == 0
        assert house.subjects()[-1] == "[mortgage] rollout 2 is held"
        assert house.sweep() == [("rollout", "mortgage")]
        house.cloudwatch.alarms.clear()
        house.look("rollout")
        assert house.sagemaker.calls.count("UpdateEndpoint") == 1


class TestAnAlarm:
    def test_is_noted_while_sagemaker_rolls_back_and_told_at_the_end(self, baking: House) -> None:
        baking.takes((30, 4, 90, 0))
        baking.cloudwatch.trip(alarm("model-error-rate"), "Threshold Crossed: 0.13 > 0.05")
        baking.sagemaker.endpoints[NAME]["EndpointStatus"] = "RollingBack"
        baking.look("rollout")
        assert row(baking)["ended_by"] == "alarm"
        baking.cloudwatch.alarms[alarm("model-error-rate")]["StateValue"] = "OK"
        baking.sagemaker.settle(failure="anything")
        baking.look("rollout")
        assert row(baking)["outcome"] == "failed"
        assert f"alarm {alarm('model-error-rate')}: Threshold Crossed: 0.13 > 0.05" in end(baking)
        assert "4 of 30 requests (13.3 %) failed on the new fleet" in end(baking)
        assert baking.subjects() == ["[mortgage] the rollout of version 2 failed"]
        assert baking.cloudwatch.alarms == {}

    def test_the_version_is_not_tried_again(self, baking: House) -> None:
        baking.cloudwatch.trip(alarm("p99"))
        baking.sagemaker.settle(failure="p99")
        baking.look("rollout")
        baking.clock.pass_by(minutes=60)
        baking.look("rollout")
        assert baking.sagemaker.calls.count("UpdateEndpoint") == 1

    def test_a_metadata_edit_of_the_version_changes_nothing(self, baking: House) -> None:
        baking.sagemaker.settle(failure="p99")
        baking.look("rollout")
        baking.deliver("approval", baking.version_event(2, "CustomerMetadataProperties"))
        baking.look("rollout")
        assert baking.sagemaker.calls.count("UpdateEndpoint") == 1


class TestJudge:
    def test_ends_what_is_worse_and_says_by_how_much(self, baking: House) -> None:
        baking.takes((30, 1, 90, 0), (30, 2, 90, 0), (30, 3, 90, 0))
        baking.look("rollout")
        (datum,) = baking.cloudwatch.aborted
        assert datum["MetricName"] == "RolloutAborted"
        assert row(baking)["ended_by"] == "judge"
        baking.sagemaker.settle(failure="alarm")
        baking.look("rollout")
        assert end(baking).endswith(
            "the new fleet is worse: 6 of 90 requests (6.67 %) failed on the new fleet, 0 of 270 "
            "requests (0 %) on the old; evidence 581.8, 20 needed"
        )

    def test_lets_what_is_no_worse_go_on(self, baking: House) -> None:
        baking.takes(*[(30, 1, 90, 3)] * 4)
        baking.look("rollout")
        assert baking.cloudwatch.aborted == []
        baking.sagemaker.settle()
        baking.look("rollout")
        assert "4 of 120 requests (3.33 %) failed on the new fleet" in end(baking)

    def test_ends_what_got_no_requests_before_sagemaker_promotes_it(self, baking: House) -> None:
        baking.clock.pass_by(minutes=2.9)
        baking.look("rollout")
        assert baking.cloudwatch.aborted == []
        baking.clock.pass_by(minutes=0.2)
        baking.look("rollout")
        assert row(baking)["ended_by"] == "no evidence"
        assert len(baking.cloudwatch.aborted) == 1

    def test_that_came_too_late_marks_what_serves_as_failed_and_steps_back(
        self, baking: House
    ) -> None:
        """SageMaker promoted before its alarm was evaluated."""
        baking.takes((30, 9, 90, 0))
        baking.look("rollout")
        baking.sagemaker.settle()
        baking.look("rollout")
        assert row(baking)["direction"] == "back"
        assert row(baking)["version"] == 1
        deployment = baking.sagemaker.endpoints[NAME]["deployment"]
        routing = deployment["BlueGreenUpdatePolicy"]["TrafficRoutingConfiguration"]
        assert (routing["Type"], routing["WaitIntervalInSeconds"]) == ("ALL_AT_ONCE", 0)
        assert "AutoRollbackConfiguration" not in deployment


class TestRevoked:
    def test_under_way_it_is_ended_and_closed_as_revoked(self, baking: House) -> None:
        baking.deliver("approval", baking.says(2, "Rejected", "the wrong one"))
        baking.look("rollout")
        assert len(baking.cloudwatch.aborted) == 1
        baking.sagemaker.settle(failure="alarm")
        baking.look("rollout")
        assert row(baking)["outcome"] == "revoked"

    def test_the_old_version_it_is_let_run(self, baking: House) -> None:
        baking.deliver("approval", baking.says(1, "Rejected"))
        baking.look("rollout")
        assert baking.cloudwatch.aborted == []


class TestOrders:
    def test_an_abort_ends_what_is_under_way(self, baking: House) -> None:
        baking.deliver("rollout", baking.order("abort"))
        assert len(baking.cloudwatch.aborted) == 1
        assert row(baking)["cause"] == "aborted by bob: customers complain"
        baking.sagemaker.settle(failure="alarm")
        baking.look("rollout")
        assert row(baking)["outcome"] == "failed"
        assert "aborted by bob" in end(baking)

    def test_an_abort_of_nothing_is_on_record_and_ends_no_later_rollout(self, house: House) -> None:
        house.serving(1)
        late = house.order("abort")
        house.clock.pass_by(minutes=60)
        house.deliver("rollout", late)
        approved(house, 2, against=1)
        house.look("rollout")
        house.deliver("rollout", late)
        house.look("rollout")
        assert house.cloudwatch.aborted == []
        assert ("abort", "nothing") in house.decisions("rollout")

    def test_a_pause_holds_what_is_new_until_it_is_taken_back(self, house: House) -> None:
        house.serving(1)
        house.clock.pass_by(minutes=60)
        house.judged(2, against=1)
        house.deliver("rollout", house.order("pause"))
        house.deliver("approval", house.says(2))
        house.look("rollout")
        assert house.sagemaker.calls.count("UpdateEndpoint") == 0
        assert "paused by bob: customers complain" in house.said[-1]["Message"]
        house.deliver("rollout", house.order("resume", 2))
        assert house.sagemaker.calls.count("UpdateEndpoint") == 1

    def test_a_pause_that_comes_again_after_its_end_is_none(self, house: House) -> None:
        house.serving(1)
        pause = house.order("pause")
        house.deliver("rollout", pause, house.order("resume", 2), pause)
        assert house.row("rollout#pause") is None

    def test_a_pause_starts_no_training(self, house: House) -> None:
        house.deliver("rollout", house.order("pause"))
        house.deliver("training", house.upload())
        house.clock.pass_by(minutes=10)
        house.look("training")
        assert house.sagemaker.executions == {}
        house.deliver("rollout", house.order("resume", 2))
        house.look("training")
        assert len(house.sagemaker.executions) == 1

    def test_a_pause_before_the_call_withdraws(self, house: House) -> None:
        house.serving(1)
        house.clock.pass_by(minutes=60)
        approved(house, 2, against=1)
        house.sagemaker.is_full = True
        house.look("rollout")
        assert row(house)["state"] == "open"
        house.deliver("rollout", house.order("pause"))
        assert row(house)["outcome"] == "withdrawn"
        assert house.cloudwatch.alarms == {}

    def test_a_retired_endpoint_is_taken_down_and_serves_nothing(self, house: House) -> None:
        house.serving(1)
        house.clock.pass_by(minutes=60)
        house.deliver("rollout", house.order("retire"))
        assert house.sagemaker.endpoints[NAME]["EndpointStatus"] == "Deleting"
        assert house.autoscaling.targets == {}
        del house.sagemaker.endpoints[NAME]
        house.look("rollout")
        nothing = served_at(house.store, NAME, house.clock.now())
        assert nothing is not None
        assert nothing.versions == {}
        house.look("rollout")
        assert house.sagemaker.endpoints == {}
        house.clock.pass_by(minutes=1)
        house.deliver("rollout", house.order("resume", 2))
        assert house.sagemaker.endpoints[NAME]["EndpointStatus"] == "Creating"


class TestScaling:
    TARGET = f"endpoint/{NAME}/variant/AllTraffic"

    def test_is_registered_when_a_version_serves(self, house: House) -> None:
        house.serving(1)
        target = house.autoscaling.targets[self.TARGET]
        assert (target["MinCapacity"], target["MaxCapacity"]) == (4, 8)
        policy = house.autoscaling.policies[self.TARGET]
        configuration = policy["TargetTrackingScalingPolicyConfiguration"]
        assert configuration["TargetValue"] == 600

    def test_keeps_the_count_it_has_reached(self, baking: House) -> None:
        assert baking.sagemaker.endpoints[NAME]["retains"] is True

    def test_sizes_are_those_of_the_live_count(self, house: House) -> None:
        house.serving(1)
        house.sagemaker.endpoints[NAME]["ProductionVariants"][0]["DesiredInstanceCount"] = 8
        house.clock.pass_by(minutes=60)
        approved(house, 2, against=1)
        house.look("rollout")
        deployment = house.sagemaker.endpoints[NAME]["deployment"]["BlueGreenUpdatePolicy"]
        size = deployment["TrafficRoutingConfiguration"]["CanarySize"]
        assert size == {"Type": "INSTANCE_COUNT", "Value": 2}

    def test_is_taken_off_before_another_instance_type(self, house: House) -> None:
        house.serving(1)
        (config,) = house.sagemaker.configs.values()
        config["ProductionVariants"][0]["InstanceType"] = "ml.c5.large"
        house.clock.pass_by(minutes=60)
        approved(house, 2, against=1)
        house.look("rollout")
        assert house.autoscaling.targets == {}
        house.sagemaker.bake()
        house.takes(*[(30, 0, 90, 0)] * 4)
        house.sagemaker.settle()
        house.look("rollout")
        assert list(house.autoscaling.targets) == [self.TARGET]

    def test_is_taken_off_when_nobody_can_say_what_serves(self, house: House) -> None:
        """Its config was deleted under it: the next version gets there all the same."""
        house.serving(1)
        house.sagemaker.configs.clear()
        house.clock.pass_by(minutes=60)
        approved(house, 2, against=1)
        house.look("rollout")
        assert house.autoscaling.targets == {}
        assert house.sagemaker.endpoints[NAME]["EndpointStatus"] == "Updating"


class TestFormerConfigs:
    def test_are_removed_but_for_the_newest_and_those_that_may_be_gone_back_to(
        self, house: House
    ) -> None:
        for number in range(1, 6):
            served(house, number)
            house.clock.pass_by(minutes=60)
        numbers = [int(name.split("-v")[1].split("-")[0]) for name in house.sagemaker.configs]
        assert numbers == [2, 3, 4, 5], "live 5, back 4, and two more"
        assert set(house.sagemaker.models) == set(house.sagemaker.configs)


def served(house: House, number: int) -> None:
    """A version that came to serve, by canary but for the first."""
    house.judged(number, **({"against": number - 1} if number > 1 else {}))
    house.deliver("approval", house.says(number))
    house.look("rollout")
    house.clock.pass_by(minutes=5)
    if number > 1:
        house.sagemaker.bake()
        house.takes(*[(30, 0, 90, 0)] * 3)
    house.sagemaker.settle()
    house.look("rollout")


def bring(house: House, version: int) -> None:
    """Somebody else deploys a config that Steward has made."""
    config = next(one for one in house.sagemaker.configs if f"-v{version}-" in one)
    house.clock.pass_by(minutes=60)
    house.sagemaker.endpoints[NAME] |= {
        "EndpointConfigName": config,
        "LastModifiedTime": house.clock.now(),
    }
    house.look("rollout")


class TestSomebodyElse:
    def test_who_deployed_one_of_our_configs_is_found(self, house: House) -> None:
        served(house, 1)
        house.clock.pass_by(minutes=60)
        served(house, 2)
        bring(house, 1)
        assert (row(house)["outcome"], row(house)["version"]) == ("found", 1)
        now = served_at(house.store, NAME, house.clock.now())
        assert now is not None
        assert now.versions == {"1": 100}
        assert "[mortgage] the endpoint was changed by somebody else" in house.subjects()

    def test_who_does_the_same_again_is_found_again(self, house: House) -> None:
        served(house, 1)
        house.clock.pass_by(minutes=60)
        served(house, 2)
        for version in (1, 2, 1, 2):
            bring(house, version)
            now = served_at(house.store, NAME, house.clock.now())
            assert now is not None
            assert now.versions == {str(version): 100}

    def test_who_deletes_the_endpoint_again_is_told_again(self, house: House) -> None:
        for told in (1, 2):
            served(house, 1)
            house.clock.pass_by(minutes=60)
            del house.sagemaker.endpoints[NAME]
            house.look("rollout")
            assert house.subjects().count("[mortgage] the endpoint is gone") == told
            now = served_at(house.store, NAME, house.clock.now())
            assert now is not None
            assert now.versions == {}

    def test_whose_config_is_his_own_is_told_and_left_alone(self, house: House) -> None:
        served(house, 1)
        house.sagemaker.endpoints[NAME]["EndpointConfigName"] = "handmade"
        house.clock.pass_by(minutes=60)
        approved(house, 2, against=1)
        house.look("rollout")
        assert house.sagemaker.calls.count("UpdateEndpoint") == 0
        assert "which is not Steward's" in house.said[-1]["Message"]

    def test_who_deleted_the_endpoint_in_flight_is_told_and_it_is_made_again(
        self, baking: House
    ) -> None:
        del baking.sagemaker.endpoints[NAME]
        baking.clock.pass_by(minutes=1)
        baking.look("rollout")
        assert baking.subjects() == ["[mortgage] the endpoint is gone"]
        assert baking.sagemaker.endpoints[NAME]["EndpointStatus"] == "Creating"
        assert row(baking)["number"] == 3
        assert baking.cloudwatch.alarms == {}


class TestAdoption:
    @pytest.fixture
    def handmade(self, house: House) -> House:
        """Version 1 serves under names that somebody else has chosen."""
        house.judged(1)
        uri = f"s3://{ARTIFACTS}/{ARTIFACT_1}"
        house.sagemaker.models["theirs"] = {"PrimaryContainer": {"ModelDataUrl": uri}}
        variant = {"VariantName": "blue", "ModelName": "theirs"}
        house.sagemaker.configs["handmade"] = {"ProductionVariants": [variant]}
        house.sagemaker.endpoints[NAME] = {
            "EndpointName": NAME,
            "EndpointConfigName": "handmade",
            "EndpointStatus": "InService",
            "LastModifiedTime": house.clock.now(),
            "ProductionVariants": [{"VariantName": "blue", "DesiredInstanceCount": 4}],
        }
        return house

    def test_records_the_version_as_one_that_has_served(self, handmade: House) -> None:
        handmade.deliver("rollout", handmade.order("adopt", version=1, config="handmade"))
        assert (row(handmade)["outcome"], row(handmade)["version"]) == ("found", 1)
        now = served_at(handmade.store, NAME, handmade.clock.now())
        assert now is not None
        assert now.versions == {"1": 100}

    def test_keeps_the_variants_name_for_what_comes_next(self, handmade: House) -> None:
        handmade.deliver("rollout", handmade.order("adopt", version=1, config="handmade"))
        handmade.deliver("approval", handmade.says(1))
        handmade.clock.pass_by(minutes=60)
        approved(handmade, 2, against=1)
        handmade.look("rollout")
        assert handmade.sagemaker.calls.count("UpdateEndpoint") == 1
        config = handmade.sagemaker.configs[row(handmade)["config_name"]]
        assert config["ProductionVariants"][0]["VariantName"] == "blue"
        assert "handmade" in handmade.sagemaker.configs

    def test_of_another_model_is_held_and_told(self, handmade: House) -> None:
        handmade.sagemaker.models["theirs"]["PrimaryContainer"]["ModelDataUrl"] = "s3://b/other"
        handmade.deliver("rollout", handmade.order("adopt", version=1, config="handmade"))
        assert ("adopt", "hold") in handmade.decisions("rollout")
        assert handmade.row("rollout") is None

    def test_waits_until_the_version_is_judged(self, handmade: House) -> None:
        late = handmade.order("adopt", version=7, config="handmade")
        assert handmade.deliver("rollout", late, times=1) == 1
