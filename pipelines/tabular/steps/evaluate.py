"""The pipeline's Evaluate step: measure the new model, and the one that serves, on the test rows.

Output: evaluation.json, whose `gate` says whether the model may be registered.
"""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from tabular import metrics
from tabular.aws import download
from tabular.failing import StepFailed, run
from tabular.files import Json, Row, read_json, read_rows, write_json
from tabular.scoring import load_archive
from tabular.spec import Spec, read_spec


def main(argv: Sequence[str] | None = None) -> None:
    """Score the test rows with both models, judge the new one, write."""
    paths = _arguments(argv)
    spec = read_spec(paths.spec)
    rows = read_rows(paths.test / "test.csv")
    candidate = load_archive(paths.model / "model.tar.gz")
    actual = metrics.outcomes(rows, spec.label)
    scores = candidate.score(candidate.cells(rows))
    verdict = gate(spec.minimums, metrics.scalars(actual, scores, spec.threshold))
    evaluation = {
        "binary_classification_metrics": metrics.describe(actual, scores, spec.threshold),
        "rows": row_counts(read_json(paths.prepared / "prepared.json")),
        "champion": champion(paths.champion_uri, rows, spec) if paths.champion_uri else None,
        "gate": verdict,
        "artifact": {"sha256": candidate.digest},
    }
    write_json(paths.out / "evaluation.json", evaluation)
    print(verdict["sentence"])


def gate(minimums: Mapping[str, float], values: Mapping[str, float]) -> dict[str, float | str]:
    """By how much the least of the required metrics passes or misses, and all of it in words.

    A metric that is undefined on these rows misses by 1: no evidence is never good evidence.
    """
    if unknown := sorted(set(minimums) - set(values)):
        raise StepFailed(f"[gate.metrics] knows {', '.join(values)}, not {', '.join(unknown)}.")
    margins, words = [0.0] if not minimums else [], []
    for name, least in minimums.items():
        value = values[name]
        if np.isnan(value):
            margins.append(-1.0)
            words.append(f"{name} is undefined on the test rows")
            continue
        margins.append(value - least)
        how = "reaches" if value >= least else "is below"
        words.append(f"{name} {value:.3f} {how} the required {least:.3f}")
    return {"margin": min(margins), "sentence": "; ".join(words) or "no metric is required"}


def champion(uri: str, rows: Sequence[Row], spec: Spec) -> dict[str, object]:
    """The same metrics of the model that serves, on the same rows."""
    with TemporaryDirectory() as folder:
        archive = Path(folder) / "model.tar.gz"
        download(uri, archive)
        model = load_archive(archive)
    if missing := [name for name in model.features if name not in rows[0]]:
        reason = f"It needs {', '.join(missing)}, which the spec no longer has."
        incomparable: dict[str, object] = {
            name: {"value": None, "error": reason} for name in metrics.SCALARS
        }
        return {"uri": uri, "binary_classification_metrics": incomparable}
    scores = model.score(model.cells(rows))
    values = metrics.scalars(metrics.outcomes(rows, spec.label), scores, spec.threshold)
    described = {name: metrics.value_or_reason(value) for name, value in values.items()}
    return {"uri": uri, "binary_classification_metrics": described}


def row_counts(prepared: Json) -> dict[str, Json]:
    """How many rows the model was made from and measured on."""
    if not isinstance(prepared, dict):
        raise StepFailed("prepared.json is not what Prepare writes.")
    return {"train": prepared["train_rows"], "test": prepared["test_rows"]}


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure a model on the test rows.")
    for name in ("--model", "--test", "--prepared", "--spec", "--out"):
        parser.add_argument(name, type=Path, required=True)
    parser.add_argument("--champion-uri", required=True, help="empty: no version serves yet")
    return parser.parse_args(argv)


if __name__ == "__main__":
    run(main)
