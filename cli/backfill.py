"""Hands the objects that were there before Steward to training, worded as S3 words an upload."""

import json
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import batched

from cli.target import Refused, Target
from steward import digest, times
from steward.aws import Aws
from steward.decide.training import Accepted
from steward.observe.training import observe_data
from steward.record.store import Store
from steward.spec.model import ModelSpec

# The most entries of one SendMessageBatch.
_BATCH = 10
# Uploads are written down to the millisecond.
_STEP = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Found:
    """The newest version of a key. `version_id` is None where the bucket keeps no versions."""

    key: str
    version_id: str | None
    etag: str
    size: int
    modified: datetime

    def is_accepted(self, known: Accepted | None) -> bool:
        """Whether training has accepted exactly this version before."""
        return known is not None and (known.version_id, known.etag) == (self.version_id, self.etag)

    def sequencer(self, known: Accepted | None) -> str:
        """Where this version stands among the uploads of its key; ListObjectVersions does not say.

        Right after the accepted one, because it is the newest; else so low that every sequencer of
        S3 is higher: the seconds of LastModified fill 8 of the 18 digits, S3's fill 16 and more.
        """
        number = int(known.sequencer, 16) + 1 if known else int(self.modified.timestamp())
        return f"{number:018X}"


@dataclass(frozen=True, slots=True)
class Backfill:
    """How many objects lie below a model's prefix, and those not yet accepted, with messages."""

    objects: int
    missing: tuple[Found, ...]
    messages: tuple[dict[str, object], ...]


def backfill(aws: Aws, target: Target, bucket: str, spec: ModelSpec, at: datetime) -> Backfill:
    """Compose one upload for each object that is not accepted yet, in order of LastModified.

    They count as uploads of now, a millisecond apart: the quiet period begins when they are handed
    over, and one run takes them all. Markers of the past start nothing and are left out.
    """
    store = Store(aws, target.lineage_table, target.work_table)
    accepted = {one.key: one for one in observe_data(store, spec.name)}
    objects = sorted(newest(aws, bucket, spec), key=lambda one: (one.modified, one.key))
    missing = tuple(one for one in objects if not one.is_accepted(accepted.get(one.key)))
    messages = tuple(
        worded(target, bucket, one, one.sequencer(accepted.get(one.key)), at + number * _STEP)
        for number, one in enumerate(missing)
    )
    return Backfill(len(objects), missing, messages)


def newest(aws: Aws, bucket: str, spec: ModelSpec) -> Iterator[Found]:
    """The newest version of each key below the model's prefix; no folders, nothing deleted."""
    pages = aws.s3.get_paginator("list_object_versions").paginate(
        Bucket=bucket, Prefix=spec.data.prefix
    )
    for page in pages:
        for version in page.get("Versions", []):
            name = version["Key"].rpartition("/")[2]
            if version["IsLatest"] and name not in ("", spec.data.marker):
                version_id = version["VersionId"]
                yield Found(
                    key=version["Key"],
                    version_id=None if version_id == "null" else version_id,
                    etag=version["ETag"].strip('"'),
                    size=version["Size"],
                    modified=version["LastModified"],
                )


def worded(
    target: Target, bucket: str, found: Found, sequencer: str, at: datetime
) -> dict[str, object]:
    """The event that S3 sends to EventBridge for an upload."""
    identity = digest.of([bucket, found.key, found.version_id, found.etag, sequencer])
    thing = {
        "key": found.key,
        "size": found.size,
        "etag": found.etag,
        "version-id": found.version_id,
        "sequencer": sequencer,
    }
    return {
        "version": "0",
        "id": str(uuid.uuid5(uuid.NAMESPACE_URL, identity)),
        "detail-type": "Object Created",
        "source": "aws.s3",
        "account": target.account,
        "time": times.iso(at),
        "region": target.region,
        "resources": [f"arn:aws:s3:::{bucket}"],
        "detail": {
            "version": "0",
            "bucket": {"name": bucket},
            "object": {name: value for name, value in thing.items() if value is not None},
            "request-id": identity[:16].upper(),
            "requester": target.account,
            "reason": "PutObject",
        },
    }


def send(aws: Aws, target: Target, messages: Iterable[dict[str, object]]) -> int:
    """Put the messages on the queue of training, in order; returns how many.

    Raises Refused when SQS did not take some; what it took has its effect once, however often sent.
    """
    url = aws.sqs.get_queue_url(QueueName=target.function("training"))["QueueUrl"]
    sent = 0
    for batch in batched(messages, _BATCH, strict=False):
        answer = aws.sqs.send_message_batch(
            QueueUrl=url,
            Entries=[
                {"Id": str(number), "MessageBody": json.dumps(message, ensure_ascii=False)}
                for number, message in enumerate(batch)
            ],
        )
        sent += len(answer.get("Successful", []))
        if failed := answer.get("Failed"):
            why = failed[0].get("Message", failed[0]["Code"])
            raise Refused(f"{sent} were handed over, then SQS refused: {why}. Run it again.")
    return sent
