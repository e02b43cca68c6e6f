"""A model in production, for the monitor's tests: its baseline, what was captured, what came of it.

Everything lies in a dict that stands for S3.
"""

import io
import json
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from monitor.plan import Plan, read_plan
from pipelines.monitor.watch import watch
from tabular.files import write_json

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch.type_defs import MetricDatumTypeDef as Datum

type Json = dict[str, object]
type Rows = list[dict[str, str]]

FEATURES = {"income": "number", "children": "integer", "city": "category"}
CAPTURES, OUTCOMES = "s3://artifact/capture/v2/", "s3://landing/outcomes/"
BASELINE = "s3://artifact/runs/Report/reports/"
CITIES = ("Bonn", "Rome", "Oslo")

PLAN: Json = {
    "model": "loans",
    "version": 2,
    "kind": "data_quality",
    "endpoint": "dev-loans",
    "schedule": "dev-loans-data-quality",
    "window": {"start": "2026-11-20T10:00:00.000Z", "end": "2026-11-20T11:00:00.000Z"},
    "captures": CAPTURES,
    "outcomes": OUTCOMES,
    "outcomes_until": "2026-11-21T12:00:00.000Z",
    "baseline": BASELINE,
    "spec": "s3://artifact/specs/spec.json",
    "model_data": "s3://artifact/model.tar.gz",
    "min_rows": 200,
    "alpha": 0.01,
    "min_effect": 0.1,
    "max_drop": 0.05,
    "bias": {"sex": {"disadvantaged": "f", "group": None, "max_abs": {"DPPL": 0.15}}},
}
SPEC: Json = {
    "model": "loans",
    "data": {"key": "id", "label": "repaid", "facets": ["sex"], "features": FEATURES},
    "train": {"test_percent": 30},
    "gate": {"threshold": 0.5, "metrics": {"auc": {"min": 0.65}}},
}

# A model is its code: this one is a logistic sum.
CODE = """
import csv, io, numpy as np
def model_fn(folder):
    return {weights}
def feature_names(model):
    return {features}
def input_fn(body, kind):
    return list(csv.reader(io.StringIO(body)))
def predict_fn(rows, weights):
    places = {{name: place for place, name in enumerate({features})}}
    total = sum(
        weight * np.array([(float(row[places[name]] or 0) - 40) / 10 for row in rows])
        for name, weight in weights.items()
    )
    return 1 / (1 + np.exp(-total))
"""


@dataclass
class Shelf:
    """Objects by URI."""

    objects: dict[str, bytes] = field(default_factory=dict)

    def below(self, prefix: str) -> list[str]:
        return sorted(uri for uri in self.objects if uri.startswith(prefix))

    def read(self, uri: str) -> bytes:
        return self.objects[uri]

    def lay(self, uri: str, value: object) -> None:
        self.objects[uri] = json.dumps(value).encode()

    def lay_rows(self, name: str, rows: Rows) -> None:
        """One of the baseline's CSV files."""
        lines = [",".join(rows[0]), *(",".join(row.values()) for row in rows)]
        self.objects[f"{BASELINE}{name}"] = "\n".join(lines).encode()

    def lay_lines(self, uri: str, records: Sequence[object]) -> None:
        """JSON lines; a text is laid as it is."""
        lines = [line if isinstance(line, str) else json.dumps(line) for line in records]
        self.objects[uri] = "\n".join(lines).encode()


@dataclass
class Ledger:
    """The metrics that were put, by namespace."""

    put_data: "dict[str, list[Datum]]" = field(default_factory=dict)

    def put(self, namespace: str, data: "Sequence[Datum]") -> None:
        self.put_data.setdefault(namespace, []).extend(data)

    def values(self, namespace: str) -> dict[str, float]:
        return {datum["MetricName"]: datum["Value"] for datum in self.put_data[namespace]}


