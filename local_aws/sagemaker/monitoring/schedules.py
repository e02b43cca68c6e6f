"""Monitoring schedules: created, changed, started, stopped, deleted; each runs at its hours."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from local_aws.sagemaker import names
from local_aws.sagemaker.core import Caller, Core, Operation
from local_aws.sagemaker.endpoints import Endpoints
from local_aws.sagemaker.errors import in_use, invalid, not_covered, not_found
from local_aws.sagemaker.listing import Row, listing
from local_aws.sagemaker.monitoring import timing
from local_aws.sagemaker.monitoring.definitions import LONGEST, Definition, JobDefinitions
from local_aws.sagemaker.monitoring.executions import Executions
from local_aws.sagemaker.monitoring.job import Occasion
from local_aws.sagemaker.values import Json, given, section, text

# How long a change is Pending. AWS takes a minute or so.
CHANGE = timedelta(minutes=1)
# AWS begins an execution up to 20 minutes after its hour.
DELAY = timedelta(minutes=10)
_FILTERS = {
    "EndpointName": "EndpointName",
    "StatusEquals": "MonitoringScheduleStatus",
    "MonitoringJobDefinitionName": "MonitoringJobDefinitionName",
    "MonitoringTypeEquals": "MonitoringType",
}


@dataclass
class Schedule:
    """A monitoring schedule."""

    name: str
    config: Json
    definition: Definition
    created: datetime
    modified: datetime
    status: str = "Pending"
    # Goes up with every change: what was to happen before the change does not happen any more.
    turn: int = 0

    @property
    def arn(self) -> str:
        """The schedule's ARN."""
        return names.arn("monitoring-schedule", self.name)

    @property
    def times(self) -> Json:
        """Its ScheduleConfig, empty if SageMaker is to pick an hour."""
        return section(self.config, "ScheduleConfig")

    @property
    def expression(self) -> str:
        """When it runs."""
        return str(self.times.get("ScheduleExpression", timing.DAILY))

    def summary(self) -> Json:
        """As it is listed."""
        return {
            "MonitoringScheduleName": self.name,
            "MonitoringScheduleArn": self.arn,
            "CreationTime": self.created,
            "LastModifiedTime": self.modified,
            "MonitoringScheduleStatus": self.status,
            "EndpointName": self.definition.endpoint,
            "MonitoringJobDefinitionName": self.definition.name,
            "MonitoringType": self.definition.kind,
        }


