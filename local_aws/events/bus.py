"""The default event bus: every event is kept, matched against the rules and delivered."""

import json
import threading
import uuid
from collections.abc import Callable
from datetime import UTC
from itertools import product
from typing import Any, cast

from moto.events.models import EventsBackend, Rule, events_backends

from local_aws.account import ACCOUNT, REGION
from local_aws.events.delivery import Target, deliver
from local_aws.kernel import Event, World

type Invoke = Callable[[str, bytes], None]


class Bus:
    """What `World.publish` is; `invoke` hands an event to a function, asynchronously."""

    def __init__(self, world: World, invoke: Invoke) -> None:
        self._world = world
        self._invoke = invoke
        self._history: list[dict[str, object]] = []
        self._lock = threading.Lock()
        world.publish = self.publish

    def publish(self, event: Event) -> str:
        """Complete `event` and give it to every enabled rule that matches; returns its id."""
        whole = self._completed(event)
        matched = [rule for rule in _rules() if _wants(rule, whole)]
        self._record(whole, matched)
        for rule in matched:
            self._deliver(rule, whole)
        return str(whole["id"])

    def tick(self, rule: Rule) -> None:
        """Send a schedule rule its own event, which no other rule gets to see."""
        event: Event = {
            "source": "aws.events",
            "detail-type": "Scheduled Event",
            "detail": {},
            "resources": [rule.arn],
        }
        whole = self._completed(event)
        self._record(whole, [rule])
        self._deliver(rule, whole)

    def history(self) -> list[dict[str, object]]:
        """Every event so far, with the names of the rules that matched it."""
        with self._lock:
            return list(self._history)

    def _completed(self, event: Event) -> Event:
        now = self._world.now().astimezone(UTC)
        return {
            "version": "0",
            "id": str(uuid.uuid4()),
            "detail-type": event["detail-type"],
            "source": event["source"],
            "account": ACCOUNT,
            "time": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "region": REGION,
            "resources": event.get("resources", []),
            "detail": json.loads(json.dumps(event["detail"])),
        }

    def _record(self, event: Event, matched: list[Rule]) -> None:
        with self._lock:
            self._history.append({"event": event, "matched": [rule.name for rule in matched]})

    def _deliver(self, rule: Rule, event: Event) -> None:
        for target in list(rule.targets):
            deliver(self._world, self._invoke, rule, cast(Target, target), event)


def backend() -> EventsBackend:
    """The rules of the account."""
    return events_backends[ACCOUNT][REGION]


def _rules() -> list[Rule]:
    return list(backend().event_buses["default"].rules.values())


def _wants(rule: Rule, event: Event) -> bool:
    if rule.state != "ENABLED" or rule.scheduled_expression:
        return False
    return any(rule.event_pattern.matches_event(cast(Any, one)) for one in views(event))


def views(value: object) -> list[object]:
    """The value with one element of each array of objects, in every way.

    A pattern matches if all that it asks of an array is true of one and the same element.
    """
    if isinstance(value, dict):
        ways = product(*(views(one) for one in value.values()))
        return [dict(zip(value, way, strict=True)) for way in ways]
    if isinstance(value, list) and value and all(isinstance(one, dict) for one in value):
        return [view for one in value for view in views(one)]
    return [value]
