"""CloudWatch in moto's place: takes measurements, evaluates alarms, does what they ask for."""

import json
import logging
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import cast

from moto.cloudwatch import urls
from moto.sns.models import sns_backends

from local_aws import shapes
from local_aws.account import ACCOUNT, REGION
from local_aws.authorization.policy import in_the_name_of
from local_aws.cloudwatch.alarms import ALARM, INSUFFICIENT, Alarm, State
from local_aws.cloudwatch.dashboards import Dashboards
from local_aws.cloudwatch.metrics import SIMPLE, Key, Metrics, floor, key
from local_aws.cloudwatch.wire import Answer, CloudWatchError, HttpRequest, refusal, reply
from local_aws.kernel import Measurement, World
from local_aws.sagemaker.values import Json, moment, section, sections, text, texts, whole
from local_aws.wire import service_model

PRINCIPAL = "cloudwatch.amazonaws.com"
# A period's metrics are complete a little after its end.
LATE = timedelta(seconds=5)
MOST_RECORDS = 100
MOST_POINTS = 100_800
_NOT_COVERED = ("Metrics", "ThresholdMetricId", "EvaluateLowSampleCountPercentile", "Unit")
_log = logging.getLogger(__name__)


type Action = Callable[[str, Alarm], None]


def _publish(topic: str, subject: str, message: str) -> None:
    sns_backends[ACCOUNT][REGION].publish(message=message, arn=topic, subject=subject)


