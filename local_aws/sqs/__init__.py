"""SQS: moto's queues behind one lock, so that a sent message wakes whoever waits for it."""

import math
import threading
import time
from datetime import timedelta
from typing import Any, ClassVar

from moto.sqs import urls
from moto.sqs.models import Message, Queue, SQSBackend, sqs_backends

from local_aws.account import ACCOUNT, REGION
from local_aws.adapter import replace
from local_aws.kernel import World


class NoSuchQueue(Exception):
    """A queue that something is to be sent to does not exist."""


class Backend(SQSBackend):
    """moto's queues; safe for threads, and delays are on the agenda of the embedded clock."""

    world: ClassVar[World]
    changed: ClassVar[threading.Condition]

    def send_message(self, queue_name: str, *args: Any, **kwargs: Any) -> Message:
        with self.changed:
            message = super().send_message(queue_name, *args, **kwargs)
            if message.delayed:
                delay = timedelta(milliseconds=message.delayed_until) - _epoch_now(self.world)
                self.world.after(delay, f"delayed message on {queue_name}", self._wake)
            self._wake()
            return message

    def _wake(self) -> None:
        with self.changed:
            self.changed.notify_all()

    def receive_message(
        self,
        queue_name: str,
        count: int,
        wait_seconds_timeout: int,
        visibility_timeout: int,
        message_attribute_names: list[str] | None = None,
    ) -> list[Message]:
        end = time.monotonic() + wait_seconds_timeout
        with self.changed:
            while True:
                found = super().receive_message(
                    queue_name, count, 0, self._on_wall(visibility_timeout), message_attribute_names
                )
                left = end - time.monotonic()
                if found or left <= 0:
                    return found
                self.changed.wait(min(left, 0.2))

    def delete_message(self, queue_name: str, receipt_handle: str) -> None:
        with self.changed:
            super().delete_message(queue_name, receipt_handle)

    def set_queue_attributes(self, queue_name: str, attributes: dict[str, Any]) -> Queue:
        # moto would drop a policy that is not among the attributes.
        policy = self.get_queue(queue_name).policy
        return super().set_queue_attributes(queue_name, {"Policy": policy, **attributes})

    def change_message_visibility(
        self, queue_name: str, receipt_handle: str, visibility_timeout: int
    ) -> None:
        with self.changed:
            hidden = self._on_wall(visibility_timeout)
            super().change_message_visibility(queue_name, receipt_handle, hidden)
            self.changed.notify_all()

    def _on_wall(self, seconds: int) -> int:
        """How much embedded time passes in so many seconds of whoever works on a message."""
        return math.ceil(seconds * self.world.clock.rate)

    def receive_batch(self, queue_name: str, count: int) -> list[Message]:
        """Up to `count` messages, which stay hidden for the queue's visibility timeout."""
        attributes = vars(self.get_queue(queue_name))
        hidden = int(attributes["visibility_timeout"])
        return self.receive_message(queue_name, count, 0, hidden, ["All"])

    def retry_soon(self, queue_name: str, receipt_handle: str, seconds: float) -> None:
        """Let a message that was not dealt with be seen again, after `seconds`."""
        with self.changed:
            for message in self.get_queue(queue_name)._messages:
                if message.had_receipt_handle(receipt_handle):
                    now = _epoch_now(self.world) / timedelta(milliseconds=1)
                    message.visible_at = now + seconds * self.world.clock.rate * 1000

    def in_work(self, queue_name: str) -> int:
        """How many messages can be received now or are with a consumer."""
        with self.changed:
            queue = self.queues.get(queue_name)
            return sum(not m.delayed for m in queue._messages) if queue else 0


def _epoch_now(world: World) -> timedelta:
    return timedelta(seconds=world.now().timestamp())


def backend() -> Backend:
    """The queues of the account."""
    queues = sqs_backends[ACCOUNT][REGION]
    assert isinstance(queues, Backend)
    return queues


def queue_by_arn(arn: str) -> Queue:
    """The queue with this ARN. Raises NoSuchQueue."""
    queue = backend().queues.get(arn.rpartition(":")[2])
    if queue is None or queue.queue_arn != arn:
        raise NoSuchQueue(arn)
    return queue


def send(
    arn: str, body: str, attributes: dict[str, str] | None = None, group: str | None = None
) -> None:
    """Put a message on the queue with this ARN. Raises NoSuchQueue."""
    backend().send_message(
        queue_by_arn(arn).name,
        body,
        message_attributes={
            name: {"DataType": "String", "StringValue": value}
            for name, value in (attributes or {}).items()
        },
        group_id=group,
    )


def install(world: World) -> None:
    """Put the extension in moto's place; before its first use."""
    Backend.world = world
    Backend.changed = threading.Condition(world.lock("sqs"))
    replace(sqs_backends, Backend, urls)
