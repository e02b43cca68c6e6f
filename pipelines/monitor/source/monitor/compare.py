"""Whether a window's values differ from a baseline's: one test per feature, and which ones count.

Everything here is pure and takes plain arrays and counts, so that a replay can use it as it is.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from scipy import special

from tabular.metrics import Floats

EXPECTED = 5.0  # the least expected count for which a chi-squared test holds
LEAST_SHARE = 1e-4  # an empty bin's share, for an index that takes logarithms


@dataclass(frozen=True)
class Change:
    """How far one feature of a window is from the baseline, and how surely."""

    feature: str
    test: str  # "kolmogorov_smirnov" | "chi_squared"
    statistic: float
    p_value: float
    effect: float  # 0 to 1: the distance of the distributions, or Cramer's V
    direction: str  # "up" | "down" | "changed"
    psi: float | None  # population stability index
    wasserstein: float | None  # in standard deviations of the baseline


def compare_numbers(
    feature: str,
    baseline: Floats,
    window: Floats,
    *,
    quick: bool = False,
    worth: float = math.inf,
    weights: Floats | None = None,
) -> Change | None:
    """Kolmogorov and Smirnov's test of two samples without NaN; None if one of them is empty.

    It is fastest with a sorted baseline, which it must be where its values have `weights`. `quick`
    leaves out what does not decide anything. A baseline that tells less of this window than its
    size says is `worth` fewer values.
    """
    if not len(baseline) or not len(window):
        return None
    before, now = np.sort(baseline, kind="stable"), np.sort(window, kind="stable")
    values = np.concatenate((before, now))
    values.sort(kind="stable")
    gaps = _weighed(before, values, weights) - _cumulative(now, values)
    up, down = float(gaps.max()), float(-gaps.min())
    distance = max(up, down, 0.0)
    return Change(
        feature,
        "kolmogorov_smirnov",
        statistic=distance,
        p_value=_chance_of_distance(distance, min(len(before), worth), len(now)),
        effect=distance,
        direction="up" if up >= down else "down",
        psi=None if quick else _stability_of_numbers(before, now),
        wasserstein=None if quick else _transport(before, values, gaps),
    )


def compare_categories(
    feature: str,
    baseline: Mapping[str, float],
    window: Mapping[str, float],
    *,
    quick: bool = False,
) -> Change | None:
    """The chi-squared test of two tables of counts; None if one of them is empty.

    A category that only one side has is one of its own; rare ones are counted together.
    """
    names = sorted(baseline.keys() | window.keys())
    counts = np.array([[side.get(name, 0.0) for name in names] for side in (baseline, window)])
    totals = counts.sum(axis=1, keepdims=True)
    if not names or not totals.all():
        return None
    pooled = _pool_rare(counts)
    expected = totals * pooled.sum(axis=0) / totals.sum()
    statistic = float(((pooled - expected) ** 2 / expected).sum())
    freedom = pooled.shape[1] - 1
    return Change(
        feature,
        "chi_squared",
        statistic=statistic,
        p_value=float(special.chdtrc(freedom, statistic)) if freedom else 1.0,
        effect=math.sqrt(statistic / float(totals.sum())),
        direction="changed",
        psi=None if quick else _stability(*(counts / totals)),
        wasserstein=None,
    )


def flag(changes: Iterable[Change], alpha: float, min_effect: float) -> tuple[Change, ...]:
    """The changes that are real and large: Benjamini and Hochberg's procedure over all of them.

    Of all that it calls real, no more than `alpha` are expected to be chance.
    """
    given = tuple(changes)
    surest = discoveries([change.p_value for change in given], alpha)
    return tuple(
        change
        for change, sure in zip(given, surest, strict=True)
        if sure and change.effect >= min_effect
    )


def discoveries(p_values: list[float], alpha: float) -> list[bool]:
    """Which of these p-values Benjamini and Hochberg's procedure calls real."""
    bounds = (
        p_value
        for rank, p_value in enumerate(sorted(p_values), 1)
        if p_value <= alpha * rank / len(p_values)
    )
    highest = max(bounds, default=-1.0)
    return [p_value <= highest for p_value in p_values]


def _cumulative(ordered: Floats, values: Floats) -> Floats:
    return np.searchsorted(ordered, values, "right") / len(ordered)


def _weighed(ordered: Floats, values: Floats, weights: Floats | None) -> Floats:
    """The share of weight up to each value; the weights of a regression may be negative."""
    if weights is None:
        return _cumulative(ordered, values)
    steps = np.clip(np.concatenate(([0.0], np.cumsum(weights))), 0.0, 1.0)
    return np.maximum.accumulate(steps)[np.searchsorted(ordered, values, "right")]


def _chance_of_distance(distance: float, baseline: float, window: float) -> float:
    """Kolmogorov's limit with Stephens' correction for samples of finite size."""
    root = math.sqrt(baseline * window / (baseline + window))
    return float(special.kolmogorov((root + 0.12 + 0.11 / root) * distance))


def _stability_of_numbers(before: Floats, now: Floats) -> float:
    edges = np.unique(np.quantile(before, np.linspace(0.1, 0.9, 9)))
    shares = [
        np.diff(np.concatenate(([0], np.searchsorted(side, edges, "right"), [len(side)])))
        / len(side)
        for side in (before, now)
    ]
    return _stability(*shares)


def _stability(before: Floats, now: Floats) -> float:
    old, new = np.maximum(before, LEAST_SHARE), np.maximum(now, LEAST_SHARE)
    return float(((new - old) * np.log(new / old)).sum())


def _transport(before: Floats, values: Floats, gaps: Floats) -> float | None:
    """Wasserstein's distance; a baseline of one value has no unit to measure it in."""
    spread = float(before.std())
    if spread == 0:
        return None
    return float((np.abs(gaps[:-1]) * np.diff(values)).sum()) / spread


def _pool_rare(counts: Floats) -> Floats:
    """The same table with the rarest categories in one column, until each expects enough."""
    share = float(counts.sum(axis=1).min() / counts.sum())
    order = np.argsort(counts.sum(axis=0), kind="stable")
    ordered = counts[:, order]
    rare = int((ordered.sum(axis=0) * share < EXPECTED).sum())
    while rare and rare < ordered.shape[1] and ordered[:, :rare].sum() * share < EXPECTED:
        rare += 1
    if not rare:
        return ordered
    return np.column_stack((ordered[:, :rare].sum(axis=1), ordered[:, rare:]))