class CloudWatch:
    """The embedded CloudWatch of one world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._lock = world.lock("cloudwatch")
        self._metrics = Metrics()
        self._alarms: dict[str, Alarm] = {}
        self._due: set[tuple[str, datetime]] = set()
        self._dashboards = Dashboards()
        self.tell: Callable[[str, str, str], None] = _publish
        # What carries out actions that are no topics, by the service in their ARN.
        self.actions: dict[str, Action] = {}
        self.operations: Mapping[str, Callable[[Json], Json | None]] = {
            "PutMetricData": self._put_data,
            "GetMetricData": self._get_data,
            "GetMetricStatistics": self._get_statistics,
            "ListMetrics": self._list,
            "PutMetricAlarm": self._put_alarm,
            "DescribeAlarms": self._describe,
            "DeleteAlarms": self._delete,
            "SetAlarmState": self._set_state,
            "PutDashboard": self._dashboards.put,
            "GetDashboard": self._dashboards.get,
        }

    def state(self) -> object:
        """Everything that is known, to be kept."""
        return self._metrics, self._alarms, self._due, self._dashboards.bodies

    def resume(self, kept: object) -> None:
        """Take up what was kept."""
        self._metrics, self._alarms, self._due, self._dashboards.bodies = cast(
            "tuple[Metrics, dict[str, Alarm], set[tuple[str, datetime]], dict[str, str]]", kept
        )

    # ---- what AWS's other services use

    def measure(self, measured: Measurement) -> None:
        """Take a value that a service publishes."""
        metric = key(measured.namespace, measured.name, measured.dimensions)
        with self._lock:
            self._add(metric, self._world.now(), measured.value, measured.count)

    def alarm_state(self, name: str) -> str | None:
        """The state of an alarm, None if there is none of this name."""
        with self._lock:
            return self._alarms[name].state.value if name in self._alarms else None

    def put(self, request: Json) -> None:
        """Make an alarm, as PutMetricAlarm does."""
        with self._lock:
            self._put_alarm(request)

    def remove(self, names: Iterable[str]) -> None:
        """Delete alarms, as DeleteAlarms does."""
        with self._lock:
            self._delete({"AlarmNames": list(names)})

    def last(self, name: str) -> float | None:
        """The last value of an alarm's metric, None if there is none."""
        with self._lock:
            alarm = self._alarms[name]
            end = self._world.now()
            start = end - alarm.periods * alarm.period - alarm.period
            args = (alarm.metric, start, end, alarm.period, alarm.statistic)
            values = [value for _, value in self._metrics.points(*args)]
            return values[-1] if values else None

    # ---- the port

    def answer(self, request: HttpRequest, _url: str, headers: Mapping[str, str]) -> Answer:
        """Answer one request."""
        target = next((v for k, v in headers.items() if k.lower() == "x-amz-target"), "")
        name = target.rpartition(".")[2]
        try:
            return reply(200, self._run(name, request.get_data()))
        except CloudWatchError as error:
            return refusal(error)
        except Exception as fault:
            _log.exception("%s broke", name)
            return refusal(CloudWatchError("InternalServiceError", repr(fault), 500))

    def _run(self, name: str, body: bytes) -> Json:
        if name not in self.operations:
            raise CloudWatchError("UnknownOperationException", f"{name or 'this'} is not covered.")
        shape = service_model("cloudwatch").operation_model(name).input_shape
        request = json.loads(body or b"{}")
        if shape is not None and (faults := list(shapes.faults(request, shape))):
            raise CloudWatchError("InvalidParameterValue", "; ".join(faults))
        with self._lock:
            return self.operations[name](request) or {}

    # ---- metrics

    def _put_data(self, request: Json) -> None:
        namespace = text(request, "Namespace")
        if namespace.startswith("AWS/"):
            raise CloudWatchError(
                "InvalidParameterValue", "The namespace AWS/ is reserved for AWS services."
            )
        for one in sections(request, "MetricData"):
            metric = key(namespace, text(one, "MetricName"), _dimensions(one))
            when = moment(one["Timestamp"]) if "Timestamp" in one else self._world.now()
            if "StatisticValues" in one:
                raise CloudWatchError("UnknownOperationException", "StatisticValues: not covered.")
            for value, count in _values(one):
                self._add(metric, when, value, count)

    def _add(self, metric: Key, when: datetime, value: float, count: float) -> None:
        self._metrics.add(metric, when, value, count)
        for alarm in self._alarms.values():
            if alarm.metric == metric:
                self._evaluate_at_end(alarm, self._world.now())

    def _get_data(self, request: Json) -> Json:
        start, end = moment(request["StartTime"]), moment(request["EndTime"])
        newest_first = request.get("ScanBy", "TimestampDescending") == "TimestampDescending"
        results = []
        for query in sections(request, "MetricDataQueries"):
            if "MetricStat" not in query:
                raise CloudWatchError("UnknownOperationException", "Expression: not covered.")
            found = sorted(self._queried(section(query, "MetricStat"), start, end))
            if newest_first:
                found.reverse()
            if query.get("ReturnData", True):
                results.append(
                    {
                        "Id": text(query, "Id"),
                        "Label": str(query.get("Label", query["Id"])),
                        "Timestamps": [at for at, _ in found],
                        "Values": [value for _, value in found],
                        "StatusCode": "Complete",
                    }
                )
        if sum(len(cast("list[object]", one["Values"])) for one in results) > MOST_POINTS:
            raise CloudWatchError("UnknownOperationException", "so many points: not covered.")
        return {"MetricDataResults": results, "Messages": []}

    def _queried(
        self, stat: Json, start: datetime, end: datetime
    ) -> Iterable[tuple[datetime, float]]:
        metric = section(stat, "Metric")
        named = key(text(metric, "Namespace"), text(metric, "MetricName"), _dimensions(metric))
        period = _period(stat)
        return self._metrics.points(named, start, end, period, _statistic(text(stat, "Stat")))

    def _get_statistics(self, request: Json) -> Json:
        named = key(text(request, "Namespace"), text(request, "MetricName"), _dimensions(request))
        start, end = moment(request["StartTime"]), moment(request["EndTime"])
        points: dict[datetime, Json] = {}
        wanted = (*texts(request, "Statistics"), *texts(request, "ExtendedStatistics"))
        for statistic in wanted:
            found = self._metrics.points(named, start, end, _period(request), statistic)
            for at, value in found:
                point = points.setdefault(at, {"Timestamp": at})
                if statistic in SIMPLE:
                    point[statistic] = value
                else:
                    percentiles = section(point, "ExtendedStatistics") | {statistic: value}
                    point["ExtendedStatistics"] = percentiles
        return {"Label": text(request, "MetricName"), "Datapoints": list(points.values())}

    def _list(self, request: Json) -> Json:
        filters = [(text(o, "Name"), o.get("Value")) for o in sections(request, "Dimensions")]
        found = []
        for namespace, name, dimensions in self._metrics.keys(
            cast("str | None", request.get("Namespace")),
            cast("str | None", request.get("MetricName")),
        ):
            have = dict(dimensions)
            if all(n in have and v in (None, have[n]) for n, v in filters):
                shown = [{"Name": n, "Value": v} for n, v in dimensions]
                found.append({"Namespace": namespace, "MetricName": name, "Dimensions": shown})
        return {"Metrics": found}

    # ---- alarms

    def _put_alarm(self, request: Json) -> None:
        for member in _NOT_COVERED:
            if request.get(member):
                raise CloudWatchError("UnknownOperationException", f"{member}: not covered.")
        if ("Statistic" in request) == ("ExtendedStatistic" in request):
            raise CloudWatchError(
                "InvalidParameterCombination", "Exactly one of Statistic, ExtendedStatistic."
            )
        now, name = self._world.now(), text(request, "AlarmName")
        former = self._alarms.get(name)
        fresh = State(INSUFFICIENT, "Unchecked: Initial alarm creation", "", now, now)
        alarm = Alarm(request, former.state if former else fresh, now)
        self._alarms[name] = alarm
        if alarm.metric in self._metrics.samples:
            self._evaluate_at_end(alarm, now)
        elif alarm.missing == "breaching":
            # What is missing from before it was made says nothing.
            self._evaluate_at_end(alarm, now + (alarm.periods - 1) * alarm.period)
        else:
            # A metric that nobody measures puts nothing on the agenda: a day's jump costs nothing.
            missing = [(now, None)] * alarm.periods
            self._become(alarm, alarm.evaluated(missing, now))

    def _describe(self, request: Json) -> Json:
        if "CompositeAlarm" in texts(request, "AlarmTypes"):
            raise CloudWatchError("UnknownOperationException", "CompositeAlarm: not covered.")
        names, prefix = texts(request, "AlarmNames"), str(request.get("AlarmNamePrefix", ""))
        found = [
            alarm
            for name, alarm in sorted(self._alarms.items())
            if (not names or name in names)
            and name.startswith(prefix)
            and request.get("StateValue", alarm.state.value) == alarm.state.value
        ]
        begin = int(str(request.get("NextToken", 0)))
        end = begin + whole(request, "MaxRecords", MOST_RECORDS)
        more: Json = {"NextToken": str(end)} if end < len(found) else {}
        shown = [alarm.described() for alarm in found[begin:end]]
        return {"MetricAlarms": shown, "CompositeAlarms": []} | more

    def _delete(self, request: Json) -> None:
        for name in texts(request, "AlarmNames"):
            self._alarms.pop(name, None)

    def _set_state(self, request: Json) -> None:
        name = text(request, "AlarmName")
        if name not in self._alarms:
            raise CloudWatchError("ResourceNotFound", f"The alarm {name} does not exist.", 404)
        alarm = self._alarms[name]
        value, reason = text(request, "StateValue"), text(request, "StateReason")
        data = str(request.get("StateReasonData", ""))
        self._become(alarm, alarm.in_state(value, reason, data, self._world.now()))
        self._evaluate_at_end(self._alarms[name], self._world.now())

    # ---- evaluation

    def _evaluate_at_end(self, alarm: Alarm, now: datetime) -> None:
        """Put on the agenda to evaluate when the period ends that goes on now, once."""
        end = floor(now, alarm.period) + alarm.period
        if (alarm.name, end) not in self._due:
            self._due.add((alarm.name, end))
            what = f"evaluation of alarm {alarm.name}"
            self._world.at(end + LATE, what, partial(self._evaluate, alarm.name, end))

    def _evaluate(self, name: str, end: datetime) -> None:
        with self._lock:
            self._due.discard((name, end))
            alarm = self._alarms.get(name)
            if alarm is None:
                return
            start = end - alarm.periods * alarm.period
            found = dict(
                self._metrics.points(alarm.metric, start, end, alarm.period, alarm.statistic)
            )
            begins = [start + number * alarm.period for number in range(alarm.periods)]
            points = [(begin, found.get(begin)) for begin in begins]
            self._become(alarm, alarm.evaluated(points, self._world.now()))
            if found or (alarm.missing == "breaching" and alarm.state.value != ALARM):
                # Its end may change the state again; where nothing is measured, nothing changes.
                self._evaluate_at_end(alarm, end)

    def _become(self, former: Alarm, alarm: Alarm) -> None:
        self._alarms[alarm.name] = alarm
        if alarm.state.value == former.state.value:
            return
        detail = alarm.event(former.state)
        self._world.emit("aws.cloudwatch", "CloudWatch Alarm State Change", detail, [alarm.arn])
        for action in alarm.actions:
            self._act(action, alarm)

    def _act(self, action: str, alarm: Alarm) -> None:
        service = action.split(":")[2]
        if service in self.actions:
            self.actions[service](action, alarm)
        elif service == "sns":
            if self._world.permitted(PRINCIPAL, "sns:Publish", action, in_the_name_of(alarm.arn)):
                subject = f'{alarm.state.value}: "{alarm.name}" in {REGION}'[:100]
                body = {
                    "AlarmName": alarm.name,
                    "AlarmDescription": alarm.request.get("AlarmDescription"),
                    "AWSAccountId": ACCOUNT,
                    "NewStateValue": alarm.state.value,
                    "NewStateReason": alarm.state.reason,
                    "AlarmArn": alarm.arn,
                }
                self.tell(action, subject, json.dumps(body))
        else:
            self._world.trouble(action, NotImplementedError(f"an alarm's action {action}"))


