"""What was measured of each version, beside the bounds of the model's file."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cli.demo.report.record import Record, Registered
from cli.documents import find, listed, mapping, number
from steward.decide.approval import Document
from steward.spec.model import MetricRule

_MOST_FEATURES = 8
_METRICS = "binary_classification_metrics"
# What a measure says, for who does not read it every day.
_MEANINGS = {
    "auc": "how well positive rows rank above the others: 1 is perfect, 0.5 is chance",
    "accuracy": "share of rows that were judged right",
    "precision": "share right among the rows it calls positive",
    "recall": "share found of the rows that are positive",
    "f1": "precision and recall in one figure",
    "DPPL": "how much more often the model says yes to the other rows than to those of the group",
}


@dataclass(frozen=True, slots=True)
class Mark:
    """A version's value, and the serving version's on the same rows; None: not measured."""

    version: int
    value: float | None
    compared: float | None
    within: bool


@dataclass(frozen=True, slots=True)
class Scale:
    """One bounded measure of all versions, on one scale from `low` to `high`.

    `least` and `most` bound what is allowed; None: no bound on that side.
    """

    name: str
    meaning: str
    bound: str
    marks: tuple[Mark, ...]
    least: float | None
    most: float | None
    low: float
    high: float

    def place(self, value: float) -> float:
        """Where a value stands, in percent of the scale."""
        return 100 * (value - self.low) / (self.high - self.low)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table of all measures: a value per version, None where there is none."""

    name: str
    meaning: str
    values: tuple[float | int | None, ...]


@dataclass(frozen=True, slots=True)
class Importance:
    """What one version listens to: the features that are worth most, and how many there are."""

    version: int
    features: tuple[tuple[str, float, float], ...]
    others: int


def scales(record: Record) -> list[Scale]:
    """Every measure that the model's file bounds."""
    return [*_metrics(record), *_biases(record)]


def _metrics(record: Record) -> Iterator[Scale]:
    for name, rule in record.spec.gate.metrics.items():
        marks = tuple(_mark(version, name, rule) for version in record.versions)
        bounds = [] if rule.min is None else [f"at least {rule.min:.3f}"]
        if rule.max_drop is not None:
            bounds.append(f"at most {rule.max_drop:.3f} below the serving version")
        yield _scale(name, _MEANINGS.get(name, ""), ", ".join(bounds), marks, rule.min, None)


def _mark(version: Registered, name: str, rule: MetricRule) -> Mark:
    evaluation = version.reports.get("evaluation")
    value = number(evaluation, _METRICS, name, "value")
    compared = number(evaluation, "champion", _METRICS, name, "value")
    # Where there were recent rows enough, both were measured on those.
    contest = number(evaluation, "champion", "candidate", name, "value")
    ours = value if contest is None else contest
    enough = value is not None and (rule.min is None or value >= rule.min)
    dropped = (
        ours is not None
        and compared is not None
        and rule.max_drop is not None
        and (compared - ours > rule.max_drop)
    )
    return Mark(version.number, value, compared, within=enough and not dropped)


def _biases(record: Record) -> Iterator[Scale]:
    for facet, rule in record.spec.gate.bias.items():
        for name, most in rule.max_abs.items():
            entries = [_bias(version, facet, name) for version in record.versions]
            marks = tuple(
                Mark(version.number, worst, None, worst is not None and abs(worst) <= most)
                for version, (worst, _) in zip(record.versions, entries, strict=True)
            )
            told = [_MEANINGS.get(name, ""), *[told for _, told in entries]]
            meaning = next(filter(None, told), "")
            meaning += f" (group: {facet} = {rule.disadvantaged})"
            bound = f"at most {most:.3f} either way"
            yield _scale(f"bias {name} of {facet}", meaning, bound, marks, -most, most)


def _bias(version: Registered, facet: str, name: str) -> tuple[float | None, str]:
    """The worst value over the facet's groups, and what the report calls the measure."""
    report = version.reports.get("bias")
    groups = listed(find(report, "post_training_bias_metrics", "facets", facet))
    entries = [
        entry
        for group in groups
        for entry in listed(find(group, "metrics"))
        if find(entry, "name") == name
    ]
    known = [value for entry in entries if (value := number(entry, "value")) is not None]
    told = next((str(find(entry, "description") or "") for entry in entries), "")
    whole = known and len(known) == len(entries)
    return max(known, key=abs) if whole else None, told


def _scale(
    name: str,
    meaning: str,
    bound: str,
    marks: tuple[Mark, ...],
    least: float | None,
    most: float | None,
) -> Scale:
    """A scale that holds all values and bounds, with room on both sides."""
    values = [value for mark in marks for value in (mark.value, mark.compared)]
    known = [value for value in (*values, least, most) if value is not None] or [0.0]
    room = 0.12 * (max(known) - min(known)) or 0.1
    return Scale(
        name, meaning, bound, marks, least, most, low=min(known) - room, high=max(known) + room
    )


def table(record: Record) -> list[Line]:
    """Rows and every other measure of each version's evaluation."""
    evaluations = [version.reports.get("evaluation") for version in record.versions]
    lines = [
        Line("rows trained on", "", _each(evaluations, "rows", "train")),
        Line("rows tested on", "", _each(evaluations, "rows", "test")),
    ]
    names = dict.fromkeys(
        name
        for evaluation in evaluations
        for name, entry in mapping(find(evaluation, _METRICS)).items()
        if "value" in mapping(entry)
    )
    lines += [
        Line(name, _MEANINGS.get(name, ""), _each(evaluations, _METRICS, name, "value"))
        for name in names
    ]
    return [line for line in lines if any(value is not None for value in line.values)]


def importances(record: Record) -> list[Importance]:
    """What each version listens to, where there is a report of it."""
    found = [
        _importance(version.number, entry)
        for version in record.versions
        for labels in mapping(find(version.reports.get("explainability"), "explanations")).values()
        for entry in mapping(labels).values()
    ]
    return [one for one in found if one.features]


def _importance(version: int, entry: object) -> Importance:
    worth = {
        name: value
        for values in ("global_importance_values", "global_shap_values")
        for name, found in mapping(find(entry, values)).items()
        if (value := number(found)) is not None
    }
    ordered = sorted(worth.items(), key=lambda pair: -pair[1])
    best = [(name, value) for name, value in ordered[:_MOST_FEATURES] if value > 0]
    whole = best[0][1] if best else 1.0
    features = tuple((name, value, 100 * value / whole) for name, value in best)
    return Importance(version, features, len(worth) - len(features))


def _each(documents: Sequence[Document | None], *path: str) -> tuple[float | None, ...]:
    return tuple(number(document, *path) for document in documents)
