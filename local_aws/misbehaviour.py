"""Answers badly for a while, as AWS does on bad days, for tests of what functions make of it."""

import threading
from collections import defaultdict
from dataclasses import asdict, dataclass, replace

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
        self._made: defaultdict[str, tuple[str, ...]] = defaultdict(tuple)
        self._met: set[tuple[str, tuple[str, ...]]] = set()
        self._denies = False

    def order(self, order: Order) -> None:
        """Answer some calls badly."""
        with self._lock:
            self._orders.append(order)

    @property
    def denies_everywhere(self) -> bool:
        """Whether each call of each function is denied at first."""
        return self._denies

    def deny_everywhere(self, *, on: bool) -> None:
        """While on, a function is denied each call once for every sequence of calls until then.

        The sequence begins with an invocation, so a message that is delivered again gets one call
        further each time, and every place in the code meets a refusal.
        """
        self._denies = on

    def begun(self, function: str) -> None:
        """An invocation of `function` begins."""
        with self._lock:
            self._made[function] = ()

    def kind_for(self, call: Call, session: str | None) -> str | None:
        """How a call is to be answered badly, None if it is not; each is noted."""
        with self._lock:
            kind = self._ordered(call, session) or self._denied(call, session)
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
        if not self._denies or session is None or session not in self._made:
            return None
        self._made[session] += (str(call),)
        place = session, self._made[session]
        if place in self._met:
            return None
        self._met.add(place)
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
