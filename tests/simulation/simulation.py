"""A simulation: what happens, in which order, and what goes wrong is drawn from a seed.

Functions run at the same time, each as a greenlet that another one may overtake at any call.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from greenlet import getcurrent, greenlet

from local_aws.kernel import Event
from local_aws.memory.client import Call
from local_aws.memory.items import Json
from local_aws.memory.messages import Message
from tests.simulation.faults import FAULTS, Died
from tests.simulation.happenings import HAPPENINGS, RUSH
from tests.simulation.house import CONCERNS, House
from tests.simulation.models import every
from tests.simulation.stage import Fate
from tests.simulation.truth import Reads, Truth, changes

SAGEMAKER = "aws.sagemaker"
AT_ONCE = 3  # invocations of one function
TIMEOUT = timedelta(seconds=60)
_SLICES = (5, 20, 60, 120, 180, 300)


@dataclass(frozen=True)
class Weather:
    """How much goes wrong: shares of calls, of events and of fates."""

    fault: float = 0.02
    overtaken: float = 0.25
    lost: float = 0.15
    repeated: float = 0.1
    late: float = 0.3
    bad_end: float = 0.15
    skew: float = 2.0


CALM = Weather(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)


@dataclass
class Invocation:
    """A function at work on a batch; it goes on when it is told to."""

    function: str
    batch: list[Message]
    since: datetime
    skew: timedelta
    reads: Reads = field(default_factory=Reads)
    failed: set[str] | None = None
    thread: greenlet | None = None

    @property
    def over(self) -> bool:
        return self.thread is None or self.thread.dead


@dataclass
class Tally:
    """What a simulation has seen."""

    deliveries: int = 0
    changing: int = 0
    calls: Counter[tuple[str, str]] = field(default_factory=Counter)
    reached: Counter[tuple[str, str, str]] = field(default_factory=Counter)


class Simulation:
    """One history of one deployment."""

    def __init__(
        self, seed: int, chance: Random, weather: Weather | None = None, *, deaf: bool = False
    ) -> None:
        """`deaf`: none of SageMaker's events arrives."""
        self.seed, self.chance, self.deaf = seed, chance, deaf
        self.weather = weather or Weather()
        self.tally, self.trace = Tally(), hashlib.sha256()
        self.running: list[Invocation] = []
        self._stale: list[tuple[str, Event]] = []
        self._changed = False
        self.rush = chance.random() < 0.7
        plain, *others, watched = every()
        quick = plain if self.rush else watched
        self.house = House(self, [quick, chance.choice(others)], self._call, automatic=True)
        self.house.route, self.house.now = self._route, self._now  # type: ignore[method-assign]
        self.house.handled = self._handled
        self.truth = Truth(self.house)
        self._publish, self.house.world.publish = self.house.world.publish, self._announced
        self.house.enter()
        if not self.rush:
            self._begin_in_calm()

    def _begin_in_calm(self) -> None:
        """A version of a run of its own serves each model before anything goes wrong."""
        stormy, self.weather = self.weather, CALM
        for model in self.house.specs:
            self.house.upload(model, "first.csv")
            self.house.write("LandingBucket", f"{model}/incoming/_SUCCESS", b"")
        for _ in range(3):
            self.start_sweep(full=True)
            self._let_pass()
            for model in self.house.specs:
                for number, status in self.house.versions(model).items():
                    if status == "PendingManualApproval":
                        self.house.say(model, number, "Approved")
        self.weather = stormy

    # ---- what the house asks

    def fate(self, what: str) -> Fate:
        """How what begins will end."""
        del what
        chance = self.chance
        if chance.random() >= self.weather.bad_end:
            return Fate(run_minutes=chance.choice((2, 5, 10)))
        return Fate(
            run=chance.choice(("Failed", "Stopped", "Succeeded")),
            auc=chance.choice((0.5, 0.72)),
            job="AlgorithmError: out of memory" if chance.random() < 0.5 else None,
            fleet="The container did not start" if chance.random() < 0.5 else None,
            violations=[{"feature_name": "unem", "constraint_check_type": "baseline_drift_check"}],
        )

    def _now(self) -> datetime:
        """The time as the function that asks sees it."""
        current = getcurrent()
        skews = (one.skew for one in self.running if one.thread is current)
        return self.house.world.now() + next(skews, timedelta(0))

    def _announced(self, event: Event) -> object:
        self.truth.announced(event)  # type: ignore[arg-type]
        assert self._publish
        return self._publish(event)

    def _route(self, rule: str, queue: str, event: Event) -> None:
        """Events come late, more than once, or never if they are SageMaker's."""
        chance, weather = self.chance, self.weather
        losing = 1.0 if self.deaf else weather.lost
        if event["source"] == SAGEMAKER and chance.random() < losing:
            self._note("lost", rule)
            return
        self._stale.append((queue, event))
        for _ in range(1 + (chance.random() < weather.repeated)):
            late = chance.randrange(300) if chance.random() < weather.late else 0
            self._send_later(late, queue, event)

    def _send_later(self, seconds: int, queue: str, event: Event) -> None:
        send = lambda: self.house.account.sqs.send(queue, json.dumps(event))  # noqa: E731
        if seconds:
            self.house.world.after(timedelta(seconds=seconds), f"late event for {queue}", send)
        else:
            send()

    def _call(self, name: str, call: Call, answer: Callable[[], Json]) -> Json:
        """A function's call: others may come first, and it may go wrong."""
        current = next(one for one in self.running if one.thread is getcurrent())
        if self.chance.random() < self.weather.overtaken:
            parent = current.thread.parent if current.thread else None
            assert parent
            parent.switch()

        def answered() -> Json:
            found = answer()
            self._changed = self._changed or changes(call)
            self.truth.called(name, call, found, current.reads)
            return found

        fault = ""
        if self.chance.random() < self._risk(name, str(call)):
            fault = self.chance.choice(list(FAULTS))
            self.tally.reached[name, str(call), fault] += 1
        self._note(name, str(call), fault)
        return FAULTS[fault](call, answered) if fault else answered()

    def _risk(self, name: str, call: str) -> float:
        """How likely a call goes wrong: the first of its kind more than the many after it."""
        if not self.weather.fault:
            return 0.0
        self.tally.calls[name, call] += 1
        return max(self.weather.fault, 0.3 / self.tally.calls[name, call])

    def _handled(self, handle: Callable[[], str | None]) -> str | None:
        """A function handles one message."""
        self.tally.deliveries += 1
        self._changed = False
        try:
            return handle()
        finally:
            self.tally.changing += self._changed

    def _note(self, *what: object) -> None:
        self.trace.update(repr(what).encode())

    # ---- steps

    def step(self) -> None:
        """One more thing happens."""
        chance = self.chance
        waiting = [name for name in CONCERNS if self.can_start(name)]
        if self.running and chance.random() < 0.7:
            self.go_on(chance.choice(self.running))
        elif waiting and chance.random() < 0.75:
            self.start(chance.choice(waiting))
        elif chance.random() < 0.3:
            self.happen(self._something())
        elif chance.random() < 0.88:
            self.pass_time(chance.choice(_SLICES))
        else:
            self.start_sweep(full=chance.random() < (0.1 if self.rush else 0.3))

    def _something(self) -> str:
        weights = RUSH if self.rush else {name: weight for name, (_, weight) in HAPPENINGS.items()}
        return self.chance.choices(list(weights), list(weights.values()))[0]

    def happen(self, what: str) -> None:
        """People or AWS do something; no two of them within a second."""
        model = self.chance.choice(list(self.house.specs))
        self._note(what, model)
        self.house.world.pass_until(self.house.world.now() + timedelta(seconds=1))
        HAPPENINGS[what][0](self, model)

    def pass_time(self, seconds: int) -> None:
        """Time passes; functions that take too long are ended."""
        world = self.house.world
        end = world.now() + timedelta(seconds=seconds)
        self._note("time", seconds)
        while world.now() < end:
            world.pass_until(min(end, world.now() + timedelta(minutes=1)))
            for model in self.house.specs:
                good = self.chance.random() > self.weather.bad_end
                self.house.traffic(model, (40, 0 if good else 20), (40, 0))
        for one in list(self.running):
            if world.now() - one.since > TIMEOUT:
                self._end(one)

    def can_start(self, name: str) -> bool:
        now = self.house.world.now()
        busy = sum(one.function == name for one in self.running)
        return busy < AT_ONCE and any(m.visible <= now for m in self.house.queue(name).messages)

    def start(self, name: str) -> None:
        """A function begins with a batch, of messages in any order."""
        queue = self.house.queue(name)
        self.chance.shuffle(queue.messages)
        most = self.chance.randint(1, 4)
        if batch := queue.receive(most, self.house.world.now()):
            self._begin(name, batch, lambda: self.house.run(name, batch))

    def start_sweep(self, *, full: bool) -> None:
        """The sweep begins."""

        def sweep() -> set[str]:
            self.house.sweep(full=full)
            return set()

        self._begin("sweep", [], sweep)

    def _begin(self, name: str, batch: list[Message], work: Callable[[], set[str]]) -> None:
        skew = timedelta(seconds=round(self.chance.uniform(-1, 1) * self.weather.skew, 3))
        one = Invocation(name, batch, self.house.world.now(), skew)

        def run() -> None:
            try:
                one.failed = work()
            except Died:
                one.failed = None
            except Exception:
                # The sweep raises what it cannot do: the next one is its retry.
                if name != "sweep":
                    raise

        one.thread = greenlet(run)
        self.running.append(one)
        self.go_on(one)

    def go_on(self, one: Invocation) -> None:
        """An invocation goes on until it is overtaken or over."""
        if one.thread is not None:
            one.thread.switch()
        if one.over:
            self._finish(one)

    def _end(self, one: Invocation) -> None:
        """A function took too long: its process is ended."""
        if one.thread is not None:
            one.thread.throw(Died("timed out"))
        one.failed = None
        self._finish(one)

    def _finish(self, one: Invocation) -> None:
        """What was done is deleted; the rest comes back, or ends among the dead letters."""
        if one in self.running:
            self.running.remove(one)
        now = self.house.world.now()
        for message in one.batch:
            if one.failed is not None and message.id not in one.failed:
                self.house.queue(one.function).delete(message)
            else:
                message.visible = now + timedelta(seconds=self.chance.randrange(60))

    def repeat_stale(self) -> None:
        """An event of long ago comes once more."""
        if self._stale:
            self._send_later(0, *self.chance.choice(self._stale))

    # ---- the end

    def come_to_rest(self, most: int = 10) -> int:
        """Nothing goes wrong any more: how many full sweeps until all is as it should be.

        Counted from the last word on a version: a run that ends meanwhile brings another one.
        """
        self.weather = CALM
        for one in list(self.running):
            self._end(one)
        for model in self.house.specs:
            self.house.order("resume", model, 10**6)
        self._let_pass()
        sweeps, wanted = 0, self._wanted()
        for _ in range(most):
            if not list(self.truth.unfinished()):
                break
            self.start_sweep(full=True)
            self._let_pass()
            sweeps = sweeps + 1 if wanted == self._wanted() else 0
            wanted = self._wanted()
        return sweeps

    def _wanted(self) -> list[dict[int, str]]:
        """What the registry says of each model."""
        return [self.house.versions(model) for model in self.house.specs]

    def _let_pass(self) -> None:
        """What waits is delivered, and SageMaker does what it was asked for."""
        self._drain()
        self.pass_time(1500)
        self._drain()

    def _drain(self) -> None:
        """Everything that waits is delivered."""
        for _ in range(5000):
            while self.running:
                self.go_on(self.running[0])
            waiting = [name for name in CONCERNS if self.house.queue(name).messages]
            if not waiting:
                return
            for name in waiting:
                for message in self.house.queue(name).messages:
                    message.visible = self.house.world.now()
                self.start(name)
        self.truth.wrong("the queues are never empty")
