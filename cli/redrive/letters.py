"""Dead letters: what lies in the queues of messages that were given up, why, and where it goes."""

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from cli.documents import find
from cli.target import Refused
from steward import times

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef

# While they are looked at nobody else sees them; whoever is killed meanwhile hides them so long.
_HIDDEN_SECONDS = 300
_UNKNOWN = "reason unknown: "


@dataclass(frozen=True, slots=True)
class Letter:
    """One message that was given up.

    `to` is the ARN of the queue or function that it was meant for; empty: nothing says which.
    """

    queue: str
    id: str
    sent_at: datetime
    receives: int
    reason: str
    body: str
    to: str
    payload: str
    receipt: str = field(repr=False)


class Box:
    """The queues of dead letters of one deployment."""

    def __init__(self, queues: Iterable[str]) -> None:
        self._sqs: SQSClient = boto3.client("sqs")
        self._lambda, self._logs = boto3.client("lambda"), boto3.client("logs")
        self._urls = {name: self._url(name) for name in queues}

    def _url(self, queue: str) -> str:
        return self._sqs.get_queue_url(QueueName=queue)["QueueUrl"]

    def letters(self) -> list[Letter]:
        """All that can be seen now, oldest first; hidden until it is released or replayed."""
        found = [one for queue in self._urls for one in self._of(queue)]
        return sorted(found, key=lambda letter: letter.sent_at)

    def _of(self, queue: str) -> Iterator[Letter]:
        count = self._count(queue)
        sources = self._sources(queue) if count else []
        while count > 0:
            messages = self._sqs.receive_message(
                QueueUrl=self._urls[queue],
                MaxNumberOfMessages=10,
                VisibilityTimeout=_HIDDEN_SECONDS,
                WaitTimeSeconds=1,
                MessageSystemAttributeNames=["SentTimestamp", "ApproximateReceiveCount"],
                MessageAttributeNames=["All"],
            ).get("Messages", [])
            if not messages:
                return
            count -= len(messages)
            for message in messages:
                yield self._letter(queue, sources, message)

    def _count(self, queue: str) -> int:
        found = self._sqs.get_queue_attributes(
            QueueUrl=self._urls[queue], AttributeNames=["ApproximateNumberOfMessages"]
        )
        return int(found["Attributes"]["ApproximateNumberOfMessages"])

    def _sources(self, queue: str) -> list[str]:
        """ARNs of the queues that give their messages up to this one; no event's target is one."""
        urls = self._sqs.list_dead_letter_source_queues(QueueUrl=self._urls[queue])["queueUrls"]
        return [
            self._sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"][
                "QueueArn"
            ]
            for url in urls
        ]

    def _letter(self, queue: str, sources: list[str], message: "MessageTypeDef") -> Letter:
        given, body = message["Attributes"], message["Body"]
        told = {
            name: value.get("StringValue", "")
            for name, value in message.get("MessageAttributes", {}).items()
        }
        to, payload = _way_on(told, body, sources)
        sent_at = times.from_milliseconds(int(given["SentTimestamp"]))
        return Letter(
            queue=queue,
            id=message["MessageId"],
            sent_at=sent_at,
            receives=int(given["ApproximateReceiveCount"]),
            reason=_told(told, body) or self._logged(to, message["MessageId"], sent_at),
            body=body,
            to=to,
            payload=payload,
            receipt=message["ReceiptHandle"],
        )

    def _logged(self, to: str, message_id: str, since: datetime) -> str:
        """What the function's log says of a message: SQS does not keep why it was given up."""
        group = f"/aws/lambda/{to.rpartition(':')[2]}"
        try:
            pages = self._logs.get_paginator("filter_log_events").paginate(
                logGroupName=group,
                startTime=int(since.timestamp() * 1000),
                filterPattern=f'"{message_id}"',
            )
            lines = [_line(event["message"]) for page in pages for event in page["events"]]
        except (BotoCoreError, ClientError) as error:
            return f"{_UNKNOWN}{group} could not be read: {error}"
        reasons = [f"{line['error']}: {line['reason']}" for line in lines if "reason" in line]
        if reasons:
            return reasons[-1]
        return f"{_UNKNOWN}{group} has no error of it; a function that is killed writes none"

    def release(self, letters: Iterable[Letter]) -> None:
        """Let everybody see them again."""
        for letter in letters:
            # It is seen again by itself when somebody took long to answer.
            with suppress(self._sqs.exceptions.MessageNotInflight):
                self._sqs.change_message_visibility(
                    QueueUrl=self._urls[letter.queue],
                    ReceiptHandle=letter.receipt,
                    VisibilityTimeout=0,
                )

    def replay(self, letter: Letter) -> None:
        """Send a message where it was meant to go, then forget it: at least once, never not."""
        if not letter.to:
            raise Refused(f"{letter.id} does not say where it was meant to go; send it yourself.")
        service, name = letter.to.split(":")[2], letter.to.rpartition(":")[2]
        if service == "lambda":
            self._lambda.invoke(
                FunctionName=letter.to, InvocationType="Event", Payload=letter.payload.encode()
            )
        else:
            self._sqs.send_message(QueueUrl=self._url(name), MessageBody=letter.payload)
        self._sqs.delete_message(QueueUrl=self._urls[letter.queue], ReceiptHandle=letter.receipt)


def _way_on(told: Mapping[str, str], body: str, sources: list[str]) -> tuple[str, str]:
    """Where a message was meant to go, and what is sent there.

    EventBridge names the target of what it could not deliver in attributes, Lambda the function
    of a failed event in the body, beside the event; else it comes from the queue's source.
    """
    if "TARGET_ARN" in told:
        return told["TARGET_ARN"], body
    failed = _line(body)
    function = find(failed, "requestContext", "functionArn")
    if isinstance(function, str):
        return function.removesuffix(":$LATEST"), json.dumps(failed["requestPayload"])
    return (sources[0] if sources else ""), body


def _told(told: Mapping[str, str], body: str) -> str | None:
    """Why a message was given up, if it says so itself."""
    if "ERROR_CODE" in told:
        return f"{told['ERROR_CODE']}: {told.get('ERROR_MESSAGE', 'no message')}"
    failed = _line(body)
    condition = find(failed, "requestContext", "condition")
    error = find(failed, "responsePayload", "errorType")
    if condition is None:
        return None
    message = find(failed, "responsePayload", "errorMessage")
    return f"{error or condition}: {message or 'no message'}"


def _line(text: str) -> dict[str, object]:
    """A JSON object, empty when it is none: functions write other lines too."""
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
