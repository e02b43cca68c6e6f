"""Deployments: a new fleet takes over by stages, and an alarm gives all traffic back to the old."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial

from local_aws.sagemaker import shifting
from local_aws.sagemaker.core import Core
from local_aws.sagemaker.endpoint_configs import EndpointConfig
from local_aws.sagemaker.endpoint_state import DEPLOYMENT_EVENT, STATE_EVENT, Endpoint, Pending
from local_aws.sagemaker.errors import SageMakerError
from local_aws.sagemaker.fleets import Fleet, FleetFailedError, Fleets

CREATION = timedelta(minutes=3)
UPDATE = timedelta(minutes=5)
ROLLBACK = timedelta(minutes=1)
# How often the alarms are looked at while a fleet bakes.
WATCH = timedelta(seconds=20)
_log = logging.getLogger(__name__)


@dataclass
class _Launch:
    """A fleet that starts on its own thread."""

    fleet: Fleet | None = None
    failure: str | None = None
    over: threading.Event = field(default_factory=threading.Event)

    def __reduce__(self) -> tuple[type["_Launch"], tuple[()]]:
        """A state that is kept keeps no process; whoever takes it up launches again."""
        return _Launch, ()

    def result(self) -> tuple[Fleet | None, str | None]:
        """The fleet, or why there is none."""
        self.over.wait()
        return self.fleet, self.failure

    def undo(self) -> None:
        """End the fleet as soon as it stands."""
        fleet, _ = self.result()
        if fleet:
            fleet.stop()


class Deployments:
    """Brings endpoints from one configuration to the next."""

    def __init__(self, core: Core, fleets: Fleets) -> None:
        self._core = core
        self._fleets = fleets
        self._launches: dict[str, _Launch] = {}

    # ---- beginnings

    def create(self, endpoint: Endpoint, pending: Pending) -> None:
        """Begin a first deployment."""
        endpoint.pending = pending
        self._core.announce(STATE_EVENT, endpoint.state_event(), [endpoint.arn])
        self._launch(endpoint, pending.config)
        self.later(CREATION, endpoint, "creation", self._created)

    def update(self, endpoint: Endpoint, pending: Pending) -> None:
        """Begin to replace the fleet."""
        endpoint.pending = pending
        self.move(endpoint, "Updating")
        self._announce(endpoint)
        self._launch(endpoint, pending.config)
        self.later(UPDATE, endpoint, "update", self._updated)

    def start_again(self, endpoint: Endpoint) -> None:
        """Start the fleets of an endpoint that was kept, those in the making too."""
        pending = endpoint.pending
        if pending is not None and not pending.stage and endpoint.status != "RollingBack":
            self._launch(endpoint, pending.config)
        elif pending is not None and pending.stage:
            self._core.in_background(
                f"start of a fleet of {endpoint.name}", partial(self._serve_pending, endpoint)
            )
        if endpoint.status not in ("Creating", "Deleting", "Failed"):
            self._core.in_background(
                f"start of endpoint {endpoint.name}", partial(self._serve_again, endpoint)
            )

    def _serve_again(self, endpoint: Endpoint) -> None:
        try:
            endpoint.fleet = self._fleets.start(endpoint.name, endpoint.config)
        except (FleetFailedError, SageMakerError) as failure:
            endpoint.failure = str(failure)[:1024]

    def _serve_pending(self, endpoint: Endpoint) -> None:
        assert endpoint.pending
        turn = endpoint.turn
        fleet, failure = self._started(endpoint, endpoint.pending.config)
        with self._core.state():
            if endpoint.turn != turn:
                self._end(endpoint, fleet)
            elif fleet:
                endpoint.pending = replace(endpoint.pending, fleet=fleet)
            else:
                self._roll_back(endpoint, failure or "the new fleet is gone")

    def _launch(self, endpoint: Endpoint, config: EndpointConfig) -> None:
        launch = self._launches[endpoint.name] = _Launch()

        def start() -> None:
            try:
                launch.fleet, launch.failure = self._started(endpoint, config)
            finally:
                launch.over.set()

        self._core.in_background(f"start of a fleet of {endpoint.name}", start)

    def _started(
        self, endpoint: Endpoint, config: EndpointConfig
    ) -> tuple[Fleet | None, str | None]:
        try:
            return self._fleets.start(endpoint.name, config), None
        except (FleetFailedError, SageMakerError) as failure:
            return None, str(failure)[:1024]
        except Exception as fault:
            _log.exception("the fleet of %s broke", endpoint.name)
            return None, f"InternalServerError: {fault!r}"[:1024]

    # ---- what happens later

    def _created(self, endpoint: Endpoint) -> None:
        turn, launch = endpoint.turn, self._launches[endpoint.name]
        fleet, failure = launch.result()
        with self._core.state():
            # Waiting took a while: whoever forced a status meanwhile has undone the launch.
            if endpoint.turn != turn:
                return
            del self._launches[endpoint.name]
            pending, endpoint.pending = endpoint.pending, None
            assert pending
            endpoint.variants = pending.variants
            endpoint.fleet, endpoint.failure = fleet, failure
            self.move(endpoint, "InService" if fleet else "Failed")

    def _updated(self, endpoint: Endpoint) -> None:
        """The new fleet stands, or cannot: then the old one was never touched."""
        turn, launch = endpoint.turn, self._launches[endpoint.name]
        fleet, failure = launch.result()
        with self._core.state():
            if endpoint.turn != turn:
                return
            del self._launches[endpoint.name]
            assert endpoint.pending
            if fleet is None:
                endpoint.pending, endpoint.failure = None, failure
                self.move(endpoint, "InService")
                return
            endpoint.pending = replace(endpoint.pending, fleet=fleet)
        self._next_stage(endpoint)

    def _next_stage(self, endpoint: Endpoint) -> None:
        """Shift the traffic of the next stage and bake it; after the last one, finish."""
        with self._core.state():
            pending = endpoint.pending
            if pending is None or endpoint.status != "Updating":
                return
            if self._time_left(endpoint) <= timedelta(0):
                self._roll_back(endpoint, "The deployment exceeded its maximum execution timeout")
                return
            for stage in pending.stages[pending.stage :]:
                endpoint.credit = 0.0
                self._show(endpoint, "ActivatingTraffic", stage=self._stage_of(endpoint) + 1)
                if stage.seconds:
                    self._bake(endpoint, stage.seconds)
                    return
        self._finish(endpoint)

    def _bake(self, endpoint: Endpoint, seconds: int) -> None:
        self._show(endpoint, "Baking")
        length = min(timedelta(seconds=seconds), self._time_left(endpoint))
        if shifting.alarms(endpoint.deployment):
            self._watch_later(endpoint, self._stage_of(endpoint), length)
        else:
            self.later(length, endpoint, "bake", self._next_stage)

    def _stage_of(self, endpoint: Endpoint) -> int:
        return endpoint.pending.stage if endpoint.pending else 0

    def _watch_later(self, endpoint: Endpoint, stage: int, left: timedelta) -> None:
        wait = min(left, WATCH)
        self.later(wait, endpoint, "bake", partial(self._watch, stage=stage, left=left - wait))

    def _watch(self, endpoint: Endpoint, stage: int, left: timedelta) -> None:
        """Look at the alarms while a stage bakes; roll back if one has tripped."""
        names = shifting.alarms(endpoint.deployment)
        # Outside the lock: CloudWatch has its own.
        tripped = [name for name in names if self._core.world.alarm_state(name) == "ALARM"]
        with self._core.state():
            if endpoint.status != "Updating" or self._stage_of(endpoint) != stage:
                return
            if tripped:
                self._roll_back(endpoint, f"One or more alarms tripped: {', '.join(tripped)}")
                return
            if left:
                self._watch_later(endpoint, stage, left)
                return
        self._next_stage(endpoint)

    def _time_left(self, endpoint: Endpoint) -> timedelta:
        assert endpoint.pending
        most = timedelta(seconds=shifting.timeout(endpoint.deployment))
        return endpoint.pending.started + most - self._core.now()

    def _roll_back(self, endpoint: Endpoint, reason: str) -> None:
        """Give all traffic back to the old fleet at once, then remove the new one."""
        pending = endpoint.pending
        assert pending
        endpoint.failure = reason[:1024]
        now = self._core.now()
        endpoint.pending = replace(pending, status="Deleting", since=now, stages=(), stage=0)
        self.move(endpoint, "RollingBack")
        self._announce(endpoint)
        self._end(endpoint, pending.fleet)
        self.later(ROLLBACK, endpoint, "rollback", self._rolled_back)

    def _rolled_back(self, endpoint: Endpoint) -> None:
        with self._core.state():
            endpoint.pending = None
            self.move(endpoint, "InService")

    def _finish(self, endpoint: Endpoint) -> None:
        """The new configuration is the endpoint's; the old fleet ends when it has answered."""
        with self._core.state():
            pending, former = endpoint.pending, endpoint.fleet
            assert pending
            endpoint.fleet, endpoint.config = pending.fleet, pending.config
            endpoint.variants, endpoint.pending = pending.variants, None
            self.move(endpoint, "InService")
        if former:
            former.stop()

    # ---- what is shown

    def _show(self, endpoint: Endpoint, status: str, stage: int | None = None) -> None:
        assert endpoint.pending
        stage = endpoint.pending.stage if stage is None else stage
        now = self._core.now()
        endpoint.pending = replace(endpoint.pending, status=status, since=now, stage=stage)
        self._announce(endpoint)

    def _announce(self, endpoint: Endpoint) -> None:
        self._core.announce(DEPLOYMENT_EVENT, endpoint.deployment_event(), [endpoint.arn])

    def move(self, endpoint: Endpoint, status: str) -> None:
        """Bring an endpoint into a status, and say so."""
        endpoint.status, endpoint.modified = status, self._core.now()
        self._core.announce(STATE_EVENT, endpoint.state_event(), [endpoint.arn])

    def force(self, endpoint: Endpoint, status: str) -> None:
        """Bring an endpoint into a status; whatever is under way ends without a trace."""
        pending, endpoint.pending = endpoint.pending, None
        endpoint.turn += 1
        self._end(endpoint, pending.fleet if pending else None)
        if launch := self._launches.pop(endpoint.name, None):
            self._core.in_background(f"end of a fleet of {endpoint.name}", launch.undo)
        self.move(endpoint, status)

    def _end(self, endpoint: Endpoint, fleet: Fleet | None) -> None:
        if fleet:
            self._core.in_background(f"end of a fleet of {endpoint.name}", fleet.stop)

    def later(
        self, delay: timedelta, endpoint: Endpoint, what: str, action: Callable[[Endpoint], None]
    ) -> None:
        """Go on after a while, unless what is under way has ended by then."""
        what = f"{what} of endpoint {endpoint.name}"
        self._core.world.after(delay, what, partial(self._go_on, endpoint, endpoint.turn, action))

    def _go_on(self, endpoint: Endpoint, turn: int, action: Callable[[Endpoint], None]) -> None:
        if endpoint.turn == turn:
            action(endpoint)