def install(world: World) -> CloudWatch:
    """Answer CloudWatch's calls in moto's place; before moto's application is made."""
    cloudwatch = CloudWatch(world)
    urls.url_paths = dict.fromkeys(urls.url_paths, cloudwatch.answer)
    world.measure = cloudwatch.measure
    world.alarm_state = cloudwatch.alarm_state
    return cloudwatch


def _dimensions(source: Json) -> dict[str, str]:
    return {text(one, "Name"): text(one, "Value") for one in sections(source, "Dimensions")}


def _period(source: Json) -> timedelta:
    seconds = whole(source, "Period", 60)
    if seconds % 60:
        raise CloudWatchError("UnknownOperationException", f"a period of {seconds} s: not covered.")
    return timedelta(seconds=seconds)


def _statistic(name: str) -> str:
    if name not in SIMPLE and not name.startswith("p"):
        raise CloudWatchError("UnknownOperationException", f"the statistic {name}: not covered.")
    return name


def _values(datum: Json) -> list[tuple[float, float]]:
    if "Value" in datum:
        return [(float(str(datum["Value"])), 1.0)]
    values = cast("list[float]", datum.get("Values", []))
    counts = cast("list[float]", datum.get("Counts", [1.0] * len(values)))
    return list(zip(values, counts, strict=True))
