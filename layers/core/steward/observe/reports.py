"""Reads what monitors report, in every documented shape, into one kind of value.

Shapes: constraint_violations.json of Model Monitor and Clarify, the same from Steward's own job,
an event of the team's own, and an alarm on a monitor's metric.
"""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from steward import digest
from steward.aws import Aws, ClientError
from steward.decide.drift_facts import SCHEMA, UNKNOWN, DriftReport, Finding, Window
from steward.errors import BadEvent
from steward.events import fields
from steward.events.types import AlarmChanged, DriftReported, ObjectCreated
from steward.lineage.nodes import drift_report_id
from steward.spec.kinds import (
    BIAS,
    DATA_QUALITY,
    EXPLAINABILITY,
    KINDS,
    MODEL_QUALITY,
    PREDICTION_DRIFT,
)
from steward.words import one_line

# The checks that AWS documents, by what is wrong when they are violated.
_CHECKS = {
    "data_type_check": SCHEMA,
    "completeness_check": SCHEMA,
    "missing_column_check": SCHEMA,
    "extra_column_check": SCHEMA,
    "baseline_drift_check": DATA_QUALITY,
    "categorical_values_check": DATA_QUALITY,
    "LessThanThreshold": MODEL_QUALITY,
    "GreaterThanThreshold": MODEL_QUALITY,
    "bias_drift_check": BIAS,
    "feature_attribution_drift_check": EXPLAINABILITY,
}
_NAMESPACES = {
    "data-metric": DATA_QUALITY,
    "prediction-metrics": PREDICTION_DRIFT,
    "model-metrics": MODEL_QUALITY,
    "bias-metrics": BIAS,
    "explainability-metrics": EXPLAINABILITY,
}
# What a violation is about: feature in data quality, metric in the others, facet or label at last.
_ABOUT = ("feature_name", "metric_name", "facet", "label")
_FILE = re.compile(
    r"monitoring/[^/]+/(?:v(?P<version>\d{1,9})/)?(?:(?P<kind>[a-z_]+)/)?"
    r"(?P<schedule>[^/]+/[^/]+/)?(?P<hour>\d{4}/\d\d/\d\d/\d\d)/[^/]+",
    re.ASCII,
)
_VERSION = re.compile(r"monitoring/[^/]+/v(\d{1,9})/", re.ASCII)
# As parsed JSON these take 120 MB and 20 MB; the function has 512 MB for a whole batch.
_MOST_BYTES, _MOST_ENTRIES = 5 * 1024 * 1024, 100_000
# The longest name of a metric or an alarm; a column's may be longer, and is known by its beginning.
_LONGEST = 255
_LARGEST = 1e100
_HOUR = timedelta(hours=1)

type Json = Mapping[str, object]


def file_id(event: ObjectCreated) -> str:
    """Node id of the report in a file: version id, else etag and sequencer."""
    identity = event.version_id or f"{event.etag}/{event.sequencer}"
    return drift_report_id([event.bucket, event.key, identity])


def observe_file(aws: Aws, event: ObjectCreated) -> DriftReport:
    """The report in a violation file; BadEvent when it is none.

    Its key is `monitoring/<model>/v<N>/<kind>/yyyy/mm/dd/hh/constraint_violations.json`; Model
    Monitor puts endpoint and schedule before the hour, and names the hour after the window.
    """
    source = f"s3://{event.bucket}/{event.key}"
    document = _document(aws, event)
    named = _VERSION.match(event.key)
    version = int(named[1]) if named else None
    kind, rows = _kind_of_key(event.key) or DATA_QUALITY, None
    if document is None:
        window = _window_of_key(event.key)
        return DriftReport(file_id(event), source, event.at, kind, version, window, rows, None)
    entries = _entries(source, document)
    own, unmeasured = document.get("window"), False
    if isinstance(own, Mapping):
        kind, window, rows = _own(source, own, version)
        unmeasured = own.get("unmeasured") is True
    else:
        kind = _kind_of_key(event.key) or _kind_of_checks(entries)
        window, rows = _window_of_key(event.key), _rows_beside(aws, event)
    return DriftReport(
        id=file_id(event),
        source=source,
        at=event.at,
        kind=kind,
        version=version,
        window=window,
        rows=rows,
        findings=_findings(entries, kind),
        unmeasured=unmeasured,
    )


def report_of(event: DriftReported) -> DriftReport:
    """The report in a custom event; the same content is the same report."""
    start, end = event.window
    content = [event.model, event.version, event.kind, start, end, event.rows]
    identity = [*content, list(event.violations)]
    try:
        found = digest.of(identity)[:12]
    except (RecursionError, UnicodeEncodeError) as error:
        raise BadEvent(f"detail.violations: no JSON that can be written again: {error}") from None
    return DriftReport(
        id=drift_report_id(identity),
        source=f"steward.drift {found}",
        at=event.at,
        kind=event.kind,
        version=event.version,
        window=Window(start, end),
        rows=event.rows,
        findings=_findings(event.violations, event.kind),
    )


def report_of_alarm(event: AlarmChanged, live: int | None) -> DriftReport:
    """What an alarm says: a metric of a monitor is too high or low; it is about what serves."""
    kind = _NAMESPACES.get(event.namespace.rpartition("/")[2], UNKNOWN)
    return DriftReport(
        id=drift_report_id([event.alarm, event.at]),
        source=f"alarm {event.alarm}",
        at=event.at,
        kind=kind if kind != UNKNOWN else DATA_QUALITY,
        version=live,
        window=None,
        rows=None,
        findings=(Finding(kind, "alarm", event.metric),),
    )