def applicants(seed: int, count: int, income: float = 0.0) -> Rows:
    """People who ask for a loan; `income` moves theirs by so many standard deviations."""
    random = np.random.default_rng(seed)
    return [
        {
            "income": f"{40 + 10 * (random.normal() + income):.2f}",
            "children": str(random.integers(0, 4)),
            "city": str(random.choice(CITIES)),
        }
        for _ in range(count)
    ]


def captured(
    cells: str, name: str, score: str = "0.7", *, minute: int = 5, encoding: str = "CSV"
) -> Json:
    """One record of data capture."""
    kind = "application/json" if encoding == "JSON" else "text/csv"
    return {
        "captureData": {
            "endpointInput": {"observedContentType": kind, "data": cells, "encoding": encoding},
            "endpointOutput": {"observedContentType": kind, "data": score, "encoding": "CSV"},
        },
        "eventMetadata": {
            "eventId": f"event-{name}",
            "inferenceId": name,
            "inferenceTime": f"2026-11-20T10:{minute:02}:00Z",
        },
        "eventVersion": "0",
    }


def asked(rows: Rows, scores: Sequence[float] | None = None) -> list[Json]:
    """Each row in a request of its own, called 0, 1, 2 ..."""
    answers = [f"{score:.4f}" for score in scores] if scores is not None else ["0.7"] * len(rows)
    return [
        captured(",".join(row.values()), str(place), answer)
        for place, (row, answer) in enumerate(zip(rows, answers, strict=True))
    ]


def outcome(name: str, data: str, encoding: str = "CSV") -> Json:
    """One record of ground truth."""
    return {
        "groundTruthData": {"data": data, "encoding": encoding},
        "eventMetadata": {"eventId": name},
        "eventVersion": "0",
    }


class Production:
    """A shelf with a spec and a baseline, and a monitor that can be run on it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.shelf, self.ledger = Shelf(), Ledger()
        self.shelf.lay("s3://artifact/specs/spec.json", SPEC)
        self.shelf.lay_rows("baseline/rows.csv", applicants(1, 1000))

    def capture(self, records: Sequence[object], hour: str = "2026/11/20/10") -> None:
        """Lay a capture file into an hour's folder."""
        self.shelf.lay_lines(f"{CAPTURES}{hour}/file.jsonl", records)

    def learn(self, records: Sequence[object], hour: str = "2026/11/20/13") -> None:
        """Lay a file of outcomes into an hour's folder."""
        self.shelf.lay_lines(f"{OUTCOMES}{hour}/file.jsonl", records)

    def serve_model(self, weights: dict[str, float]) -> None:
        """Lay a model archive whose score depends on numbers with these weights."""
        code = CODE.format(features=list(FEATURES), weights=weights).encode()
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w:gz") as tar:
            entry = tarfile.TarInfo("code/inference.py")
            entry.size = len(code)
            tar.addfile(entry, io.BytesIO(code))
        self.shelf.objects["s3://artifact/model.tar.gz"] = out.getvalue()

    def plan(self, **changed: object) -> Plan:
        """The plan as a job reads it."""
        write_json(self.root / "plan" / "plan.json", PLAN | changed)
        return read_plan(self.root / "plan")

    def watch(self, kind: str, **changed: object) -> Json:
        """Run the monitor; its constraint_violations.json."""
        watch(self.plan(kind=kind, **changed), self.shelf, self.ledger, self.root / "out")
        return self.read("constraint_violations.json")

    def read(self, name: str) -> Json:
        value: Json = json.loads((self.root / "out" / name).read_text())
        return value

    def written(self) -> str:
        """Everything that was written, as one text."""
        return "\n".join(path.read_text() for path in sorted((self.root / "out").iterdir()))


def checks(found: Json) -> list[tuple[object, object]]:
    """What was found where: the feature or metric, and the check."""
    violations = found["violations"]
    assert isinstance(violations, list)
    return [
        (one.get("feature_name", one.get("metric_name")), one["constraint_check_type"])
        for one in violations
    ]
