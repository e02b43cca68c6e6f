"""How far two distributions are apart, by the methods that Model Monitor takes from Deequ.

https://github.com/awslabs/deequ
"""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import cast

from local_aws.sagemaker.values import Json, section, sections

# From the Kolmogorov-Smirnov test: c(alpha) for an alpha of about 0.003.
_C_ALPHA = 1.8
_FEWEST_OF_TWO, _FEWEST, _SHARE_OF_FEW = 10, 5, 0.2


def numeric(values: Sequence[float], kll: Json, method: str) -> float:
    """The largest difference of the distribution functions of sorted values and of a baseline."""
    if levels := cast("list[list[float]]", section(kll, "sketch").get("data")):
        largest, count = _against_sketch(values, levels)
    else:
        largest, count = _against_buckets(values, sections(kll, "buckets"))
    return _corrected(largest, len(values), count, method)


def _against_sketch(
    values: Sequence[float], levels: Sequence[Sequence[float]]
) -> tuple[float, float]:
    weighed = sorted((value, 2**level) for level, found in enumerate(levels) for value in found)
    known = [value for value, _ in weighed]
    ranks = [0, *accumulate(weight for _, weight in weighed)]
    count = ranks[-1]
    differences = (
        abs(bisect_right(values, at) / len(values) - ranks[bisect_right(known, at)] / count)
        for at in {*values, *known}
    )
    return max(differences), count


def _against_buckets(values: Sequence[float], buckets: Sequence[Json]) -> tuple[float, float]:
    """Without a sketch the baseline is known at the bounds of its buckets only."""
    counts = list(accumulate(float(cast(float, one["count"])) for one in buckets))
    bounds = [float(cast(float, one["upper_bound"])) for one in buckets]
    # A bucket ends before its upper bound, only the last one includes it.
    shares = [bisect_left(values, bound) / len(values) for bound in bounds[:-1]]
    shares.append(bisect_right(values, bounds[-1]) / len(values))
    below = bisect_left(values, float(cast(float, buckets[0]["lower_bound"]))) / len(values)
    pairs = zip(shares, counts, strict=True)
    return max(below, *(abs(share - count / counts[-1]) for share, count in pairs)), counts[-1]


def categorical(values: Mapping[str, int], baseline: Mapping[str, int], method: str) -> float:
    """The largest difference of the shares of one value."""
    count, known = sum(values.values()), sum(baseline.values())
    largest = max(
        abs(values.get(one, 0) / count - baseline.get(one, 0) / known)
        for one in {*values, *baseline}
    )
    return _corrected(largest, count, known, method)


def _corrected(largest: float, count: float, known: float, method: str) -> float:
    """Robust takes off what samples of these sizes differ by chance."""
    if method == "Simple":
        return largest
    return max(0.0, largest - _C_ALPHA * math.sqrt((count + known) / (count * known)))


def chi_squared(values: Mapping[str, int], baseline: Mapping[str, int]) -> float | None:
    """The p-value of Pearson's test; None if fewer than two categories can be compared."""
    from scipy.special import chdtrc

    observed = {one: float(values.get(one, 0)) for one in baseline}
    scale = sum(observed.values()) / sum(baseline.values())
    expected = {one: known * scale for one, known in baseline.items()}
    while _too_few(expected):
        _merge_smallest(observed, expected)
    if len(expected) < 2:
        return None
    statistic = sum((observed[one] - known) ** 2 / known for one, known in expected.items())
    return float(chdtrc(len(expected) - 1, statistic))


def _too_few(expected: Mapping[str, float]) -> bool:
    """Whether categories are too small for the test, by the rules of Cochran and of Yates."""
    if len(expected) < 2:
        return False
    fewest = _FEWEST_OF_TWO if len(expected) == 2 else _FEWEST
    allowed = 0 if len(expected) == 2 else int(_SHARE_OF_FEW * len(expected))
    return sum(known < fewest for known in expected.values()) > allowed


def _merge_smallest(observed: dict[str, float], expected: dict[str, float]) -> None:
    smallest = min(expected, key=lambda one: expected[one])
    count, known = observed.pop(smallest), expected.pop(smallest)
    into = min(expected, key=lambda one: expected[one])
    observed[into] += count
    expected[into] += known
