"""Makes the alarms of a rollout, trips its abort alarm, and removes them.

Each has the new endpoint config as a dimension, so that only the new fleet can trip it.
https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-configuration.html
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from steward.aws import Aws
from steward.decide.rollout_facts import Rollout
from steward.log import NAMESPACE
from steward.names import ABORT, Names
from steward.observe.canary import observe_alarms
from steward.spec.model import AlarmsSpec

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch.type_defs import DimensionTypeDef, PutMetricAlarmInputTypeDef

_ABORTED = "RolloutAborted"
_PERIOD = 60
_MICROSECONDS = 1000


def make_alarms(aws: Aws, names: Names, rollout: Rollout, spec: AlarmsSpec) -> list[str]:
    """Make, or make again, what guards a rollout; their names."""
    wanted = list(_alarms(names, rollout, spec))
    for alarm in wanted:
        aws.cloudwatch.put_metric_alarm(**alarm)
    return [alarm["AlarmName"] for alarm in wanted]


def trip(aws: Aws, names: Names, rollout: Rollout) -> None:
    """Trip the abort alarm: SageMaker rolls back at its next evaluation, if the fleet bakes."""
    aws.cloudwatch.put_metric_data(
        Namespace=NAMESPACE,
        MetricData=[
            {
                "MetricName": _ABORTED,
                "Dimensions": _of_rollout(names, rollout),
                "Value": 1,
                "Unit": "Count",
            }
        ],
    )


def remove_alarms(aws: Aws, names: Names, *numbers: int) -> list[str]:
    """Remove whatever alarms these rollouts have still; their names."""
    found = [alarm.name for alarm in observe_alarms(aws, names, *numbers)]
    if found:
        aws.cloudwatch.delete_alarms(AlarmNames=found)
    return found


def _alarms(
    names: Names, rollout: Rollout, spec: AlarmsSpec
) -> "Iterator[PutMetricAlarmInputTypeDef]":
    yield {
        "AlarmName": names.alarm(rollout.number, ABORT),
        "AlarmDescription": "Steward ends this rollout",
        "Namespace": NAMESPACE,
        "MetricName": _ABORTED,
        "Dimensions": _of_rollout(names, rollout),
        "Statistic": "Sum",
        "Threshold": 0,
        **_WATCH,
    }
    rates = (
        ("error-rate", "Invocation5XXErrors", spec.error_rate),
        ("model-error-rate", "InvocationModelErrors", spec.model_error_rate),
    )
    for kind, metric, most in rates:
        if most is not None:
            # The average of a metric that is 0 or 1 for each request is a rate.
            yield {**_of_fleet(names, rollout, kind, metric, most), "Statistic": "Average"}
    if spec.p99_ms is not None:
        most = spec.p99_ms * _MICROSECONDS
        p99 = _of_fleet(names, rollout, "p99", "ModelLatency", most)
        yield {**p99, "ExtendedStatistic": "p99"}


# A minute without data says nothing: what has tripped stays so, and what has not does not trip.
_WATCH: "PutMetricAlarmInputTypeDef" = {  # type: ignore[typeddict-item]  # the part all share
    "Period": _PERIOD,
    "EvaluationPeriods": 1,
    "ComparisonOperator": "GreaterThanThreshold",
    "TreatMissingData": "ignore",
    "ActionsEnabled": False,
}


def _of_fleet(
    names: Names, rollout: Rollout, kind: str, metric: str, most: float
) -> "PutMetricAlarmInputTypeDef":
    dimensions = {
        "EndpointName": names.endpoint,
        "VariantName": rollout.variant,
        "EndpointConfigName": rollout.config_name,
    }
    return {
        **_WATCH,
        "AlarmName": names.alarm(rollout.number, kind),
        "AlarmDescription": f"The new fleet of rollout {rollout.number}",
        "Namespace": "AWS/SageMaker",
        "MetricName": metric,
        "Dimensions": [{"Name": name, "Value": value} for name, value in dimensions.items()],
        "Threshold": most,
    }


def _of_rollout(names: Names, rollout: Rollout) -> "list[DimensionTypeDef]":
    return [
        {"Name": "EndpointName", "Value": names.endpoint},
        {"Name": "Rollout", "Value": str(rollout.number)},
    ]
