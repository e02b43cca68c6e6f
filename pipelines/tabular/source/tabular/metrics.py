"""How good a binary classifier is: AUC, and what follows from its confusion matrix."""

import math
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from tabular.files import Row

type Bools = npt.NDArray[np.bool_]
type Floats = npt.NDArray[np.float64]

SCALARS = ("auc", "accuracy", "precision", "recall", "f1")
ENOUGH_FOR_DEVIATION = 200  # below that, a standard deviation would only look exact
RESAMPLES = 200


def outcomes(rows: Sequence[Row], label: str) -> Bools:
    """What really happened to each row."""
    return np.array([row[label] == "1" for row in rows])


def auc(actual: Bools, scores: Floats) -> float:
    """The chance that a random 1 scores above a random 0, ties counting half; NaN if one lacks."""
    ones, zeros = scores[actual], np.sort(scores[~actual])
    if not len(ones) or not len(zeros):
        return math.nan
    below = np.searchsorted(zeros, ones, "left") + np.searchsorted(zeros, ones, "right")
    return float(below.sum() / 2 / len(ones) / len(zeros))


def confusion(actual: Bools, predicted: Bools) -> dict[str, dict[str, int]]:
    """Rows by what they are, then by what was predicted."""
    return {
        was: {
            said: int(((actual == (was == "1")) & (predicted == (said == "1"))).sum())
            for said in ("0", "1")
        }
        for was in ("0", "1")
    }


def scalars(actual: Bools, scores: Floats, threshold: float) -> dict[str, float]:
    """Every scalar metric; one that divides by nothing is NaN."""
    predicted = scores >= threshold
    hits = int((actual & predicted).sum())
    return {
        "auc": auc(actual, scores),
        "accuracy": float((actual == predicted).mean()),
        "precision": _share(hits, int(predicted.sum())),
        "recall": _share(hits, int(actual.sum())),
        "f1": _share(2 * hits, int(predicted.sum()) + int(actual.sum())),
    }


def describe(actual: Bools, scores: Floats, threshold: float) -> dict[str, object]:
    """SageMaker's shape: value and standard deviation of each metric, and the confusion matrix."""
    values = scalars(actual, scores, threshold)
    spread = _deviations(actual, lambda pick: scalars(actual[pick], scores[pick], threshold))
    described: dict[str, object] = {
        name: value_or_reason(values[name]) | spread.get(name, {}) for name in SCALARS
    }
    return described | {"confusion_matrix": confusion(actual, scores >= threshold)}


def value_or_reason(value: float) -> dict[str, float | str | None]:
    """A metric's value; an undefined one is null and says so, and never 0."""
    if math.isnan(value):
        return {"value": None, "error": "It divides by a count that is zero on these rows."}
    return {"value": value}


def _share(part: int, whole: int) -> float:
    return part / whole if whole else math.nan


def _deviations(
    actual: Bools, measure: Callable[[npt.NDArray[np.int64]], dict[str, float]]
) -> dict[str, dict[str, float]]:
    """Standard deviations over resampled rows, the same ones in every run."""
    if len(actual) < ENOUGH_FOR_DEVIATION:
        return {}
    random = np.random.default_rng(0)
    draws = [
        measure(random.integers(0, len(actual), len(actual), dtype=np.int64))
        for _ in range(RESAMPLES)
    ]
    deviations = {name: float(np.std([draw[name] for draw in draws])) for name in SCALARS}
    return {
        name: {"standard_deviation": value}
        for name, value in deviations.items()
        if not math.isnan(value)
    }
