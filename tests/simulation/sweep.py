"""The crash sweep: each call of each flow is struck by each fault, and all must end the same.

    python -m tests.simulation.sweep                               all of it
    python -m tests.simulation.sweep "an update" "17:answer lost"  one case; several strike together

A flow runs once. At each of its calls the process is forked for each fault, and the copy goes on
with it to the end.
"""

import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from local_aws.memory.client import Call
from local_aws.memory.items import Json
from tests.simulation.calls import CALLS
from tests.simulation.ended import State, differences, state_of
from tests.simulation.faults import FAULTS
from tests.simulation.flows import FLOWS, Flow
from tests.simulation.house import House
from tests.simulation.quiet import full_sweep, minutes, settle

AT_ONCE = 2
# Of so many single faults one is followed by a second one, so many calls later at most.
ONE_IN, WITHIN = 30, 40
BUILD = Path("build/sweep")


@dataclass
class Strikes:
    """Numbers the functions' calls; those that are named are struck."""

    house: House
    struck: dict[int, str] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)

    def __call__(self, name: str, call: Call, answer: Callable[[], Json]) -> Json:
        self.calls.append(f"{name} {call}")
        fault = self.struck.get(len(self.calls) - 1)
        if fault is None:
            return answer()
        self.house.hurt = True
        return FAULTS[fault](call, answer)


@dataclass
class Branches(Strikes):
    """At each call, a copy of the process for each fault; `copies` are those of this process."""

    seed: str = ""
    copies: set[int] = field(default_factory=set)
    second: tuple[int, str] | None = None

    def __call__(self, name: str, call: Call, answer: Callable[[], Json]) -> Json:
        number = len(self.calls)
        if not self.struck:
            for fault in FAULTS:
                if self._is_copy():
                    self._strike(number, fault)
                    break
        elif self.second and self.second[0] == number and self._is_copy():
            self.struck[number] = self.second[1]
            self.second = None
        return super().__call__(name, call, answer)

    def _strike(self, number: int, fault: str) -> None:
        """This process is the one in which the fault strikes; perhaps another one follows."""
        self.struck[number] = fault
        chance = Random(f"{self.seed}/{number}/{fault}")  # noqa: S311  # no secret
        if chance.randrange(ONE_IN) == 0:
            self.second = number + chance.randint(1, WITHIN), chance.choice(list(FAULTS))

    def _is_copy(self) -> bool:
        """Go on as two processes, unless that would be too many; whether this is the new one."""
        while len(self.copies) >= AT_ONCE:
            self._wait_for_one()
        copy = os.fork()
        if not copy:
            self.copies = set()
            return True
        self.copies.add(copy)
        return False

    def _wait_for_one(self) -> None:
        gone, status = os.wait()
        self.copies.discard(gone)
        if status:
            raise RuntimeError(
                f"a copy ended with {status}, struck {self.struck or 'by one fault'}"
            )

    def wait(self) -> None:
        """Wait until all copies have ended."""
        while self.copies:
            self._wait_for_one()


def play(flow: Flow, strikes: Strikes) -> tuple[State, list[str]]:
    """The part of a flow until all is quiet; how it ends, and the calls of its part."""
    house = strikes.house
    house.interfere = strikes
    flow.part(house)
    calls = list(strikes.calls)
    house.interfere = Strikes(house, strikes.struck, list(calls))
    for _ in range(2):
        minutes(house, 1)
        full_sweep(house)
    settle(house)
    return state_of(house, denied="denied" in strikes.struck.values()), calls


def sweep_flow(name: str, results: Path) -> list[str]:
    """Play a flow with every fault; each case adds a line to the results. Returns the calls."""
    flow = FLOWS[name]
    expected, calls = play(flow, Strikes(flow.house()))
    branches, main = Branches(flow.house(), seed=name), os.getpid()
    try:
        found, _ = play(flow, branches)
        if os.getpid() != main:
            note(results, name, branches.struck, differences(expected, found))
            branches.wait()
            os._exit(0)
    except BaseException as broken:
        if os.getpid() == main:
            raise
        note(results, name, branches.struck, [f"broke: {type(broken).__name__}: {broken}"])
        os._exit(0)
    branches.wait()
    return calls


def note(results: Path, flow: str, struck: dict[int, str], lines: list[str]) -> None:
    """Add a case to the results."""
    found = {"flow": flow, "struck": struck, "lines": [line[:500] for line in lines[:8]]}
    with results.open("a") as file:
        file.write(json.dumps(found) + "\n")


def command(case: Json) -> str:
    """What plays a case again."""
    struck = " ".join(f'"{number}:{fault}"' for number, fault in case["struck"].items())
    return f"make sweep CASE='\"{case['flow']}\" {struck}'"


def everything(names: Sequence[str]) -> int:
    """Sweep flows, and write the summary; how many cases end otherwise."""
    begun, results = time.monotonic(), BUILD / "cases.jsonl"
    BUILD.mkdir(parents=True, exist_ok=True)
    results.write_text("")
    made = {name: sweep_flow(name, results) for name in names}
    calls = {name: len(found) for name, found in made.items()}
    cases: list[Json] = [json.loads(line) for line in results.read_text().splitlines()]
    wrong = [case for case in cases if case["lines"]]
    for case in wrong:
        print(command(case), *case["lines"], sep="\n    ")
    summary = {
        "cases": len(cases),
        "single_faults": sum(len(case["struck"]) == 1 for case in cases),
        "differences": len(wrong),
        "calls": sum(calls.values()),
        "flows": calls,
        "seconds": round(time.monotonic() - begun, 1),
    }
    (BUILD / "summary.json").write_text(json.dumps(summary, indent=2) + "\n")
    del summary["flows"]
    print(json.dumps(summary, indent=2))
    whole = sum(calls.values()) * len(FAULTS) == summary["single_faults"]
    if len(names) == len(FLOWS) and (unlike := unlike_calls(made.values())):
        print(f"tests/simulation/calls.py is not what the flows call: {unlike}")
        whole = False
    return len(wrong) if whole else 1


def unlike_calls(made: Iterable[Sequence[str]]) -> set[str]:
    """Calls that only the flows make, or that only the list names."""
    listed = {f"{name} {call}" for name, calls in CALLS.items() for call in calls}
    return listed ^ {call for calls in made for call in calls}


def one(name: str, words: Sequence[str]) -> int:
    """Play one case; show its calls, and how it ends otherwise."""
    flow = FLOWS[name]
    struck = {int(number): fault for number, _, fault in (word.partition(":") for word in words)}
    expected, _ = play(flow, Strikes(flow.house()))
    found, calls = play(flow, Strikes(flow.house(), struck))
    for number, call in enumerate(calls):
        print(f"{number:4} {call}", f"  <- {struck[number]}" if number in struck else "")
    lines = differences(expected, found)
    print("\n".join(lines) if lines else "It ends as without a fault.")
    return len(lines)


def main(arguments: Sequence[str]) -> int:
    """All flows, some of them, or one case of one."""
    if len(arguments) > 1 and ":" in arguments[1]:
        return int(one(arguments[0], arguments[1:]) > 0)
    return int(everything(arguments or list(FLOWS)) > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
