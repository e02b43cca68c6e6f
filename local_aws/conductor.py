"""Moves the embedded clock: waits until all is idle, jumps to what is due next, lets it happen."""

import threading
import time
from datetime import datetime, timedelta

from local_aws.kernel import World

SETTLE_SECONDS = 90.0
POLL_SECONDS = 0.02


class NotIdle(Exception):
    """The embedded AWS did not come to rest in time; `args` say what is still under way."""


class Conductor:
    """Decides when what is on the agenda happens."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._baton = threading.Lock()
        self._stopped = threading.Event()

    def settle(self, seconds: float = SETTLE_SECONDS) -> None:
        """Wait until nothing runs or waits. Raises NotIdle after `seconds`."""
        end = time.monotonic() + seconds
        while pending := self._world.pending():
            if time.monotonic() > end:
                raise NotIdle(*pending)
            self._world.wait_for_change(POLL_SECONDS)

    def jump(self) -> list[str]:
        """Let the next thing on the agenda happen, and what is due at the same moment."""
        with self._baton:
            self.settle()
            due = self._world.next_due()
            return self._fire_until(due.at) if due else []

    def advance(self, seconds: float) -> list[str]:
        """Let happen, in order, all that is due in the next `seconds`; then it is that late."""
        with self._baton:
            self.settle()
            end = self._world.now() + timedelta(seconds=seconds)
            fired = self._fire_until(end)
            self._world.clock.jump_to(end)
            return fired

    def _fire_until(self, end: datetime) -> list[str]:
        fired = []
        while due := self._world.fire_next(end):
            fired.append(due.what)
            self.settle()
        return fired

    def start_ticking(self) -> None:
        """Let things happen when the clock gets there by itself."""
        threading.Thread(target=self._tick, name="agenda", daemon=True).start()

    def _tick(self) -> None:
        while not self._stopped.is_set():
            with self._baton:
                while not self._stopped.is_set() and self._world.fire_next(self._world.now()):
                    pass
            self._world.wait_for_change(self._seconds_to_next())

    def _seconds_to_next(self) -> float:
        """Seconds on the wall until something is due, half a second at most."""
        due = self._world.next_due()
        if due is None:
            return 0.5
        left = (due.at - self._world.now()).total_seconds() / self._world.clock.rate
        return min(max(left, 0.001), 0.5)

    def stop(self) -> None:
        """Let nothing more happen."""
        self._stopped.set()
