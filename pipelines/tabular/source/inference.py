"""How the model answers: the functions that SageMaker's scikit-learn container calls.

This file travels inside model.tar.gz and stands alone there, so that a version always answers with
the code it was made with. A request is CSV rows without a header, in feature order; an empty cell
is a missing value. The answer is one probability of label 1 per line.
"""

import csv
import io
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypedDict

import joblib
import numpy as np
import numpy.typing as npt
from sklearn.ensemble import HistGradientBoostingClassifier

type Cells = list[list[str]]
type Floats = npt.NDArray[np.float64]


class Model(TypedDict):
    """What model.joblib holds."""

    estimator: HistGradientBoostingClassifier
    features: dict[str, str]  # name -> "number" | "integer" | "category", in payload order
    categories: dict[str, list[str]]  # the values that training saw, by category feature


def model_fn(model_dir: str) -> Model:
    """Load the model from the unpacked archive."""
    model: Model = joblib.load(Path(model_dir) / "model.joblib")
    return model


def input_fn(body: str | bytes, content_type: str) -> Cells:
    """Parse a request."""
    if content_type.partition(";")[0].strip() != "text/csv":
        raise ValueError(f"The model reads text/csv, not {content_type}.")
    text = body.decode() if isinstance(body, bytes) else body
    return [cells for cells in csv.reader(io.StringIO(text, newline="")) if cells]


def predict_fn(rows: Cells, model: Model) -> Floats:
    """The probability of label 1 for each row."""
    table = matrix(rows, model["features"], model["categories"])
    probabilities: Floats = model["estimator"].predict_proba(table)[:, 1]
    return probabilities


def output_fn(probabilities: Floats, accept: str) -> tuple[str, str]:  # noqa: ARG001  always CSV
    """One probability per line, and its content type."""
    return "".join(f"{value:.6f}\n" for value in probabilities), "text/csv"


def feature_names(model: Model) -> list[str]:
    """The columns of a request, in order."""
    return list(model["features"])


def matrix(
    rows: Cells, features: Mapping[str, str], categories: Mapping[str, Sequence[str]]
) -> Floats:
    """The rows as the estimator takes them: numbers, and codes for categories; NaN is missing."""
    if not rows:
        raise ValueError("The request holds no row.")
    for place, cells in enumerate(rows, 1):
        if len(cells) != len(features):
            raise ValueError(
                f"Row {place} has {len(cells)} cells, the model takes {len(features)}:"
                f" {', '.join(features)}."
            )
    columns = zip(features, zip(*rows, strict=True), strict=True)
    return np.column_stack([_column(name, cells, categories.get(name)) for name, cells in columns])


def _column(name: str, cells: Sequence[str], known: Sequence[str] | None) -> Floats:
    if known is not None:
        codes = {value: float(code) for code, value in enumerate(known)}
        return np.array([codes.get(cell.strip(), np.nan) for cell in cells])
    return np.array([number(name, cell) for cell in cells])


def number(name: str, cell: str) -> float:
    """The cell as a number; an empty one is NaN, and anything else that is no number is refused."""
    if not cell.strip():
        return math.nan
    try:
        value = float(cell)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ValueError(f"{name} must be a number or empty.")
    return value
