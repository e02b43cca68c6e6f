"""Bias metrics, from the formulas that AWS publishes for SageMaker Clarify.

`a` is the advantaged group and `d` the disadvantaged one; 1 is the outcome people want. A positive
difference says that `a` fares better. A metric that would divide by zero, or is infinite, is
undefined: it has a reason instead of a value, and is never 0.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

type Bools = npt.NDArray[np.bool_]


class Undefined(ValueError):
    """The metric has no value for these counts; the message says which count is zero."""


@dataclass(frozen=True)
class Group:
    """One side of a facet: its rows by observed and predicted outcome."""

    name: str
    true_positives: int
    false_positives: int
    false_negatives: int
    true_negatives: int

    @property
    def size(self) -> int:
        return self.observed_ones + self.observed_zeros

    @property
    def observed_ones(self) -> int:
        return self.true_positives + self.false_negatives

    @property
    def observed_zeros(self) -> int:
        return self.true_negatives + self.false_positives

    @property
    def predicted_ones(self) -> int:
        return self.true_positives + self.false_positives

    @property
    def predicted_zeros(self) -> int:
        return self.true_negatives + self.false_negatives

    def ratio(self, part: str, whole: str) -> float:
        """One count of the group over another, if the other is not zero."""
        below: int = getattr(self, whole)
        if below == 0:
            raise Undefined(f"The {self.name} group has no {whole.replace('_', ' ')}.")
        above: int = getattr(self, part)
        return above / below

    def outcomes(self) -> tuple[float, float]:
        """The shares of observed zeros and ones."""
        return self.ratio("observed_zeros", "size"), self.ratio("observed_ones", "size")


type Metric = Callable[[Group, Group], float]
type Formulas = Mapping[str, tuple[str, Metric]]  # name -> description and formula


def group(name: str, actual: Bools, predicted: Bools) -> Group:
    """Count one group's rows."""
    return Group(
        name,
        true_positives=int((actual & predicted).sum()),
        false_positives=int((~actual & predicted).sum()),
        false_negatives=int((actual & ~predicted).sum()),
        true_negatives=int((~actual & ~predicted).sum()),
    )


def _a_minus_d(part: str, whole: str) -> Metric:
    return lambda a, d: a.ratio(part, whole) - d.ratio(part, whole)


def _d_minus_a(part: str, whole: str) -> Metric:
    return lambda a, d: d.ratio(part, whole) - a.ratio(part, whole)


def _class_imbalance(a: Group, d: Group) -> float:
    if a.size + d.size == 0:
        raise Undefined("There are no rows.")
    return (a.size - d.size) / (a.size + d.size)


def _divergence(p: tuple[float, float], q: tuple[float, float]) -> float:
    """Kullback and Leibler's, in nats."""
    if any(x > 0 and y == 0 for x, y in zip(p, q, strict=True)):
        raise Undefined("One group never has an outcome that the other has.")
    return sum(x * math.log(x / y) for x, y in zip(p, q, strict=True) if x > 0)


def _kl(a: Group, d: Group) -> float:
    return _divergence(a.outcomes(), d.outcomes())


def _js(a: Group, d: Group) -> float:
    p, q = a.outcomes(), d.outcomes()
    middle = ((p[0] + q[0]) / 2, (p[1] + q[1]) / 2)
    return (_divergence(p, middle) + _divergence(q, middle)) / 2


def _gaps(a: Group, d: Group) -> list[float]:
    return [abs(x - y) for x, y in zip(a.outcomes(), d.outcomes(), strict=True)]


def _disparate_impact(a: Group, d: Group) -> float:
    below = a.ratio("predicted_ones", "size")
    if below == 0:
        raise Undefined(f"The {a.name} group has no predicted ones.")
    return d.ratio("predicted_ones", "size") / below


def _generalized_entropy(a: Group, d: Group) -> float:
    """Inequality of benefits: a wrong refusal is worth 0, a right answer 1, a wrong grant 2."""
    rows = a.size + d.size
    benefits = {
        0: a.false_negatives + d.false_negatives,
        1: sum(g.true_positives + g.true_negatives for g in (a, d)),
        2: a.false_positives + d.false_positives,
    }
    total = sum(benefit * count for benefit, count in benefits.items())
    if total == 0:
        raise Undefined("No row has any benefit.")
    mean = total / rows
    return sum(n * ((benefit / mean) ** 2 - 1) for benefit, n in benefits.items()) / (2 * rows)


# What takes more than counts is in tabular.sides.
PRE_TRAINING: Formulas = {
    "CI": ("Class Imbalance", _class_imbalance),
    "DPL": ("Difference in Positive Proportions in Labels", _a_minus_d("observed_ones", "size")),
    "JS": ("Jensen-Shannon Divergence", _js),
    "KL": ("Kullback-Leibler Divergence", _kl),
    "KS": ("Kolmogorov-Smirnov Distance", lambda a, d: max(_gaps(a, d))),
    "LP": ("L-p Norm", lambda a, d: math.hypot(*_gaps(a, d))),
    "TVD": ("Total Variation Distance", lambda a, d: sum(_gaps(a, d)) / 2),
}
POST_TRAINING: Formulas = {
    "AD": (
        "Accuracy Difference",
        lambda a, d: _accuracy(a) - _accuracy(d),
    ),
    "DAR": (
        "Difference in Acceptance Rates",
        _a_minus_d("true_positives", "predicted_ones"),
    ),
    "DCAcc": (
        "Difference in Conditional Acceptance",
        _a_minus_d("observed_ones", "predicted_ones"),
    ),
    "DCR": (
        "Difference in Conditional Rejection",
        _d_minus_a("observed_zeros", "predicted_zeros"),
    ),
    "DI": ("Disparate Impact", _disparate_impact),
    "DPPL": (
        "Difference in Positive Proportions in Predicted Labels",
        _a_minus_d("predicted_ones", "size"),
    ),
    "DRR": (
        "Difference in Rejection Rates",
        _d_minus_a("true_negatives", "predicted_zeros"),
    ),
    "GE": ("Generalized Entropy", _generalized_entropy),
    "RD": ("Recall Difference", _a_minus_d("true_positives", "observed_ones")),
    "SD": ("Specificity Difference", _d_minus_a("true_negatives", "observed_zeros")),
    "TE": ("Treatment Equality", _d_minus_a("false_negatives", "false_positives")),
}


def _accuracy(side: Group) -> float:
    if side.size == 0:
        raise Undefined(f"The {side.name} group has no rows.")
    return (side.true_positives + side.true_negatives) / side.size


def measure(formulas: Formulas, a: Group, d: Group) -> list[dict[str, object]]:
    """Every metric in Clarify's shape."""
    return [
        entry(name, description, partial(metric, a, d))
        for name, (description, metric) in formulas.items()
    ]


def entry(name: str, description: str, metric: Callable[[], float]) -> dict[str, object]:
    """A metric in Clarify's shape: name, description, value, and an error if there is none."""
    head: dict[str, object] = {"name": name, "description": description}
    try:
        return head | {"value": metric()}
    except Undefined as reason:
        return head | {"value": None, "error": str(reason)}
