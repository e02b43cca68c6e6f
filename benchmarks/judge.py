"""How often the judge of a canary is wrong, and how soon it is right, on fleets drawn by chance.

A bake is 100 minutes of 20 requests to the new fleet and 180 to the old one, with a look after
each. Beside the judge stands the test that a look alone would call for, looking as often.
"""

import random
from bisect import bisect_left
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from math import sqrt
from statistics import mean

from steward.decide.canary import WORSE, Minute, judge

BAKES = 2000
LOOKS = 100
NEW, OLD = 20, 180
# The share of requests that fail on both fleets.
EQUAL = {"false_worse": 0.01, "false_worse_rare": 0.001, "false_worse_often": 0.05}
# The share that fails on the old fleet, and on the new one.
UNEQUAL = {"1_to_3": (0.01, 0.03), "1_to_2": (0.01, 0.02)}
_BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
# A normal value that chance exceeds once in 20 looks.
_ONE_IN_20 = 1.6449


def judged(bakes: int = BAKES) -> dict[str, float]:
    """Shares of bakes called worse, and the mean of the new fleet's requests until then."""
    figures = dict[str, float]()
    for name, share in EQUAL.items():
        pairs = _bakes(bakes, [share] * LOOKS, [share] * LOOKS)
        figures |= _false(name, pairs)
    # An hour in which one request in five fails, whichever fleet answers it.
    hour = [0.2 if 20 <= minute < 80 else 0.01 for minute in range(LOOKS)]
    figures |= _false("false_worse_bad_hour", _bakes(bakes, hour, hour))
    for name, (old, new) in UNEQUAL.items():
        found = _found(_bakes(bakes, [old] * LOOKS, [new] * LOOKS), is_worse)
        figures[f"judge.power_{name}"] = len(found) / bakes
        figures[f"judge.requests_{name}"] = NEW * mean(found)
    return figures


def is_worse(minutes: list[Minute]) -> bool:
    """What the judge of production says after these minutes."""
    return judge(minutes, 1).kind == WORSE


def naive_is_worse(minutes: list[Minute]) -> bool:
    """Whether a one-sided test of two shares at 5 % finds the new fleet worse at any look."""
    new = accumulate(minute.new_errors for minute in minutes)
    old = accumulate(minute.old_errors for minute in minutes)
    pairs = zip(new, old, strict=True)
    return any(_z(*errors, look) > _ONE_IN_20 for look, errors in enumerate(pairs, 1))


def _z(new_errors: int, old_errors: int, looks: int) -> float:
    new, old = looks * NEW, looks * OLD
    pooled = (new_errors + old_errors) / (new + old)
    spread = sqrt(pooled * (1 - pooled) * (1 / new + 1 / old))
    return (new_errors / new - old_errors / old) / spread if spread else 0.0


def _false(name: str, pairs: list[list[Minute]]) -> dict[str, float]:
    return {
        f"judge.{name}": len(_found(pairs, is_worse)) / len(pairs),
        f"judge.naive_{name}": len(_found(pairs, naive_is_worse)) / len(pairs),
    }


def _found(bakes: list[list[Minute]], worse: Callable[[list[Minute]], bool]) -> list[int]:
    """The look that first says worse, of each bake in which one does; later looks agree with it."""
    looks = range(1, LOOKS + 1)
    return [
        1 + bisect_left(looks, True, key=lambda look: worse(bake[:look]))
        for bake in bakes
        if worse(bake)
    ]


def _bakes(number: int, old: list[float], new: list[float]) -> list[list[Minute]]:
    """So many bakes, the same in every run, by each minute's share of failures on both fleets."""
    draw = random.Random(1).binomialvariate  # noqa: S311  # no secret
    return [
        [
            Minute(_BEGIN + timedelta(minutes=at), NEW, draw(NEW, bad_new), OLD, draw(OLD, bad_old))
            for at, (bad_old, bad_new) in enumerate(zip(old, new, strict=True))
        ]
        for _ in range(number)
    ]
