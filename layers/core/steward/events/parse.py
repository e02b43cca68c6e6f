"""Raw JSON into one of the events, or BadEvent that says what was missing.

Shapes: the EventBridge pages of S3 ("Object Created"), of SageMaker ("Automating Amazon SageMaker
with Amazon EventBridge") and of CloudWatch ("Alarm events and EventBridge").
"""

import json
import re
from collections.abc import Callable
from datetime import timedelta

from steward.decide.repair import ASKERS
from steward.errors import BadEvent
from steward.events import fields
from steward.events.fields import Json
from steward.events.types import (
    AlarmChanged,
    DriftReported,
    EndpointChanged,
    JobChanged,
    LookAt,
    ObjectCreated,
    Ordered,
    PackageChanged,
    RunChanged,
    Trigger,
)
from steward.spec.kinds import DATA_QUALITY, KINDS

# Which of the two it is differs between pages of SageMaker's documentation.
_ENDPOINT_DIMENSIONS = ("Endpoint", "EndpointName")
# The clock of whoever reports need not agree with EventBridge's.
_SKEW = timedelta(minutes=5)
# Of what a stranger sends, nothing else is taken for an id, and logged as one.
_ID = re.compile(r"[\w-]{1,64}")
_LONGEST_ID = 128
ORDERS = ("pause", "resume", "abort", "retire", "adopt", "sign-off")


def parse(body: str, account: str, region: str) -> Trigger:
    """Read a queue message: an EventBridge event of this account and region, `look_at`, `order`."""
    data = _object(body)
    if "order" in data:
        return _ordered(data)
    if "look_at" in data:
        return _look_at(data)
    for name, ours in (("account", account), ("region", region)):
        found = fields.text(data, name)
        if found != ours:
            raise BadEvent(f"{name}: found {found!r}, this deployment is in {ours!r}")
    kind = (fields.text(data, "source"), fields.text(data, "detail-type"))
    if kind not in _READERS:
        raise BadEvent(f"source and detail-type: found {kind!r}, known are {sorted(_READERS)}")
    return _READERS[kind](data)


def event_id(body: str) -> str | None:
    """Id of the event or order in a message, for its lines in the log; None: it has none."""
    try:
        found = _object(body).get("id")
    except BadEvent:
        return None
    return found if isinstance(found, str) and _ID.fullmatch(found) else None


def _object(body: str) -> Json:
    try:
        data = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadEvent(f"not JSON: {error}") from None
    if not isinstance(data, dict):
        raise BadEvent(f"found {type(data).__name__}, a JSON object is needed")
    return data


def _look_at(data: Json) -> LookAt:
    asked_by = fields.optional_text(data, "asked_by") or ""
    if asked_by not in ASKERS:
        raise BadEvent(f"asked_by: found {asked_by!r}, known are {list(ASKERS[1:])}")
    return LookAt(fields.text(data, "look_at"), asked_by)


def _ordered(data: Json) -> Ordered:
    order = fields.text(data, "order")
    if order not in ORDERS:
        raise BadEvent(f"order: found {order!r}, known are {list(ORDERS)}")
    adopts = order == "adopt"
    return Ordered(
        order=order,
        model=fields.text(data, "model"),
        by=fields.text(data, "by"),
        why=fields.text(data, "why"),
        # Ids are parts of keys, which have 1,024 bytes.
        id=fields.text(data, "id", most=_LONGEST_ID),
        at=fields.time(data, "at"),
        version=fields.whole(data, "version") if adopts else 0,
        config=fields.text(data, "config") if adopts else "",
        decision=fields.text(data, "decision", most=_LONGEST_ID) if order == "sign-off" else "",
    )


def _object_created(event: Json) -> ObjectCreated:
    version = fields.optional_text(event, "detail", "object", "version-id")
    # The key is used as it is: EventBridge does not URL-encode it as S3's own notifications do.
    return ObjectCreated(
        bucket=fields.text(event, "detail", "bucket", "name"),
        key=fields.text(event, "detail", "object", "key"),
        # "null" is not the id of one version: the next upload would have it too.
        version_id=None if version == "null" else version,
        etag=fields.text(event, "detail", "object", "etag"),
        size=fields.whole(event, "detail", "object", "size"),
        sequencer=fields.text(event, "detail", "object", "sequencer"),
        at=fields.time(event, "time"),
    )


