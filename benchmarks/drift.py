"""How often drift asks for a run where there is none, how surely where there is, and how many.

The statistics of the monitors and the judge of production, on windows of an hour and 500 made-up
rows. Beside them stands the usual limit: some feature is further than 0.1 from the baseline.
"""

import multiprocessing
import os
from collections import Counter
from collections.abc import Iterable, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from statistics import mean
from unittest.mock import patch

from benchmarks.worlds import CYCLES, FOLLOWS, HOUR, START, World
from cli.replay.watch import Watch
from monitor.compare import flag
from monitor.tables import Table, baseline_of, changes_of
from steward.decide.drift_facts import DriftPolicy, Window
from steward.spec.kinds import DATA_QUALITY
from steward.spec.model import RetrainSpec

ROWS, NAIVE_ROWS = 500, 200
ALPHA, MIN_EFFECT = 0.01, 0.1
FEATURES, HALF = 3, 0.5  # how many drift, by how many standard deviations
MONTH = 30 * 24
POLICY = DriftPolicy(
    RetrainSpec(
        on=(DATA_QUALITY,),
        flagged=3,
        of=3,
        cooldown=timedelta(days=7),
        budget=4,
        min_new_rows=200,
        schema_break_blocks_training=True,
    ),
    min_rows=200,
    lag=timedelta(minutes=15),
)
# Nothing but the statistics and the count of windows keeps from asking for a run.
BARE = replace(
    POLICY, retrain=replace(POLICY.retrain, cooldown=timedelta(), budget=1_000_000, min_new_rows=0)
)


@dataclass(frozen=True, slots=True)
class Size:
    """How much is drawn."""

    baselines: int = 20
    hours: int = MONTH  # without drift, and with drift that lasts
    onsets: int = 200
    months: int = 10
    naive_hours: int = 48
    first_seed: int = 1


def drifted(size: Size | None = None, processes: int = 2) -> dict[str, float]:
    """All figures; a figure of many months is that of the worst."""
    size = size or Size()
    hours, naive = ([given] * size.baselines for given in (size.hours, size.naive_hours))
    seeds = range(size.first_seed, size.first_seed + size.onsets)
    # A library that takes all cores for a few hundred rows is slower, not faster.
    with patch.dict(os.environ, OMP_NUM_THREADS="1"), _pool(processes) as pool:
        false = list(pool.map(false_retrains, seeds, hours))
        naively = list(pool.map(naive_share, seeds, naive))
        found = list(pool.map(is_detected, seeds))
        lasting = list(pool.map(lasting_retrains, seeds, [size.hours] * size.months))
    return {
        "drift.baselines_with_false_retrains": sum(count > 1 for count in false),
        "drift.baselines_with_any_retrain": sum(count > 0 for count in false),
        "drift.detected_within_3": mean(found),
        "drift.retrains_undiminished_month": max(
            (before for before, _ in lasting), key=lambda count: abs(count - 1)
        ),
        "drift.retrains_after_new_baseline": max(after for _, after in lasting),
        "drift.naive_false_windows": mean(naively),
    }


def false_retrains(seed: int, hours: int) -> int:
    """Runs asked for in so many hours without drift, as if none had been asked for before."""
    world = World(seed)
    production = Production(world, Watch(BARE))
    asked = 0
    for hour in range(hours):
        asked += production.hour(hour, {}) == "retrain"
        production.watch.asked = None
    return asked


def is_detected(seed: int) -> bool:
    """Whether one of the first three windows with drift asks for a run."""
    world = World(seed)
    production = Production(world, Watch(BARE))
    moved, first = world.drift(FEATURES, HALF), int(world.random.integers(24))
    before = [production.hour(hour, {}) for hour in range(first, first + 3)]
    after = [production.hour(hour, moved) for hour in range(first + 3, first + 6)]
    return "retrain" not in before and "retrain" in after


def lasting_retrains(seed: int, hours: int) -> tuple[int, int]:
    """Runs that drift asks for while it lasts, and in three days more with a baseline after it.

    No version of these runs is approved meanwhile.
    """
    world = World(seed)
    moved = world.drift(FEATURES, HALF)
    production = Production(world, Watch(POLICY))
    before = Counter(production.hour(hour, moved) for hour in range(hours))
    production.serve(hours, moved)
    after = Counter(production.hour(hour, moved) for hour in range(hours, hours + 72))
    return before["retrain"], after["retrain"]


def naive_share(seed: int, hours: int) -> float:
    """The share of hours without drift in which some feature is further than 0.1 away.

    What follows the clock is left out: it is further away in every hour.
    """
    world, cyclic = World(seed), {*CYCLES, FOLLOWS}
    before = world.baseline().without(cyclic)
    windows = (_window(world, hour, NAIVE_ROWS, {}).without(cyclic) for hour in range(hours))
    return mean(_furthest(before, window) > MIN_EFFECT for window in windows)


class Production:
    """A world that is watched hour by hour, and the baseline that its windows are compared with."""

    def __init__(self, world: World, watch: Watch) -> None:
        self.world, self.watch = world, watch
        self.baseline = baseline_of(world.baseline())

    def hour(self, hour: int, moved: Mapping[str, float]) -> str:
        """The verdict on one hour."""
        table = _window(self.world, hour, ROWS, moved)
        found = flag(changes_of(self.baseline, table, quick=True), ALPHA, MIN_EFFECT)
        start = datetime.fromtimestamp(START + hour * HOUR, UTC)
        window = Window(start, start + timedelta(hours=1))
        return self.watch.see(window, ROWS, found).verdict.kind

    def serve(self, hour: int, moved: Mapping[str, float]) -> None:
        """Let a version serve that was trained on the rows before this hour."""
        self.baseline = baseline_of(self.world.baseline(START + hour * HOUR, moved))
        self.watch.serve()


def _window(world: World, hour: int, rows: int, moved: Mapping[str, float]) -> Table:
    start = START + hour * HOUR
    return world.rows(rows, start, start + HOUR, moved)


def _furthest(before: Table, now: Table) -> float:
    """The largest distance of any feature: of two distributions, or of two shares of a category."""
    known, window = baseline_of(replace(before, times=None)), replace(now, times=None)
    numbers = replace(window, categories={})
    distances = [change.effect for change in changes_of(known, numbers, quick=True)]
    pairs = ((column, now.categories[name]) for name, column in before.categories.items())
    return max(*distances, *(_of_shares(*pair) for pair in pairs))


def _of_shares(before: Iterable[str], now: Iterable[str]) -> float:
    sides = [Counter(before), Counter(now)]
    shares = [{name: count / side.total() for name, count in side.items()} for side in sides]
    names = shares[0].keys() | shares[1].keys()
    return max(abs(shares[0].get(name, 0.0) - shares[1].get(name, 0.0)) for name in names)


def _pool(processes: int) -> ProcessPoolExecutor:
    # A fork would copy threads that the libraries have started.
    return ProcessPoolExecutor(processes, multiprocessing.get_context("spawn"))
