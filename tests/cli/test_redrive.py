"""`steward redrive` shows what was given up and why, and has it tried again."""

import json
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import boto3
import pytest

from cli.redrive.command import lines
from cli.redrive.letters import Letter
from local_aws.client import LocalAws
from tests.cli.conftest import Steward

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
LETTER = Letter(
    queue="steward-training-dlq",
    id="m1",
    sent_at=NOON - timedelta(days=2, hours=3),
    receives=6,
    reason="BadEvent: look_at: found 7, a text is needed",
    body="{" + "x" * 200,
    to="arn:aws:sqs:eu-west-1:123456789012:steward-training",
    payload="{}",
    receipt="secret",
)


def url(queue: str) -> str:
    return boto3.client("sqs").get_queue_url(QueueName=queue)["QueueUrl"]


def put(queue: str, body: object, **attributes: str) -> str:
    """Put a message into a queue; returns its id."""
    return boto3.client("sqs").send_message(
        QueueUrl=url(queue),
        MessageBody=json.dumps(body),
        MessageAttributes={
            name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()
        },
    )["MessageId"]


@pytest.fixture
def deployed(aws: LocalAws) -> Iterator[LocalAws]:
    yield aws
    sqs = boto3.client("sqs")
    for name in ("training-dlq", "run-undelivered"):
        for left in sqs.receive_message(QueueUrl=url(f"steward-{name}")).get("Messages", []):
            sqs.delete_message(QueueUrl=url(f"steward-{name}"), ReceiptHandle=left["ReceiptHandle"])


def listed(steward: Steward, *arguments: str) -> dict[str, dict[str, object]]:
    ran = steward("redrive", "--json", *arguments)
    assert ran.code == 0
    return {str(one["id"]): one for one in json.loads(ran.out)}


def test_a_message_is_told_with_its_age_its_reason_and_the_beginning_of_its_body() -> None:
    assert list(lines([LETTER], NOON)) == [
        "steward-training-dlq  m1  2 d 3 h old, received 6 times",
        "  BadEvent: look_at: found 7, a text is needed",
        "  {" + "x" * 159 + "...",
        "1 message given up",
    ]


def test_that_nothing_was_given_up_is_said() -> None:
    assert list(lines([], NOON)) == ["no messages given up"]


def test_what_a_function_gave_up_is_told_as_its_log_has_it_and_stays(
    deployed: LocalAws, steward: Steward
) -> None:
    sent = put("steward-training", {"look_at": "nobody"})
    deployed.settle()
    for _ in range(2):
        assert listed(steward)[sent]["reason"] == (
            "BadEvent: model: found 'nobody', known are ['mortgage']"
        )


def test_what_is_tried_again_goes_to_the_queue_that_it_came_from(
    deployed: LocalAws, steward: Steward
) -> None:
    sent = put("steward-training-dlq", {"look_at": "mortgage"})
    ran = steward("redrive", "--id", sent)
    assert f"{sent} is sent to steward-training again" in ran.out
    deployed.settle()
    assert listed(steward) == {}


def test_what_could_not_be_delivered_says_why_itself_and_goes_to_its_target(
    deployed: LocalAws, steward: Steward
) -> None:
    target = "arn:aws:sqs:eu-west-1:123456789012:steward-training"
    sent = put(
        "steward-upload-undelivered",
        {"look_at": "mortgage"},
        TARGET_ARN=target,
        ERROR_CODE="NO_PERMISSIONS",
        ERROR_MESSAGE="the queue does not let it in",
    )
    found = listed(steward, "--queue", "steward-upload-undelivered")[sent]
    assert (found["reason"], found["to"]) == (
        "NO_PERMISSIONS: the queue does not let it in",
        target,
    )
    deployed.settle()
    assert listed(steward) == {}


def test_a_sweep_that_failed_is_invoked_again(deployed: LocalAws, steward: Steward) -> None:
    function = "arn:aws:lambda:eu-west-1:123456789012:function:steward-sweep"
    failed = {
        "requestContext": {
            "functionArn": f"{function}:$LATEST",
            "condition": "RetriesExhausted",
        },
        "requestPayload": {"time": "2026-11-20T12:01:00Z", "id": str(uuid.uuid4())},
        "responsePayload": {"errorType": "KeyError", "errorMessage": "'heads'"},
    }
    sent = put("steward-sweep-undelivered", failed)
    found = listed(steward, "--all")[sent]
    assert (found["reason"], found["to"]) == ("KeyError: 'heads'", function)
    deployed.settle()
    assert listed(steward) == {}


@pytest.mark.usefixtures("deployed")
def test_what_nothing_is_known_of_is_said_to_be_unknown_and_stays(steward: Steward) -> None:
    sent = put("steward-run-undelivered", {"id": "7"})
    assert str(listed(steward)[sent]["reason"]).startswith("reason unknown: ")
    ran = steward("redrive", "--id", sent)
    assert (ran.code, ran.said[-1]) == (
        1,
        f"{sent} does not say where it was meant to go; send it yourself.",
    )
    assert sent in listed(steward)


@pytest.mark.usefixtures("deployed")
@pytest.mark.parametrize("wrong", [("--id", "nobody"), ("--queue", "steward-training")])
def test_what_is_not_there_is_told(steward: Steward, wrong: tuple[str, str]) -> None:
    assert steward("redrive", *wrong).code == 2
