"""Mutates every site in turn, and finds the test that fails because of it: `make mutate`.

The committed list names each site's killer, so most need one test. The others are searched for:
among all tests that run the site's lines, nearest first, then quickest.
"""

import json
import os
import sys
import time
from collections.abc import Mapping

import pytest

from tests.mutation import killed
from tests.mutation.bench import Bench, Seen, in_forks
from tests.mutation.sites import CORE, ROOT, Site, all_sites

SUITE = "tests/steward"
SUMMARY = ROOT / "build" / "mutation" / "summary.json"
# What runs when the condition of a write does not hold.
REFUSED = f"{CORE}/record/store.py::Store.transact::handler::1"
# The unchanged code is watched by so many forks, one after the other on each core.
_PARTS = 60
_OPTIONS = (
    "-p", "no:terminal", "-p", "no:cacheprovider",
    "-o", "addopts=--import-mode=importlib --strict-markers --strict-config",
)  # fmt: skip
# pytest captures what is written to the usual ones.
_CONSOLE = os.dup(1)


class Hunt:
    """In place of pytest's own loop over the tests: finds the killer of each site's mutant."""

    def __init__(self, sites: list[Site], refused: Site) -> None:
        self.sites, self._refused = sites, refused
        self.killers: dict[str, str] = {}

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        bench = Bench(session, {site.file for site in self.sites})
        tell(f"{len(self.sites)} mutants, {len(bench.tests)} tests")
        recorded = killed.killers()
        known = {
            site: [recorded[site.id]] for site in self.sites if recorded.get(site.id) in bench.tests
        }
        seen = watch(bench, sorted({test for (test,) in known.values()}))
        self._kill(bench, known, seen)
        if left := self.survivors():
            tell(f"{len(left)} need another killer than the list names")
            seen |= watch(bench, [test for test in bench.tests if test not in seen])
            self._kill(bench, {site: self._candidates(site, seen) for site in left}, seen)
        return True

    def survivors(self) -> list[Site]:
        """The sites whose mutant no test killed so far."""
        return [site for site in self.sites if site.id not in self.killers]

    def _kill(
        self, bench: Bench, tests: Mapping[Site, list[str]], seen: Mapping[str, Seen]
    ) -> None:
        """Try tests on each site's mutant."""
        found = in_forks(lambda site: bench.killer(site, tests[site], seen), list(tests))
        for done, (site, test) in enumerate(found, 1):
            if test:
                self.killers[site.id] = test
            if done % 100 == 0:
                tell(f"{done} of {len(tests)}")

    def _candidates(self, site: Site, seen: Mapping[str, Seen]) -> list[str]:
        """The tests that may tell a mutant from the code, in the order in which they are tried.

        What a condition of Steward's own is for shows only where a transaction is refused.
        """
        of_record = site.file.startswith(f"{CORE}/record/") and "::condition::" in site.id
        needed = [site, self._refused] if of_record else [site]
        near = f"{SUITE}/{site.file.removeprefix(f'{CORE}/').partition('/')[0]}/"
        found = [
            (not test.startswith(near), one.seconds, test)
            for test, one in seen.items()
            if all(one.ran(each) for each in needed)
        ]
        return [test for _, _, test in sorted(found)]


def watch(bench: Bench, tests: list[str]) -> dict[str, Seen]:
    """See what tests run on the unchanged code; one that fails there can kill nothing."""
    parts = [tests[number::_PARTS] for number in range(_PARTS)]
    answers = in_forks(bench.watch, [part for part in parts if part])
    seen = {test: one for _, answer in answers for test, one in answer.items()}
    if failed := [test for test, one in seen.items() if not one.passed]:
        raise pytest.UsageError(f"on the code as it is, {len(failed)} fail: {failed[:3]}")
    return seen


def tell(text: str) -> None:
    """Say how far it is."""
    os.write(_CONSOLE, f"{text}\n".encode())


def main(wanted: str = "") -> int:
    """Mutate every site, or those whose id contains `wanted`; 1 if a mutant survives."""
    begun, every = time.monotonic(), all_sites()
    (refused,) = (site for site in every if site.id == REFUSED)
    hunt = Hunt([site for site in every if wanted in site.id], refused)
    code = pytest.main([SUITE, *_OPTIONS], plugins=[hunt])
    if code not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
        return 2
    survivors = hunt.survivors()
    killed.write(every, {site.id: hunt.killers.get(site.id) for site in hunt.sites})
    for site in survivors:
        tell(f"survived: {site.id}: {site.source}")
    summary = {
        "sites": len(hunt.sites),
        "killed": len(hunt.killers),
        "survived": len(survivors),
        "seconds": round(time.monotonic() - begun),
    }
    SUMMARY.parent.mkdir(parents=True, exist_ok=True)
    SUMMARY.write_text(json.dumps(summary) + "\n", encoding="utf-8")
    tell(json.dumps(summary))
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
