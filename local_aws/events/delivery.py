"""From a rule to a target: what is sent, how often it is tried, and where it ends otherwise."""

import json
import threading
import time
from collections.abc import Callable
from typing import Any, TypedDict, cast

from moto.events.models import Rule
from moto.events.utils import EventTemplateParser

from local_aws import sqs
from local_aws.authorization import Denied
from local_aws.authorization.policy import in_the_name_of
from local_aws.kernel import Event, World

SERVICE = "events.amazonaws.com"
RETRY_SECONDS = 0.2
MOST_RETRIES = 3  # EventBridge tries 185 times in a day; here a failure that lasts is seen at once


class _Arn(TypedDict):
    Arn: str


class Target(_Arn, total=False):
    """A rule's target as PutTargets gives it."""

    Input: str
    InputPath: str
    InputTransformer: dict[str, Any]
    SqsParameters: dict[str, str]
    DeadLetterConfig: _Arn
    RetryPolicy: dict[str, int]


class TargetGone(Exception):
    """The target does not exist; trying again is no use."""


class NotAllowed(Exception):
    """The target's policy does not let this rule in; trying again is no use."""


_CODES: dict[type[Exception], str] = {TargetGone: "NO_RESOURCE", NotAllowed: "NO_PERMISSIONS"}


def deliver(
    world: World, invoke: Callable[[str, bytes], None], rule: Rule, target: Target, event: Event
) -> None:
    """Give `event` to `target`; at once if that goes well, else with retries on a thread."""
    payload = json.dumps(shaped(event, target))

    def attempt() -> None:
        service = target["Arn"].split(":")[2]
        try:
            if service == "sqs":
                sqs.queue_by_arn(target["Arn"])
            _require(world, rule, target["Arn"])
            if service == "lambda":
                invoke(target["Arn"], payload.encode())
            else:
                group = target.get("SqsParameters", {}).get("MessageGroupId")
                sqs.send(target["Arn"], payload, group=group)
        except (sqs.NoSuchQueue, LookupError) as gone:
            raise TargetGone(f"{target['Arn']} does not exist") from gone

    try:
        attempt()
    except (TargetGone, NotAllowed) as final:
        _bury(world, rule, target, event, final, 0)
    except Exception:
        token = world.begin(f"delivery of {rule.name} to {target['Arn']}")
        threading.Thread(
            target=_retry, args=(world, token, attempt, rule, target, event), daemon=True
        ).start()


def _retry(
    world: World, token: int, attempt: Callable[[], None], rule: Rule, target: Target, event: Event
) -> None:
    most = min(
        target.get("RetryPolicy", {}).get("MaximumRetryAttempts", MOST_RETRIES), MOST_RETRIES
    )
    last: Exception = RuntimeError("no retries are allowed")
    try:
        for number in range(1, most + 1):
            time.sleep(RETRY_SECONDS * number)
            try:
                attempt()
            except Exception as error:
                last = error
            else:
                return
        _bury(world, rule, target, event, last, most)
    finally:
        world.end(token)


def _require(world: World, rule: Rule, arn: str) -> None:
    """A queue or function lets in the rules that its own policy names."""
    action = "lambda:InvokeFunction" if arn.split(":")[2] == "lambda" else "sqs:SendMessage"
    try:
        world.guard.require(SERVICE, action, arn, in_the_name_of(rule.arn))
    except Denied as denied:
        raise NotAllowed(str(denied)) from denied


def _bury(
    world: World, rule: Rule, target: Target, event: Event, error: Exception, retries: int
) -> None:
    """Send what could not be delivered to the target's dead-letter queue, if it has one."""
    queue = target.get("DeadLetterConfig", {}).get("Arn")
    if not queue:
        return
    if not world.permitted(SERVICE, "sqs:SendMessage", queue, in_the_name_of(rule.arn)):
        return
    code = _CODES.get(type(error), "INTERNAL_ERROR")
    attributes = {
        "RULE_ARN": rule.arn,
        "TARGET_ARN": target["Arn"],
        "ERROR_CODE": code,
        "ERROR_MESSAGE": str(error) or type(error).__name__,
        "RETRY_ATTEMPTS": str(retries),
    }
    if type(error) not in _CODES:
        attributes["EXHAUSTED_RETRY_CONDITION"] = "MaximumRetryAttempts"
    sqs.send(queue, json.dumps(event), attributes)


def shaped(event: Event, target: Target) -> object:
    """What the target receives: the event, a constant, a part of it or a text made from it."""
    if "Input" in target:
        return json.loads(target["Input"])
    if "InputPath" in target:
        return _part(event, target["InputPath"])
    if "InputTransformer" in target:
        transformer = target["InputTransformer"]
        return cast(
            object,
            EventTemplateParser.parse(
                transformer["InputTemplate"],
                transformer.get("InputPathsMap", {}),
                cast(Any, {**event, "ingestion-time": event["time"]}),
            ),
        )
    return event


def _part(event: Event, path: str) -> object:
    part: object = event
    for name in path.removeprefix("$").strip(".").split("."):
        if name:
            part = cast(dict[str, object], part)[name]
    return part
