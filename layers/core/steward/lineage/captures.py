"""Captured predictions: one JSON line each, in files whose key names endpoint, variant and hour.

Shape: "Capture data" of SageMaker; key: `<prefix>/<endpoint>/<variant>/yyyy/mm/dd/hh/<file>.jsonl`.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from steward import times
from steward.aws import Aws, ClientError
from steward.names import SHARED, split_s3

_KEY = re.compile(
    rf"capture/([a-z][a-z0-9-]*)/(?:v(\d+)|{SHARED})/([^/]+)/([^/]+)/(\d{{4}}/\d{{2}}/\d{{2}}/\d{{2}})/.+"
)


class NotOnRecord(Exception):
    """What a question is about is not known; the message says where it was looked for."""


@dataclass(frozen=True, slots=True)
class Prediction:
    """A captured prediction, without request and answer: they may be personal data.

    No `version`: it lies where those of all versions lie, as Model Monitor needs it.
    """

    uri: str
    etag: str
    file_version: str | None
    line: int
    model: str
    version: int | None
    endpoint: str
    inference_id: str
    at: datetime


def at_record(aws: Aws, uri: str, line: int) -> Prediction:
    """The prediction on one line, counted from 1, of a capture file."""
    for number, prediction in _read(aws, *split_s3(uri)):
        if number == line and prediction is None:
            raise NotOnRecord(f"{uri}#{line} is no captured prediction")
        if number == line and prediction:
            return prediction
    raise NotOnRecord(f"{uri} has no line {line}")


def with_id(
    aws: Aws, bucket: str, model: str, endpoint: str, inference_id: str, hours: list[datetime]
) -> Prediction:
    """The prediction with an inference id, looked for in the capture files of some hours."""
    for key in _keys(aws, bucket, model, endpoint, hours):
        for _, prediction in _read(aws, bucket, key):
            if prediction and prediction.inference_id == inference_id:
                return prediction
    first, last = min(hours), max(hours)
    raise NotOnRecord(
        f"no prediction {inference_id!r} of {endpoint} was captured "
        f"from {first:%Y-%m-%d %H}:00 to {last:%Y-%m-%d %H}:59 UTC"
    )


def hours_of(at: datetime | None, now: datetime) -> list[datetime]:
    """The hour of a moment, else the last 24 hours, newest first."""
    newest = (at or now).replace(minute=0, second=0, microsecond=0)
    return [newest - timedelta(hours=back) for back in range(1 if at else 25)]


def _keys(aws: Aws, bucket: str, model: str, endpoint: str, hours: list[datetime]) -> Iterator[str]:
    """Keys of the capture files of some hours; what was captured on other days is not listed."""
    wanted = {f"{hour:%Y/%m/%d/%H}" for hour in hours}
    days = sorted({f"{hour:%Y/%m/%d}" for hour in hours})
    for version in _folders(aws, bucket, f"capture/{model}/"):
        for variant in _folders(aws, bucket, f"{version}{endpoint}/"):
            for day in days:
                for key in _listed(aws, bucket, f"{variant}{day}/"):
                    named = _KEY.fullmatch(key)
                    if named and named[5] in wanted:
                        yield key


def _folders(aws: Aws, bucket: str, prefix: str) -> Iterator[str]:
    pages = aws.s3.get_paginator("list_objects_v2").paginate(
        Bucket=bucket, Prefix=prefix, Delimiter="/"
    )
    return (found["Prefix"] for page in pages for found in page.get("CommonPrefixes", []))


def _listed(aws: Aws, bucket: str, prefix: str) -> Iterator[str]:
    pages = aws.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    return (found["Key"] for page in pages for found in page.get("Contents", []))


def _read(aws: Aws, bucket: str, key: str) -> Iterator[tuple[int, Prediction | None]]:
    """Each line's number and prediction; None: the line is no captured prediction."""
    named = _KEY.fullmatch(key)
    if named is None:
        raise NotOnRecord(
            f"s3://{bucket}/{key} is no capture file of Steward: its key does not name a version"
        )
    try:
        file = aws.s3.get_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] != 404:
            raise
        raise NotOnRecord(f"s3://{bucket}/{key} does not exist") from None
    for line, text in enumerate(file["Body"].iter_lines(), start=1):
        event = _metadata(text)
        yield (
            line,
            event
            and Prediction(
                uri=f"s3://{bucket}/{key}",
                etag=file["ETag"].strip('"'),
                file_version=file.get("VersionId"),
                line=line,
                model=named[1],
                version=int(named[2]) if named[2] else None,
                endpoint=named[3],
                inference_id=event[0],
                at=event[1],
            ),
        )


def _metadata(text: bytes) -> tuple[str, datetime] | None:
    """The inference id, else the event's own, and the time."""
    try:
        found = json.loads(text)["eventMetadata"]
        return str(found.get("inferenceId") or found["eventId"]), times.parse(
            found["inferenceTime"]
        )
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