class Schedules:
    """Operations on schedules, and the clock that runs them."""

    def __init__(
        self,
        core: Core,
        definitions: JobDefinitions,
        executions: Executions,
        endpoints: Endpoints,
    ) -> None:
        self._core = core
        self._definitions = definitions
        self._executions = executions
        self._endpoints = endpoints
        self._schedules: dict[str, Schedule] = {}
        definitions.users, endpoints.monitors = self._using, self._watching

    def operations(self) -> dict[str, Operation]:
        """What this part answers."""
        return {
            "CreateMonitoringSchedule": self.create,
            "UpdateMonitoringSchedule": self.update,
            "DescribeMonitoringSchedule": self.describe,
            "DeleteMonitoringSchedule": self.delete,
            "StartMonitoringSchedule": self.start,
            "StopMonitoringSchedule": self.stop,
            "ListMonitoringSchedules": self.list,
        }

    def create(self, request: Json, _: Caller) -> Json:
        name, now = text(request, "MonitoringScheduleName"), self._core.now()
        config = section(request, "MonitoringScheduleConfig")
        if name.lower() in self._schedules:
            raise in_use(f"Monitoring schedule {name} exists already.")
        schedule = Schedule(name, config, self._checked(config), now, now)
        self._schedules[name.lower()] = schedule
        self._core.tags.begin(schedule.arn, request)
        self._change(schedule, "Scheduled")
        return {"MonitoringScheduleArn": schedule.arn}

    def update(self, request: Json, _: Caller) -> Json:
        schedule = self._settled(request)
        config = section(request, "MonitoringScheduleConfig")
        schedule.definition = self._checked(config)
        schedule.config = config
        self._change(schedule, schedule.status)
        return {"MonitoringScheduleArn": schedule.arn}

    def start(self, request: Json, _: Caller) -> None:
        schedule = self._settled(request)
        if schedule.status == "Stopped":
            self._change(schedule, "Scheduled")

    def stop(self, request: Json, _: Caller) -> None:
        schedule = self._settled(request)
        if schedule.status == "Scheduled":
            self._change(schedule, "Stopped")

    def delete(self, request: Json, _: Caller) -> None:
        schedule = self._settled(request)
        if not all(one.is_over for one in self._executions.of(schedule.name)):
            raise invalid(f"{schedule.arn} has an execution in progress and cannot be deleted.")
        del self._schedules[schedule.name.lower()]
        self._core.tags.end(schedule.arn)

    def describe(self, request: Json, _: Caller) -> Json:
        schedule = self._named(request)
        done = [
            one
            for one in self._executions.of(schedule.name)
            if one.created >= schedule.created  # an older one was of another schedule of this name
        ]
        shown = schedule.summary()
        del shown["MonitoringJobDefinitionName"]
        return given(
            **shown,
            MonitoringScheduleConfig=schedule.config,
            LastMonitoringExecutionSummary=done[-1].summary() if done else None,
        )

    def list(self, request: Json, _: Caller) -> Json:
        rows = []
        for order, one in enumerate(self._schedules.values()):
            body = one.summary()
            if all(body[of] == request.get(name, body[of]) for name, of in _FILTERS.items()):
                rows.append(Row(one.name, one.created, body, order, one.modified, one.status))
        return listing(rows, request, "MonitoringScheduleSummaries", newest_first=True)

    def _checked(self, config: Json) -> Definition:
        """The definition that a configuration names; refuses what cannot be run by it."""
        if "MonitoringJobDefinition" in config:
            raise not_covered("a MonitoringJobDefinition inside a schedule, only one by name")
        if not {"MonitoringJobDefinitionName", "MonitoringType"} <= set(config):
            raise invalid("MonitoringJobDefinitionName and MonitoringType are required.")
        timing.check(config)
        kind = text(config, "MonitoringType")
        found = self._definitions.definition(kind, text(config, "MonitoringJobDefinitionName"))
        self._endpoints.endpoint(found.endpoint)
        for member in ("StartTimeOffset", "EndTimeOffset"):
            if member in found.endpoint_input:
                timing.offset(text(found.endpoint_input, member))
        hourly = section(config, "ScheduleConfig").get("ScheduleExpression") == "cron(0 * ? * * *)"
        if hourly and found.seconds > LONGEST[kind]:
            raise invalid(
                f"An hourly {kind} schedule needs MaxRuntimeInSeconds of {LONGEST[kind]} at most, "
                f"got {found.seconds}."
            )
        return found

    def _settled(self, request: Json) -> Schedule:
        schedule = self._named(request)
        if schedule.status == "Pending":
            raise invalid(f"{schedule.arn} is Pending and cannot be changed now.")
        return schedule

    def _named(self, request: Json) -> Schedule:
        name = text(request, "MonitoringScheduleName")
        if name.lower() not in self._schedules:
            raise not_found(f"Monitoring schedule {name} was not found.")
        return self._schedules[name.lower()]

    def _using(self, definition: Definition) -> frozenset[str]:
        used = (one for one in self._schedules.values() if one.definition.arn == definition.arn)
        return frozenset(one.name for one in used)

    def _watching(self, endpoint: str) -> frozenset[str]:
        return frozenset(
            one.name
            for one in self._schedules.values()
            if one.definition.endpoint.lower() == endpoint.lower()
        )

    # ---- what happens later

    def _change(self, schedule: Schedule, to: str) -> None:
        schedule.status, schedule.modified = "Pending", self._core.now()
        schedule.turn += 1
        self._later(schedule, self._core.now() + CHANGE, partial(self._changed, to=to))

    def _changed(self, schedule: Schedule, to: str) -> None:
        schedule.status, schedule.modified = to, self._core.now()
        if to == "Scheduled" and schedule.expression == timing.NOW:
            self._execute(schedule, self._core.now())
        elif to == "Scheduled":
            self._arm(schedule, self._core.now())

    def _arm(self, schedule: Schedule, after: datetime) -> None:
        scheduled = timing.rhythm(schedule.expression).next(after)
        self._later(schedule, scheduled + DELAY, partial(self._due, scheduled=scheduled))

    def _due(self, schedule: Schedule, scheduled: datetime) -> None:
        self._execute(schedule, scheduled)
        self._arm(schedule, scheduled)

    def _execute(self, schedule: Schedule, scheduled: datetime) -> None:
        definition = schedule.definition
        looked_at = timing.window(schedule.times, definition.endpoint_input, scheduled)
        self._executions.begin(Occasion(schedule.name, definition, scheduled, looked_at))

    def _later(self, schedule: Schedule, when: datetime, action: "partial[None]") -> None:
        what = f"monitoring schedule {schedule.name}"
        self._core.world.at(when, what, partial(self._go_on, schedule, schedule.turn, action))

    def _go_on(self, schedule: Schedule, turn: int, action: "partial[None]") -> None:
        with self._core.state():
            known = self._schedules.get(schedule.name.lower())
            if known is schedule and schedule.turn == turn:
                action(schedule)
