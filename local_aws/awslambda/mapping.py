"""An SQS event source mapping: batches go from a queue to a function, and what failed stays."""

import json
import threading
import time
from dataclasses import dataclass

from moto.sqs.models import Message

from local_aws import sqs
from local_aws.account import REGION
from local_aws.awslambda.functions import Function
from local_aws.awslambda.runtime_api import Outcome
from local_aws.kernel import World

# When nothing more has come for so long, a batch is not waited for to the end of its window.
GATHER_SECONDS = 0.05
RETRY_SECONDS = 0.2  # times the receive count; stands for the visibility timeout after a failure


@dataclass(frozen=True)
class Source:
    """What a mapping is made from."""

    uuid: str
    queue_arn: str
    batch_size: int
    window: float
    reports_failures: bool

    @property
    def queue(self) -> str:
        return self.queue_arn.rpartition(":")[2]


class Poller:
    """Serves one mapping, one batch at a time, until it is stopped."""

    def __init__(self, world: World, source: Source, function: Function) -> None:
        self._world = world
        self._source = source
        self._function = function
        self._stopped = False
        world.watch(self._waiting)
        threading.Thread(target=self._serve, name=f"queue {source.queue}", daemon=True).start()

    def stop(self) -> None:
        """Take no further batch."""
        self._stopped = True

    def _waiting(self) -> list[str]:
        """What keeps the embedded AWS from being idle: messages to be dealt with."""
        count = 0 if self._stopped else sqs.backend().in_work(self._source.queue)
        return [f"{count} messages on {self._source.queue}"] if count else []

    def _serve(self) -> None:
        while not self._stopped:
            if not self._wait():
                continue
            with self._world.busy(f"batch from {self._source.queue}"):
                try:
                    self._serve_batch()
                except Exception as error:
                    self._world.trouble(f"batch from {self._source.queue}", error)

    def _wait(self) -> bool:
        """Whether something can be received; woken by a message, or one visible again."""
        queues = sqs.backend()
        with queues.changed:
            if not queues.get_queue(self._source.queue).messages:
                queues.changed.wait(0.05 if queues.in_work(self._source.queue) else 1.0)
                return False
        if self._source.window:
            self._gather()
        return True

    def _gather(self) -> None:
        """Let a burst make one batch: until it is full, its window is over, or nothing comes."""
        queue, before = sqs.backend().get_queue(self._source.queue), 0
        ends = time.monotonic() + self._source.window
        while before < (now := len(queue.messages)) < self._source.batch_size:
            if time.monotonic() >= ends:
                return
            before = now
            time.sleep(GATHER_SECONDS)

    def _may(self) -> bool:
        """What Lambda does with the queue, it does as the function's role."""
        return all(
            self._world.permitted(self._function.role, f"sqs:{action}", self._source.queue_arn)
            for action in ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes")
        )

    def _serve_batch(self) -> None:
        queues, name = sqs.backend(), self._source.queue
        if not self._may():
            self.stop()  # Lambda would try again until somebody mends the role
            return
        messages = queues.receive_batch(name, self._source.batch_size)
        if not messages:
            return
        batch = {"Records": [record(message, self._source.queue_arn) for message in messages]}
        result = self._function.invoke(json.dumps(batch).encode())
        failed = failed_ids(result.outcome, [m.id for m in messages], self._source.reports_failures)
        for message in messages:
            if message.id in failed:
                wait = RETRY_SECONDS * message.approximate_receive_count
                if self._world.misbehaviour.denies_everywhere:
                    wait = 0.0  # it will fail many times more
                queues.retry_soon(name, str(message.receipt_handle), wait)
            else:
                queues.delete_message(name, str(message.receipt_handle))


def failed_ids(outcome: Outcome, ids: list[str], reports_failures: bool) -> set[str]:
    """Which messages were not dealt with; an answer that makes no sense fails the whole batch."""
    if outcome.failed:
        return set(ids)
    if not reports_failures:
        return set()
    try:
        answer = json.loads(outcome.payload or b"null") or {}
        named = {failure["itemIdentifier"] for failure in answer.get("batchItemFailures") or []}
    except (ValueError, TypeError, KeyError, AttributeError):
        return set(ids)
    return named if named <= set(ids) else set(ids)


def record(message: Message, queue_arn: str) -> dict[str, object]:
    """A message as a function receives it."""
    attributes = {
        "ApproximateReceiveCount": str(message.approximate_receive_count),
        "SentTimestamp": str(message.sent_timestamp),
        "SenderId": message.sender_id,
        "ApproximateFirstReceiveTimestamp": str(message.approximate_first_receive_timestamp),
    }
    if message.group_id:
        attributes["MessageGroupId"] = message.group_id
    return {
        "messageId": message.id,
        "receiptHandle": message.receipt_handle,
        "body": message.body,
        "attributes": attributes,
        "messageAttributes": {
            name: {
                "stringValue": value.get("StringValue"),
                "stringListValues": [],
                "binaryListValues": [],
                "dataType": value["DataType"],
            }
            for name, value in message.message_attributes.items()
        },
        "md5OfBody": message.body_md5,
        "eventSource": "aws:sqs",
        "eventSourceARN": queue_arn,
        "awsRegion": REGION,
    }
