"""The pipeline's Evaluate step: measure the new model, and the one that serves, on the test rows.

The two compete on recent rows where there are enough of them: on older ones the serving version
may look better than it is now. Output: evaluation.json, whose `gate` says whether the model may be
registered.
"""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from tabular import metrics
from tabular.aws import download
from tabular.failing import StepFailed, run
from tabular.files import Json, Row, read_json, read_rows, write_json
from tabular.scoring import Scorer, load_archive
from tabular.spec import Spec, read_spec


@dataclass(frozen=True)
class Arena:
    """The rows on which two models compete, and why on these."""

    basis: str  # "recent" | "all"
    rows: Sequence[Row]
    why: str


def main(argv: Sequence[str] | None = None) -> None:
    """Score the test rows with both models, judge the new one, write."""
    paths = _arguments(argv)
    spec = read_spec(paths.spec)
    rows = read_rows(paths.test / "test.csv")
    candidate = load_archive(paths.model / "model.tar.gz")
    actual = metrics.outcomes(rows, spec.label)
    scores = candidate.score(candidate.cells(rows))
    verdict = gate(spec.minimums, metrics.scalars(actual, scores, spec.threshold))
    where = arena(rows, read_rows(paths.test / "recent.csv"), spec)
    evaluation = {
        "binary_classification_metrics": metrics.describe(actual, scores, spec.threshold),
        "rows": row_counts(read_json(paths.prepared / "prepared.json")),
        "champion": competition(paths.champion_uri, candidate, where, spec),
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


def arena(rows: Sequence[Row], recent: Sequence[Row], spec: Spec) -> Arena:
    """The recent test rows if they are enough to judge by, else all of them."""
    least, outcomes = spec.min_test_rows, {row[spec.label] for row in recent}
    why = f"{len(recent)} of {len(rows)} test rows are recent, {least} are needed"
    if len(recent) < least:
        return Arena("all", rows, f"{why}: all are compared on")
    if len(outcomes) == 1:
        only = f"{spec.label} is {outcomes.pop()} in all of them"
        return Arena("all", rows, f"{why}, but {only}: all are compared on")
    return Arena("recent", recent, f"{why}: they are compared on")


def competition(uri: str, candidate: Scorer, where: Arena, spec: Spec) -> dict[str, object] | None:
    """The metrics of the model that serves and of the new one, on the same rows."""
    if not uri:
        return None
    return {
        "uri": uri,
        "binary_classification_metrics": measured(champion(uri), where.rows, spec),
        "candidate": measured(candidate, where.rows, spec),
        "rows": len(where.rows),
        "basis": where.basis,
        "why": where.why,
    }


def champion(uri: str) -> Scorer:
    """The model that serves."""
    with TemporaryDirectory() as folder:
        archive = Path(folder) / "model.tar.gz"
        download(uri, archive)
        return load_archive(archive)


def measured(model: Scorer, rows: Sequence[Row], spec: Spec) -> dict[str, object]:
    """Every scalar metric of a model; none has a value if the rows lack what the model needs."""
    if missing := [name for name in model.features if name not in rows[0]]:
        reason = f"It needs {', '.join(missing)}, which the spec no longer has."
        return {name: {"value": None, "error": reason} for name in metrics.SCALARS}
    scores = model.score(model.cells(rows))
    values = metrics.scalars(metrics.outcomes(rows, spec.label), scores, spec.threshold)
    return {name: metrics.value_or_reason(value) for name, value in values.items()}


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
