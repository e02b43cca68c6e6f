"""What every service of the embedded AWS stands on: clock, agenda, count of what runs."""

import heapq
import itertools
import threading
import time
import traceback
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from local_aws.authorization import Denied, Guard
from local_aws.authorization.policy import Pairs
from local_aws.deaths import Deaths

type Event = dict[str, object]


class Clock:
    """Wall time plus an offset that only grows; functions read the offset from a file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0.0
        self._lock = threading.Lock()
        path.write_text("0.0")

    def now(self) -> datetime:
        """The embedded AWS's present time, UTC."""
        return datetime.fromtimestamp(time.time() + self._offset, UTC)

    def jump_to(self, when: datetime) -> None:
        """Move forward to `when`; a moment that has passed changes nothing."""
        with self._lock:
            self._offset = max(self._offset, when.timestamp() - time.time())
            pending = self._path.with_suffix(".new")
            pending.write_text(repr(self._offset))
            pending.replace(self._path)


@dataclass(order=True)
class Due:
    """Something that happens at a moment of the embedded clock."""

    at: datetime
    order: int
    what: str = field(compare=False)
    action: Callable[[], None] = field(compare=False)


class World:
    """The state that the services share: where they live, what time it is, what is running."""

    def __init__(self, root: Path) -> None:
        root.mkdir(parents=True, exist_ok=True)
        (root / "logs").mkdir(exist_ok=True)
        self.root = root
        self.clock = Clock(root / "clock")
        self.endpoint = ""
        self.deaths = Deaths()
        self.guard = Guard()
        self.publish: Callable[[Event], object] | None = None
        self._agenda: list[Due] = []
        self._order = itertools.count()
        self._running: dict[int, str] = {}
        self._begun = 0
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

    def take_due(self) -> list[Due]:
        """Take everything off the agenda whose moment has come, in order."""
        with self._changed:
            due = []
            while (first := self._take_first(self.now())) is not None:
                due.append(first)
            return due

    def take_first_due(self, until: datetime) -> Due | None:
        """Take the first thing off the agenda, if it is due by `until`."""
        with self._changed:
            return self._take_first(until)

    def _take_first(self, until: datetime) -> Due | None:
        if self._agenda and self._agenda[0].at <= until:
            return heapq.heappop(self._agenda)
        return None

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
