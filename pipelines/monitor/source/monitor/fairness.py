"""The check `bias`: does a facet still fare within its limits?"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from monitor.found import Bars, Document, Figures, Found, Metric, Violation
from monitor.inputs import Inputs
from monitor.payload import member
from monitor.plan import BiasRule
from monitor.tables import table_of
from tabular import bias, sides
from tabular.files import Json
from tabular.metrics import Bools, Floats

NAMESPACE = "aws/sagemaker/Endpoints/bias-metrics"
type Place = tuple[str, str, str]  # facet, its value, metric
STAGES: Mapping[str, tuple[str, bias.Formulas, sides.RowFormulas]] = {
    "preTraining": ("pre_training_bias_metrics", bias.PRE_TRAINING, sides.PRE_TRAINING),
    "postTraining": ("post_training_bias_metrics", bias.POST_TRAINING, sides.POST_TRAINING),
}


@dataclass(frozen=True)
class Measured:
    """One metric of one facet's value."""

    stage: str
    facet: str
    facet_value: str
    name: str
    description: str
    value: float | None
    error: str | None

    @property
    def place(self) -> Place:
        return self.facet, self.facet_value, self.name

    def shape(self) -> dict[str, object]:
        """Clarify's shape of it."""
        shape: dict[str, object] = {
            "name": self.name,
            "description": self.description,
            "value": self.value,
        }
        return shape if self.error is None else shape | {"error": self.error}


@dataclass(frozen=True)
class Rows:
    """What happened to the joined rows, and what was predicted."""

    actual: Bools
    predicted: Bools
    facets: Mapping[str, Sequence[str]]
    groups: Mapping[str, Sequence[str]]  # of each facet that names a group column
    numbers: Floats  # rows by features that are numbers

    def measure(self, stage: str, facet: str, value: str) -> list[dict[str, object]]:
        """Every metric of a stage; rows without a value of the facet are on no side."""
        _, by_count, by_row = STAGES[stage]
        values = np.array(self.facets[facet])
        known = values != ""
        a, d = (
            bias.group(name, self.actual[side], self.predicted[side])
            for name, side in (
                ("advantaged", known & (values != value)),
                ("disadvantaged", known & (values == value)),
            )
        )
        both = sides.Sides(
            (values == value)[known],
            self.actual[known],
            self.predicted[known],
            np.array(self.groups[facet])[known].tolist() if facet in self.groups else None,
            self.numbers[known],
        )
        return bias.measure(by_count, a, d) + sides.measure(by_row, both)


def bias_drift(inputs: Inputs) -> Found:
    """The bias metrics of the rows with an outcome, against the limits of the plan."""
    plan, joined = inputs.plan, inputs.joined
    notes = [
        *inputs.captures.notes(),
        *inputs.outcomes.notes(len(joined), len(inputs.captures.rows)),
    ]
    enough = len(joined) >= plan.min_rows
    if not enough:
        notes.append(
            f"{len(joined)} rows with outcomes are too few to judge; {plan.min_rows} are needed."
        )
    if not joined:
        return Found(0, notes=notes, enough=False)
    before = _baseline(inputs.baseline_json("bias/analysis.json"))
    values = _values(inputs.spec.facets, plan.bias, before)
    measured = list(_measure(_rows(inputs), values))
    judged = [one for one in measured if _is_over(one, plan.bias)] if enough else []
    undefined = _undefined(measured, plan.bias)
    return Found(
        len(joined),
        unmeasured=bool(undefined),
        violations=[_violation(one, plan.bias) for one in judged],
        notes=[*notes, *undefined],
        documents={"analysis.json": _analysis(measured, inputs.spec.label)},
        metrics=[_metric(one, inputs.spec.label) for one in measured if one.value is not None],
        enough=enough,
        figures=_figures(measured, judged, plan.bias, before),
        charts=_charts(measured, judged, plan.bias, before),
    )


def _rows(inputs: Inputs) -> Rows:
    joined, spec = inputs.joined, inputs.spec
    nothing = dict.fromkeys(spec.features, "")
    rows = [(inputs.row(row.captured) or nothing) | row.outcome for row in joined]
    numbers = table_of(rows, spec.features).numbers.values()
    rules = {facet: rule.group for facet, rule in inputs.plan.bias.items() if rule.group}
    return Rows(
        np.array([row[spec.label] == "1" for row in rows]),
        np.array([row.captured.score >= spec.threshold for row in joined]),
        {facet: [row.get(facet, "") for row in rows] for facet in spec.facets},
        {facet: [row.get(group, "") for row in rows] for facet, group in rules.items()},
        np.column_stack(list(numbers)) if numbers else np.empty((len(rows), 0)),
    )


def _baseline(analysis: Json) -> dict[Place, float | None]:
    """The values that the training run measured."""
    return {
        (facet, str(member(entry, "value_or_threshold")), str(member(metric, "name"))): _number(
            member(metric, "value")
        )
        for section, _, _ in STAGES.values()
        for facet, entries in _object(member(member(analysis, section), "facets")).items()
        for entry in _list(entries)
        for metric in _list(member(entry, "metrics"))
    }


