"""SQS and SNS in memory: queues with receive counts and dead letters, topics that keep all."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from local_aws.kernel import World
from local_aws.memory.errors import error
from local_aws.memory.items import Json


@dataclass(slots=True)
class Message:
    """A message on a queue; it can be received from `visible` on."""

    id: str
    body: str
    visible: datetime
    received: int = 0


@dataclass(slots=True)
class Queue:
    """A queue; what was received more often than `most` goes to the dead letters."""

    visibility: timedelta = timedelta(seconds=30)
    most: int | None = None
    dead: "Queue | None" = None
    messages: list[Message] = field(default_factory=list)

    def receive(self, most: int, now: datetime) -> list[Message]:
        """Up to `most` messages, which nobody else sees until their time is over."""
        found: list[Message] = []
        for one in list(self.messages):
            if len(found) == most:
                break
            if one.visible > now:
                continue
            if self.most is not None and one.received >= self.most and self.dead:
                self.messages.remove(one)
                self.dead.messages.append(Message(one.id, one.body, now, one.received))
                continue
            one.received += 1
            one.visible = now + self.visibility
            found.append(one)
        return found

    def delete(self, message: Message) -> None:
        """A message that was dealt with; one that is gone already is fine."""
        if message in self.messages:
            self.messages.remove(message)


class InMemorySQS:
    """The queues of an account, by URL."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.queues: dict[str, Queue] = {}
        self._numbers = 0

    def operations(self) -> Mapping[str, Callable[[Json], Json]]:
        """What is covered."""
        return {"SendMessage": lambda request: {"MessageId": self.send(**request)}}

    def send(self, QueueUrl: str, MessageBody: str) -> str:  # noqa: N803  # AWS's names
        """Put a message on a queue; its id."""
        if QueueUrl not in self.queues:
            raise error("AWS.SimpleQueueService.NonExistentQueue", f"there is no {QueueUrl}")
        self._numbers += 1
        new = Message(f"m{self._numbers}", MessageBody, self._world.now())
        self.queues[QueueUrl].messages.append(new)
        return new.id


class InMemorySNS:
    """Topics: what was published, in order."""

    def __init__(self) -> None:
        self.topics: dict[str, list[Json]] = {}

    def operations(self) -> Mapping[str, Callable[[Json], Json]]:
        """What is covered."""
        return {"Publish": self.publish}

    def publish(self, request: Json) -> Json:
        """Tell a topic's subscribers."""
        if request["TopicArn"] not in self.topics:
            raise error("NotFound", f"there is no topic {request['TopicArn']}", 404)
        said = self.topics[request["TopicArn"]]
        said.append(request)
        return {"MessageId": f"n{len(said)}"}
