"""Reads how the fleets of a rollout fare: its alarms, and requests and failures by the minute.

https://docs.aws.amazon.com/sagemaker/latest/dg/monitoring-cloudwatch.html
"""

from collections import defaultdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from steward.aws import Aws
from steward.decide.canary import Judgement, Minute, counted, judge
from steward.decide.rollout_facts import Alarm, Rollout
from steward.names import Names
from steward.spec.model import RolloutSpec
from steward.spec.shifting import ALL_AT_ONCE

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch.type_defs import MetricDataQueryTypeDef

# After its end a minute's counts are complete, and an alarm on it has been evaluated.
_COMPLETE = timedelta(seconds=15)
_METRICS = {"requests": "Invocations", "errors": "InvocationModelErrors"}


def observe_alarms(aws: Aws, names: Names, *numbers: int) -> tuple[Alarm, ...]:
    """The alarms of these rollouts, at most 25, that exist."""
    named = [name for number in numbers for name in names.alarms(number)]
    found = aws.cloudwatch.describe_alarms(AlarmNames=named)
    return tuple(
        Alarm(alarm["AlarmName"], alarm["StateValue"], alarm.get("StateReason", ""))
        for alarm in found.get("MetricAlarms", [])
    )


def observe_canary(
    aws: Aws, names: Names, rollout: Rollout, policy: RolloutSpec, now: datetime
) -> Judgement:
    """What the minutes that are over say of the new fleet."""
    minutes = observe_minutes(aws, names, rollout, now)
    if policy.strategy == ALL_AT_ONCE:
        return counted(minutes, policy.min_requests)
    return judge(minutes, policy.min_requests)


def observe_minutes(aws: Aws, names: Names, rollout: Rollout, now: datetime) -> list[Minute]:
    """Counts of both fleets since SageMaker was asked: what is not the new one's is the old's."""
    begin, end = _minute(rollout.called_at or rollout.opened_at), _minute(now - _COMPLETE)
    if begin >= end:
        return []
    pages = aws.cloudwatch.get_paginator("get_metric_data").paginate(
        MetricDataQueries=_queries(names, rollout), StartTime=begin, EndTime=end
    )
    counts: dict[datetime, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for page in pages:
        for result in page["MetricDataResults"]:
            for at, value in zip(result["Timestamps"], result["Values"], strict=True):
                counts[at][result["Id"]] += round(value)
    return [
        Minute(
            at,
            found["new_requests"],
            found["new_errors"],
            found["all_requests"] - found["new_requests"],
            found["all_errors"] - found["new_errors"],
        )
        for at, found in sorted(counts.items())
    ]


def _queries(names: Names, rollout: Rollout) -> "list[MetricDataQueryTypeDef]":
    whole = {"EndpointName": names.endpoint, "VariantName": rollout.variant}
    fleets = {"all": whole, "new": whole | {"EndpointConfigName": rollout.config_name}}
    return [
        {
            "Id": f"{fleet}_{count}",
            "MetricStat": {
                "Metric": {
                    "Namespace": "AWS/SageMaker",
                    "MetricName": metric,
                    "Dimensions": [{"Name": n, "Value": v} for n, v in dimensions.items()],
                },
                "Period": 60,
                "Stat": "Sum",
            },
        }
        for fleet, dimensions in fleets.items()
        for count, metric in _METRICS.items()
    ]


def _minute(when: datetime) -> datetime:
    return when.replace(second=0, microsecond=0)
