"""What the in-memory services stand on: a clock that is told the time, and work done at once."""

import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from local_aws.kernel import Clock, World
from local_aws.sagemaker.core import Core


class StillClock(Clock):
    """Stands still until it is moved."""

    def __init__(self, now: datetime) -> None:
        self._now = now

    def now(self) -> datetime:
        """The moment that it was moved to."""
        return self._now

    def jump_to(self, when: datetime) -> None:
        """Move forward to `when`; a moment that has passed changes nothing."""
        self._now = max(self._now, when)


class InMemoryWorld(World):
    """A world without files, processes or threads; what breaks in it is raised."""

    def __init__(self, now: datetime) -> None:
        self._begin(Path(os.devnull), StillClock(now))
        # Until there is a bus, nobody hears what is announced.
        self.publish = lambda _: None

    def permitted(self, *_: object) -> bool:
        """Rights are the embedded AWS's business: here everything is allowed."""
        return True

    def trouble(self, what: str, error: Exception) -> None:
        """An error of the in-memory AWS itself."""
        raise RuntimeError(f"the in-memory AWS broke in {what}") from error

    def pass_until(self, when: datetime) -> None:
        """Let the time pass, and happen what is due by then, each at its moment."""
        while self.fire_next(when):
            pass
        self.clock.jump_to(when)


class InMemoryCore(Core):
    """SageMaker's core: what it would do on a thread is done before the call returns."""

    def __init__(self, world: InMemoryWorld) -> None:
        super().__init__(world)
        self._ids = 0

    def random_id(self, length: int) -> str:
        """Numbers, so that the same calls lead to the same ids."""
        self._ids += 1
        return f"{self._ids:0{length}d}"

    def in_background(self, what: str, work: Callable[[], None]) -> None:
        """Do `work`."""
        del what
        work()
