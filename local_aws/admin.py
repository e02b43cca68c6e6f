"""The admin API below `/_local/`: the clock, the events, and what was wrong with an answer."""

import json
from collections.abc import Callable
from typing import cast

from local_aws import sagemaker
from local_aws.awslambda import credentials_of
from local_aws.conductor import Conductor, NotIdle
from local_aws.contract import Recorder
from local_aws.events import Bus
from local_aws.kernel import World
from local_aws.misbehaviour import Order
from local_aws.sagemaker.errors import SageMakerError
from local_aws.wire import Request, Response, json_response

PREFIX = "/_local/"

type Body = dict[str, object]


class Admin:
    """Answers requests below `/_local/`."""

    def __init__(self, world: World, conductor: Conductor, bus: Bus, recorder: Recorder) -> None:
        self._world = world
        self._conductor = conductor
        self._routes: dict[tuple[str, str], Callable[[Body], object]] = {
            ("GET", "status"): lambda _: self._status(),
            ("GET", "events"): lambda _: bus.history(),
            ("GET", "faults"): lambda _: self._faults(recorder),
            ("GET", "calls"): lambda _: recorder.calls(),
            ("GET", "authorizations"): lambda _: world.guard.decided(),
            ("GET", "policies"): lambda _: world.guard.shown(),
            ("GET", "deaths"): lambda _: world.deaths.so_far(),
            ("POST", "deaths"): self._deaths,
            ("GET", "misbehave"): lambda _: world.misbehaviour.so_far(),
            ("POST", "misbehave"): self._misbehave,
            ("POST", "endpoint"): self._force,
            ("POST", "limit"): self._limit,
            ("POST", "deny-everywhere"): self._deny_everywhere,
            ("POST", "credentials"): lambda body: credentials_of(str(body.get("function"))),
            ("POST", "settle"): self._settle,
            ("POST", "jump"): lambda _: self._moved(conductor.jump()),
            ("POST", "advance"): lambda body: self._moved(conductor.advance(_seconds(body, 0))),
        }

    def __call__(self, request: Request) -> Response:
        route = self._routes.get((request.method, request.path.removeprefix(PREFIX)))
        if route is None:
            return json_response({"error": f"no {request.method} {request.path}"}, 404)
        try:
            return json_response(route(json.loads(request.body or b"{}")))
        except NotIdle as busy:
            return json_response({"idle": False, "busy": list(busy.args)}, 504)
        except ValueError as wrong:
            return json_response({"error": str(wrong)}, 400)

    def _status(self) -> object:
        due = self._world.next_due()
        busy = self._world.pending()
        return {
            "now": self._world.now().isoformat(),
            "root": str(self._world.root),
            "idle": not busy,
            "busy": busy,
            "next_due": {"at": due.at.isoformat(), "what": due.what} if due else None,
        }

    def _faults(self, recorder: Recorder) -> object:
        own = [
            {"service": "local_aws", "operation": "", "fault": what}
            for what in self._world.troubles()
        ]
        return recorder.faults() + own

    def _deaths(self, body: Body) -> object:
        self._world.deaths.order(cast("dict[str, list[int]]", body))
        return body

    def _misbehave(self, body: Body) -> object:
        texts = {name: str(body.get(name)) for name in ("kind", "service", "operation")}
        function, times = body.get("function"), int(str(body.get("times", 1)))
        order = Order(**texts, function=str(function) if function else None, times=times)
        self._world.misbehaviour.order(order)
        return self._world.misbehaviour.so_far()

    def _force(self, body: Body) -> object:
        """An endpoint comes into a status as only AWS can bring it there."""
        try:
            sagemaker.installed().force(str(body.get("name")), str(body.get("status")))
        except SageMakerError as refused:
            raise ValueError(refused.message) from refused
        return {"name": body.get("name"), "status": body.get("status")}

    def _limit(self, body: Body) -> object:
        """The account may have so many instances behind endpoints."""
        sagemaker.installed().limit(int(str(body.get("instances"))))
        return {"instances": body.get("instances")}

    def _deny_everywhere(self, body: Body) -> object:
        self._world.misbehaviour.denies_everywhere = bool(body.get("on"))
        return {"on": self._world.misbehaviour.denies_everywhere}

    def _settle(self, body: Body) -> object:
        self._conductor.settle(_seconds(body, 60))
        return {"idle": True}

    def _moved(self, fired: list[str]) -> object:
        return {"now": self._world.now().isoformat(), "fired": fired}


def _seconds(body: Body, default: float) -> float:
    seconds = body.get("seconds", default)
    if not isinstance(seconds, int | float) or seconds < 0:
        raise ValueError(f"seconds must be a number of 0 or more, not {seconds!r}")
    return float(seconds)
