"""The daily cycle of a feature, so that one hour is not compared with a whole day.

A distribution follows the clock through its mean, or as three waves describe each share. What
changes more sharply, such as the light of the sun, or by the day of the week, is not modelled.
"""

from dataclasses import dataclass

import numpy as np
from scipy import special

from tabular.metrics import Floats

DAY = 86_400.0
HARMONICS = 3
TERMS = 1 + 2 * HARMONICS
# A cycle is taken out when chance makes one like it less often: one that is missed alarms falsely.
CERTAINTY = 0.05
LONGEST_GAP = 3 * 3_600.0  # a part of the day without values for longer says nothing


@dataclass(frozen=True)
class Cycle:
    """The value to expect at a time of day: a mean and three harmonics of 24 hours."""

    coefficients: tuple[float, ...]
    spread: tuple[tuple[float, ...], ...]  # their covariance, for values of variance 1

    def expected(self, times: Floats) -> Floats:
        """What the cycle says of these times, in seconds since 1970."""
        values: Floats = _design(times) @ np.array(self.coefficients)
        return values

    def residuals(self, times: Floats, values: Floats) -> Floats:
        """The values without their cycle, and with their mean."""
        return values - self.expected(times) + self.coefficients[0]

    def pulls(self, times: Floats) -> Floats:
        """How much a value of each of these times says about each term of a time of day."""
        found: Floats = _design(times) @ np.array(self.spread)
        return found

    def worth(self, times: Floats) -> float:
        """How many values would tell a plain mean as surely as this cycle tells the mean there.

        What a year of rows says of one hour is less than what it says of a day.
        """
        mean = mean_terms(times)
        return float(1 / (mean @ np.array(self.spread) @ mean))


def mean_terms(times: Floats) -> Floats:
    """The terms of a cycle, on the average of these times."""
    mean: Floats = _design(times).mean(axis=0)
    return mean


def fit(times: Floats, values: Floats) -> Cycle | None:
    """The daily cycle of values without NaN; None if there is none that can be believed."""
    if len(values) <= 2 * TERMS or _longest_gap(times) > LONGEST_GAP:
        return None
    found = estimate(times, values)
    left = float(((values - found.expected(times)) ** 2).sum())
    whole = float(((values - values.mean()) ** 2).sum())
    return found if _explains(whole, left, TERMS - 1, len(values) - TERMS) else None


def estimate(times: Floats, values: Floats) -> Cycle:
    """The daily cycle that fits best, whether it can be believed or not."""
    design = _design(times)
    coefficients = np.linalg.lstsq(design, values)[0]
    spread = np.linalg.inv(design.T @ design)
    return Cycle(tuple(coefficients.tolist()), tuple(tuple(row) for row in spread.tolist()))


def _explains(whole: float, left: float, terms: int, freedom: int) -> bool:
    """The F-test of what the harmonics explain."""
    if whole <= 0 or left >= whole:
        return False
    ratio = (whole - left) / terms / max(left / freedom, np.finfo(float).tiny)
    return float(special.fdtrc(terms, freedom, ratio)) < CERTAINTY


def _design(times: Floats) -> Floats:
    angles = times % DAY * (2 * np.pi / DAY)
    waves = [wave(order * angles) for order in range(1, HARMONICS + 1) for wave in (np.cos, np.sin)]
    return np.column_stack([np.ones(len(times)), *waves])


def _longest_gap(times: Floats) -> float:
    """The longest part of the day in which no value falls."""
    clock = np.sort(times % DAY)
    return float(np.diff(clock, append=clock[0] + DAY).max())
