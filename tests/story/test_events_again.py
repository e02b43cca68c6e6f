"""Every event delivered again, in any order, leaves everything as it is."""

import json
import uuid
from collections.abc import Mapping

import boto3
import pytest

from cli.demo.stage import Stage
from tests.story import dumps
from tests.story.conftest import Played

type Entry = Mapping[str, object]


@pytest.mark.parametrize("order", ["twice in order", "backwards"])
def test_redelivery_changes_nothing(played: Played, order: str) -> None:
    stage = played.stage
    entries = [entry for entry in stage.local.events() if entry["matched"]]
    assert len(entries) > 20
    before, reads = everything(stage), reads_of_functions(stage)
    rounds = [entries, entries] if order == "twice in order" else [entries[::-1]]
    targets = dumps.queues()
    for round_ in rounds:
        for entry in round_:
            deliver(entry, targets)
        stage.local.settle(180)
    assert reads_of_functions(stage) > reads, "the events did not reach the functions"
    assert everything(stage) == before


def reads_of_functions(stage: Stage) -> tuple[int, int]:
    """Calls that functions make in every look: of the registry, and of the tables."""
    calls = stage.local.calls()
    counts = [calls[name]["count"] for name in ("sagemaker:ListModelPackages", "dynamodb:GetItem")]
    return int(str(counts[0])), int(str(counts[1]))


def test_no_event_of_the_demo_became_a_dead_letter(played: Played) -> None:
    sqs = boto3.client("sqs")
    urls = sqs.list_queues(QueueNamePrefix=played.stage.target.prefix)["QueueUrls"]
    names = [url.rpartition("/")[2] for url in urls]
    dead = [name for name in names if name.endswith(("-dlq", "-undelivered"))]
    assert len(dead) >= 10
    assert dumps.dead_letters(dead) == dict.fromkeys(dead, 0)


def everything(stage: Stage) -> dict[str, object]:
    lineage = dumps.table(stage, stage.store.lineage)
    return {
        "registry": dumps.registry(stage),
        "endpoint": dumps.endpoint(stage),
        "work": dumps.table(stage, stage.store.work),
        "lineage": dumps.without_idle_decisions(lineage),
    }


def deliver(entry: Entry, targets: Mapping[str, tuple[str, str]]) -> None:
    """The event as if it had happened again: with an id and a message of its own."""
    event, matched = entry["event"], entry["matched"]
    assert isinstance(event, dict)
    assert isinstance(matched, list)
    body = json.dumps(event | {"id": str(uuid.uuid4())})
    for rule in matched:
        kind, where = targets[rule]
        if kind == "queue":
            boto3.client("sqs").send_message(QueueUrl=where, MessageBody=body)
        else:
            boto3.client("lambda").invoke(FunctionName=where, Payload=body.encode())
