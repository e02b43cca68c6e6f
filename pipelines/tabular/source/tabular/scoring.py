"""Scoring rows with a model archive, through the very code that would serve it."""

import csv
import importlib.util
import io
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType

import numpy as np
import numpy.typing as npt

from tabular.files import Row, sha256

type Floats = npt.NDArray[np.float64]
type Cells = list[list[str]]


@dataclass(frozen=True)
class Scorer:
    """A loaded model together with its own inference code."""

    digest: str  # of model.tar.gz
    features: tuple[str, ...]
    _code: ModuleType
    _model: object

    def cells(self, rows: Sequence[Row]) -> Cells:
        """The rows as a request carries them."""
        text = io.StringIO(newline="")
        csv.writer(text).writerows([row[name] for name in self.features] for row in rows)
        cells: Cells = self._code.input_fn(text.getvalue(), "text/csv")
        return cells

    def score(self, cells: Cells) -> Floats:
        """The probability of label 1 for each row."""
        probabilities: Floats = self._code.predict_fn(cells, self._model)
        return probabilities


def load_archive(archive: Path) -> Scorer:
    """Load a model.tar.gz that the Train step made."""
    with TemporaryDirectory() as folder:
        with tarfile.open(archive) as tar:
            tar.extractall(folder, filter="data")
        code = _load_code(Path(folder) / "code" / "inference.py")
        model: object = code.model_fn(folder)
        return Scorer(sha256(archive.read_bytes()), tuple(code.feature_names(model)), code, model)


def _load_code(path: Path) -> ModuleType:
    # Under a name of its own: the model that serves now may carry an older inference.py.
    spec = importlib.util.spec_from_file_location("archived_inference", path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} cannot be imported")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
