"""Monitoring executions: each begins a processing job, and ends as that ends."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from local_aws.sagemaker.core import Caller, Core, Operation
from local_aws.sagemaker.endpoints import Endpoints
from local_aws.sagemaker.errors import SageMakerError
from local_aws.sagemaker.jobs import Job, Jobs
from local_aws.sagemaker.listing import Row, listing
from local_aws.sagemaker.monitoring.job import Monitoring, Occasion, folders_with_data, request_of
from local_aws.sagemaker.roles import Roles
from local_aws.sagemaker.storage import StorageError
from local_aws.sagemaker.values import Json, given, moment, text

NO_DATA = "Job inputs had no data"
_NO_CLARIFY = "ClientError: the embedded AWS has no SageMaker Clarify, whose container computes {}."
_WITH_VIOLATIONS = "CompletedWithViolations"
_FILTERS = {
    "MonitoringScheduleName": "MonitoringScheduleName",
    "EndpointName": "EndpointName",
    "StatusEquals": "MonitoringExecutionStatus",
    "MonitoringJobDefinitionName": "MonitoringJobDefinitionName",
    "MonitoringTypeEquals": "MonitoringType",
}
_log = logging.getLogger(__name__)


class CannotRunError(Exception):
    """The execution ends as failed without a job, for this reason."""


@dataclass
class Execution:
    """One execution of a schedule."""

    occasion: Occasion
    created: datetime
    modified: datetime
    status: str = "Pending"
    job: str | None = None
    failure: str | None = None

    @property
    def is_over(self) -> bool:
        """Whether its status is final."""
        return self.status not in ("Pending", "InProgress", "Stopping")

    def summary(self) -> Json:
        """As it is listed, and shown as the last one of its schedule."""
        definition = self.occasion.definition
        return given(
            MonitoringScheduleName=self.occasion.schedule,
            ScheduledTime=self.occasion.scheduled,
            CreationTime=self.created,
            LastModifiedTime=self.modified,
            MonitoringExecutionStatus=self.status,
            ProcessingJobArn=self.job,
            EndpointName=definition.endpoint,
            FailureReason=self.failure,
            MonitoringJobDefinitionName=definition.name,
            MonitoringType=definition.kind,
        )


class Executions:
    """The executions of all schedules, of deleted ones too."""

    def __init__(self, core: Core, roles: Roles, jobs: Jobs, endpoints: Endpoints) -> None:
        self._core = core
        self._roles = roles
        self._jobs = jobs
        self._endpoints = endpoints
        self._executions: dict[int, Execution] = {}

    def operations(self) -> dict[str, Operation]:
        """What this part answers."""
        return {"ListMonitoringExecutions": self.list}

    def begin(self, occasion: Occasion) -> None:
        """Begin an execution; it goes on by itself."""
        now = self._core.now()
        execution = Execution(occasion, now, now)
        self._executions[len(self._executions)] = execution
        self._core.in_background(f"monitoring by {occasion.schedule}", lambda: self._run(execution))

    def of(self, schedule: str) -> list[Execution]:
        """The executions of a schedule, in order."""
        return [one for one in self._executions.values() if one.occasion.schedule == schedule]

    def list(self, request: Json, _: Caller) -> Json:
        rows = [
            Row(
                one.occasion.schedule,
                one.created,
                one.summary(),
                order,
                one.modified,
                one.status,
                one.occasion.scheduled,
            )
            for order, one in self._executions.items()
            if _wanted(one, request)
        ]
        return listing(rows, request, "MonitoringExecutionSummaries", newest_first=True)

    # On the execution's own thread

    def _run(self, execution: Execution) -> None:
        try:
            job = self._attempt(execution)
        except (CannotRunError, SageMakerError, StorageError) as refused:
            self._move(execution, "Failed", str(refused))
        except Exception as fault:
            _log.exception("an execution of %s broke", execution.occasion.schedule)
            self._move(execution, "Failed", f"InternalServerError: {fault!r}")
        else:
            self._move(execution, status_of(job), job.failure)

    def _attempt(self, execution: Execution) -> Job:
        occasion, definition = execution.occasion, execution.occasion.definition
        if definition.kind in ("ModelBias", "ModelExplainability"):
            raise CannotRunError(_NO_CLARIFY.format(definition.kind))
        with self._core.state():
            endpoint = self._endpoints.endpoint(definition.endpoint)
            role = self._roles.session(text(definition.request, "RoleArn"))
        folders = folders_with_data(role, endpoint, occasion)
        if not all(folders.values()):
            raise CannotRunError(NO_DATA)
        with self._core.state():
            request = request_of(occasion, endpoint, self._core.random_id(12))
            execution.job = str(self._jobs.create(Monitoring(folders), request)["ProcessingJobArn"])
        self._move(execution, "InProgress")
        return self._jobs.wait(execution.job)

    def _move(self, execution: Execution, status: str, failure: str | None = None) -> None:
        with self._core.state():
            execution.status, execution.modified = status, self._core.now()
            execution.failure = failure and failure[:1024]


def status_of(job: Job) -> str:
    """How an execution ends whose job has ended so."""
    found = job.status == "Completed" and (job.exit_message or "").startswith(_WITH_VIOLATIONS)
    return _WITH_VIOLATIONS if found else job.status


def _wanted(execution: Execution, request: Json) -> bool:
    shown, scheduled = execution.summary(), execution.occasion.scheduled
    return (
        all(shown[member] == request.get(name, shown[member]) for name, member in _FILTERS.items())
        and _compare(request, "ScheduledTimeAfter", lambda when: scheduled > when)
        and _compare(request, "ScheduledTimeBefore", lambda when: scheduled < when)
    )


def _compare(request: Json, name: str, holds: Callable[[datetime], bool]) -> bool:
    return name not in request or holds(moment(request[name]))