def _values(
    facets: Sequence[str], rules: Mapping[str, BiasRule], before: Mapping[Place, float | None]
) -> dict[str, list[str]]:
    """The values of each facet to look at: the rule's, else those that training looked at."""
    known = {
        facet: sorted({value for place, value, _ in before if place == facet}) for facet in facets
    }
    return known | {facet: [rules[facet].disadvantaged] for facet in facets if facet in rules}


def _measure(rows: Rows, values: Mapping[str, Sequence[str]]) -> Iterator[Measured]:
    for stage in STAGES:
        for facet, looked_at in values.items():
            for value in looked_at:
                for metric in rows.measure(stage, facet, value):
                    yield Measured(
                        stage,
                        facet,
                        value,
                        str(metric["name"]),
                        str(metric["description"]),
                        _number(metric["value"]),
                        str(metric["error"]) if "error" in metric else None,
                    )


def _limit(one: Measured, rules: Mapping[str, BiasRule]) -> float | None:
    return rules[one.facet].max_abs.get(one.name) if one.facet in rules else None


def _is_over(one: Measured, rules: Mapping[str, BiasRule]) -> bool:
    limit = _limit(one, rules)
    return limit is not None and one.value is not None and abs(one.value) > limit


def _undefined(measured: Sequence[Measured], rules: Mapping[str, BiasRule]) -> list[str]:
    """The metrics that have a limit and no value, and those that nobody measures."""
    notes = [
        f"{one.name} of {one.facet} is undefined: {one.error}"
        for one in measured
        if _limit(one, rules) is not None and one.value is None
    ]
    names = {(one.facet, one.name) for one in measured}
    return notes + [
        f"{name} of {facet} has a limit but is not measured."
        for facet, rule in rules.items()
        for name in rule.max_abs
        if (facet, name) not in names
    ]


def _violation(one: Measured, rules: Mapping[str, BiasRule]) -> Violation:
    value, limit = one.value or 0.0, _limit(one, rules) or 0.0
    return Violation(
        {"facet": one.facet, "facet_value": one.facet_value, "metric_name": one.name},
        "bias_drift_check",
        f"{one.description} ({one.name}) of {one.facet} = {one.facet_value} is {value:.3f};"
        f" at most {limit:.3f} either way is allowed.",
        test="absolute_limit",
        statistic=value,
        threshold=limit,
        effect=abs(value),
        direction="up" if value > 0 else "down",
    )


def _analysis(measured: Sequence[Measured], label: str) -> Document:
    return {"version": "1.0"} | {
        section: {
            "label": label,
            "label_value_or_threshold": "1",
            "facets": _facets([one for one in measured if one.stage == stage]),
        }
        for stage, (section, _, _) in STAGES.items()
    }


def _facets(measured: Sequence[Measured]) -> dict[str, list[dict[str, object]]]:
    found: dict[str, dict[str, list[Document]]] = {}
    for one in measured:
        values = found.setdefault(one.facet, {})
        values.setdefault(one.facet_value, []).append(one.shape())
    return {
        facet: [
            {"value_or_threshold": value, "metrics": shapes} for value, shapes in values.items()
        ]
        for facet, values in found.items()
    }


def _metric(one: Measured, label: str) -> Metric:
    dimensions = {
        "BiasStage": one.stage,
        "Label": label,
        "LabelValue": "1",
        "Facet": one.facet,
        "FacetValue": one.facet_value,
    }
    return Metric(NAMESPACE, f"bias_metric_{one.name}", one.value or 0.0, dimensions)


def _figures(
    measured: Sequence[Measured],
    judged: Sequence[Measured],
    rules: Mapping[str, BiasRule],
    before: Mapping[Place, float | None],
) -> Figures:
    ordered = sorted(measured, key=lambda one: one not in judged)
    rows = [
        (
            f"{one.facet} = {one.facet_value}",
            one.name,
            _decimal(one.value),
            _decimal(before.get(one.place)),
            _decimal(_limit(one, rules)),
            one.description,
        )
        for one in ordered
    ]
    columns = ("Facet", "Metric", "Now", "At training", "Limit", "Meaning")
    return Figures(columns, rows, [one in judged for one in ordered], words=2)


def _charts(
    measured: Sequence[Measured],
    judged: Sequence[Measured],
    rules: Mapping[str, BiasRule],
    before: Mapping[Place, float | None],
) -> list[Bars]:
    """One for each metric that has a limit."""
    limited = [one for one in measured if _limit(one, rules) is not None]
    return [
        Bars(
            f"{one.name} of {one.facet} = {one.facet_value}",
            one.description,
            [("", _size(before.get(one.place)), _size(one.value))],
            one in judged,
            limit=_limit(one, rules),
        )
        for one in sorted(limited, key=lambda one: one not in judged)
    ]


def _size(value: float | None) -> float | None:
    return None if value is None else abs(value)


def _decimal(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _object(value: Json) -> dict[str, Json]:
    return value if isinstance(value, dict) else {}


def _list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []
