"""`steward invoke` runs one function once, with an event exactly as Lambda would hand it over."""

import hashlib
import json
import os
from pathlib import Path

import pytest
from aws_lambda_powertools.utilities.data_classes import SQSEvent

from cli import repository
from cli.invoke import CONCERNS, as_batch, invoke, read_event
from cli.local import target
from local_aws.client import LocalAws
from tests.cli.conftest import Steward

QUEUE = "arn:aws:sqs:eu-west-1:123456789012:steward-training"
UPLOAD = read_event(repository.EVENTS / "training-upload.json")

# The fields of one message in Lambda's developer guide, "Using Lambda with Amazon SQS".
RECORD = {
    "messageId",
    "receiptHandle",
    "body",
    "attributes",
    "messageAttributes",
    "md5OfBody",
    "eventSource",
    "eventSourceARN",
    "awsRegion",
}
ATTRIBUTES = {
    "ApproximateReceiveCount",
    "SentTimestamp",
    "SenderId",
    "ApproximateFirstReceiveTimestamp",
}


def test_a_bare_event_is_wrapped_as_lambda_gets_it_from_a_queue() -> None:
    batch = as_batch(UPLOAD, QUEUE, "eu-west-1")
    assert set(batch) == {"Records"}
    records = batch["Records"]
    assert isinstance(records, list)
    (record,) = records
    assert set(record) == RECORD
    assert set(record["attributes"]) == ATTRIBUTES
    assert record["messageAttributes"] == {}
    texts = [*record["attributes"].values(), *(record[name] for name in RECORD - {"attributes"})]
    assert all(isinstance(text, str) for text in texts if text != {})


def test_powertools_reads_the_batch_as_one_of_its_own() -> None:
    (record,) = SQSEvent(as_batch(UPLOAD, QUEUE, "eu-west-1")).records
    assert record.json_body == UPLOAD
    assert record.md5_of_body == hashlib.md5(record.body.encode()).hexdigest()  # noqa: S324
    assert (record.event_source, record.event_source_arn) == ("aws:sqs", QUEUE)
    assert record.queue_url == "https://sqs.eu-west-1.amazonaws.com/123456789012/steward-training"
    assert record.aws_region == "eu-west-1"
    sent = int(record.attributes.sent_timestamp)
    assert sent <= int(record.attributes.approximate_first_receive_timestamp)


def test_every_sample_event_is_on_the_list_with_what_it_is(steward: Steward) -> None:
    ran = steward("invoke", "--list")
    assert (ran.code, ran.err) == (0, "")
    functions, _, *events = ran.out.splitlines()
    assert functions == f"functions: {', '.join(CONCERNS)}"
    named = {line.split()[0] for line in events}
    assert named == {f"events/{path.name}" for path in repository.EVENTS.glob("*.json")}
    assert "  events/training-upload.json  Object Created" in events


def test_every_function_on_the_list_is_deployed_and_no_other() -> None:
    assert {path.parent.name for path in repository.ROOT.glob("functions/*/app.py")} == set(
        CONCERNS
    )


def test_a_function_behind_a_queue_answers_for_each_message(aws: LocalAws) -> None:
    event = read_event(repository.EVENTS / "training-look-at.json")
    result = invoke(target(aws), "training", event)
    assert result.answer == {"batchItemFailures": []}
    assert not result.failed
    assert "no data is waiting" in result.log


def test_a_batch_is_handed_over_as_it_is(aws: LocalAws) -> None:
    event = read_event(repository.EVENTS / "training-look-at.json")
    batch = as_batch(event, QUEUE, "eu-west-1")
    assert invoke(target(aws), "training", batch).answer == {"batchItemFailures": []}


def test_a_message_that_is_refused_is_a_failure_and_its_log_says_why(aws: LocalAws) -> None:
    result = invoke(target(aws), "training", {"look_at": "nosuch"})
    assert result.failed
    assert "model: found 'nosuch', known are ['mortgage']" in result.log


def test_the_sweep_is_handed_its_event_directly(aws: LocalAws) -> None:
    result = invoke(target(aws), "sweep", read_event(repository.EVENTS / "sweep.json"))
    assert not result.failed
    assert isinstance(result.answer, dict)
    assert set(result.answer) == {"looks"}
    aws.settle()


def test_a_question_without_an_answer_is_a_failure(aws: LocalAws) -> None:
    question: dict[str, object] = {"endpoint": "steward-mortgage", "at": "2020-01-01T00:00:00Z"}
    result = invoke(target(aws), "lineage", question)
    assert result.failed
    assert "served nothing" in str(result.answer)


def test_the_command_brings_its_own_aws_and_leaves_nothing_behind(
    steward: Steward, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = tmp_path / "event.json"
    event.write_text(json.dumps({"look_at": "nosuch"}))
    monkeypatch.setenv("AWS_DEFAULT_PROFILE", "mine")
    before = dict(os.environ)
    ran = steward("invoke", "approval", "--event", event)
    assert ran.code == 1
    assert json.loads(ran.out)["batchItemFailures"]
    assert "known are ['mortgage']" in ran.err
    assert dict(os.environ) == before
