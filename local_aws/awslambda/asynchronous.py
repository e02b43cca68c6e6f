"""Asynchronous invocation: accepted at once, tried three times, then sent where failures go.

https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
"""

import json
import threading
import uuid
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from local_aws import sqs
from local_aws.awslambda.functions import Function, Result
from local_aws.kernel import World

WAITS = (timedelta(minutes=1), timedelta(minutes=2))


@dataclass(frozen=True)
class Policy:
    """What becomes of an event that a function fails on; queues by ARN, None where none is set."""

    retries: int = len(WAITS)
    dead_letter_queue: str | None = None
    on_failure: str | None = None


@dataclass(frozen=True)
class Event:
    """An event on its way to a function."""

    function_arn: str
    payload: bytes
    policy: Policy
    request_id: str


def accept(world: World, function: Function, arn: str, payload: bytes, policy: Policy) -> None:
    """Run `function` on a thread; AWS's waits between the attempts are on the embedded clock."""
    _start(world, function, Event(arn, payload, policy, str(uuid.uuid4())), 1)


def _start(world: World, function: Function, event: Event, attempt: int) -> None:
    token = world.begin(f"event for {event.function_arn}")
    threading.Thread(
        target=_run, args=(world, token, function, event, attempt), daemon=True
    ).start()


def _run(world: World, token: int, function: Function, event: Event, attempt: int) -> None:
    try:
        result = function.invoke(event.payload)
        if not result.outcome.failed:
            return
        if attempt <= event.policy.retries:
            what = f"retry {attempt} of {event.function_arn}"
            again = partial(_start, world, function, event, attempt + 1)
            world.after(WAITS[attempt - 1], what, again)
        else:
            _give_up(world, function, event, result, attempt)
    except Exception as error:
        world.trouble(f"event for {event.function_arn}", error)
    finally:
        world.end(token)


def _may_send(world: World, function: Function, queue: str) -> bool:
    return world.permitted(function.role, "sqs:SendMessage", queue)


def _give_up(world: World, function: Function, event: Event, result: Result, attempts: int) -> None:
    policy = event.policy
    answer = json.loads(result.outcome.payload)
    if policy.on_failure and _may_send(world, function, policy.on_failure):
        sqs.send(policy.on_failure, json.dumps(_record(world, event, answer, attempts)))
    if policy.dead_letter_queue and _may_send(world, function, policy.dead_letter_queue):
        attributes = {
            "RequestID": event.request_id,
            "ErrorCode": "200",
            "ErrorMessage": str(answer.get("errorMessage", ""))[:1024] or "no message",
        }
        sqs.send(policy.dead_letter_queue, event.payload.decode(), attributes)


def _record(world: World, event: Event, answer: object, attempts: int) -> dict[str, object]:
    """What Lambda sends to an on-failure destination."""
    return {
        "version": "1.0",
        "timestamp": world.now().strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        "requestContext": {
            "requestId": event.request_id,
            "functionArn": f"{event.function_arn}:$LATEST",
            "condition": "RetriesExhausted",
            "approximateInvokeCount": attempts,
        },
        "requestPayload": json.loads(event.payload),
        "responseContext": {
            "statusCode": 200,
            "executedVersion": "$LATEST",
            "functionError": "Unhandled",
        },
        "responsePayload": answer,
    }
