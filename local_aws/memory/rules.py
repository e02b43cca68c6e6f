"""EventBridge in memory: which rules want an event, by patterns as the template has them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from moto.events.models import EventPattern

from local_aws.account import ACCOUNT, REGION
from local_aws.kernel import Event, World


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule and the queue that it puts events on."""

    name: str
    pattern: EventPattern
    queue: str

    def wants(self, seen: Sequence[object]) -> bool:
        """Whether an event that is `seen` in these ways fits the rule's pattern."""
        return any(self.pattern.matches_event(cast(Any, one)) for one in seen)


class Ids:
    """Completes events: ids are numbers, so that the same calls lead to the same events."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._number = 0

    def completed(self, event: Event) -> Event:
        """An event as a rule's target gets it."""
        self._number += 1
        return {
            "version": "0",
            "id": f"00000000-0000-4000-8000-{self._number:012d}",
            "detail-type": event["detail-type"],
            "source": event["source"],
            "account": ACCOUNT,
            "time": self._world.now().strftime("%Y-%m-%dT%H:%M:%SZ"),
            "region": REGION,
            "resources": event.get("resources", []),
            "detail": event["detail"],
        }
