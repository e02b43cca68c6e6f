"""Simulates histories by their seeds, and writes a summary of what was seen.

python -m tests.simulation            all seeds
python -m tests.simulation 17         one of them again; the same seed gives the same trace
"""

import json
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from random import Random

from tests.simulation.calls import CALLS
from tests.simulation.faults import FAULTS
from tests.simulation.simulation import Simulation

SEEDS, STEPS = 155, 1400
# Of so many seeds one is told nothing by SageMaker.
DEAF_ONE_IN = 5
SUMMARY = Path("build/sim/summary.json")
# Fewer would say little.
AT_LEAST = {
    "deliveries": 50_000,
    "changing": 0.3,
    "rollouts": 2000,
    "revocations_in_flight": 500,
    "coverage": 0.9,
}
AT_MOST = {"sweeps_to_rest": 3, "violations": 0}


@dataclass(frozen=True)
class Seen:
    """What one seed's history has seen."""

    seed: int
    deliveries: int
    changing: int
    rollouts: int
    revocations_in_flight: int
    sweeps_to_rest: int
    reached: frozenset[tuple[str, str, str]]
    violations: tuple[str, ...]
    trace: str


def simulate(seed: int, steps: int = STEPS, *, deaf: bool = False) -> Seen:
    """One history, until all is at rest; in every fifth nothing is heard of SageMaker."""
    deaf = deaf or seed % DEAF_ONE_IN == 0
    simulation = Simulation(seed, Random(seed), deaf=deaf)  # noqa: S311  # no secret
    for _ in range(steps):
        simulation.step()
    return seen(simulation)


def seen(simulation: Simulation) -> Seen:
    """Let a simulation come to rest, check what it leaves, and sum up."""
    sweeps = simulation.come_to_rest()
    truth, tally = simulation.truth, simulation.tally
    truth.check_record(Random(simulation.seed))  # noqa: S311  # no secret
    truth.check_rest()
    return Seen(
        seed=simulation.seed,
        deliveries=tally.deliveries,
        changing=tally.changing,
        rollouts=truth.rollouts,
        revocations_in_flight=truth.revoked_in_flight,
        sweeps_to_rest=sweeps,
        reached=frozenset(tally.reached),
        violations=tuple(truth.violations),
        trace=simulation.trace.hexdigest(),
    )


def everything() -> int:
    """All seeds on two processes; how many figures are out of their bounds."""
    begun = time.monotonic()
    with ProcessPoolExecutor(2, mp_context=get_context("fork")) as pool:
        found = list(pool.map(simulate, range(SEEDS), chunksize=1))
    for one in found:
        for violation in one.violations:
            print(f"make sim SEED={one.seed}: {violation}")
    summary = summed(found) | {"seconds": round(time.monotonic() - begun, 1), "seeds": SEEDS}
    SUMMARY.parent.mkdir(parents=True, exist_ok=True)
    SUMMARY.write_text(json.dumps(summary, indent=2) + "\n")
    print(json.dumps(summary, indent=2))
    broken = [f"{name}: at least {n}" for name, n in AT_LEAST.items() if summary[name] < n]
    broken += [f"{name}: at most {n}" for name, n in AT_MOST.items() if summary[name] > n]
    print("\n".join(broken) or "Everything holds.")
    return len(broken)


def summed(found: Sequence[Seen]) -> dict[str, float]:
    """What all histories have seen together."""
    wanted = {(name, call, fault) for name in CALLS for call in CALLS[name] for fault in FAULTS}
    reached = frozenset[tuple[str, str, str]]().union(*(one.reached for one in found))
    deliveries = sum(one.deliveries for one in found)
    return {
        "deliveries": deliveries,
        "changing": round(sum(one.changing for one in found) / deliveries, 3),
        "rollouts": sum(one.rollouts for one in found),
        "revocations_in_flight": sum(one.revocations_in_flight for one in found),
        "coverage": round(len(reached & wanted) / len(wanted), 3),
        "sweeps_to_rest": max(one.sweeps_to_rest for one in found),
        "violations": sum(len(one.violations) for one in found),
    }


def one(seed: int) -> int:
    """One seed: its figures, its trace, and what does not hold."""
    found = simulate(seed)
    print(f"{found.deliveries} deliveries, {found.rollouts} rollouts, trace {found.trace}")
    print("\n".join(found.violations) or "Everything holds.")
    return len(found.violations)


def main(arguments: Sequence[str]) -> int:
    """All seeds, or the one that is named."""
    return int(bool(one(int(arguments[0])) if arguments else everything()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
