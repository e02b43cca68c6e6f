"""Application Auto Scaling of endpoints: moto's store, with targets that exist and do scale.

As on AWS, a policy of target tracking is a pair of CloudWatch alarms on its metric.
https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-auto-scaling.html
"""

from math import ceil
from typing import Any, ClassVar

from moto.applicationautoscaling import urls
from moto.applicationautoscaling.exceptions import AWSValidationException
from moto.applicationautoscaling.models import (
    ApplicationAutoscalingBackend,
    FakeApplicationAutoscalingPolicy,
    FakeScalableTarget,
    applicationautoscaling_backends,
)
from moto.core.exceptions import JsonRESTError

from local_aws.account import ACCOUNT, REGION
from local_aws.adapter import replace
from local_aws.cloudwatch import CloudWatch
from local_aws.cloudwatch.alarms import Alarm
from local_aws.kernel import World
from local_aws.sagemaker.values import Json

DIMENSION = "sagemaker:variant:DesiredInstanceCount"
METRIC = "SageMakerVariantInvocationsPerInstance"
_SERVICE = "sagemaker.application-autoscaling.amazonaws.com"
_ROLE = "AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint"
# After so many minutes above the target, and below nine tenths of it.
_OUT, _IN = 3, 15


class Backend(ApplicationAutoscalingBackend):
    """moto's targets and policies, of the variants of endpoints alone."""

    world: ClassVar[World]
    cloudwatch: ClassVar[CloudWatch]

    def register_scalable_target(
        self, namespace: str, r_id: str, dimension: str, *more: Any, **named: Any
    ) -> FakeScalableTarget:
        if (namespace, dimension) != ("sagemaker", DIMENSION):
            raise NotImplementedError(f"scaling of {dimension}")
        if self.world.instances(*_variant(r_id)) is None:
            raise AWSValidationException(f"Variant not found: {r_id}")
        target = super().register_scalable_target(namespace, r_id, dimension, *more, **named)
        target.role_arn = f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/{_SERVICE}/{_ROLE}"
        self._fit(target)
        return target

    def deregister_scalable_target(self, namespace: str, r_id: str, dimension: str) -> None:
        if not self._scalable_target_exists(r_id, dimension):
            raise JsonRESTError("ObjectNotFoundException", f"No scalable target found: {r_id}")
        super().deregister_scalable_target(namespace, r_id, dimension)
        for key, policy in list(self.policies.items()):
            if policy.resource_id == r_id:
                self.cloudwatch.remove(_alarm_names(policy))
                del self.policies[key]

    def put_scaling_policy(self, *given: Any, **named: Any) -> FakeApplicationAutoscalingPolicy:
        policy = super().put_scaling_policy(*given, **named)
        body = policy.target_tracking_scaling_policy_configuration or {}
        metric = body.get("PredefinedMetricSpecification", {}).get("PredefinedMetricType")
        if metric != METRIC:
            raise NotImplementedError(f"scaling by {metric or policy.policy_type}")
        for alarm in _alarms(policy, float(body["TargetValue"])):
            self.cloudwatch.put(alarm)
        return policy

    def scalable(self, endpoint: str, variant: str) -> bool:
        """Whether a variant is a scalable target."""
        return self._scalable_target_exists(f"endpoint/{endpoint}/variant/{variant}", DIMENSION)

    def act(self, action: str, alarm: Alarm) -> None:
        """Scale the variant whose policy an alarm belongs to, towards the target."""
        policy = next(one for one in self.policies.values() if one.policy_arn == action)
        target = self.targets[DIMENSION][policy.resource_id]
        endpoint, variant = _variant(policy.resource_id)
        now = self.world.instances(endpoint, variant) or 1
        body = policy.target_tracking_scaling_policy_configuration or {}
        measured = self.cloudwatch.last(alarm.name) or 0.0
        wanted = _within(target, ceil(now * measured / float(body["TargetValue"])))
        if wanted != now:
            self.world.scale(endpoint, variant, wanted)

    def _fit(self, target: FakeScalableTarget) -> None:
        """A new target is brought within its bounds at once."""
        endpoint, variant = _variant(target.resource_id)
        now = self.world.instances(endpoint, variant) or 1
        if (wanted := _within(target, now)) != now:
            self.world.scale(endpoint, variant, wanted)


def _within(target: FakeScalableTarget, count: int) -> int:
    return max(target.min_capacity or 1, min(count, target.max_capacity or count))


def _variant(resource: str) -> tuple[str, str]:
    """Endpoint and variant of `endpoint/<endpoint>/variant/<variant>`."""
    parts = resource.split("/")
    if len(parts) != 4:
        raise AWSValidationException(f"Unsupported resource ID: {resource}")
    return parts[1], parts[3]


def _alarm_names(policy: FakeApplicationAutoscalingPolicy) -> list[str]:
    head = f"TargetTracking-{policy.resource_id}"
    return [f"{head}-AlarmHigh-{policy.policy_name}", f"{head}-AlarmLow-{policy.policy_name}"]


def _alarms(policy: FakeApplicationAutoscalingPolicy, target: float) -> list[Json]:
    endpoint, variant = _variant(policy.resource_id)
    high, low = _alarm_names(policy)
    dimensions = {"EndpointName": endpoint, "VariantName": variant}
    common: Json = {
        "Namespace": "AWS/SageMaker",
        "MetricName": "InvocationsPerInstance",
        "Dimensions": [{"Name": name, "Value": value} for name, value in dimensions.items()],
        "Statistic": "Sum",
        "Period": 60,
        "AlarmActions": [policy.policy_arn],
    }
    above = {"EvaluationPeriods": _OUT, "ComparisonOperator": "GreaterThanThreshold"}
    below = {"EvaluationPeriods": _IN, "ComparisonOperator": "LessThanThreshold"}
    return [
        common | above | {"AlarmName": high, "Threshold": target},
        common | below | {"AlarmName": low, "Threshold": 0.9 * target},
    ]


def install(world: World, cloudwatch: CloudWatch) -> None:
    """Scale variants of this world's endpoints; before moto's application is made."""
    Backend.world, Backend.cloudwatch = world, cloudwatch
    replace(applicationautoscaling_backends, Backend, urls)
    store = applicationautoscaling_backends[ACCOUNT]

    def backend() -> Backend:
        found = store[REGION]
        assert isinstance(found, Backend)
        return found

    world.scalable = lambda endpoint, variant: backend().scalable(endpoint, variant)
    cloudwatch.actions["autoscaling"] = lambda action, alarm: backend().act(action, alarm)
