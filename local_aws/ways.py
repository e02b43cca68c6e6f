"""The ways by which functions get to a call, for tests that do something at every one of them."""

import threading
from collections import defaultdict

type Way = tuple[str, tuple[str, ...]]


class Ways:
    """Tells whether a function has got to a call in this way before.

    A way is the sequence of calls since an invocation began, so a message that is delivered again
    gets one call further each time.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._made: defaultdict[str, tuple[str, ...]] = defaultdict(tuple)
        self._known: set[Way] = set()

    def begun(self, function: str) -> None:
        """An invocation of `function` begins."""
        with self._lock:
            self._made[function] = ()

    def is_new(self, function: str, call: str) -> bool:
        """Whether this is the first time that this call is got to in this way."""
        with self._lock:
            self._made[function] += (call,)
            way = function, self._made[function]
            new = way not in self._known
            self._known.add(way)
            return new

    def known(self) -> list[Way]:
        """Every way so far, in order."""
        with self._lock:
            return sorted(self._known)
