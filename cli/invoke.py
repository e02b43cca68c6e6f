"""Runs one deployed function once with a sample event, wrapped as a batch where it takes one."""

import base64
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import boto3

from cli import repository
from cli.target import Misused, Target

# sweep and lineage are invoked directly; the others take batches from a queue.
CONCERNS = ("training", "approval", "rollout", "drift", "sweep", "lineage")
DIRECT = ("sweep", "lineage")


@dataclass(frozen=True, slots=True)
class Result:
    """What one invocation gave: the function's answer, its log, and whether it failed."""

    answer: object
    log: str
    failed: bool


def catalogue() -> Iterator[str]:
    """Functions and sample events, for --list."""
    yield "functions: " + ", ".join(CONCERNS)
    yield "events:"
    for path in sorted(repository.EVENTS.glob("*.json")):
        event = json.loads(path.read_text(encoding="utf-8"))
        yield f"  {path.relative_to(repository.ROOT)}  {event.get('detail-type', '')}".rstrip()


def read_event(path: Path) -> dict[str, object]:
    """A sample event; Misused when the file is not one."""
    try:
        event = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise Misused(
            f"{path}: {error.strerror}. `steward invoke --list` shows what there is."
        ) from None
    except ValueError as error:
        raise Misused(f"{path} is not JSON: {error}") from None
    if not isinstance(event, dict):
        raise Misused(f"{path} holds {type(event).__name__}, an event is a JSON object")
    return event


def as_batch(event: dict[str, object], queue_arn: str, region: str) -> dict[str, object]:
    """One bare event as Lambda gets it from a queue."""
    body = json.dumps(event)
    record = {
        "messageId": "00000000-0000-4000-8000-000000000001",
        "receiptHandle": "sample",
        "body": body,
        "attributes": {
            "ApproximateReceiveCount": "1",
            "SentTimestamp": "1792411992203",
            "SenderId": "AIDASAMPLE",
            "ApproximateFirstReceiveTimestamp": "1792411992204",
        },
        "messageAttributes": {},
        "md5OfBody": hashlib.md5(body.encode(), usedforsecurity=False).hexdigest(),
        "eventSource": "aws:sqs",
        "eventSourceARN": queue_arn,
        "awsRegion": region,
    }
    return {"Records": [record]}


def invoke(target: Target, concern: str, event: dict[str, object]) -> Result:
    """Invoke a deployed function and wait for it."""
    if concern not in DIRECT and "Records" not in event:
        queue = f"arn:aws:sqs:{target.region}:{target.account}:{target.prefix}-{concern}"
        event = as_batch(event, queue, target.region)
    answer = boto3.client("lambda").invoke(
        FunctionName=target.function(concern), Payload=json.dumps(event).encode(), LogType="Tail"
    )
    payload = json.loads(answer["Payload"].read())
    log = base64.b64decode(answer.get("LogResult", "")).decode(errors="replace")
    refused = isinstance(payload, dict) and bool(
        payload.get("batchItemFailures") or payload.get("error")
    )
    return Result(payload, log, failed=refused or bool(answer.get("FunctionError")))
