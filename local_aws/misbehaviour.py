"""Answers badly for a while, as AWS does on bad days, for tests of what functions make of it."""

import threading
from dataclasses import asdict, dataclass, replace

from local_aws.ways import Ways
from local_aws.wire import Call, Response, error

KINDS = ("denied", "throttle", "error", "timeout")
_THROTTLES = {
    "dynamodb": (400, "ProvisionedThroughputExceededException"),
    "s3": (503, "SlowDown"),
    "sns": (400, "Throttling"),
    "sqs": (400, "RequestThrottled"),
}
_ERRORS = {"dynamodb": "InternalServerError", "s3": "InternalError"}


@dataclass(frozen=True)
class Order:
    """The next `times` calls of an operation are answered badly; a function's, or anybody's."""

    kind: str
    service: str
    operation: str
    function: str | None
    times: int

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"kind: found {self.kind!r}, known are {KINDS}")
        if self.times < 1:
            raise ValueError(f"times: found {self.times}, at least 1 is needed")

    def is_about(self, call: Call, session: str | None) -> bool:
        """Whether a call is one of those that are answered badly."""
        named = (self.service, self.operation) == (call.service, call.operation)
        return named and self.function in (None, session)


class Misbehaviour:
    """What is to be answered badly, and what was."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._orders: list[Order] = []
        self._done: list[dict[str, object]] = []
        self._ways = Ways()
        self._not_denied_yet: set[str] = set()
        self.denies_everywhere = False  # a function, each call once for each way to it

    def order(self, order: Order) -> None:
        """Answer some calls badly."""
        with self._lock:
            self._orders.append(order)

    def begun(self, function: str) -> None:
        """An invocation of `function` begins."""
        self._ways.begun(function)
        with self._lock:
            self._not_denied_yet.add(function)

    def kind_for(self, call: Call, session: str | None) -> str | None:
        """How a call is to be answered badly, None if it is not; each is noted."""
        with self._lock:
            kind = self._denied(call, session) or self._ordered(call, session)
            if kind:
                self._done.append({"kind": kind, "call": str(call), "function": session})
            return kind

    def _ordered(self, call: Call, session: str | None) -> str | None:
        for place, order in enumerate(self._orders):
            if order.is_about(call, session):
                left = [replace(order, times=order.times - 1)] if order.times > 1 else []
                self._orders[place : place + 1] = left
                return order.kind
        return None

    def _denied(self, call: Call, session: str | None) -> str | None:
        """Once in an invocation: what a function makes of one refusal must not meet the next.

        Nor is a call denied that the SDK repeats because it was not answered.
        """
        if not self.denies_everywhere or session is None or session not in self._not_denied_yet:
            return None
        unanswered = {"kind": "timeout", "call": str(call), "function": session}
        if self._done[-1:] == [unanswered] or not self._ways.is_new(session, str(call)):
            return None
        self._not_denied_yet.remove(session)
        return "denied"

    def so_far(self) -> dict[str, object]:
        """What was answered badly, in order, and what is still to be."""
        with self._lock:
            return {"done": list(self._done), "left": [asdict(one) for one in self._orders]}


def failure(kind: str, call: Call) -> Response:
    """A throttle or an error, in the service's own words."""
    if kind == "throttle":
        status, code = _THROTTLES.get(call.service, (400, "ThrottlingException"))
        return error(call.protocol, status, code, "Rate exceeded")
    code = _ERRORS.get(call.service, "InternalFailure")
    return error(call.protocol, 500, code, "The request failed because of an unknown error.")