def _document(aws: Aws, event: ObjectCreated) -> Json | None:
    """The file's content; None when the object version does not exist any more."""
    version = {"VersionId": event.version_id} if event.version_id else {}
    uri = f"s3://{event.bucket}/{event.key}"
    try:
        answer = aws.s3.get_object(Bucket=event.bucket, Key=event.key, **version)  # type: ignore[arg-type]
    except ClientError as error:
        # The role may list the bucket, so "not found" is really that and not a refusal.
        if error.response["ResponseMetadata"]["HTTPStatusCode"] != 404:
            raise
        return None
    if answer["ETag"].strip('"') != event.etag:
        return None
    if answer["ContentLength"] > _MOST_BYTES:
        found = answer["ContentLength"]
        raise BadEvent(f"{uri}: found {found} bytes, allowed are {_MOST_BYTES}")
    try:
        document = json.loads(answer["Body"].read())
    except (ValueError, RecursionError) as error:
        raise BadEvent(f"{uri}: not JSON: {error}") from None
    if not isinstance(document, dict):
        raise BadEvent(f"{uri}: found {type(document).__name__}, a JSON object is needed")
    return document


def _entries(source: str, document: Json) -> list[Json]:
    found = document.get("violations")
    if not isinstance(found, list) or not all(isinstance(entry, dict) for entry in found):
        raise BadEvent(f"{source}: violations: a list of objects is needed")
    if len(found) > _MOST_ENTRIES:
        raise BadEvent(f"{source}: found {len(found)} violations, allowed are {_MOST_ENTRIES}")
    return found


def _own(source: str, own: Json, version: int | None) -> tuple[str, Window, int]:
    """What Steward's own job says of the window it looked at."""
    try:
        kind, rows = fields.text(own, "kind"), fields.whole(own, "rows")
        window = Window(fields.time(own, "start"), fields.time(own, "end"))
    except BadEvent as bad:
        raise BadEvent(f"{source}: window.{bad}") from None
    if kind not in KINDS or own.get("version") != version:
        raise BadEvent(
            f"{source}: window: found {kind!r} of version {fields.shown(own.get('version'))}, "
            f"allowed is one of {list(KINDS)} of version {version}, which its key names"
        )
    if not window.start < window.end:
        found = f"{window.start} to {window.end}"
        raise BadEvent(f"{source}: window: found {found}, its end must be later")
    return kind, window, rows


def _kind_of_key(key: str) -> str | None:
    named = _FILE.fullmatch(key)
    return named["kind"] if named and named["kind"] in KINDS else None


def _kind_of_checks(entries: Sequence[Json]) -> str:
    known = (_CHECKS.get(_word(entry, "constraint_check_type")) for entry in entries)
    return next((kind for kind in known if kind in KINDS), DATA_QUALITY) or DATA_QUALITY


def _window_of_key(key: str) -> Window | None:
    """The hour that the key names, or with Model Monitor the one before it."""
    named = _FILE.fullmatch(key)
    if named is None:
        return None
    try:
        hour = datetime.strptime(named["hour"], "%Y/%m/%d/%H").replace(tzinfo=UTC)
    except ValueError:
        return None
    start = hour - _HOUR if named["schedule"] else hour
    return Window(start, start + _HOUR)


def _rows_beside(aws: Aws, event: ObjectCreated) -> int | None:
    """Model Monitor counts the rows of a window in the statistics.json beside its violations."""
    key = f"{event.key.rpartition('/')[0]}/statistics.json"
    try:
        body = aws.s3.get_object(Bucket=event.bucket, Key=key)["Body"].read(_MOST_BYTES)
        return fields.whole(json.loads(body), "dataset", "item_count")
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] != 404:
            raise
        return None
    except (ValueError, RecursionError, BadEvent):
        return None


def _findings(entries: Sequence[Json], kind: str) -> tuple[Finding, ...]:
    return tuple(_finding(entry, kind) for entry in entries)


def _finding(entry: Json, kind: str) -> Finding:
    check = _word(entry, "constraint_check_type") or UNKNOWN
    known = _CHECKS.get(check, UNKNOWN)
    return Finding(
        # The check of a feature's distribution is that of a prediction's too.
        kind=kind if known == DATA_QUALITY and kind == PREDICTION_DRIFT else known,
        check=check,
        about=next((word for name in _ABOUT if (word := _word(entry, name))), UNKNOWN),
        test=_word(entry, "test"),
        statistic=_figure(entry, "statistic"),
        p_value=_figure(entry, "p_value"),
        effect=_figure(entry, "effect"),
        threshold=_figure(entry, "threshold"),
        direction=_word(entry, "direction"),
    )


def _word(entry: Json, name: str) -> str:
    """A text or a figure as a text that may be told; empty for anything else."""
    value = entry.get(name)
    return one_line(str(value), _LONGEST) if isinstance(value, str | int | float) else ""


def _figure(entry: Json, name: str) -> float | None:
    """A figure that DynamoDB can hold: what is smaller than any of its numbers is 0."""
    value = entry.get(name)
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    # Not so written, NaN would be within; a long whole number is no float at all.
    if not abs(value) <= _LARGEST:
        return None
    return float(value) if abs(value) > 1 / _LARGEST else 0.0
