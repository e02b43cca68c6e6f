"""Reads reports of monitors in the shapes that Model Monitor documents, and what they concern."""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from steward import digest
from steward.aws import Aws, ClientError
from steward.decide.drift import DriftFacts, DriftReport, Violation
from steward.errors import BadEvent
from steward.events.types import DriftReported, ObjectCreated
from steward.lineage.nodes import drift_report_id
from steward.names import Names
from steward.observe.serving import observe_endpoint
from steward.observe.training import read_asked, read_run
from steward.record.store import Store

# What a violation is about: feature in data quality, metric in the others, facet or label at last.
_ABOUT = ("feature_name", "metric_name", "facet", "label")
_VERSION = re.compile(r"monitoring/[^/]+/v(\d{1,9})/")
_HOUR = re.compile(r"/(\d{4})/(\d\d)/(\d\d)/(\d\d)/[^/]+$")
# In these the endpoint answers nobody.
_NOT_SERVING = ("Creating", "Deleting", "Failed", "OutOfService")


def file_id(event: ObjectCreated) -> str:
    """Node id of the report in a file: version id, else etag and sequencer."""
    identity = event.version_id or f"{event.etag}/{event.sequencer}"
    return drift_report_id([event.bucket, event.key, identity])


def observe_file(aws: Aws, event: ObjectCreated) -> DriftReport:
    """The report in a violation file; BadEvent when it is none.

    Its key is `monitoring/<model>/v<N>/.../yyyy/mm/dd/hh/constraint_violations.json`.
    """
    version = _VERSION.match(event.key)
    return DriftReport(
        id=file_id(event),
        source=f"s3://{event.bucket}/{event.key}",
        at=event.at,
        version=int(version[1]) if version else None,
        window=_window(event.key),
        rows=None,
        violations=_read(aws, event),
    )


def _window(key: str) -> tuple[datetime, datetime] | None:
    """The hour that the key names."""
    found = _HOUR.search(key)
    if found is None:
        return None
    try:
        start = datetime(*map(int, found.groups()), tzinfo=UTC)  # type: ignore[arg-type, misc]
    except ValueError:
        return None
    return start, start + timedelta(hours=1)


def _read(aws: Aws, event: ObjectCreated) -> tuple[Violation, ...] | None:
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
    try:
        document = json.loads(answer["Body"].read())
    except (ValueError, RecursionError) as error:
        raise BadEvent(f"{uri}: not JSON: {error}") from None
    found = document.get("violations") if isinstance(document, dict) else None
    if not isinstance(found, list) or not all(isinstance(entry, dict) for entry in found):
        raise BadEvent(f"{uri}: violations: a list of objects is needed")
    return _violations(found)


def report_of(event: DriftReported) -> DriftReport:
    """The report in a custom event; the same content is the same report."""
    start, end = event.window
    content = [event.model, event.version, start, end, event.rows, list(event.violations)]
    return DriftReport(
        id=drift_report_id(content),
        source=f"steward.drift {digest.of(content)[:12]}",
        at=event.at,
        version=event.version,
        window=event.window,
        rows=event.rows,
        violations=_violations(event.violations),
    )


def _violations(entries: Sequence[Mapping[str, object]]) -> tuple[Violation, ...]:
    return tuple(_violation(entry) for entry in entries)


def _violation(entry: Mapping[str, object]) -> Violation:
    about = next((str(entry[name]) for name in _ABOUT if name in entry), "unknown")
    return Violation(str(entry.get("constraint_check_type", "unknown")), about)


def observe_drift(aws: Aws, store: Store, names: Names) -> DriftFacts:
    """What serves, the last run, and the last run that drift asked for."""
    endpoint = observe_endpoint(aws, names.endpoint)
    serves = endpoint is not None and endpoint.status not in _NOT_SERVING
    return DriftFacts(
        live=names.version_of(endpoint.config) if endpoint and serves else None,
        run=read_run(store, names.model),
        asked=read_asked(store, names.model),
    )