def _run_changed(event: Json) -> RunChanged:
    arn = fields.text(event, "detail", "pipelineExecutionArn")
    _, slash, rest = arn.partition(":pipeline/")
    pipeline, _, execution = rest.partition("/execution/")
    if not slash or not execution:
        raise BadEvent(f"detail.pipelineExecutionArn: found {arn!r}, no execution's ARN")
    return RunChanged(pipeline, arn)


def _package_changed(event: Json) -> PackageChanged:
    detail = fields.texts(event, "detail", "UpdatedModelPackageFields")
    modified = fields.optional_text(event, "detail", "LastModifiedTime")
    return PackageChanged(
        group=fields.text(event, "detail", "ModelPackageGroupName"),
        version=fields.whole(event, "detail", "ModelPackageVersion"),
        updated=detail,
        modified_at=fields.time(event, "detail", "LastModifiedTime") if modified else None,
    )


def _endpoint_changed(event: Json) -> EndpointChanged:
    return EndpointChanged(fields.text(event, "detail", "EndpointName"))


def _drift_reported(event: Json) -> DriftReported:
    """Its published schema is docs/drift-report.schema.json."""
    at = fields.time(event, "time")
    start, end = (fields.time(event, "detail", "window", bound) for bound in ("start", "end"))
    if not start < end:
        raise BadEvent(f"detail.window: found {start} to {end}, its end must be later")
    if end > at + _SKEW:
        raise BadEvent(f"detail.window: found the end {end}, which is after the event's time {at}")
    kind = fields.optional_text(event, "detail", "kind") or DATA_QUALITY
    if kind not in KINDS:
        raise BadEvent(f"detail.kind: found {kind!r}, allowed is one of {list(KINDS)}")
    return DriftReported(
        model=fields.text(event, "detail", "model"),
        version=fields.whole(event, "detail", "version"),
        kind=kind,
        window=(start, end),
        rows=fields.whole(event, "detail", "rows"),
        violations=fields.objects(event, "detail", "violations"),
        at=at,
    )


def _alarm_changed(event: Json) -> AlarmChanged:
    """Only alarms on one metric of an endpoint come here: the rule asks for its namespace."""
    alarm = fields.text(event, "detail", "alarmName")
    metrics = fields.objects(event, "detail", "configuration", "metrics")
    watched = [metric for metric in metrics if "metricStat" in metric]
    if len(watched) != 1:
        raise BadEvent(f"{alarm}: found {len(watched)} metrics, an alarm on one is needed")
    metric, name = watched[0], ("metricStat", "metric")
    endpoints = [
        value
        for dimension in _ENDPOINT_DIMENSIONS
        if (value := fields.optional_text(metric, *name, "dimensions", dimension))
    ]
    if not endpoints:
        raise BadEvent(f"{alarm}: its metric has no dimension {' or '.join(_ENDPOINT_DIMENSIONS)}")
    return AlarmChanged(
        alarm=alarm,
        endpoint=endpoints[0],
        namespace=fields.text(metric, *name, "namespace"),
        metric=fields.text(metric, *name, "name"),
        reason=fields.optional_text(event, "detail", "state", "reason") or "",
        at=fields.time(event, "detail", "state", "timestamp"),
    )


def _job_changed(event: Json) -> JobChanged:
    return JobChanged(fields.text(event, "detail", "ProcessingJobName"))


_READERS: dict[tuple[str, str], Callable[[Json], Trigger]] = {
    ("aws.s3", "Object Created"): _object_created,
    (
        "aws.sagemaker",
        "SageMaker Model Building Pipeline Execution Status Change",
    ): _run_changed,
    ("aws.sagemaker", "SageMaker Model Package State Change"): _package_changed,
    ("aws.sagemaker", "SageMaker Endpoint State Change"): _endpoint_changed,
    ("aws.sagemaker", "SageMaker Endpoint Deployment State Change"): _endpoint_changed,
    ("aws.sagemaker", "SageMaker Processing Job State Change"): _job_changed,
    ("aws.cloudwatch", "CloudWatch Alarm State Change"): _alarm_changed,
    ("steward.drift", "Drift Report"): _drift_reported,
}
