"""The check `explainability`: do the same features still decide the scores?"""

import math
from collections.abc import Mapping

from monitor.found import Bars, Figures, Found, Metric, Violation
from monitor.inputs import Inputs
from monitor.payload import member
from tabular import attribution
from tabular.failing import StepFailed
from tabular.files import Json, evenly_spaced

NAMESPACE = "aws/sagemaker/Endpoints/explainability-metrics"
LEAST_AGREEMENT = 0.90  # AWS's bound of nDCG
MOST_ROWS = 500  # explained; more would cost time and change little


def explainability(inputs: Inputs) -> Found:
    """The importances of the window's features, ranked against those of the training run."""
    label, plan = inputs.spec.label, inputs.plan
    method, before = _baseline(inputs.baseline_json("explainability/analysis.json"), label)
    rows = [usable for row in inputs.captures.rows if (usable := inputs.row(row)) is not None]
    notes = inputs.captures.notes()
    if len(rows) < plan.min_rows:
        notes.append(f"{len(rows)} rows are too few to explain; {plan.min_rows} are needed.")
        return Found(len(rows), notes=notes, enough=False)
    cells = inputs.model.cells(evenly_spaced(rows, MOST_ROWS))
    background = inputs.model.cells(inputs.baseline_rows("baseline/rows.csv"))
    now = attribution.importances(inputs.model, cells, None, method, background)
    agreement = attribution.ndcg(before, now)
    expected = attribution.expected_value(inputs.model, cells, method, background)
    is_over = agreement < LEAST_AGREEMENT
    return Found(
        len(rows),
        violations=[_violation(label, agreement)] if is_over else [],
        unmeasured=math.isnan(agreement),
        notes=[*notes, _words(agreement)],
        documents={"analysis.json": attribution.analysis(label, method, now, expected)},
        metrics=_metrics(method, label, now, expected),
        figures=_figures(before, now),
        charts=[_chart(before, now, is_flagged=is_over)],
    )


def _words(agreement: float) -> str:
    if math.isnan(agreement):
        return "At training no feature was worth anything, so that there is no order to compare."
    return f"The order of the features agrees with training's to {agreement:.3f} (nDCG)."


def _baseline(analysis: Json, label: str) -> tuple[str, dict[str, float]]:
    """The method that the training run used, and what it found."""
    explained = member(analysis, "explanations")
    for method, values in attribution.VALUES.items():
        found = member(explained, method)
        if found is not None:
            return method, _numbers(member(member(found, label), values))
    raise StepFailed(
        f"explainability/analysis.json names none of the methods {', '.join(attribution.VALUES)}."
    )


def _numbers(values: Json) -> dict[str, float]:
    if not isinstance(values, dict):
        raise StepFailed("explainability/analysis.json holds no value per feature.")
    return {name: float(v) for name, v in values.items() if isinstance(v, int | float)}


def _violation(label: str, agreement: float) -> Violation:
    return Violation(
        {"label": label, "metric_name": "shap"},
        "feature_attribution_drift_check",
        f"The features that decide {label} rank otherwise than at training: nDCG is"
        f" {agreement:.3f}; at least {LEAST_AGREEMENT:.2f} is allowed.",
        test="ndcg",
        statistic=agreement,
        threshold=LEAST_AGREEMENT,
        effect=1 - agreement,
        direction="changed",
    )


def _metrics(method: str, label: str, now: Mapping[str, float], expected: float) -> list[Metric]:
    kind = {"ExplainabilityMethod": "KernelShap" if method == "kernel_shap" else method}
    kind |= {"Label": label}
    values = kind | {"ValueType": "GlobalShapValues"}
    return [
        *(Metric(NAMESPACE, f"feature_{name}", value, values) for name, value in now.items()),
        Metric(NAMESPACE, "ExpectedValue", expected, kind | {"ValueType": "ExpectedValue"}),
    ]


def _ranked(values: Mapping[str, float]) -> list[str]:
    return sorted(values, key=lambda name: -values[name])


def _figures(before: Mapping[str, float], now: Mapping[str, float]) -> Figures:
    old, new = _ranked(before), _ranked(now)
    rows = [
        (
            name,
            f"{now[name]:.4f}",
            f"{before[name]:.4f}" if name in before else "-",
            str(new.index(name) + 1),
            str(old.index(name) + 1) if name in before else "-",
        )
        for name in new
    ]
    columns = ("Feature", "Now", "At training", "Rank now", "Rank then")
    return Figures(columns, rows, [False] * len(rows))


def _chart(before: Mapping[str, float], now: Mapping[str, float], *, is_flagged: bool) -> Bars:
    pairs = [(name, before.get(name), now[name]) for name in _ranked(now)]
    return Bars("What decides the score", "importance of each feature", pairs, is_flagged)
