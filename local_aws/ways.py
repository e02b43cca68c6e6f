"""The ways by which functions get to a call, for tests that do something at every one of them."""

import threading
from collections import defaultdict

type Way = tuple[str, tuple[str, ...]]

_READS = ("BatchGet", "Describe", "Get", "Head", "List", "Query")


class Ways:
    """Tells whether a function has got to a call in this way before.

    A way is the sequence of changes since an invocation began, and the call: what happens between
    two reads happens to the same world. A message that is delivered again gets further each time.
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
            way = function, (*self._made[function], call)
            new = way not in self._known
            self._known.add(way)
            if not call.partition(":")[2].startswith(_READS):
                self._made[function] = way[1]
            return new

    def known(self) -> list[Way]:
        """Every way so far, in order."""
        with self._lock:
            return sorted(self._known)
