"""What was measured of a version, beside the bounds that its file sets, as sections."""

from collections.abc import Iterator

from cli.documents import find, listed, mapping, number
from cli.dossier.kept import WORDS
from cli.dossier.read import Dossier
from cli.pages.parts import Bars, Missing, Part, Section, Text, pairs, table
from cli.pages.said import findings, second
from cli.trace import Entry

_METRICS = "binary_classification_metrics"
_NONE = "Nothing was measured."


def measured(dossier: Dossier) -> Iterator[Section]:
    """Metrics, bias and explanations, each from its own report."""
    yield Section(
        "metrics",
        "Metrics",
        "What the evaluation measured on rows that the version was not trained on.",
        tuple(_metrics(dossier)),
        "Annex IV 2(g), 4",
    )
    yield Section(
        "bias",
        "Bias",
        "Differences between the groups of each facet; facets are never features of the model.",
        tuple(_bias(dossier)),
        "Annex IV 2(g)",
    )
    yield Section(
        "explanations",
        "What it listens to",
        "How much the answer changes when a feature's column is shuffled, on its test rows.",
        tuple(_explained(dossier)),
        "Annex IV 3",
    )


def missing(dossier: Dossier, name: str) -> Missing | None:
    """That a report is not there, or is not the one that was judged; None: it is."""
    one, word = dossier.documents[name], WORDS[name]
    if not one.uri:
        return Missing(f"No {word} was registered.")
    if one.body is None:
        return Missing(f"The {word} is on record, and is no longer at {one.uri}.")
    if not one.content:
        return Missing(f"The {word} at {one.uri} cannot be understood.")
    if one.is_altered:
        return Missing(
            f"The {word} at {one.uri} is not the one that was recorded, whose SHA-256 was "
            f"{one.recorded}. What follows is what lies there now."
        )
    return None


def _metrics(dossier: Dossier) -> Iterator[Part]:
    if told := missing(dossier, "evaluation"):
        yield told
    evaluation = dossier.content("evaluation")
    rules = mapping(find(dossier.spec, "gate", "metrics"))
    if evaluation:
        rows = [
            (
                name,
                number(evaluation, _METRICS, name, "value"),
                number(evaluation, _METRICS, name, "standard_deviation"),
                number(evaluation, "champion", "candidate", name, "value"),
                number(evaluation, "champion", _METRICS, name, "value"),
                _bounds(mapping(rules.get(name))),
            )
            for name in mapping(evaluation.get(_METRICS))
            if number(evaluation, _METRICS, name, "value") is not None
        ]
        head = (
            "metric",
            "value",
            "deviation",
            "on the shared rows",
            "version that served",
            "allowed",
        )
        yield table(head, rows, "The evaluation holds no metric.")
        matrix = mapping(find(evaluation, _METRICS, "confusion_matrix"))
        yield pairs(_rows(evaluation))
        cells = [(f"is {real}", *mapping(row).values()) for real, row in matrix.items()]
        if cells:
            yield table(("", *(f"judged {name}" for name in matrix)), cells, "")
    yield from _gate(dossier)


def _rows(evaluation: Entry) -> dict[str, object]:
    return {
        "rows trained on": find(evaluation, "rows", "train"),
        "rows tested on": find(evaluation, "rows", "test"),
        "compared on": find(evaluation, "champion", "why") or "no version served to compare with",
    }


def _bounds(rule: Entry) -> str:
    least, drop = rule.get("min"), rule.get("max_drop")
    told = [] if least is None else [f"at least {least}"]
    told += [] if drop is None else [f"at most {drop} below the version that serves"]
    return ", ".join(told) or "not bounded"


def _gate(dossier: Dossier) -> Iterator[Part]:
    judged = dossier.judged
    if judged is None:
        yield Missing("The gate has not judged this version.")
        return
    yield Text(f"The gate said: {judged.facts.get('verdict')}, on {second(judged.at)} UTC.")
    yield findings(judged)


def _bias(dossier: Dossier) -> Iterator[Part]:
    if told := missing(dossier, "bias"):
        yield told
    report, rules = dossier.content("bias"), mapping(find(dossier.spec, "gate", "bias"))
    if dossier.spec and not rules:
        yield Missing("The model's file bounds no bias metric.")
    before = mapping(find(report, "pre_training_bias_metrics", "facets"))
    after = mapping(find(report, "post_training_bias_metrics", "facets"))
    for facet, groups in before.items():
        yield Text(f"{_group(facet, groups)}, of the labels:")
        yield table(("metric", "what it is", "value"), list(_differences(groups)), _NONE)
    for facet, groups in after.items():
        yield Text(f"{_group(facet, groups)}, of the model's answers:")
        rows = [(*row, _most(rules, facet, str(row[0]))) for row in _differences(groups)]
        yield table(("metric", "what it is", "value", "allowed"), rows, _NONE)


def _group(facet: str, groups: object) -> str:
    values = [str(find(one, "value_or_threshold")) for one in listed(groups)]
    return f"{facet} = {', '.join(values)}"


def _differences(groups: object) -> Iterator[tuple[object, object, object]]:
    for group in listed(groups):
        for metric in listed(find(group, "metrics")):
            yield find(metric, "name"), find(metric, "description"), _value(metric)


def _value(metric: object) -> object:
    value = number(metric, "value")
    return find(metric, "error") or "not defined" if value is None else value


def _most(rules: Entry, facet: str, name: str) -> str:
    most = find(rules, facet, "max_abs", name)
    return "" if most is None else f"at most {most} either way"


def _explained(dossier: Dossier) -> Iterator[Part]:
    if told := missing(dossier, "explainability"):
        yield told
    explanations = mapping(dossier.content("explainability").get("explanations"))
    for method, labels in explanations.items():
        for label, entry in mapping(labels).items():
            values = mapping(find(entry, "global_importance_values"))
            known = {name: value for name in values if (value := number(values, name)) is not None}
            most = max((abs(value) for value in known.values()), default=0) or 1
            ordered = sorted(known.items(), key=lambda one: -abs(one[1]))
            yield Text(f"{str(method).replace('_', ' ').capitalize()} for {label}:")
            yield Bars(
                tuple((name, f"{value:.4f}", 100 * abs(value) / most) for name, value in ordered)
            )
