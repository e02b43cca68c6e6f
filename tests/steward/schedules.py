"""Model Monitor's definitions, schedules and executions in memory, refused and listed as by AWS."""

# ruff: noqa: N803 (arguments are named like the members of AWS's requests)

import re
from datetime import datetime
from typing import Any, Protocol

from tests.steward.standin import Json, Standin

_DEFINITION = re.compile(
    r"(Create|List|Delete)(DataQuality|ModelQuality|ModelBias|ModelExplainability)JobDefinitions?"
)


class Time(Protocol):
    """Tells what time it is."""

    def now(self) -> datetime: ...


class FakeSchedules(Standin):
    """What Steward may do with Model Monitor; a change is Pending until a test settles it."""

    service = "sagemaker"

    def __init__(self, clock: Time) -> None:
        super().__init__()
        self._time = clock
        self.definitions: dict[tuple[str, str], Json] = {}
        self.schedules: dict[str, Json] = {}
        self.monitored: list[Json] = []
        self.has_room_for_schedules = True
        self.is_open = True

    def before(self, operation: str, request: Json) -> Json:
        found = _DEFINITION.fullmatch(operation)
        if found is None:
            return super().before(operation, request)
        verb, kind = found.groups()
        answer: Json = getattr(self, f"_{verb.lower()}_definition")(kind, request)
        return answer

    def settle_schedules(self, status: str = "Scheduled", why: str = "") -> None:
        """Every change of a schedule is done."""
        for schedule in self.schedules.values():
            schedule |= {"MonitoringScheduleStatus": status, "FailureReason": why}

    def executed(self, name: str, status: str, job: str = "", why: str = "") -> None:
        """A schedule runs now; a job, if there is one, that ended long ago."""
        schedule, now = self.schedules[name], self._time.now()
        self.monitored.append(
            {
                "MonitoringScheduleName": name,
                "MonitoringJobDefinitionName": schedule["MonitoringJobDefinitionName"],
                "MonitoringType": schedule["MonitoringType"],
                "EndpointName": schedule["EndpointName"],
                "ScheduledTime": now.replace(minute=0, second=0),
                "CreationTime": now,
                "LastModifiedTime": now,
                "MonitoringExecutionStatus": status,
                "ProcessingJobArn": f"arn:aws:sagemaker:x:1:processing-job/{job}",
                "FailureReason": why,
            }
        )

    # ---- definitions

    def _create_definition(self, kind: str, request: Json) -> Json:
        key = kind, request["JobDefinitionName"]
        if not self.is_open:
            raise self.refuse("ValidationException", "Model Monitor is closed to this account")
        if not self.has_room_for_schedules:
            raise self.refuse("ResourceLimitExceeded", "The account-level service limit is 0")
        if key in self.definitions:
            raise self.refuse("ResourceInUse", "Job definition exists already")
        self.definitions[key] = request
        return {"JobDefinitionArn": f"arn:aws:sagemaker:x:1:job-definition/{key[1]}"}

    def _list_definition(self, kind: str, request: Json) -> Json:
        found = [
            {"MonitoringJobDefinitionName": name}
            for of, name in self.definitions
            if of == kind and request["NameContains"] in name
        ]
        return {"JobDefinitionSummaries": found}

    def _delete_definition(self, kind: str, request: Json) -> Json:
        name = request["JobDefinitionName"]
        if name in self._used():
            raise self.refuse("ResourceInUse", "A schedule uses it")
        del self.definitions[kind, name]
        return {}

    def _used(self) -> set[str]:
        return {one["MonitoringJobDefinitionName"] for one in self.schedules.values()}

    # ---- schedules

    def create_monitoring_schedule(
        self, MonitoringScheduleName: str, MonitoringScheduleConfig: Json
    ) -> Json:
        if MonitoringScheduleName in self.schedules:
            raise self.refuse("ResourceInUse", "The schedule exists already")
        return self._put(MonitoringScheduleName, MonitoringScheduleConfig)

    def update_monitoring_schedule(
        self, MonitoringScheduleName: str, MonitoringScheduleConfig: Json
    ) -> Json:
        self._settled(MonitoringScheduleName)
        return self._put(MonitoringScheduleName, MonitoringScheduleConfig)

    def _put(self, name: str, config: Json) -> Json:
        key = config["MonitoringType"], config["MonitoringJobDefinitionName"]
        kind_input = self.definitions[key][f"{key[0]}JobInput"]
        self.schedules[name] = config | {
            "MonitoringScheduleName": name,
            "MonitoringScheduleStatus": "Pending",
            "EndpointName": kind_input["EndpointInput"]["EndpointName"],
        }
        return {"MonitoringScheduleArn": f"arn:aws:sagemaker:x:1:monitoring-schedule/{name}"}

    def delete_monitoring_schedule(self, MonitoringScheduleName: str) -> Json:
        self._settled(MonitoringScheduleName)
        running = [one["MonitoringExecutionStatus"] == "InProgress" for one in self.monitored]
        if any(running):
            raise self.refuse("ValidationException", "An execution is in progress")
        del self.schedules[MonitoringScheduleName]
        return {}

    def _settled(self, name: str) -> None:
        if self.schedules[name]["MonitoringScheduleStatus"] == "Pending":
            raise self.refuse("ValidationException", "The schedule is Pending")

    def list_monitoring_schedules(self, NameContains: str, EndpointName: str) -> Json:
        shown = (
            "MonitoringScheduleName", "MonitoringScheduleStatus", "MonitoringJobDefinitionName",
            "MonitoringType", "EndpointName",
        )  # fmt: skip
        found = [
            {name: one[name] for name in shown}
            for one in self.schedules.values()
            if NameContains in one["MonitoringScheduleName"] and one["EndpointName"] == EndpointName
        ]
        return {"MonitoringScheduleSummaries": found}

    def describe_monitoring_schedule(self, MonitoringScheduleName: str) -> Json:
        return self.schedules[MonitoringScheduleName]

    def list_monitoring_executions(
        self, EndpointName: str, CreationTimeAfter: datetime, **_: Any
    ) -> Json:
        found = [
            one
            for one in self.monitored
            if one["EndpointName"] == EndpointName and one["CreationTime"] > CreationTimeAfter
        ]
        return {"MonitoringExecutionSummaries": found}
