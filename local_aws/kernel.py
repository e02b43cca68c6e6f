"""What every service of the embedded AWS stands on: clock, agenda, count of what runs."""

import heapq
import itertools
import os
import threading
import time
import traceback
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from local_aws.authorization import Denied, Guard
from local_aws.authorization.policy import Pairs
from local_aws.deaths import Deaths
from local_aws.misbehaviour import Misbehaviour

type Event = dict[str, object]


class Clock:
    """Time that runs `rate` times as fast as the wall's and jumps forward; it never goes back.

    What it follows from stands in a file: functions read it, and a clock that is started on the
    same file again goes on. While nobody runs it, it goes at the wall's own pace.
    """

    def __init__(self, path: Path, rate: float = 1.0) -> None:
        self._path = path
        self._lock = threading.Lock()
        self.rate = rate
        self._set(_left_at(path) or time.time())

    def now(self) -> datetime:
        """The embedded AWS's present time, UTC."""
        return datetime.fromtimestamp(self._at(time.time()), UTC)

    def jump_to(self, when: datetime) -> None:
        """Move forward to `when`; a moment that has passed changes nothing."""
        with self._lock:
            self._set(max(self._at(time.time()), when.timestamp()))

    def beat(self) -> None:
        """Note in the file that the clock runs still, at least once a second."""
        os.utime(self._path)

    def _at(self, wall: float) -> float:
        since, embedded = self._fixed
        return embedded + (wall - since) * self.rate

    def _set(self, embedded: float) -> None:
        self._fixed = (time.time(), embedded)
        pending = self._path.with_suffix(".new")
        pending.write_text(f"{self._fixed[0]!r} {embedded!r} {self.rate!r}")
        pending.replace(self._path)


def _left_at(path: Path) -> float | None:
    """Where a former clock stands on this file; None without one."""
    if not path.exists():
        return None
    since, embedded, rate = map(float, path.read_text().split())
    last_beat = path.stat().st_mtime
    # The next beat may have been up to a second away when it was killed.
    return embedded + (last_beat - since) * rate + max(rate, time.time() - last_beat)


@dataclass(order=True)
class Due:
    """Something that happens at a moment of the embedded clock."""

    at: datetime
    order: int
    what: str = field(compare=False)
    action: Callable[[], None] = field(compare=False)


@dataclass(frozen=True, slots=True)
class Measurement:
    """A value of a CloudWatch metric, and how often it was measured; a service publishes it."""

    namespace: str
    name: str
    dimensions: Mapping[str, str]
    value: float
    unit: str = "None"
    count: float = 1.0


def _no_cloudwatch(_: object) -> None:
    """Nobody measures before CloudWatch is installed; a world without it has no alarms."""


def _not_scaled(_: str, __: str) -> bool:
    """No variant is a scalable target before Application Auto Scaling is installed."""
    return False


def _no_endpoint(_: str, __: str) -> int | None:
    """No variant has instances before SageMaker is installed."""
    return None


def _no_endpoints(_: str, __: str, ___: int) -> None:
    """Nothing can be scaled before SageMaker is installed."""


