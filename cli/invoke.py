"""Runs one deployed function once with a sample event, wrapped as a batch where it takes one."""

import base64
import hashlib
import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import boto3

from cli import repository
from cli.local import ACCOUNT, PREFIX, REGION
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


def samples() -> list[Path]:
    """The sample events, bare; a file's name begins with the function that it is for."""
    return sorted(repository.EVENTS.glob("*.json"))


def concern_of(sample: Path) -> str:
    """The function that a sample event is for."""
    return sample.stem.partition("-")[0]


def catalogue() -> Iterator[str]:
    """Functions and sample events, for --list."""
    yield "functions: " + ", ".join(CONCERNS)
    yield "events, each for the function that its name begins with, as batches in events/sqs/:"
    for path in samples():
        kind = read_event(path).get("detail-type", "")
        yield f"  {path.relative_to(repository.ROOT)}  {kind}".rstrip()


def read_event(path: Path) -> dict[str, object]:
    """A sample event; Misused when the file is not one."""
    try:
        event = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise Misused(
            f"{path}: {error.strerror}. `steward invoke --list` shows what there is."
        ) from None
    except (ValueError, RecursionError) as error:
        raise Misused(f"{path} is not JSON: {error}") from None
    if not isinstance(event, dict):
        raise Misused(f"{path} holds {type(event).__name__}, an event is a JSON object")
    return event


def as_batch(event: dict[str, object], queue_arn: str, region: str) -> dict[str, object]:
    """One bare event as Lambda gets it from a queue; the same event gives the same batch."""
    body = json.dumps(event, ensure_ascii=False)
    record = {
        "messageId": str(uuid.uuid5(uuid.NAMESPACE_URL, body)),
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


def wrapped() -> dict[Path, str]:
    """What `events/sqs/` holds: the batch of each sample that reaches its function by a queue."""
    where = Target(PREFIX, ACCOUNT, REGION, endpoint="")
    batches = {}
    for path in samples():
        if (concern := concern_of(path)) not in DIRECT:
            batch = as_batch(read_event(path), where.queue_arn(concern), REGION)
            text = json.dumps(batch, indent=2, ensure_ascii=False)
            batches[path.parent / "sqs" / path.name] = f"{text}\n"
    return batches


def write_wrapped() -> list[str]:
    """Bring `events/sqs/` up to date; returns a line for each file that was changed."""
    batches, told = wrapped(), []
    present = set((repository.EVENTS / "sqs").glob("*.json"))
    for path in sorted(present - set(batches)):
        path.unlink()
        told.append(f"removed {path.relative_to(repository.ROOT)}")
    for path, text in batches.items():
        if path not in present or path.read_text(encoding="utf-8") != text:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
            told.append(f"wrote {path.relative_to(repository.ROOT)}")
    return told


def invoke(target: Target, concern: str, event: dict[str, object]) -> Result:
    """Invoke a deployed function and wait for it."""
    if concern not in DIRECT and "Records" not in event:
        event = as_batch(event, target.queue_arn(concern), target.region)
    answer = boto3.client("lambda").invoke(
        FunctionName=target.function(concern), Payload=json.dumps(event).encode(), LogType="Tail"
    )
    payload = json.loads(answer["Payload"].read())
    log = base64.b64decode(answer.get("LogResult", "")).decode(errors="replace")
    refused = isinstance(payload, dict) and bool(
        payload.get("batchItemFailures") or payload.get("error")
    )
    return Result(payload, log, failed=refused or bool(answer.get("FunctionError")))
