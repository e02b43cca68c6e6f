"""Made-up production: twenty features of every sort, and any number of rows at any time.

Each value is made from a normal one, its seed, by a rule that never changes: an integer is cut from
it, a category is the interval it falls into, what has a daily cycle has the cycle added. Drift
moves the seed by a share of its standard deviation.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from monitor.cycle import DAY
from monitor.tables import Table
from tabular.metrics import Floats

HOUR = 3_600.0
START = 20_454 * DAY  # 2026-01-01; the baseline's rows come before it
BASELINE_ROWS, BASELINE_DAYS = 1300, 42
BLOCK = tuple(f"block_{place}" for place in range(5))
ALIKE = 0.6  # the correlation of two of a block
NUMBERS = tuple(f"number_{place}" for place in range(4))
# How a value is cut from its seed: at these bounds.
INTEGERS = {"flag": (0.5,), "grade": (-0.8, 0.4), "count": (-0.9, -0.1, 0.6, 1.4)}
CATEGORIES = {
    "plan": (0.0, 0.9),
    "region": (-0.9, -0.3, 0.2, 0.8),
    "shop": tuple(np.linspace(-1.6, 1.6, 11).tolist()),
    "channel": (-0.4, 0.6),
}
FOLLOWS = "channel"  # the category whose shares follow the clock
CYCLES = ("load", "demand", "heat")
HEAVY = "amount"
FEATURES = (*BLOCK, *NUMBERS, *INTEGERS, *CATEGORIES, *CYCLES, HEAVY)


@dataclass
class World:
    """One model's production, the same for the same seed."""

    seed: int
    random: np.random.Generator = field(init=False)
    peaks: Mapping[str, float] = field(init=False)  # the hour of the day, in radians

    def __post_init__(self) -> None:
        self.random = np.random.default_rng(self.seed)
        followers = (*CYCLES, FOLLOWS)
        peaks = self.random.uniform(0, 2 * np.pi, len(followers)).tolist()
        self.peaks = dict(zip(followers, peaks, strict=True))

    def baseline(self, end: float = START, moved: Mapping[str, float] | None = None) -> Table:
        """The rows that a version was trained on, from the weeks before `end`."""
        return self.rows(BASELINE_ROWS, end - BASELINE_DAYS * DAY, end, moved or {})

    def rows(self, number: int, start: float, end: float, moved: Mapping[str, float]) -> Table:
        """Rows between two times; the seeds of some features are moved."""
        times = self.random.uniform(start, end, number)
        seeds = self._seeds(number, moved)
        for name, peak in self.peaks.items():
            seeds[name] = seeds[name] + _wave(name, times, peak)
        numbers = {name: seeds[name] for name in (*BLOCK, *NUMBERS, *CYCLES)}
        numbers |= {name: _cut(seeds[name], bounds) for name, bounds in INTEGERS.items()}
        numbers[HEAVY] = np.exp(1.5 * seeds[HEAVY])
        categories = {
            name: _named(_cut(seeds[name], bounds), len(bounds))
            for name, bounds in CATEGORIES.items()
        }
        return Table(numbers, categories, times)

    def drift(self, features: int, by: float) -> dict[str, float]:
        """So many features drawn at random, each moved up or down."""
        names = self.random.choice(FEATURES, features, replace=False).tolist()
        return {name: by * float(self.random.choice((-1, 1))) for name in names}

    def _seeds(self, number: int, moved: Mapping[str, float]) -> dict[str, Floats]:
        drawn = self.random.standard_normal((len(FEATURES) + 1, number))
        shared, own = drawn[0], dict(zip(FEATURES, drawn[1:], strict=True))
        for name in BLOCK:
            own[name] = np.sqrt(ALIKE) * shared + np.sqrt(1 - ALIKE) * own[name]
        for name, by in moved.items():
            own[name] = own[name] + by
        return own


def _wave(name: str, times: Floats, peak: float) -> Floats:
    """A day: two features and the category swing like a sine, one has a short, high peak."""
    angles = times * (2 * np.pi / DAY) - peak
    wave: Floats = 2 * np.exp(2 * (np.cos(angles) - 1)) if name == "demand" else np.cos(angles)
    return wave * (0.6 if name == FOLLOWS else 1.5)


def _cut(seeds: Floats, bounds: tuple[float, ...]) -> Floats:
    return np.searchsorted(np.array(bounds), seeds).astype(np.float64)


def _named(places: Floats, most: int) -> list[str]:
    names = np.array([f"c{place}" for place in range(most + 1)])
    chosen: list[str] = names[places.astype(np.int64)].tolist()
    return chosen
