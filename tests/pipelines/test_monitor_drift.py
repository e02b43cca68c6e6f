"""The checks of inputs and scores: what is a violation, and what is only noted."""

import numpy as np
import pytest

from tests.pipelines.monitored import Production, applicants, asked, captured, checks

NAMESPACE = "/aws/sagemaker/Endpoints/data-metric"


def test_rows_like_those_of_training_are_no_violation(production: Production) -> None:
    production.capture(asked(applicants(2, 400)))
    found = production.watch("data_quality")
    assert checks(found) == []
    assert found["window"] == {
        "source": "steward",
        "model": "loans",
        "version": 2,
        "kind": "data_quality",
        "start": "2026-11-20T10:00:00.000Z",
        "end": "2026-11-20T11:00:00.000Z",
        "rows": 400,
        "min_rows": 200,
        "unmeasured": False,
        "notes": [],
    }


def test_a_moved_feature_is_a_violation_with_its_figures(production: Production) -> None:
    production.capture(asked(applicants(2, 400, income=0.5)))
    (violation,) = production.watch("data_quality")["violations"]
    assert violation["feature_name"] == "income"
    assert violation["constraint_check_type"] == "baseline_drift_check"
    assert (violation["test"], violation["direction"]) == ("kolmogorov_smirnov", "up")
    assert violation["p_value"] < 0.01
    assert violation["effect"] > violation["threshold"] == 0.1
    assert f"{violation['effect']:.3f}" in violation["description"]


def test_every_features_figures_are_written_whether_flagged_or_not(production: Production) -> None:
    production.capture(asked(applicants(2, 400, income=0.5)))
    production.watch("data_quality")
    analysis = production.read("analysis.json")
    flagged = {one["feature"]: one["flagged"] for one in analysis["features"]}
    assert flagged == {"income": True, "children": False, "city": False}
    assert analysis["window"]["kind"] == "data_quality"
    metrics = production.ledger.values(NAMESPACE)
    assert metrics["feature_baseline_drift_income"] == analysis["features"][0]["effect"]
    assert metrics["feature_non_null_city"] == 400


def test_too_few_rows_are_noted_and_not_compared(production: Production) -> None:
    production.capture(asked(applicants(2, 150, income=3)))
    found = production.watch("data_quality")
    assert checks(found) == []
    assert found["window"]["notes"] == ["150 rows are too few to compare; 200 are needed."]


def test_a_window_without_traffic_still_writes_its_files(production: Production) -> None:
    assert checks(production.watch("data_quality")) == []
    assert production.read("constraint_violations.json")["window"]["rows"] == 0


@pytest.mark.parametrize(
    ("cells", "what"),
    [
        ("{income},{children}", ("Missing columns", "missing_column_check")),
        ("{income},{children},{city},more", ("Extra columns", "extra_column_check")),
        ("{income},{children},", ("city", "completeness_check")),
        ("{income},many,{city}", ("children", "data_type_check")),
        ("1e308,{children},{city}", ("income", "data_type_check")),
        ("{income},{children},Atlantis", ("city", "categorical_values_check")),
    ],
)
def test_a_schema_that_is_not_training_s_is_a_violation(
    production: Production, cells: str, what: tuple[str, str]
) -> None:
    rows = applicants(2, 300)
    production.capture(
        [captured(cells.format(**row), str(place)) for place, row in enumerate(rows)]
    )
    assert what in checks(production.watch("data_quality"))


def test_objects_are_held_to_the_features_names(production: Production) -> None:
    records = [
        captured(f'{{"income": {row["income"]}, "town": "Bonn", "children": 1}}', str(place),
                 encoding="JSON")
        for place, row in enumerate(applicants(2, 60))
    ]  # fmt: skip
    production.capture(records)
    assert checks(production.watch("data_quality")) == [
        ("city", "missing_column_check"),
        ("Extra columns", "extra_column_check"),
    ]


def test_a_feature_whose_schema_is_wrong_is_not_compared(production: Production) -> None:
    rows = [row | {"income": "9" if place % 3 else "much"} for place, row in
            enumerate(applicants(2, 300))]  # fmt: skip
    production.capture(asked(rows))
    assert checks(production.watch("data_quality")) == [("income", "data_type_check")]


def test_a_few_missing_cells_are_no_violation(production: Production) -> None:
    rows = [row | {"city": ""} if place % 20 == 0 else row
            for place, row in enumerate(applicants(2, 300))]  # fmt: skip
    production.capture(asked(rows))
    assert checks(production.watch("data_quality")) == []


def test_twenty_nine_rows_say_nothing_about_a_schema(production: Production) -> None:
    production.capture([captured("1", str(place)) for place in range(29)])
    assert checks(production.watch("data_quality")) == []


def test_nothing_of_a_row_is_written(production: Production) -> None:
    rows = [row | {"city": "Jane Doe"} if place % 2 else row | {"children": "Jane Doe"}
            for place, row in enumerate(applicants(2, 300))]  # fmt: skip
    production.capture([*asked(rows), "Jane Doe", captured("Jane Doe", "x", "Jane Doe")])
    production.watch("data_quality")
    assert "Jane Doe" not in production.written()


def test_the_window_is_described_in_model_monitor_s_shapes(production: Production) -> None:
    production.capture(asked(applicants(2, 50)))
    production.watch("data_quality")
    assert production.read("statistics.json")["dataset"] == {"item_count": 50}
    assert [one["name"] for one in production.read("constraints.json")["features"]] == [
        "income",
        "children",
        "city",
    ]


def scores(seed: int, count: int, shift: float = 0.0) -> np.ndarray:
    return np.clip(np.random.default_rng(seed).normal(0.5 + shift, 0.15, count), 0, 1)


@pytest.mark.parametrize(("shift", "expected"), [(0.0, []), (-0.1, [("prediction",
                         "baseline_drift_check")])])  # fmt: skip
def test_scores_are_compared_with_those_of_rows_never_trained_on(
    production: Production, shift: float, expected: list[tuple[str, str]]
) -> None:
    known = [{"score": f"{score:.4f}", "repaid": "1"} for score in scores(1, 500)]
    production.shelf.lay_rows("baseline/predictions.csv", known)
    production.capture(asked(applicants(2, 400), scores(3, 400, shift)))
    assert checks(production.watch("prediction_drift")) == expected
    assert "feature_baseline_drift_prediction" in production.ledger.values(NAMESPACE)
    assert production.read("statistics.json")["features"][0]["name"] == "prediction"


def test_values_that_only_their_last_digits_tell_apart_are_described(
    production: Production,
) -> None:
    rows = [row | {"income": repr(1 + place % 2 * 2e-16)}
            for place, row in enumerate(applicants(2, 300))]  # fmt: skip
    production.capture(asked(rows))
    assert ("income", "baseline_drift_check") in checks(production.watch("data_quality"))