class World:
    """The state that the services share: where they live, what time it is, what is running."""

    def __init__(self, root: Path, clock_rate: float = 1.0) -> None:
        (root / "logs").mkdir(parents=True, exist_ok=True)
        self._begin(root, Clock(root / "clock", clock_rate))

    def _begin(self, root: Path, clock: Clock) -> None:
        self.root = root
        self.clock = clock
        self.endpoint = ""
        self.deaths = Deaths()
        self.misbehaviour = Misbehaviour()
        self.guard = Guard()
        self.publish: Callable[[Event], object] | None = None
        self.measure: Callable[[Measurement], None] = _no_cloudwatch
        self.alarm_state: Callable[[str], str | None] = _no_cloudwatch
        self.scalable: Callable[[str, str], bool] = _not_scaled
        self.scale: Callable[[str, str, int], None] = _no_endpoints
        self.instances: Callable[[str, str], int | None] = _no_endpoint
        self._agenda: list[Due] = []
        self._order = itertools.count()
        self._running: dict[int, str] = {}
        self._begun = 0
        self._serving = 0
        self.changes = 0
        self._probes: list[Callable[[], list[str]]] = []
        self._locks: defaultdict[str, threading.RLock] = defaultdict(threading.RLock)
        self._changed = threading.Condition()
        self._troubles: list[str] = []

    def lock(self, service: str) -> threading.RLock:
        """The lock under which `service` is read and changed; moto's own stores have none."""
        with self._changed:
            return self._locks[service]

    def now(self) -> datetime:
        """The embedded AWS's present time, UTC."""
        return self.clock.now()

    def at(self, when: datetime, what: str, action: Callable[[], None]) -> None:
        """Put `action` on the agenda; it runs when the embedded clock reaches `when`."""
        with self._changed:
            heapq.heappush(self._agenda, Due(when, next(self._order), what, action))
            self._changed.notify_all()

    def after(self, delay: timedelta, what: str, action: Callable[[], None]) -> None:
        """Put `action` on the agenda, `delay` from now."""
        self.at(self.now() + delay, what, action)

    def next_due(self) -> Due | None:
        """The first thing on the agenda, still on it."""
        with self._changed:
            return self._agenda[0] if self._agenda else None

    def fire_next(self, until: datetime) -> Due | None:
        """Let the first thing on the agenda happen, at its moment, if that comes by `until`."""
        with self._changed:
            due = self.next_due()
            if due is None or due.at > until:
                return None
            heapq.heappop(self._agenda)
            token = self.begin(due.what)
        try:
            self.clock.jump_to(due.at)
            due.action()
        except Exception as error:
            self.trouble(due.what, error)
        finally:
            self.end(token)
        return due

    @contextmanager
    def busy(self, what: str) -> Iterator[None]:
        """While inside, the embedded AWS is not idle, and `what` says why."""
        token = self.begin(what)
        try:
            yield
        finally:
            self.end(token)

    def begin(self, what: str) -> int:
        """Note that `what` runs, to end on another thread perhaps. Returns a token for `end`."""
        with self._changed:
            token = next(self._order)
            self._running[token] = what
            self._begun += 1
            self.changes += 1
            return token

    def end(self, token: int) -> None:
        """Note that the work behind `token` is over."""
        with self._changed:
            self._running.pop(token, None)
            self._changed.notify_all()

    def running(self) -> list[str]:
        """What runs now."""
        with self._changed:
            return list(self._running.values())

    def watch(self, probe: Callable[[], list[str]]) -> None:
        """Ask `probe` what waits to be done, whenever somebody asks whether all is idle."""
        self._probes.append(probe)

    def pending(self) -> list[str]:
        """What runs or waits to be done; empty only if both were so at one and the same moment."""
        with self._changed:
            begun, running = self._begun, list(self._running.values())
        waiting = [what for probe in self._probes for what in probe()]
        with self._changed:
            if not running and not waiting and self._begun != begun:
                return ["something that just began"]
        return running + waiting

    def permitted(self, principal: str, action: str, resource: str, context: Pairs = ()) -> bool:
        """Whether AWS itself may do something on somebody's behalf; a refusal is a trouble."""
        try:
            self.guard.require(principal, action, resource, context)
        except Denied as denied:
            self.trouble(f"{action} by AWS itself", denied)
            return False
        return True

    @contextmanager
    def serving(self, *, changes: bool) -> Iterator[None]:
        """While inside, a call from outside is being answered; perhaps it changes something."""
        with self._changed:
            self._serving += 1
            self.changes += changes
        try:
            yield
        finally:
            with self._changed:
                self._serving -= 1

    @contextmanager
    def standing_still(self) -> Iterator[bool]:
        """Yields whether nothing runs, waits or is answered; while inside, none of it can begin.

        False too if some lock cannot be had soon: waiting for it with the others held might
        be for ever.
        """
        with self._changed:
            locks, begun = list(self._locks.values()), self._begun
        with ExitStack() as held:
            for lock in locks:
                if not lock.acquire(timeout=0.1):
                    yield False
                    return
                held.callback(lock.release)
            at_rest = not self.pending()
            # Whatever begins, or is answered, asks for this one first.
            held.enter_context(self._changed)
            yield at_rest and self._begun == begun and not self._running and not self._serving

    def agenda(self) -> list[Due]:
        """What is to happen later, to be kept."""
        return list(self._agenda)

    def resume(self, agenda: list[Due]) -> None:
        """Take up an agenda that was kept."""
        with self._changed:
            self._agenda = agenda
            self._order = itertools.count(max((due.order for due in agenda), default=0) + 1)
            heapq.heapify(self._agenda)

    def trouble(self, what: str, error: Exception) -> None:
        """Note an error of the embedded AWS itself: it is a fault, and in `logs/server.log`."""
        with self._changed:
            self._troubles.append(f"{what}: {type(error).__name__}: {error}")
            with (self.root / "logs" / "server.log").open("a") as log:
                log.write(f"{what}\n{''.join(traceback.format_exception(error))}\n")

    def troubles(self) -> list[str]:
        """Every error of the embedded AWS itself, so far."""
        with self._changed:
            return list(self._troubles)

    def wait_for_change(self, seconds: float) -> None:
        """Wait until the agenda or what runs has changed, at most `seconds`."""
        with self._changed:
            self._changed.wait(seconds)

    def emit(
        self,
        source: str,
        detail_type: str,
        detail: Mapping[str, object],
        resources: Sequence[str] = (),
    ) -> None:
        """Send an event as an AWS service would; the bus adds id, time, account and region."""
        if self.publish is None:
            raise RuntimeError("the event bus is not installed yet")
        self.publish(
            {
                "source": source,
                "detail-type": detail_type,
                "detail": dict(detail),
                "resources": list(resources),
            }
        )
