"""Reads a violation file in the shapes that Model Monitor documents."""

import json
from collections.abc import Mapping

from steward.aws import Aws, ClientError
from steward.decide.drift import DriftReport
from steward.errors import BadEvent
from steward.events.types import ObjectCreated


def observe_report(aws: Aws, event: ObjectCreated) -> DriftReport:
    """The violations that the file lists; BadEvent when it is no violation file."""
    version = {"VersionId": event.version_id} if event.version_id else {}
    uri = f"s3://{event.bucket}/{event.key}"
    try:
        answer = aws.s3.get_object(Bucket=event.bucket, Key=event.key, **version)  # type: ignore[arg-type]
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] != 404:
            raise
        return DriftReport(uri, event.version_id, None)
    try:
        document = json.loads(answer["Body"].read())
    except (ValueError, RecursionError) as error:
        raise BadEvent(f"{uri}: not JSON: {error}") from None
    found = document.get("violations") if isinstance(document, dict) else None
    if not isinstance(found, list) or not all(isinstance(entry, dict) for entry in found):
        raise BadEvent(f"{uri}: violations: a list of objects is needed")
    return DriftReport(uri, event.version_id, tuple(_violation(entry) for entry in found))


def _violation(entry: Mapping[str, object]) -> dict[str, str]:
    subject = next(
        (
            str(entry[name])
            for name in ("feature_name", "metric_name", "facet", "label")
            if name in entry
        ),
        "unknown",
    )
    return {"check": str(entry.get("constraint_check_type", "unknown")), "about": subject}
