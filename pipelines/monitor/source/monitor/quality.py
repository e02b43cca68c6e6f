"""The check `model_quality`: is the model still as good as its gate asked and as it was?"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import special

from monitor.compare import discoveries
from monitor.found import Bars, Figures, Found, Metric, Violation
from monitor.inputs import Inputs
from monitor.payload import member
from monitor.tables import number
from tabular import metrics
from tabular.files import Json

NAMESPACE = "aws/sagemaker/Endpoints/model-metrics"


@dataclass(frozen=True)
class Estimate:
    """A metric's value and its standard deviation; NaN where there is none."""

    value: float
    deviation: float


@dataclass(frozen=True)
class Shortfall:
    """A metric below what it should be, and how likely chance makes it so."""

    metric: str
    now: float
    least: float  # the threshold, or the baseline's value less what it may lose
    reference: float
    p_value: float
    test: str
    sentence: str


def model_quality(inputs: Inputs) -> Found:
    """The metrics of the rows with an outcome, against the gate's minimums and the baseline."""
    plan, spec, joined = inputs.plan, inputs.spec, inputs.joined
    notes = [*inputs.captures.notes(), *_notes(inputs)]
    actual = np.array([row.cell(spec.label) == "1" for row in joined], dtype=np.bool_)
    scores = np.array([row.captured.score for row in joined])
    if not joined:
        return Found(0, notes=notes, enough=False)
    described = metrics.describe(actual, scores, spec.threshold)
    limits = inputs.baseline_json("quality/constraints.json")
    now, before = _estimates(described), _estimates(_baseline(inputs))
    thresholds = _thresholds(limits)
    short = shortfalls(now, before, thresholds, plan.max_drop)
    undefined = [f"{name} is undefined on these rows." for name in now if _is_undefined(now[name])]
    enough = len(joined) >= plan.min_rows
    found = Found(
        len(joined),
        enough=enough,
        unmeasured=_is_unmeasured(now, thresholds),
        notes=[*notes, *undefined],
        documents={
            "statistics.json": {"version": 0, "binary_classification_metrics": described},
            "constraints.json": limits if isinstance(limits, dict) else {},
            "analysis.json": {"features": [], "cycle": [], "metrics": _compared(now, before)},
        },
        metrics=[
            Metric(NAMESPACE, name, estimate.value)
            for name, estimate in now.items()
            if not _is_undefined(estimate)
        ],
    )
    return _judged(found, now, before, thresholds, _worst(short, plan.alpha) if enough else [])


def _is_unmeasured(now: Mapping[str, Estimate], thresholds: Mapping[str, float]) -> bool:
    """Whether a metric that the gate bounds is undefined; without any, whether all are."""
    known = {name for name in now if not _is_undefined(now[name])}
    return bool(set(thresholds) - known) if thresholds else not known


def shortfalls(
    now: Mapping[str, Estimate],
    before: Mapping[str, Estimate],
    thresholds: Mapping[str, float],
    max_drop: float,
) -> list[Shortfall]:
    """Every comparison that can be made, each with the chance of a value as low as this."""
    below = [_below(name, now[name], least) for name, least in thresholds.items() if name in now]
    dropped = [_dropped(name, now[name], before[name], max_drop) for name in now if name in before]
    return [found for found in (*below, *dropped) if not math.isnan(found.p_value)]


def _below(name: str, now: Estimate, least: float) -> Shortfall:
    sentence = f"{name} is {now.value:.3f}; the gate asks for {least:.3f}."
    chance = _chance(now.value - least, now.deviation)
    return Shortfall(name, now.value, least, least, chance, "z_below_threshold", sentence)


def _dropped(name: str, now: Estimate, before: Estimate, max_drop: float) -> Shortfall:
    sentence = (
        f"{name} is {now.value:.3f}; it was {before.value:.3f} at training"
        f" and may lose {max_drop:.3f}."
    )
    spread = math.hypot(now.deviation, before.deviation)
    chance = _chance(now.value - before.value, spread)
    least = before.value - max_drop
    return Shortfall(name, now.value, least, before.value, chance, "z_below_baseline", sentence)


