"""moto's rules, with a bus that delivers and schedules that fire."""

import json
import re
from datetime import datetime, timedelta
from functools import partial
from typing import Any, ClassVar

from moto.core.exceptions import JsonRESTError
from moto.events import urls
from moto.events.exceptions import InvalidEventPatternException
from moto.events.models import EventPattern, EventsBackend, Rule, events_backends

from local_aws.adapter import replace
from local_aws.events.bus import Bus, Invoke
from local_aws.kernel import World

RATE = re.compile(r"rate\((\d+) (minute|hour|day)s?\)")
TARGETS = ("sqs", "lambda")
OPERATORS = {
    *("anything-but", "cidr", "equals-ignore-case", "exists"),
    *("numeric", "prefix", "suffix", "wildcard"),
}


class Backend(EventsBackend):
    """moto's rules; whatever would not be delivered as on AWS is refused when it is set up."""

    world: ClassVar[World]
    bus: ClassVar[Bus]

    def put_rule(self, name: str, *args: Any, **kwargs: Any) -> Rule:
        if expression := kwargs.get("scheduled_expression"):
            _period(expression)
        _check(EventPattern.load(kwargs.get("event_pattern")).get_pattern())
        rule = super().put_rule(name, *args, **kwargs)
        self._arm(rule)
        return rule

    def enable_rule(self, name: str, event_bus_arn: str | None) -> bool:
        found = super().enable_rule(name, event_bus_arn)
        if found:
            self._arm(self.describe_rule(name, event_bus_arn))
        return found

    def put_targets(
        self, name: str, event_bus_arn: str | None, targets: list[dict[str, Any]]
    ) -> None:
        for target in targets:
            if (service := target["Arn"].split(":")[2]) not in TARGETS:
                raise NotImplementedError(f"PutTargets with a target of {service}")
        super().put_targets(name, event_bus_arn, targets)

    def put_events(self, events: list[dict[str, Any]]) -> list[dict[str, Any]]:
        if len(events) > 10:
            raise JsonRESTError(
                "ValidationException", "'entries' must have length less than or equal to 10"
            )
        return [self._put_event(event) for event in events]

    def _put_event(self, entry: dict[str, Any]) -> dict[str, str]:
        bus = str(entry.get("EventBusName") or "default").rpartition("/")[2]
        if bus != "default":
            raise NotImplementedError(f"PutEvents to the event bus {bus}")
        for name in ("Source", "DetailType", "Detail"):
            if not entry.get(name):
                message = f"Parameter {name} is not valid. Reason: {name} is a required argument."
                return {"ErrorCode": "InvalidArgument", "ErrorMessage": message}
        try:
            detail = json.loads(entry["Detail"])
        except ValueError:
            detail = None
        if not isinstance(detail, dict):
            return {"ErrorCode": "MalformedDetail", "ErrorMessage": "Detail is malformed."}
        event = {"source": entry["Source"], "detail-type": entry["DetailType"], "detail": detail}
        return {"EventId": self.bus.publish({**event, "resources": entry.get("Resources", [])})}

    def _arm(self, rule: Rule) -> None:
        """Put the next firing of a schedule rule on the agenda."""
        if rule.scheduled_expression and rule.state == "ENABLED":
            self._schedule(rule, self.world.now(), _period(rule.scheduled_expression))

    def _schedule(self, rule: Rule, last: datetime, period: timedelta) -> None:
        missed = max(0, (self.world.now() - last) // period)
        due = last + (missed + 1) * period
        self.world.at(due, f"schedule {rule.name}", partial(self._fire, rule, due, period))

    def _fire(self, rule: Rule, due: datetime, period: timedelta) -> None:
        if self.event_buses["default"].rules.get(rule.name) is rule and rule.state == "ENABLED":
            self._schedule(rule, due, period)
            self.bus.tick(rule)


def _check(pattern: dict[str, Any]) -> None:
    """Raises if the pattern uses an operator that there is not; moto lets it match everything."""
    for name, value in pattern.items():
        if isinstance(value, dict):
            _check(value)
        elif name == "$or":
            for alternative in value:
                _check(alternative)
        elif (
            unknown := {key for item in value if isinstance(item, dict) for key in item} - OPERATORS
        ):
            raise InvalidEventPatternException(f"Unrecognized match type {min(unknown)}")


def _period(expression: str) -> timedelta:
    found = RATE.fullmatch(expression)
    if found is None:
        raise NotImplementedError(f"PutRule with the schedule {expression}")
    return timedelta(**{f"{found[2]}s": int(found[1])})


def install(world: World, invoke: Invoke) -> Bus:
    """Put the extension in moto's place, before its first use; returns the bus."""
    Backend.world = world
    Backend.bus = Bus(world, invoke)
    replace(events_backends, Backend, urls)
    return Backend.bus
