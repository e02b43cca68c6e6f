"""The pipeline's Train step: fit a gradient-boosted classifier, and leave it ready to serve.

SageMaker tells a training script its folders in SM_ variables and packs what lies in SM_MODEL_DIR
to model.tar.gz.
"""

import argparse
import os
import shutil
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import joblib
import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier

import inference
from tabular.failing import StepFailed, run
from tabular.files import Row, read_rows
from tabular.spec import Spec, read_spec

MOST_CATEGORIES = 254  # the estimator bins a feature into at most 255 values, one for "missing"


def main(argv: Sequence[str] | None = None) -> None:
    """Read the training rows, fit, save."""
    paths = _arguments(argv)
    spec = read_spec(paths.spec)
    rows = read_rows(paths.train / "train.csv")
    model = fit(spec, rows)
    save(model, paths.model_dir)
    print(f"Trained on {len(rows)} rows with {len(spec.features)} features.")


def fit(spec: Spec, rows: list[Row]) -> inference.Model:
    """Fit the spec's features to its label."""
    categories = {
        name: _known_values(rows, name)
        for name, kind in spec.features.items()
        if kind == "category"
    }
    cells = [[row[name] for name in spec.features] for row in rows]
    table = inference.matrix(cells, spec.features, categories)
    labels = np.array([int(row[spec.label]) for row in rows])
    is_category = [name in categories for name in spec.features]
    try:
        estimator = HistGradientBoostingClassifier(
            categorical_features=is_category, **spec.hyperparameters
        ).fit(table, labels)
    except (TypeError, ValueError) as error:
        raise StepFailed(f"[train.hyperparameters] of {spec.model}: {error}") from error
    return {"estimator": estimator, "features": dict(spec.features), "categories": categories}


def save(model: inference.Model, folder: Path) -> None:
    """Write the model and the code that serves it."""
    (folder / "code").mkdir(parents=True, exist_ok=True)
    joblib.dump(model, folder / "model.joblib")
    shutil.copyfile(inference.__file__, folder / "code" / "inference.py")


def _known_values(rows: list[Row], name: str) -> list[str]:
    """The commonest values of a category, in alphabetical order; the rest counts as missing."""
    counts = Counter(value for row in rows if (value := row[name].strip()))
    commonest = sorted(counts, key=lambda value: (-counts[value], value))[:MOST_CATEGORIES]
    return sorted(commonest)


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Train the model of a spec on prepared rows.")
    for name, variable in (
        ("--train", "SM_CHANNEL_TRAIN"),
        ("--spec", "SM_CHANNEL_SPEC"),
        ("--model-dir", "SM_MODEL_DIR"),
    ):
        given = os.environ.get(variable)
        parser.add_argument(name, type=Path, default=given, required=given is None)
    return parser.parse_args(argv)


if __name__ == "__main__":
    run(main)
