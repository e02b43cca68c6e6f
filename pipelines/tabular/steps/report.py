"""The pipeline's Report step: what else a person wants to know before they approve a model.

Outputs: bias/analysis.json, explainability/analysis.json, baseline/statistics.json,
baseline/constraints.json and quality/constraints.json, in the shapes of Clarify and Model Monitor;
baseline/rows.csv and baseline/predictions.csv, the rows that production is compared with.
"""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from inference import number
from tabular import attribution, baseline, bias, metrics, sides
from tabular.failing import run
from tabular.files import Row, evenly_spaced, read_rows, write_json, write_rows
from tabular.scoring import Floats, Scorer, load_archive
from tabular.spec import Spec, read_spec

MOST_ROWS = 20_000  # of training rows that are kept to compare production with


@dataclass(frozen=True)
class Outcomes:
    """Rows with what happened and what was predicted."""

    rows: Sequence[Row]
    actual: metrics.Bools
    predicted: metrics.Bools
    numbers: Floats  # rows by features that are numbers

    def group(self, name: str, members: metrics.Bools) -> bias.Group:
        """One side of a facet."""
        return bias.group(name, self.actual[members], self.predicted[members])

    def sides(
        self, known: metrics.Bools, disadvantaged: metrics.Bools, column: str | None
    ) -> sides.Sides:
        """Both sides of a facet, row by row, with the groups of a column."""
        rows = [row for row, there in zip(self.rows, known, strict=True) if there]
        return sides.Sides(
            disadvantaged[known],
            self.actual[known],
            self.predicted[known],
            None if column is None else [row[column] for row in rows],
            self.numbers[known],
        )


def main(argv: Sequence[str] | None = None) -> None:
    """Describe the model's bias, its reasons, its training rows and its least quality."""
    paths = _arguments(argv)
    spec = read_spec(paths.spec)
    train, test = read_rows(paths.train / "train.csv"), read_rows(paths.test / "test.csv")
    model = load_archive(paths.model / "model.tar.gz")
    scores = model.score(model.cells(test))
    write_json(paths.out / "bias/analysis.json", bias_analysis(spec, train, test, scores))
    known = evenly_spaced(train, MOST_ROWS)
    write_json(paths.out / "explainability/analysis.json", explanation(spec, model, test, known))
    write_json(paths.out / "baseline/statistics.json", baseline.statistics(train, spec.features))
    write_json(paths.out / "baseline/constraints.json", baseline.constraints(train, spec.features))
    features = dict.fromkeys((*spec.features, *spec.times))
    write_rows(paths.out / "baseline/rows.csv", list(features), known)
    write_rows(paths.out / "baseline/predictions.csv", *predictions(spec, test, scores))
    write_json(paths.out / "quality/constraints.json", quality_constraints(spec.minimums))
    print(f"Reported on {len(train)} training and {len(test)} test rows.")


def bias_analysis(
    spec: Spec, train: Sequence[Row], test: Sequence[Row], scores: Floats
) -> dict[str, object]:
    """Bias in what the model learnt from, and in what it says about rows it never saw."""
    learnt, real = metrics.outcomes(train, spec.label), metrics.outcomes(test, spec.label)
    before = Outcomes(train, learnt, learnt, np.empty((len(train), 0)))
    after = Outcomes(test, real, scores >= spec.threshold, numbers(spec, test))
    return {
        "version": "1.0",
        "pre_training_bias_metrics": _bias_metrics(
            spec, before, bias.PRE_TRAINING, sides.PRE_TRAINING
        ),
        "post_training_bias_metrics": _bias_metrics(
            spec, after, bias.POST_TRAINING, sides.POST_TRAINING
        ),
    }


def numbers(spec: Spec, rows: Sequence[Row]) -> Floats:
    """The features that are numbers; NaN is missing."""
    names = [name for name, kind in spec.features.items() if kind != "category"]
    cells = [[number(name, row[name]) for name in names] for row in rows]
    return np.array(cells, dtype=np.float64)


def _bias_metrics(
    spec: Spec, outcomes: Outcomes, formulas: bias.Formulas, by_row: sides.RowFormulas
) -> dict[str, object]:
    facets = {facet: _facet(facet, spec, outcomes, formulas, by_row) for facet in spec.facets}
    return {"label": spec.label, "label_value_or_threshold": "1", "facets": facets}


def _facet(
    facet: str,
    spec: Spec,
    outcomes: Outcomes,
    formulas: bias.Formulas,
    by_row: sides.RowFormulas,
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
            )
            + sides.measure(by_row, outcomes.sides(known, values == value, spec.groups.get(facet))),
        }
        for value in candidates
    ]


def explanation(
    spec: Spec, model: Scorer, test: Sequence[Row], known: Sequence[Row]
) -> dict[str, object]:
    """How much each feature moves the score, measured without outcomes, as a monitor measures it.

    The values are in probability. `known` are the rows that the baseline keeps.
    """
    cells, background = model.cells(test), model.cells(known)
    method = attribution.method()
    worth = attribution.importances(model, cells, None, method, background)
    expected = attribution.expected_value(model, cells, method, background)
    return attribution.analysis(spec.label, method, worth, expected)


def predictions(spec: Spec, test: Sequence[Row], scores: Floats) -> tuple[list[str], list[Row]]:
    """The columns and rows by which later answers are compared with the test rows' answers."""
    kept = dict.fromkeys((spec.label, *spec.facets, *spec.groups.values(), *spec.times))
    rows = [
        {**row, "score": f"{score:.6f}"} for row, score in zip(test, scores.tolist(), strict=True)
    ]
    return ["score", *kept], rows


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
