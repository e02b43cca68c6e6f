"""What must come of a message, said anew from the documented shapes, without code of Steward's.

Which members of an event are read, and of which form each must be, stands here. What nobody reads
may be anything.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.hostile.nasty import Raw
from tests.hostile.watched import AGAIN, DECISION, EFFECT, IGNORED, REFUSED

type Event = dict[str, Any]
type Outcomes = frozenset[str]

ACCOUNT, REGION, MODEL = "123456789012", "eu-west-1", "mortgage"
LANDING, ARTIFACTS = (f"steward-{name}-{ACCOUNT}-{REGION}" for name in ("landing", "artifacts"))
NO = frozenset({REFUSED})
# A look at a model that is at rest may say on record why nothing is done.
LOOKED = frozenset({IGNORED, DECISION})
KINDS = ("data_quality", "prediction_drift", "model_quality", "bias", "explainability")
_TIME = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.\d{1,6})?(Z|[+-]\d\d:?\d\d)", re.ASCII
)
_ABSENT = object()


def meaning(value: object) -> object:
    """What a member says when it is read."""
    return value.value if isinstance(value, Raw) else value


def at(event: object, *path: str) -> object:
    """The member at a path."""
    found: object = event
    for name in path:
        found = meaning(found)
        found = found.get(name, _ABSENT) if isinstance(found, dict) else _ABSENT
    return meaning(found)


def is_there(value: object) -> bool:
    return value is not _ABSENT and value is not None


def is_text(value: object, most: int = 4096) -> bool:
    """A text that can be written in UTF-8, not empty, not too long."""
    if not isinstance(value, str) or not value:
        return False
    has_halves = any("\ud800" <= letter <= "\udfff" for letter in value)
    return not has_halves and len(value.encode()) <= most


def is_whole(value: object) -> bool:
    return type(value) is int and 0 <= value <= 10**15


def is_time(value: object) -> bool:
    return isinstance(value, str) and moment(value) is not None


def moment(text: str) -> datetime | None:
    """The time that a text says, of the years that are taken."""
    found = _TIME.fullmatch(text)
    if not found or not 1970 <= int(found[1]) <= 2999:
        return None
    try:
        local = datetime(*map(int, found.groups()[:6]), tzinfo=UTC)  # type: ignore[misc,arg-type]
        return local - _offset(found[7])
    except ValueError:
        return None


def _offset(text: str) -> timedelta:
    if text == "Z":
        return timedelta(0)
    hours, minutes = int(text[1:3]), int(text[-2:])
    if hours > 23 or minutes > 59:
        raise ValueError(text)
    return timedelta(hours=hours, minutes=minutes) * (-1 if text[0] == "-" else 1)


def expected(function: str, event: object, good: Event) -> Outcomes:
    """What may come of a message at a function; `good` is the event that it was made from."""
    if not isinstance(event, dict):
        return NO
    if "order" in event:
        return _ordered(event, good) if function == "rollout" else NO
    if "look_at" in event:
        return LOOKED if at(event, "look_at") == MODEL else NO
    if (at(event, "account"), at(event, "region")) != (ACCOUNT, REGION):
        return NO
    kind = at(event, "source"), at(event, "detail-type")
    if kind != (good.get("source"), good.get("detail-type")):
        return NO
    reader = _EVENTS.get((function, str(kind[1])))
    return reader(event, good) if reader else NO


def _object_fields(event: Event) -> bool:
    version = at(event, "detail", "object", "version-id")
    names = ("key", "etag", "sequencer")
    return (
        all(is_text(at(event, "detail", "object", name)) for name in names)
        and is_text(at(event, "detail", "bucket", "name"))
        and is_whole(at(event, "detail", "object", "size"))
        and is_time(at(event, "time"))
        and (not is_there(version) or is_text(version))
    )


def _is_same_object(event: Event, good: Event) -> bool:
    """Whether the object that is named is the one that lies there."""
    named, real = (one["detail"]["object"] for one in (event, good))
    version = named.get("version-id")
    versions = (None, "null", real.get("version-id"))
    return version in versions and all(named[one] == real[one] for one in ("key", "etag"))


def _uploaded(event: Event, good: Event) -> Outcomes:
    if not _object_fields(event):
        return NO
    named = event["detail"]["object"]
    key = named["key"]
    if event["detail"]["bucket"]["name"] != LANDING:
        return frozenset({IGNORED})
    if not key.startswith("mortgage/incoming/") or key.endswith("/"):
        return frozenset({IGNORED})
    if key.rpartition("/")[2] == "_SUCCESS":
        return frozenset({EFFECT})
    is_whole_file = _is_same_object(event, good) and named["size"] > 0
    return frozenset({EFFECT if is_whole_file and key.lower().endswith(".csv") else DECISION})


def _report_written(event: Event, good: Event) -> Outcomes:
    if not _object_fields(event) or event["detail"]["bucket"]["name"] != ARTIFACTS:
        return NO
    key = event["detail"]["object"]["key"]
    return frozenset({DECISION}) if key.split("/")[:2] == ["monitoring", MODEL] else NO


def _run_changed(event: Event, _: Event) -> Outcomes:
    arn = at(event, "detail", "pipelineExecutionArn")
    found = isinstance(arn, str) and re.search(r"(?s):pipeline/(.*?)/execution/(.+)", arn)
    if not found or not is_text(arn):
        return NO
    return LOOKED if found[1] == f"steward-{MODEL}" else frozenset({IGNORED})


def _package_changed(event: Event, good: Event) -> Outcomes:
    group = at(event, "detail", "ModelPackageGroupName")
    version = at(event, "detail", "ModelPackageVersion")
    updated = at(event, "detail", "UpdatedModelPackageFields")
    modified = at(event, "detail", "LastModifiedTime")
    if not is_text(group) or not is_whole(version):
        return NO
    if is_there(updated) and not (
        isinstance(updated, list) and all(isinstance(meaning(one), str) for one in updated)
    ):
        return NO
    if is_there(modified) and not is_time(modified):
        return NO
    if group != f"steward-{MODEL}":
        return frozenset({IGNORED})
    is_later = modified != good["detail"].get("LastModifiedTime")
    # A word that is later than the one on record is looked at anew; the second time it is the same.
    return frozenset({IGNORED, EFFECT}) if is_later and version == 1 else LOOKED


def _endpoint_changed(event: Event, _: Event) -> Outcomes:
    return _named(at(event, "detail", "EndpointName"), f"steward-{MODEL}")


def _job_changed(event: Event, _: Event) -> Outcomes:
    job = at(event, "detail", "ProcessingJobName")
    ours = isinstance(job, str) and re.fullmatch(
        rf"steward-{MODEL}-v[0-9]+-(dq|pd|mq|bi|ex)-[0-9]{{10}}", job
    )
    return _named(job, job if ours else None)


def _named(name: object, ours: object) -> Outcomes:
    if not is_text(name):
        return NO
    return LOOKED if name == ours else frozenset({IGNORED})


def _drift_reported(event: Event, _: Event) -> Outcomes:
    times = [at(event, "time"), *(at(event, "detail", "window", one) for one in ("start", "end"))]
    told, start, end = (moment(one) if isinstance(one, str) else None for one in times)
    kind, violations = at(event, "detail", "kind"), at(event, "detail", "violations")
    good = (
        told is not None
        and start is not None
        and end is not None
        and start < end <= told + timedelta(minutes=5)
        and (not is_there(kind) or kind in KINDS)
        and all(is_whole(at(event, "detail", one)) for one in ("version", "rows"))
        and at(event, "detail", "model") == MODEL
        and isinstance(violations, list)
        and all(isinstance(meaning(one), dict) for one in violations)
        and not _has_halves(violations)
    )
    return frozenset({DECISION}) if good else NO


def _has_halves(value: object) -> bool:
    """Whether a text, at any depth, is none that can be written."""
    value = meaning(value)
    if isinstance(value, str):
        return any("\ud800" <= letter <= "\udfff" for letter in value)
    if isinstance(value, dict):
        return any(_has_halves(name) or _has_halves(inner) for name, inner in value.items())
    return isinstance(value, list) and any(map(_has_halves, value))


def _alarm_changed(event: Event, _: Event) -> Outcomes:
    metrics = at(event, "detail", "configuration", "metrics")
    reason = at(event, "detail", "state", "reason")
    if not is_text(at(event, "detail", "alarmName")) or not isinstance(metrics, list):
        return NO
    known = [meaning(one) for one in metrics]
    if not all(isinstance(one, dict) for one in known):
        return NO
    watched = [one for one in known if at(one, "metricStat") is not _ABSENT]
    if len(watched) != 1 or (is_there(reason) and not is_text(reason)):
        return NO
    if not is_time(at(event, "detail", "state", "timestamp")):
        return NO
    return _metric(watched[0])


def _metric(metric: object) -> Outcomes:
    parts = [at(metric, "metricStat", "metric", name) for name in ("namespace", "name")]
    named = [
        at(metric, "metricStat", "metric", "dimensions", name)
        for name in ("Endpoint", "EndpointName")
    ]
    endpoints = [one for one in named if is_there(one)]
    if not endpoints or not all(map(is_text, [*parts, *endpoints])):
        return NO
    ours = endpoints[0] == f"steward-{MODEL}"
    return frozenset({DECISION}) if ours else frozenset({IGNORED})


def _ordered(event: Event, good: Event) -> Outcomes:
    order = at(event, "order")
    if order not in ("pause", "resume", "abort", "adopt", "sign-off"):
        return NO
    if not all(is_text(at(event, name)) for name in ("by", "why")) or at(event, "model") != MODEL:
        return NO
    if not is_text(at(event, "id"), 128) or not is_time(at(event, "at")):
        return NO
    if order == "adopt":
        return _adoption(event)
    if order == "sign-off":
        return frozenset({DECISION}) if is_text(at(event, "decision"), 128) else NO
    # Another id may be that of an order before: then it is that one, once more.
    return frozenset({EFFECT} if event["id"] == good.get("id") else {EFFECT, IGNORED})


def _adoption(event: Event) -> Outcomes:
    version = at(event, "version")
    if not is_whole(version) or not is_text(at(event, "config")):
        return NO
    return frozenset({DECISION}) if version == 1 else frozenset({AGAIN})


_EVENTS: dict[tuple[str, str], Callable[[Event, Event], Outcomes]] = {
    ("training", "Object Created"): _uploaded,
    ("training", "SageMaker Model Building Pipeline Execution Status Change"): _run_changed,
    ("approval", "SageMaker Model Package State Change"): _package_changed,
    ("rollout", "SageMaker Endpoint State Change"): _endpoint_changed,
    ("rollout", "SageMaker Endpoint Deployment State Change"): _endpoint_changed,
    ("drift", "Object Created"): _report_written,
    ("drift", "Drift Report"): _drift_reported,
    ("drift", "CloudWatch Alarm State Change"): _alarm_changed,
    ("drift", "SageMaker Processing Job State Change"): _job_changed,
}
