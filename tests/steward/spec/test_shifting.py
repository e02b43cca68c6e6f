"""Whatever a model's file may say becomes a DeploymentConfig that SageMaker takes."""

from collections.abc import Mapping
from datetime import timedelta

import boto3
import pytest
from botocore.validate import ParamValidator

from steward.spec.model import AutoscalingSpec, RolloutSpec, ServeSpec
from steward.spec.serving import SHORTEST_BAKE
from steward.spec.shifting import (
    ALL_AT_ONCE,
    CANARY,
    LINEAR,
    ROLLING,
    SMALLEST,
    STRATEGIES,
    deployment,
    longest,
    shifts,
    size,
)
from tests.steward.builders import minutes, rollout_spec

CONFIG = (
    boto3.client("sagemaker", region_name="eu-west-1")
    .meta.service_model.operation_model("UpdateEndpoint")
    .input_shape.members["DeploymentConfig"]
)
LARGEST = {CANARY: 50, LINEAR: 50, ROLLING: 50}


def policies(strategy: str) -> list[RolloutSpec]:
    """A policy of each size that a file may name, with the shortest and the longest waits."""
    rolling = strategy == ROLLING
    return [
        rollout_spec(
            strategy=strategy,
            size_percent=percent,
            bake=bake,
            termination_wait=minutes(0) if rolling else wait,
            timeout=timeout,
        )
        for percent in range(SMALLEST.get(strategy, 1), 51)
        for bake, wait, timeout in (
            (SHORTEST_BAKE, minutes(0), minutes(10)),
            (minutes(60), minutes(60), minutes(480)),
        )
    ]


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_every_config_is_one_that_sagemaker_takes(strategy: str) -> None:
    """Parameter validation as botocore does it, and the bounds of the documentation."""
    seen = 0
    for policy in policies(strategy):
        for instances in range(1 if strategy == ALL_AT_ONCE else 2, 101):
            config = deployment(policy, instances, ["one", "two"])
            report = ParamValidator().validate(config, CONFIG)
            assert not report.has_errors(), report.generate_report()
            assert_within_bounds(config, strategy, instances)
            seen += 1
    assert seen > 5000


def assert_within_bounds(config: object, strategy: str, instances: int) -> None:
    assert isinstance(config, Mapping)
    blue_green, rolling = config.get("BlueGreenUpdatePolicy"), config.get("RollingUpdatePolicy")
    assert (blue_green is None) != (rolling is None)
    policy = blue_green or rolling
    assert 600 <= policy["MaximumExecutionTimeoutInSeconds"] <= 28800
    assert 0 <= policy.get("TerminationWaitInSeconds", 0) <= 3600
    routing = policy.get("TrafficRoutingConfiguration", policy)
    assert 0 <= routing["WaitIntervalInSeconds"] <= 3600
    capacity = [value for value in routing.values() if isinstance(value, Mapping)]
    assert len(capacity) == (0 if strategy == ALL_AT_ONCE else 1)
    for one in capacity:
        share = 100 * one["Value"] / instances
        assert one["Value"] >= 1
        assert SMALLEST[strategy] <= share <= LARGEST[strategy]


def test_a_quarter_of_four_instances_is_one() -> None:
    canary = rollout_spec(strategy=CANARY, size_percent=25)
    assert size(canary, 4) == 1
    routing = deployment(canary, 4, [])["BlueGreenUpdatePolicy"]["TrafficRoutingConfiguration"]
    assert routing["CanarySize"] == {"Type": "INSTANCE_COUNT", "Value": 1}


@pytest.mark.parametrize(
    ("strategy", "percent", "instances", "expected"),
    [
        (ALL_AT_ONCE, 25, 4, 1),
        (CANARY, 25, 4, 2),
        (LINEAR, 25, 4, 4),
        (LINEAR, 40, 10, 3),
        (ROLLING, 50, 5, 3),
        (ROLLING, 5, 100, 20),
    ],
)
def test_traffic_is_shifted_so_often(
    strategy: str, percent: int, instances: int, expected: int
) -> None:
    assert shifts(rollout_spec(strategy=strategy, size_percent=percent), instances) == expected


def test_the_longest_time_is_that_of_the_worst_number_of_instances() -> None:
    scaled = rollout_spec(
        strategy=LINEAR,
        size_percent=10,
        bake=minutes(5),
        termination_wait=minutes(1),
        autoscaling=AutoscalingSpec(2, 10, 600),
    )
    serve = ServeSpec("instances", "ml.m7i.large", 2)
    assert longest(serve, scaled) == timedelta(minutes=10 * 5 + 1)


def test_alarms_are_named_only_where_there_are_some() -> None:
    assert "AutoRollbackConfiguration" not in deployment(rollout_spec(), 4, [])
    config = deployment(rollout_spec(), 4, ["an-alarm"])
    assert config["AutoRollbackConfiguration"] == {"Alarms": [{"AlarmName": "an-alarm"}]}