def _chance(difference: float, deviation: float) -> float:
    """The chance of a difference this low where there is none; NaN if that cannot be told."""
    if deviation == 0:
        return 0.0 if difference < 0 else 1.0
    return float(special.ndtr(difference / deviation))


def _worst(short: Sequence[Shortfall], alpha: float) -> list[Shortfall]:
    """Those that are real and large, one for each metric: the gate's word comes first."""
    found: dict[str, Shortfall] = {}
    for one, sure in zip(short, discoveries([s.p_value for s in short], alpha), strict=True):
        if sure and one.now < one.least:
            found.setdefault(one.metric, one)
    return list(found.values())


def _judged(
    found: Found,
    now: Mapping[str, Estimate],
    before: Mapping[str, Estimate],
    thresholds: Mapping[str, float],
    worst: Sequence[Shortfall],
) -> Found:
    bad = {one.metric for one in worst}
    names = sorted(now, key=lambda name: name not in bad)
    nothing = Estimate(math.nan, math.nan)
    return replace(
        found,
        violations=[_violation(one) for one in worst],
        figures=Figures(
            ("Metric", "Now", "Std. dev.", "At training", "Least"),
            [
                (
                    name,
                    _decimal(now[name].value),
                    _decimal(now[name].deviation),
                    _decimal(before.get(name, nothing).value),
                    _decimal(thresholds.get(name, math.nan)),
                )
                for name in names
            ],
            [name in bad for name in names],
        ),
        charts=[
            Bars(
                name,
                "" if name not in thresholds else f"the gate asks for {thresholds[name]:.3f}",
                [("", _known(before.get(name, nothing).value), _known(now[name].value))],
                name in bad,
                limit=thresholds.get(name),
            )
            for name in names
        ],
    )


def _violation(one: Shortfall) -> Violation:
    return Violation(
        {"metric_name": one.metric},
        "LessThanThreshold",
        one.sentence + f" Chance gives so little with p = {one.p_value:.2g}.",
        test=one.test,
        statistic=one.now,
        threshold=one.least,
        effect=one.reference - one.now,
        direction="down",
        p_value=one.p_value,
    )


def _notes(inputs: Inputs) -> list[str]:
    joined, least = len(inputs.joined), inputs.plan.min_rows
    notes = inputs.outcomes.notes(joined, len(inputs.captures.rows))
    if joined < least:
        notes.append(f"{joined} rows with outcomes are too few to judge; {least} are needed.")
    return notes


def _baseline(inputs: Inputs) -> Mapping[str, object]:
    rows = inputs.baseline_rows("baseline/predictions.csv")
    scores = np.array([number(row["score"]) for row in rows])
    actual = metrics.outcomes(rows, inputs.spec.label)
    return metrics.describe(actual, scores, inputs.spec.threshold)


def _estimates(described: Mapping[str, object]) -> dict[str, Estimate]:
    shape: dict[str, dict[str, float | None]] = {
        name: dict(value)
        for name, value in described.items()
        if name in metrics.SCALARS and isinstance(value, dict)
    }
    return {
        name: Estimate(_number(value.get("value")), _number(value.get("standard_deviation")))
        for name, value in shape.items()
    }


def _thresholds(limits: Json) -> dict[str, float]:
    rules = member(limits, "binary_classification_constraints")
    if not isinstance(rules, dict):
        return {}
    found = {name: member(rule, "threshold") for name, rule in rules.items()}
    return {name: float(least) for name, least in found.items() if isinstance(least, int | float)}


def _compared(
    now: Mapping[str, Estimate], before: Mapping[str, Estimate]
) -> dict[str, dict[str, float | None]]:
    return {
        name: {"value": _known(now[name].value), "baseline": _known(before[name].value)}
        for name in now
        if name in before
    }


def _number(value: float | None) -> float:
    return math.nan if value is None else value


def _known(value: float) -> float | None:
    return None if math.isnan(value) else value


def _is_undefined(estimate: Estimate) -> bool:
    return math.isnan(estimate.value)


def _decimal(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.3f}"
