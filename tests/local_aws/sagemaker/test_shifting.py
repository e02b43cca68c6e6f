"""The stages of a deployment by its policy, and the policies that SageMaker refuses."""

from typing import Any

import pytest

from local_aws.sagemaker.errors import SageMakerError
from local_aws.sagemaker.shifting import Stage, check, stages

type Json = dict[str, Any]


def blue_green(kind: str, size: Json | None = None, wait: int = 300, last: int = 60) -> Json:
    name = {"CANARY": "CanarySize", "LINEAR": "LinearStepSize"}.get(kind)
    routing: Json = {"Type": kind, "WaitIntervalInSeconds": wait}
    if name and size:
        routing[name] = size
    return {
        "BlueGreenUpdatePolicy": {
            "TrafficRoutingConfiguration": routing,
            "TerminationWaitInSeconds": last,
            "MaximumExecutionTimeoutInSeconds": 1800,
        }
    }


def rolling(size: Json, wait: int = 300) -> Json:
    return {
        "RollingUpdatePolicy": {
            "MaximumBatchSize": size,
            "WaitIntervalInSeconds": wait,
            "MaximumExecutionTimeoutInSeconds": 1800,
        }
    }


def count(value: int) -> Json:
    return {"Type": "INSTANCE_COUNT", "Value": value}


def percent(value: int) -> Json:
    return {"Type": "CAPACITY_PERCENT", "Value": value}


@pytest.mark.parametrize(
    ("deployment", "instances", "expected"),
    [
        ({}, 4, [(1.0, 0)]),
        (blue_green("ALL_AT_ONCE"), 4, [(1.0, 360)]),
        (blue_green("CANARY", count(1)), 4, [(0.25, 300), (1.0, 60)]),
        (blue_green("CANARY", percent(10)), 4, [(0.25, 300), (1.0, 60)]),
        (blue_green("LINEAR", count(2)), 5, [(0.4, 300), (0.8, 300), (1.0, 60)]),
        (rolling(count(2)), 4, [(0.5, 300), (1.0, 300)]),
        (rolling(percent(50)), 3, [(1 / 3, 300), (2 / 3, 300), (1.0, 300)]),
    ],
)
def test_stages(deployment: Json, instances: int, expected: list[tuple[float, int]]) -> None:
    assert stages(deployment, instances) == [Stage(*one) for one in expected]


@pytest.mark.parametrize(
    ("deployment", "instances", "why"),
    [
        (blue_green("CANARY", count(3)), 4, "CanarySize is 75 % of 4 instances"),
        (blue_green("CANARY", count(1)), 1, "CanarySize is 100 % of 1 instances"),
        (blue_green("CANARY", percent(10)), 1, "CanarySize is 100 % of 1 instances"),
        (blue_green("CANARY", percent(55)), 3, "CanarySize is 55 % of 3 instances"),
        (blue_green("CANARY"), 4, "CanarySize is required"),
        (blue_green("LINEAR", count(1)), 20, "LinearStepSize is 5 % of 20 instances"),
        (rolling(count(1)), 40, "MaximumBatchSize is 2.5 % of 40 instances"),
        (rolling(percent(4)), 4, "MaximumBatchSize is 4 % of 4 instances"),
        (blue_green("ALL_AT_ONCE", wait=3601), 4, "waits of"),
        (blue_green("ALL_AT_ONCE", wait=1200, last=600), 4, "the waits are 1800 seconds"),
        (blue_green("ALL_AT_ONCE") | rolling(count(1)), 4, "only one of"),
        (
            {"AutoRollbackConfiguration": {"Alarms": [{"AlarmName": str(n)} for n in range(11)]}},
            4,
            "11 alarms, at most 10",
        ),
    ],
)
def test_is_refused(deployment: Json, instances: int, why: str) -> None:
    with pytest.raises(SageMakerError) as refused:
        check(deployment, instances)
    assert why in refused.value.message


@pytest.mark.parametrize(
    ("deployment", "instances"),
    [
        (blue_green("LINEAR", percent(10)), 15),
        (blue_green("CANARY", percent(1)), 200),
        (rolling(percent(5)), 30),
    ],
)
def test_a_percentage_counts_as_it_is_given(deployment: Json, instances: int) -> None:
    """What it comes to in whole instances may be less than the least percentage."""
    check(deployment, instances)
