"""Reads Model Monitor's schedules and job definitions of ours, and how its executions ended."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import ceil

from steward import times
from steward.aws import Aws
from steward.decide.drift_facts import DriftReport, Window
from steward.decide.model_monitor import Execution, Schedule
from steward.events.types import ObjectCreated
from steward.lineage.nodes import drift_report_id
from steward.names import Names, split_s3
from steward.observe.monitor import VIOLATIONS, observe_object
from steward.record.store import Store
from steward.spec.kinds import (
    BIAS,
    DATA_QUALITY,
    EXPLAINABILITY,
    MODEL_QUALITY,
    NEED_OUTCOMES,
)
from steward.spec.model import MonitorSpec

# How AWS calls the kinds, in requests and in the names of operations.
TYPES = {
    DATA_QUALITY: "DataQuality",
    MODEL_QUALITY: "ModelQuality",
    BIAS: "ModelBias",
    EXPLAINABILITY: "ModelExplainability",
}
OPERATIONS = {
    DATA_QUALITY: "data_quality",
    MODEL_QUALITY: "model_quality",
    BIAS: "model_bias",
    EXPLAINABILITY: "model_explainability",
}
SEEN_KEY = "schedules"
_HOUR = timedelta(hours=1)
# AWS may tell a time to the second only: what was created within it is asked for again.
_SKEW = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Seen:
    """That there are schedules of ours, and up to when their executions were read."""

    until: datetime


def read_seen(store: Store, model: str) -> Seen | None:
    """How far executions were read; None for a model that has no schedules."""
    row = store.get(store.work, model, SEEN_KEY)
    return Seen(times.parse(str(row["until"]))) if row else None


def is_retired(store: Store, model: str) -> bool:
    """Whether a person wants the endpoint gone: then nothing may watch it any more."""
    row = store.get(store.work, model, "rollout#pause")
    return row is not None and row.get("kind") == "retire"


def observe_schedules(aws: Aws, names: Names) -> dict[str, Schedule]:
    """The schedules of ours, by kind."""
    kinds = {names.schedule(kind): kind for kind in TYPES}
    pages = aws.sagemaker.get_paginator("list_monitoring_schedules").paginate(
        EndpointName=names.endpoint, NameContains=names.group
    )
    found = [
        Schedule(
            name=one["MonitoringScheduleName"],
            kind=kinds[one["MonitoringScheduleName"]],
            status=one["MonitoringScheduleStatus"],
            definition=one.get("MonitoringJobDefinitionName", ""),
        )
        for page in pages
        for one in page["MonitoringScheduleSummaries"]
        if one["MonitoringScheduleName"] in kinds
    ]
    return {one.kind: _explained(aws, one) for one in found}


def _explained(aws: Aws, schedule: Schedule) -> Schedule:
    if schedule.status != "Failed":
        return schedule
    found = aws.sagemaker.describe_monitoring_schedule(MonitoringScheduleName=schedule.name)
    return replace(schedule, why=found.get("FailureReason", ""))


def observe_definitions(aws: Aws, names: Names, kind: str) -> list[str]:
    """The job definitions of ours of one kind."""
    operation = f"list_{OPERATIONS[kind]}_job_definitions"
    pages = aws.sagemaker.get_paginator(operation).paginate(  # type: ignore[call-overload]  # one of the four
        EndpointName=names.endpoint, NameContains=f"{names.group}-v"
    )
    found = [
        str(one["MonitoringJobDefinitionName"])
        for page in pages
        for one in page["JobDefinitionSummaries"]
    ]
    return [name for name in found if names.version_of_definition(name)]


def observe_executions(aws: Aws, names: Names, after: datetime) -> list[Execution]:
    """The executions of our schedules that were created since, oldest first."""
    kinds = {names.schedule(kind): kind for kind in TYPES}
    pages = aws.sagemaker.get_paginator("list_monitoring_executions").paginate(
        EndpointName=names.endpoint, CreationTimeAfter=after - _SKEW
    )
    found = [
        Execution(
            kind=kinds[one["MonitoringScheduleName"]],
            schedule=one["MonitoringScheduleName"],
            definition=one.get("MonitoringJobDefinitionName", ""),
            status=one["MonitoringExecutionStatus"],
            scheduled_at=one["ScheduledTime"],
            created_at=one["CreationTime"],
            job=one.get("ProcessingJobArn", "").rpartition("/")[2],
            why=one.get("FailureReason", ""),
        )
        for page in pages
        for one in page["MonitoringExecutionSummaries"]
        if one["MonitoringScheduleName"] in kinds
    ]
    return sorted(found, key=lambda one: one.created_at)


def observe_result(aws: Aws, execution: Execution) -> tuple[str, ObjectCreated | None]:
    """Where an execution wrote to, and its report as the event says it that may have been lost."""
    job = aws.sagemaker.describe_processing_job(ProcessingJobName=execution.job)
    (output,) = job["ProcessingOutputConfig"]["Outputs"]
    bucket, folder = split_s3(output["S3Output"]["S3Uri"])
    key = f"{folder.rstrip('/')}/{VIOLATIONS}"
    return f"s3://{bucket}/{key}", observe_object(aws, bucket, key)


def clean_report(names: Names, spec: MonitorSpec, execution: Execution, source: str) -> DriftReport:
    """What an execution says that has found nothing and written no file of violations."""
    return DriftReport(
        id=drift_report_id([execution.job]),
        source=source,
        at=execution.created_at,
        kind=execution.kind,
        version=names.version_of_definition(execution.definition),
        window=window_before(execution.kind, spec, execution.scheduled_at),
        rows=None,
        findings=(),
    )


def offset(kind: str, spec: MonitorSpec) -> int:
    """How many hours before an execution its window ends: until then outcomes are not known."""
    return ceil(spec.outcome_delay / _HOUR) if kind in NEED_OUTCOMES else 0


def window_before(kind: str, spec: MonitorSpec, scheduled: datetime) -> Window:
    """The window that the execution of an hour looks at."""
    end = scheduled.replace(minute=0, second=0, microsecond=0) - offset(kind, spec) * _HOUR
    return Window(end - spec.every, end)


def in_its_window(names: Names, spec: MonitorSpec, key: str, report: DriftReport) -> DriftReport:
    """A report of a schedule of ours, about the window that its schedule looks at.

    Its key tells only the hour in which the execution was due.
    """
    ours = report.kind in TYPES and f"/{names.schedule(report.kind)}/" in key
    if not ours or report.window is None:
        return report
    return replace(report, window=window_before(report.kind, spec, report.window.end))
