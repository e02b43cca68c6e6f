"""Production in a downturn, and the file that Model Monitor would write about it.

For each feature it holds Kolmogorov-Smirnov's distance of the captured window from the data that
version 2 was trained on, where that is above Model Monitor's usual threshold.
"""

import random
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from itertools import chain

from cli.demo.mortgage import FEATURES, PART_SIZES, Application, production, records

THRESHOLD = 0.1
_WINDOW, _SEED = 200, 1990
# Applicants who owe much, and those from where many are out of work, come more often now.
_BURDENED, _JOBLESS, _MORE_OFTEN = ("obrat", 36.0), ("unem", 4.0), 5.0


def applications() -> list[Application]:
    """A window of requests: real applications, drawn without replacement from those asked before.

    Their outcomes stay what they were, so that a version that learns from them can be better.
    """
    draw = random.Random(_SEED)  # noqa: S311  # the same window in every demo
    known = production()[: PART_SIZES[-1]]
    ordered = sorted(known, key=lambda one: draw.random() ** (1 / _weight(one)), reverse=True)
    return [Application(f"{one.application_id}-again", one.payload) for one in ordered[:_WINDOW]]


def _weight(application: Application) -> float:
    row = dict(zip(FEATURES, application.payload.split(","), strict=True))
    weight = 1.0
    for name, limit in (_BURDENED, _JOBLESS):
        if row[name] and float(row[name]) >= limit:
            weight *= _MORE_OFTEN
    return weight


def violations(requests: Mapping[str, str]) -> list[dict[str, str]]:
    """What is further from the training data than the threshold, as Model Monitor words it."""
    window = [line.split(",") for key, line in requests.items() if key.endswith("-again")]
    trained = records()[: sum(PART_SIZES[:5])]
    found = []
    for place, name in enumerate(FEATURES):
        distance = _distance((row[name] for row in trained), (row[place] for row in window))
        if distance > THRESHOLD:
            found.append(_violation(name, distance))
    return found


def _violation(feature: str, distance: float) -> dict[str, str]:
    return {
        "feature_name": feature,
        "constraint_check_type": "baseline_drift_check",
        "description": (
            f"Baseline drift distance: {distance:.4f} exceeds threshold: {THRESHOLD:g}"
        ),
    }


def _distance(before: Iterable[str], now: Iterable[str]) -> float:
    """Kolmogorov-Smirnov's D: how far apart the two shares of values below any point can be."""
    left, right = (sorted(float(one) for one in values if one) for values in (before, now))
    points = sorted(set(chain(left, right)))
    return max(abs(_below(left, point) - _below(right, point)) for point in points)


def _below(values: list[float], point: float) -> float:
    return bisect_right(values, point) / len(values)
