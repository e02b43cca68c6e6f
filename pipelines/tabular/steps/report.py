"""The pipeline's Report step: what else a person wants to know before they approve a model.

Outputs: bias/analysis.json, explainability/analysis.json, baseline/statistics.json,
baseline/constraints.json and quality/constraints.json, in the shapes of Clarify and Model Monitor.
"""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tabular import baseline, bias, metrics
from tabular.failing import run
from tabular.files import Row, read_rows, write_json
from tabular.scoring import Floats, Scorer, load_archive
from tabular.spec import Spec, read_spec

SHUFFLES = 5


@dataclass(frozen=True)
class Outcomes:
    """Rows with what happened and what was predicted."""

    rows: Sequence[Row]
    actual: metrics.Bools
    predicted: metrics.Bools

    def group(self, name: str, members: metrics.Bools) -> bias.Group:
        """One side of a facet."""
        return bias.group(name, self.actual[members], self.predicted[members])


def main(argv: Sequence[str] | None = None) -> None:
    """Describe the model's bias, its reasons, its training rows and its least quality."""
    paths = _arguments(argv)
    spec = read_spec(paths.spec)
    train, test = read_rows(paths.train / "train.csv"), read_rows(paths.test / "test.csv")
    model = load_archive(paths.model / "model.tar.gz")
    scores = model.score(model.cells(test))
    write_json(paths.out / "bias/analysis.json", bias_analysis(spec, train, test, scores))
    write_json(paths.out / "explainability/analysis.json", explanation(spec, model, test, scores))
    write_json(paths.out / "baseline/statistics.json", baseline.statistics(train, spec.features))
    write_json(paths.out / "baseline/constraints.json", baseline.constraints(train, spec.features))
    write_json(paths.out / "quality/constraints.json", quality_constraints(spec.minimums))
    print(f"Reported on {len(train)} training and {len(test)} test rows.")


def bias_analysis(
    spec: Spec, train: Sequence[Row], test: Sequence[Row], scores: Floats
) -> dict[str, object]:
    """Bias in what the model learnt from, and in what it says about rows it never saw."""
    learnt, real = metrics.outcomes(train, spec.label), metrics.outcomes(test, spec.label)
    before, after = Outcomes(train, learnt, learnt), Outcomes(test, real, scores >= spec.threshold)
    return {
        "version": "1.0",
        "pre_training_bias_metrics": _bias_metrics(spec, before, bias.PRE_TRAINING),
        "post_training_bias_metrics": _bias_metrics(spec, after, bias.POST_TRAINING),
    }


def _bias_metrics(spec: Spec, outcomes: Outcomes, formulas: bias.Formulas) -> dict[str, object]:
    facets = {facet: _facet(facet, spec, outcomes, formulas) for facet in spec.facets}
    return {"label": spec.label, "label_value_or_threshold": "1", "facets": facets}


def _facet(
    facet: str, spec: Spec, outcomes: Outcomes, formulas: bias.Formulas
) -> list[dict[str, object]]:
    """One entry per value that may be at a disadvantage; rows without a value are on no side."""
    values = np.array([row[facet] for row in outcomes.rows])
    known = values != ""
    given = facet in spec.disadvantaged
    candidates = [str(spec.disadvantaged[facet])] if given else sorted(set(values[known]))
    return [
        {
            "value_or_threshold": str(value),
            "metrics": bias.measure(
                formulas,
                outcomes.group("advantaged", known & (values != value)),
                outcomes.group("disadvantaged", known & (values == value)),
            ),
        }
        for value in candidates
    ]


def explanation(
    spec: Spec, model: Scorer, test: Sequence[Row], scores: Floats
) -> dict[str, object]:
    """How much AUC each feature is worth: what is lost when its column is shuffled."""
    actual = metrics.outcomes(test, spec.label)
    cells = model.cells(test)
    random = np.random.default_rng(0)
    orders = [random.permutation(len(cells)).tolist() for _ in range(SHUFFLES)]

    def auc_without(place: int) -> float:
        shuffles = (model.score(shuffled(cells, place, order)) for order in orders)
        return sum(metrics.auc(actual, scores) for scores in shuffles) / SHUFFLES

    whole = metrics.auc(actual, scores)
    worth = {name: whole - auc_without(place) for place, name in enumerate(model.features)}
    importance = {"global_importance_values": worth, "expected_value": float(scores.mean())}
    return {
        "version": "1.0",
        "explanations": {"permutation_importance": {spec.label: importance}},
    }


def shuffled(cells: Sequence[Sequence[str]], place: int, order: Sequence[int]) -> list[list[str]]:
    """The rows with one column's cells in another order."""
    return [
        [*row[:place], cells[other][place], *row[place + 1 :]]
        for row, other in zip(cells, order, strict=True)
    ]


def quality_constraints(minimums: Mapping[str, float]) -> dict[str, object]:
    """The gate's minimums as a model-quality monitor reads them."""
    return {
        "version": 0,
        "binary_classification_constraints": {
            name: {"threshold": least, "comparison_operator": "LessThanThreshold"}
            for name, least in minimums.items()
        },
    }


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Report on a model for those who approve it.")
    for name in ("--model", "--train", "--test", "--spec", "--out"):
        parser.add_argument(name, type=Path, required=True)
    return parser.parse_args(argv)


if __name__ == "__main__":
    run(main)
