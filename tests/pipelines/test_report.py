"""Report: what is left behind for people and for monitors, on rows made for it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pipelines.tabular.steps import report
from tabular.files import evenly_spaced, read_rows, write_rows
from tabular.spec import Spec

SPEC = Spec(
    model="small",
    key="id",
    label="ok",
    time="at",
    facets=("sex", "age"),
    pii={},
    features={"income": "number", "city": "category"},
    test_percent=30,
    hyperparameters={},
    threshold=0.5,
    minimums={},
    min_test_rows=150,
    disadvantaged={"sex": "f"},
    groups={"sex": "city"},
)
ROWS = [
    {
        "id": f"k{number}",
        "ok": str(number % 2),
        "sex": "mf"[number // 2 % 2],
        "age": "old" if number % 3 else "",
        "income": str(number) if number % 5 else "",
        "city": "Rome" if number < 20 else "Bonn",
        "at": f"2026-11-{number % 28 + 1:02d}",
    }
    for number in range(40)
]


def test_predictions_hold_what_a_monitor_compares_with(tmp_path: Path) -> None:
    scores = np.linspace(0, 1, 40)
    write_rows(tmp_path / "predictions.csv", *report.predictions(SPEC, ROWS, scores))
    first = read_rows(tmp_path / "predictions.csv")[1]
    assert first == {
        "score": "0.025641", "ok": "1", "sex": "m", "age": "old", "city": "Rome",
        "at": "2026-11-02",
    }  # fmt: skip


def test_two_facets_share_a_group_column() -> None:
    shared = replace(SPEC, groups={"sex": "city", "age": "city"}, time=None)
    columns, _ = report.predictions(shared, ROWS, np.zeros(40))
    assert columns == ["score", "ok", "sex", "age", "city"]


def metrics(facet: str, stage: str) -> dict[str, dict[str, object]]:
    analysis = report.bias_analysis(SPEC, ROWS, ROWS, np.arange(40) % 4 / 4)
    (entry,) = analysis[f"{stage}_training_bias_metrics"]["facets"][facet]
    return {metric["name"]: metric for metric in entry["metrics"]}


@pytest.mark.parametrize(
    ("stage", "names"),
    [
        ("pre", {"CI", "DPL", "KL", "JS", "LP", "TVD", "KS", "CDDL"}),
        ("post", {"DPPL", "DI", "DCAcc", "DCR", "RD", "SD", "AD", "DAR", "DRR", "TE", "GE",
                  "CDDPL", "FT"}),
    ],
)  # fmt: skip
def test_every_metric_of_clarify_is_in_the_analysis(stage: str, names: set[str]) -> None:
    assert set(metrics("sex", stage)) == names


def test_disparity_is_measured_within_the_group_that_the_facet_names() -> None:
    # In both cities half of the women and half of the men really are 1, but the women are said to
    # be and the men are not.
    assert metrics("sex", "pre")["CDDL"]["value"] == pytest.approx(0.0)
    assert metrics("sex", "post")["CDDPL"]["value"] == pytest.approx(-1.0)


def test_a_facet_without_a_group_says_so() -> None:
    found = metrics("age", "pre")["CDDL"]
    assert (found["value"], found["error"]) == (None, "No group column is named for the facet.")


def test_a_facet_with_one_value_has_nobody_to_compare_with() -> None:
    found = metrics("age", "post")["FT"]
    assert (found["value"], found["error"]) == (None, "The advantaged group has no rows.")


@pytest.mark.parametrize(
    ("count", "kept"),
    [(0, []), (3, [0, 1, 2]), (4, [0, 1, 2, 3]), (8, [0, 2, 4, 6]), (10, [0, 2, 5, 7])],
)
def test_rows_that_are_kept_come_from_everywhere(count: int, kept: list[int]) -> None:
    assert evenly_spaced(range(count), 4) == kept
