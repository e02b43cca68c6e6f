"""What the steps need of the model's spec, read in one place.

The spec was checked when it was published; here it is only taken apart, and a surprise is a bug.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tabular.files import only_file

type Scalar = str | int | float | bool


@dataclass(frozen=True)
class Spec:
    """The parts of models/<name>.toml that say how to prepare, train and judge."""

    model: str
    key: str
    label: str
    time: str | None  # the column that says when a row came about
    facets: tuple[str, ...]
    pii: Mapping[str, str]  # column -> "drop" | "hash"
    features: Mapping[str, str]  # column -> "number" | "integer" | "category", in payload order
    test_percent: int
    hyperparameters: Mapping[str, Scalar]
    threshold: float  # the probability from which a row counts as 1
    minimums: Mapping[str, float]  # metric -> the least value the gate accepts
    min_test_rows: int  # fewer are no evidence
    disadvantaged: Mapping[str, Scalar]  # facet -> the value whose rows bias is measured against
    groups: Mapping[str, str]  # facet -> the column within whose values disparity is measured

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that every dataset must have."""
        named = (self.key, self.label, *self.facets, *self.features)
        return tuple(dict.fromkeys((*named, *self.groups.values(), *self.times)))

    @property
    def times(self) -> tuple[str, ...]:
        """The time column, if there is one."""
        return () if self.time is None else (self.time,)


def read_spec(folder: Path) -> Spec:
    """Read the spec that lies alone in `folder`."""
    raw = json.loads(only_file(folder, "*.json").read_text(encoding="utf-8"))
    data, train, gate = raw["data"], raw["train"], raw["gate"]
    bias = gate.get("bias", {})
    return Spec(
        model=raw["model"],
        key=data["key"],
        label=data["label"],
        time=data.get("time"),
        facets=tuple(data.get("facets", ())),
        pii=data.get("pii", {}),
        features=data["features"],
        test_percent=train["test_percent"],
        hyperparameters=train.get("hyperparameters", {}),
        threshold=gate["threshold"],
        minimums={name: rule["min"] for name, rule in gate["metrics"].items() if "min" in rule},
        min_test_rows=gate.get("min_test_rows", 150),
        disadvantaged={facet: rule["disadvantaged"] for facet, rule in bias.items()},
        groups={facet: rule["group"] for facet, rule in bias.items() if "group" in rule},
    )
