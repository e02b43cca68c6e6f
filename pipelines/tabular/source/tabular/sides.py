"""The bias metrics that counts alone do not give, from AWS's formulas; see tabular.bias."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from sklearn.neighbors import NearestNeighbors

from tabular.bias import Undefined, entry
from tabular.metrics import Bools, Floats

NEIGHBOURS = 5


@dataclass(frozen=True)
class Sides:
    """The rows of both sides of a facet, each row at the same place in every member."""

    disadvantaged: Bools  # the other rows are advantaged
    actual: Bools
    predicted: Bools
    groups: Sequence[str] | None  # "" is unknown; None: no group column is named
    numbers: Floats  # rows by features that are numbers; NaN is missing


type RowMetric = Callable[[Sides], float]
type RowFormulas = Mapping[str, tuple[str, RowMetric]]  # name -> description and formula


def measure(formulas: RowFormulas, sides: Sides) -> list[dict[str, object]]:
    """Every metric in Clarify's shape, as `tabular.bias.measure` gives the others."""
    return [
        entry(name, description, partial(metric, sides))
        for name, (description, metric) in formulas.items()
    ]


def _conditional_disparity(sides: Sides, accepted: Bools) -> float:
    """The groups' demographic disparities, each weighted by its rows.

    A group's disparity is the disadvantaged share of its refused rows less that of its accepted
    ones. Rows of an unknown group count nowhere.
    """
    if sides.groups is None:
        raise Undefined("No group column is named for the facet.")
    values = np.array(sides.groups, dtype=np.str_)
    groups = [values == name for name in np.unique(values[values != ""])]
    _refuse_empty(sides.disadvantaged[values != ""])
    for outcome, rows in (("accepted", accepted), ("refused", ~accepted)):
        if without := sum(not (group & rows).any() for group in groups):
            raise Undefined(f"Groups without {outcome} rows: {without} of {len(groups)}.")
    disparities = [
        sides.disadvantaged[group & ~accepted].mean() - sides.disadvantaged[group & accepted].mean()
        for group in groups
    ]
    return float(np.average(disparities, weights=[group.sum() for group in groups]))


def _flip_test(sides: Sides) -> float:
    """How many more refused than accepted rows most of their nearest advantaged rows contradict.

    As in Clarify, features are not scaled and only numbers count; a missing one is at the mean.
    """
    _refuse_empty(sides.disadvantaged)
    if sides.numbers.shape[1] == 0:
        raise Undefined("No feature is a number.")
    filled, others = _filled(sides.numbers), ~sides.disadvantaged
    count = min(NEIGHBOURS, int(others.sum()))
    nearest = NearestNeighbors(n_neighbors=count).fit(filled[others])
    places = nearest.kneighbors(filled[sides.disadvantaged], return_distance=False)
    granted = sides.predicted[others][places].mean(axis=1)
    accepted = sides.predicted[sides.disadvantaged]
    flipped_up, flipped_down = ~accepted & (granted > 0.5), accepted & (granted < 0.5)
    return float((flipped_up.sum() - flipped_down.sum()) / len(accepted))


def _filled(numbers: Floats) -> Floats:
    missing = np.isnan(numbers)
    present = np.maximum((~missing).sum(axis=0), 1)
    means = np.where(missing, 0.0, numbers).sum(axis=0) / present
    return np.where(missing, means, numbers)


def _refuse_empty(disadvantaged: Bools) -> None:
    for name, there in (("advantaged", ~disadvantaged), ("disadvantaged", disadvantaged)):
        if not there.any():
            raise Undefined(f"The {name} group has no rows.")


PRE_TRAINING: RowFormulas = {
    "CDDL": (
        "Conditional Demographic Disparity in Labels",
        lambda sides: _conditional_disparity(sides, sides.actual),
    ),
}
POST_TRAINING: RowFormulas = {
    "CDDPL": (
        "Conditional Demographic Disparity in Predicted Labels",
        lambda sides: _conditional_disparity(sides, sides.predicted),
    ),
    "FT": ("Counterfactual Fliptest", _flip_test),
}
