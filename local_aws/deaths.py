"""Kills functions in the middle of their work, for tests of what happens then."""

from collections.abc import Callable

from local_aws.ways import Ways


class Deaths:
    """While switched on, a function's process is killed after each call to AWS, once for each way.

    The call was carried out, and has not been answered.
    """

    def __init__(self) -> None:
        self.on = False
        self._ways = Ways()
        self._kill: dict[str, Callable[[], None]] = {}

    def begun(self, function: str, kill: Callable[[], None]) -> None:
        """An invocation of `function` begins; `kill` ends its process at once."""
        self._ways.begun(function)
        self._kill[function] = kill

    def called(self, function: str, call: str) -> None:
        """A call of `function` was carried out."""
        if self.on and function in self._kill and self._ways.is_new(function, call):
            self._kill[function]()

    def so_far(self) -> list[dict[str, object]]:
        """Every death: the function, and the calls that it had made."""
        return [{"function": one, "calls": list(calls)} for one, calls in self._ways.known()]
