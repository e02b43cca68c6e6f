"""Compiles a rollout policy into SageMaker's DeploymentConfig, by the number of instances.

https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails.html
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from math import ceil, floor
from typing import TYPE_CHECKING

from steward.spec.model import RolloutSpec, ServeSpec

if TYPE_CHECKING:
    from mypy_boto3_sagemaker.type_defs import (
        CapacitySizeTypeDef,
        DeploymentConfigTypeDef,
        TrafficRoutingConfigTypeDef,
    )

ALL_AT_ONCE, CANARY, LINEAR, ROLLING = STRATEGIES = ("all-at-once", "canary", "linear", "rolling")
# The least percentage of the instances that SageMaker shifts at once; the most is half of them.
SMALLEST = {CANARY: 1, LINEAR: 10, ROLLING: 5}


def counts(serve: ServeSpec, policy: RolloutSpec) -> range:
    """The numbers of instances that the fleet may have when it is replaced."""
    scaling = policy.autoscaling
    low, high = (scaling.min, scaling.max) if scaling else (serve.instances, serve.instances)
    return range(low, high + 1)


def size(policy: RolloutSpec, instances: int) -> int:
    """Instances that are shifted at once: the nearest to the percentage that SageMaker allows."""
    if policy.strategy == ALL_AT_ONCE:
        return instances
    least = max(1, ceil(instances * SMALLEST[policy.strategy] / 100))
    wanted = round(instances * policy.size_percent / 100)
    return min(max(wanted, least), floor(instances / 2))


def shifts(policy: RolloutSpec, instances: int) -> int:
    """How often traffic is shifted, and baked after it."""
    if policy.strategy == CANARY:
        return 2
    return ceil(instances / size(policy, instances))


def longest(serve: ServeSpec, policy: RolloutSpec) -> timedelta:
    """The sum of all waits, of the number of instances that needs most."""
    most = max(shifts(policy, instances) for instances in counts(serve, policy))
    return most * policy.bake + termination_wait(policy)


def termination_wait(policy: RolloutSpec) -> timedelta:
    """How long the old fleet is kept after the last shift.

    Of a shift all at once the documentation does not say which wait is its bake: each is.
    """
    if policy.strategy == ALL_AT_ONCE:
        return max(policy.bake, policy.termination_wait)
    return policy.termination_wait


def has_brake(policy: RolloutSpec) -> bool:
    """Whether an update bakes, so that an alarm can end it."""
    return policy.bake > timedelta(0)


def deployment(
    policy: RolloutSpec, instances: int, alarms: Sequence[str]
) -> "DeploymentConfigTypeDef":
    """The DeploymentConfig of an update of so many instances, which these alarms roll back.

    Somebody may have left one instance only: it has no half that could be shifted first.
    """
    if instances < 2:
        policy = replace(policy, strategy=ALL_AT_ONCE)
    timeout, bake = _seconds(policy.timeout), _seconds(policy.bake)
    config: DeploymentConfigTypeDef
    if policy.strategy == ROLLING:
        config = {
            "RollingUpdatePolicy": {
                "MaximumBatchSize": _capacity(policy, instances),
                "WaitIntervalInSeconds": bake,
                "MaximumExecutionTimeoutInSeconds": timeout,
            }
        }
    else:
        config = {
            "BlueGreenUpdatePolicy": {
                "TrafficRoutingConfiguration": _routing(policy, instances, bake),
                "TerminationWaitInSeconds": _seconds(termination_wait(policy)),
                "MaximumExecutionTimeoutInSeconds": timeout,
            }
        }
    if alarms:
        config["AutoRollbackConfiguration"] = {"Alarms": [{"AlarmName": name} for name in alarms]}
    return config


def _routing(policy: RolloutSpec, instances: int, bake: int) -> "TrafficRoutingConfigTypeDef":
    capacity = _capacity(policy, instances)
    if policy.strategy == CANARY:
        return {"Type": "CANARY", "WaitIntervalInSeconds": bake, "CanarySize": capacity}
    if policy.strategy == LINEAR:
        return {"Type": "LINEAR", "WaitIntervalInSeconds": bake, "LinearStepSize": capacity}
    return {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": bake}


def _capacity(policy: RolloutSpec, instances: int) -> "CapacitySizeTypeDef":
    return {"Type": "INSTANCE_COUNT", "Value": size(policy, instances)}


def _seconds(length: timedelta) -> int:
    return int(length.total_seconds())
