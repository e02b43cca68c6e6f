"""Kills functions in the middle of their work, for tests of what happens then."""

import threading
from collections import defaultdict
from collections.abc import Callable


class Deaths:
    """While switched on, a function's process is killed after each call that it makes to AWS.

    It is killed once for every sequence of calls that it can have made until then, counted from the
    beginning of an invocation: a message that is delivered again gets one call further each time.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._on = False
        self._made: defaultdict[str, tuple[str, ...]] = defaultdict(tuple)
        self._died: set[tuple[str, tuple[str, ...]]] = set()
        self._kill: dict[str, Callable[[], None]] = {}

    @property
    def on(self) -> bool:
        """Whether functions are being killed."""
        return self._on

    def switch(self, *, on: bool) -> None:
        """From now on, kill or do not."""
        self._on = on

    def begun(self, function: str, kill: Callable[[], None]) -> None:
        """An invocation of `function` begins; `kill` ends its process at once."""
        with self._lock:
            self._made[function] = ()
            self._kill[function] = kill

    def called(self, function: str, call: str) -> None:
        """A call of `function` was carried out, and has not been answered yet."""
        with self._lock:
            if not self._on or function not in self._kill:
                return
            self._made[function] += (call,)
            death = function, self._made[function]
            if death in self._died:
                return
            self._died.add(death)
            kill = self._kill[function]
        kill()

    def so_far(self) -> list[dict[str, object]]:
        """Every death: the function, and the calls that it had made."""
        with self._lock:
            return [{"function": one, "calls": list(calls)} for one, calls in sorted(self._died)]
