"""Registers an endpoint's variant with Application Auto Scaling, and takes it off.

https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-auto-scaling.html
"""

from typing import Literal, TypedDict

from steward.aws import Aws
from steward.spec.model import AutoscalingSpec

_POLICY = "steward-invocations-per-instance"


class _Target(TypedDict):
    ServiceNamespace: Literal["sagemaker"]
    ResourceId: str
    ScalableDimension: Literal["sagemaker:variant:DesiredInstanceCount"]


def _target(endpoint: str, variant: str) -> _Target:
    return {
        "ServiceNamespace": "sagemaker",
        "ResourceId": f"endpoint/{endpoint}/variant/{variant}",
        "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
    }


def is_scaled(aws: Aws, endpoint: str, variant: str) -> bool:
    """Whether the variant is a scalable target."""
    found = aws.autoscaling.describe_scalable_targets(
        ServiceNamespace="sagemaker", ResourceIds=[_target(endpoint, variant)["ResourceId"]]
    )
    return bool(found["ScalableTargets"])


def unscale(aws: Aws, endpoint: str, variant: str) -> None:
    """Take the variant off; its policy goes with it."""
    aws.autoscaling.deregister_scalable_target(**_target(endpoint, variant))


def scale(aws: Aws, endpoint: str, variant: str, spec: AutoscalingSpec | None) -> None:
    """Bring the variant's scaling to what the model's file says; the same again changes nothing."""
    if spec is None:
        if is_scaled(aws, endpoint, variant):
            unscale(aws, endpoint, variant)
        return
    target = _target(endpoint, variant)
    aws.autoscaling.register_scalable_target(**target, MinCapacity=spec.min, MaxCapacity=spec.max)
    aws.autoscaling.put_scaling_policy(
        **target,
        PolicyName=_POLICY,
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration={
            "TargetValue": float(spec.invocations_per_instance),
            "PredefinedMetricSpecification": {
                "PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"
            },
        },
    )
