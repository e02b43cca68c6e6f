"""Kills functions in the middle of their work, for tests of what happens then."""

import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence


class Deaths:
    """Kills a function's process (SIGKILL) right after some of its calls to AWS, by their number.

    Such a call was carried out, and has not been answered.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._fatal: dict[str, set[int]] = {}
        self._made: Counter[str] = Counter()
        self._died: list[dict[str, object]] = []
        self._kill: dict[str, Callable[[], None]] = {}

    def order(self, fatal: Mapping[str, Sequence[int]]) -> None:
        """From now on the calls with these numbers are the last ones of a function's process."""
        with self._lock:
            self._made.clear()
            self._fatal = {function: set(numbers) for function, numbers in fatal.items()}

    def begun(self, function: str, kill: Callable[[], None]) -> None:
        """An invocation of `function` begins; `kill` ends its process at once."""
        self._kill[function] = kill

    def called(self, function: str, call: str) -> None:
        """A call of `function` was carried out."""
        with self._lock:
            self._made[function] += 1
            number = self._made[function]
            dies = number in self._fatal.get(function, ())
            if dies:
                self._died.append({"function": function, "call": call, "number": number})
        if dies:
            self._kill[function]()

    def so_far(self) -> list[dict[str, object]]:
        """Every death: the function, the call that was its process's last one, and its number."""
        with self._lock:
            return list(self._died)
