"""Runs tests, unchanged or against a mutant, in one pytest session that has imported everything.

Each job is a fork of that process, so what it changes is gone with it.
"""

import gc
import multiprocessing
import resource
import signal
import sys
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import CodeType, FrameType
from typing import Any

import pytest

from tests.mutation.mutant import become, codes, functions
from tests.mutation.sites import ROOT, Site

# The cores of a machine that this is for.
_AT_ONCE = 2
# A test that takes this much longer than it did before does not end.
_SLOWER, _LEAST_SECONDS = 20, 20
_MOST_BYTES = 4 * 1024**3
_TOOL, _LINE = sys.monitoring.COVERAGE_ID, sys.monitoring.events.LINE
# What a fork is to do with its job; set before the forks are made, as they cannot be handed it.
_work: Callable[[Any], Any]


class DoesNotEnd(BaseException):
    """A test went on and on. No `except Exception` of the code under test catches it."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a test did on the unchanged code: whether it passed, and which lines it ran."""

    passed: bool
    seconds: float
    lines: frozenset[tuple[str, int]]

    def ran(self, site: Site) -> bool:
        """Whether it ran a line by which a site's mutant can be told from the code."""
        file = str(ROOT / site.file)
        return any((file, line) in self.lines for line in site.lines)


class Bench:
    """The tests, ready to run, and the functions that they call."""

    def __init__(self, session: pytest.Session, files: Iterable[str]) -> None:
        self.tests = {item.nodeid: item for item in session.items}
        self._failed = False
        session.config.pluginmanager.register(self)
        signal.signal(signal.SIGALRM, _stop)
        self._warm()
        self._functions = functions(files)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._failed = self._failed or report.failed

    def _warm(self) -> None:
        """Run the first test of each folder: what all tests share is made before the forks."""
        first: dict[str, str] = {}
        for test in self.tests:
            first.setdefault(test.partition("::")[0].rpartition("/")[0], test)
        if failed := [test for test in first.values() if not self.run(test)]:
            raise pytest.UsageError(f"on the code as it is, these fail: {failed}")

    def run(self, test: str) -> bool:
        """Run one test; what the whole session shares is kept for the next."""
        item, self._failed = self.tests[test], False
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=item.session)
        return not self._failed

    def watch(self, tests: Sequence[str]) -> dict[str, Seen]:
        """Run tests on the unchanged code, and see which of its lines each runs."""
        lines = set[tuple[str, int]]()

        def ran(code: CodeType, line: int) -> object:
            lines.add((code.co_filename, line))
            return sys.monitoring.DISABLE

        sys.monitoring.use_tool_id(_TOOL, __name__)
        sys.monitoring.register_callback(_TOOL, _LINE, ran)
        for code in codes(one.__code__ for many in self._functions.values() for one in many):
            sys.monitoring.set_local_events(_TOOL, code, _LINE)
        seen = {}
        for test in tests:
            lines.clear()
            sys.monitoring.restart_events()
            begun = time.monotonic()
            passed = self.run(test)
            seen[test] = Seen(passed, time.monotonic() - begun, frozenset(lines))
        return seen

    def killer(self, site: Site, tests: Sequence[str], seen: Mapping[str, Seen]) -> str | None:
        """The first of some tests that fails on a site's mutant."""
        become(site, self._functions)
        for test in tests:
            signal.setitimer(signal.ITIMER_REAL, max(_LEAST_SECONDS, _SLOWER * seen[test].seconds))
            passed = self.run(test)
            signal.setitimer(signal.ITIMER_REAL, 0)
            if not passed:
                return test
        return None


def _stop(signum: int, frame: FrameType | None) -> None:
    del signum, frame
    raise DoesNotEnd


def in_forks[T, R](work: Callable[[T], R], jobs: Sequence[T]) -> Iterator[tuple[T, R]]:
    """Do each job in a fork of this process; the answers come in any order."""
    global _work  # noqa: PLW0603  # see there
    _work = work
    gc.freeze()
    # Its other threads only wait for answers.
    warnings.filterwarnings("ignore", "This process .* is multi-threaded", DeprecationWarning)
    context = multiprocessing.get_context("fork")
    with context.Pool(_AT_ONCE, _limit, maxtasksperchild=1) as pool:
        for number, answer in pool.imap_unordered(_do, enumerate(jobs)):
            yield jobs[number], answer


def _limit() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (_MOST_BYTES, _MOST_BYTES))


def _do(numbered: tuple[int, object]) -> tuple[int, Any]:
    number, job = numbered
    return number, _work(job)
