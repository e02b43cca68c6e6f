"""Alarms: whether a metric's last periods break a threshold, in CloudWatch's rules and words.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html
"""

import json
import operator
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property

from local_aws.account import ACCOUNT, REGION
from local_aws.cloudwatch.metrics import Key, key
from local_aws.sagemaker.values import Json, sections, text, texts, whole

OK, ALARM, INSUFFICIENT = "OK", "ALARM", "INSUFFICIENT_DATA"
_COMPARED = {
    "GreaterThanThreshold": (operator.gt, "greater than"),
    "GreaterThanOrEqualToThreshold": (operator.ge, "greater than or equal to"),
    "LessThanThreshold": (operator.lt, "less than"),
    "LessThanOrEqualToThreshold": (operator.le, "less than or equal to"),
}
_ACTIONS = {OK: "OKActions", ALARM: "AlarmActions", INSUFFICIENT: "InsufficientDataActions"}

# A period's begin and value, None when nothing was measured in it.
type Points = Sequence[tuple[datetime, float | None]]


@dataclass(frozen=True)
class State:
    """A state with CloudWatch's reason for it."""

    value: str
    reason: str
    data: str
    since: datetime
    changed: datetime


@dataclass(frozen=True)
class Alarm:
    """An alarm on one metric; `request` is what PutMetricAlarm was given."""

    request: Json
    state: State
    updated: datetime

    @property
    def name(self) -> str:
        return text(self.request, "AlarmName")

    @property
    def arn(self) -> str:
        return f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:{self.name}"

    @property
    def dimensions(self) -> dict[str, str]:
        given = sections(self.request, "Dimensions")
        return {text(one, "Name"): text(one, "Value") for one in given}

    @cached_property
    def metric(self) -> Key:
        """The metric that it watches."""
        named = (text(self.request, "Namespace"), text(self.request, "MetricName"))
        return key(*named, self.dimensions)

    @property
    def statistic(self) -> str:
        return str(self.request.get("Statistic") or self.request["ExtendedStatistic"])

    @property
    def period(self) -> timedelta:
        return timedelta(seconds=whole(self.request, "Period", 60))

    @property
    def periods(self) -> int:
        """How many periods it looks at."""
        return whole(self.request, "EvaluationPeriods", 1)

    @property
    def threshold(self) -> float:
        return float(str(self.request["Threshold"]))

    @property
    def missing(self) -> str:
        return str(self.request.get("TreatMissingData", "missing"))

    @property
    def actions(self) -> list[str]:
        """What is to be done in the present state."""
        if not self.request.get("ActionsEnabled", True):
            return []
        return texts(self.request, _ACTIONS[self.state.value])

    def described(self) -> Json:
        """As DescribeAlarms shows it."""
        shown = {name: value for name, value in self.request.items() if name != "Tags"}
        lists: Json = {name: [] for name in (*_ACTIONS.values(), "Dimensions")}
        return {
            **lists,
            "ActionsEnabled": True,
            **shown,
            "AlarmArn": self.arn,
            "AlarmConfigurationUpdatedTimestamp": self.updated,
            "StateValue": self.state.value,
            "StateReason": self.state.reason,
            "StateReasonData": self.state.data,
            "StateUpdatedTimestamp": self.state.since,
            "StateTransitionedTimestamp": self.state.changed,
        }

    def event(self, former: State) -> Json:
        """The detail of "CloudWatch Alarm State Change"."""
        namespace, name, _ = self.metric
        stat = {
            "metric": {"namespace": namespace, "name": name, "dimensions": self.dimensions},
            "period": int(self.period.total_seconds()),
            "stat": self.statistic,
        }
        metrics = [{"id": "m1", "metricStat": stat, "returnData": True}]
        return {
            "alarmName": self.name,
            "configuration": {
                "description": str(self.request.get("AlarmDescription", "")),
                "metrics": metrics,
            },
            "previousState": _told(former),
            "state": _told(self.state),
        }

    def in_state(self, value: str, reason: str, data: str, now: datetime) -> "Alarm":
        """The alarm with another state."""
        changed = now if value != self.state.value else self.state.changed
        return replace(self, state=State(value, reason, data, now, changed))

    def evaluated(self, points: Points, now: datetime) -> "Alarm":
        """The alarm as its metric's last periods make it."""
        value = self._value(points)
        if value == self.state.value:
            return self
        return self.in_state(value, self._reason(points, value), self._data(points, now), now)

    def _value(self, points: Points) -> str:
        known = [value for _, value in points if value is not None]
        if not known:
            return {
                "missing": INSUFFICIENT,
                "ignore": self.state.value,
                "breaching": ALARM,
                "notBreaching": OK,
            }[self.missing]
        breaching = sum(self._breaks(value) for value in known)
        if self.missing == "breaching":
            breaching += len(points) - len(known)
        return ALARM if breaching >= self._needed else OK

    def _breaks(self, value: float) -> bool:
        compare = _COMPARED[text(self.request, "ComparisonOperator")][0]
        return bool(compare(value, self.threshold))

    @property
    def _needed(self) -> int:
        return whole(self.request, "DatapointsToAlarm", self.periods)

    def _reason(self, points: Points, value: str) -> str:
        known = [(at, one) for at, one in points if one is not None]
        if not known:
            return f"Threshold Crossed: no datapoints were received for {len(points)} periods."
        fitting = [(at, one) for at, one in known if self._breaks(one) == (value == ALARM)]
        listed = ", ".join(f"{one:g} ({at:%d/%m/%y %H:%M:%S})" for at, one in fitting)
        not_ = "" if value == ALARM else "not "
        words = _COMPARED[text(self.request, "ComparisonOperator")][1]
        return (
            f"Threshold Crossed: {len(fitting)} out of the last {len(points)} datapoints "
            f"[{listed}] was {not_}{words} the threshold ({self.threshold:g})."
        )

    def _data(self, points: Points, now: datetime) -> str:
        return json.dumps(
            {
                "version": "1.0",
                "queryDate": _stamp(now),
                "statistic": self.statistic,
                "period": int(self.period.total_seconds()),
                "recentDatapoints": [value for _, value in points if value is not None],
                "threshold": self.threshold,
            }
        )


def _told(state: State) -> Json:
    return {
        "value": state.value,
        "reason": state.reason,
        "reasonData": state.data,
        "timestamp": _stamp(state.since),
    }


def _stamp(when: datetime) -> str:
    return when.strftime("%Y-%m-%dT%H:%M:%S.") + f"{when.microsecond // 1000:03}+0000"
