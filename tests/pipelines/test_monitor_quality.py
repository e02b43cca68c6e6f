"""The check of quality: worse than the gate asks, or worse than at training, and surely so."""

import numpy as np
import pytest

from monitor.quality import Estimate, shortfalls
from tests.pipelines.monitored import BASELINE, Production, applicants, asked, checks, outcome


def judged(seed: int, count: int, skill: float) -> tuple[np.ndarray, np.ndarray]:
    """Outcomes, and scores that know them as well as `skill` says."""
    random = np.random.default_rng(seed)
    actual = random.uniform(0, 1, count) < 0.6
    return actual, 1 / (1 + np.exp(-skill * (2 * actual - 1) - random.normal(0, 1, count)))


@pytest.fixture
def trained(production: Production) -> Production:
    """A model that was good at training."""
    actual, scores = judged(1, 600, skill=1.2)
    rows = [
        {"score": f"{score:.4f}", "repaid": str(int(was)), "sex": "fm"[place % 2]}
        for place, (was, score) in enumerate(zip(actual, scores, strict=True))
    ]
    production.shelf.lay_rows("baseline/predictions.csv", rows)
    production.shelf.lay(
        f"{BASELINE}quality/constraints.json",
        {
            "version": 0,
            "binary_classification_constraints": {
                "auc": {"threshold": 0.65, "comparison_operator": "LessThanThreshold"}
            },
        },
    )
    return production


def serve(production: Production, count: int, skill: float, *, known: int | None = None) -> None:
    """Lay requests, and outcomes of the first `known` of them."""
    actual, scores = judged(2, count, skill)
    production.capture(asked(applicants(2, count), scores))
    outcomes = [outcome(str(place), f"{int(was)},m") for place, was in enumerate(actual)]
    production.learn(outcomes[:known])


def test_a_model_as_good_as_at_training_is_no_violation(trained: Production) -> None:
    serve(trained, 400, skill=1.2)
    found = trained.watch("model_quality")
    assert checks(found) == []
    assert found["window"]["rows"] == 400


def test_a_model_that_guesses_is_below_the_gate(trained: Production) -> None:
    serve(trained, 400, skill=0.0)
    violations = trained.watch("model_quality")["violations"]
    by_metric = {one["metric_name"]: one for one in violations}
    assert {one["constraint_check_type"] for one in violations} == {"LessThanThreshold"}
    assert (by_metric["auc"]["test"], by_metric["auc"]["threshold"]) == ("z_below_threshold", 0.65)
    assert by_metric["accuracy"]["test"] == "z_below_baseline"
    assert len(by_metric) == len(violations)


def test_a_model_above_the_gate_may_still_have_lost_too_much(trained: Production) -> None:
    serve(trained, 1000, skill=0.7)
    violations = trained.watch("model_quality")["violations"]
    assert ("auc", "z_below_baseline") in [(one["metric_name"], one["test"]) for one in violations]


def test_too_few_outcomes_are_noted_and_not_judged(trained: Production) -> None:
    serve(trained, 400, skill=0.0, known=150)
    found = trained.watch("model_quality")
    assert checks(found) == []
    assert found["window"]["notes"] == [
        "150 of 400 rows have an outcome.",
        "150 rows with outcomes are too few to judge; 200 are needed.",
    ]


def test_no_outcomes_at_all_still_write_the_files(trained: Production) -> None:
    trained.capture(asked(applicants(2, 300)))
    assert checks(trained.watch("model_quality", outcomes=None, outcomes_until=None)) == []
    assert trained.read("analysis.json")["window"]["rows"] == 0


def test_a_metric_that_is_undefined_is_noted_and_no_violation(trained: Production) -> None:
    trained.capture(asked(applicants(2, 300)))
    trained.learn([outcome(str(place), "1") for place in range(300)])
    found = trained.watch("model_quality")
    assert "auc is undefined on these rows." in found["window"]["notes"]
    assert "auc" not in [metric for metric, _ in checks(found)]


def test_without_a_value_of_what_the_gate_bounds_nobody_says_that_all_is_well(
    trained: Production,
) -> None:
    trained.capture(asked(applicants(2, 300)))
    trained.learn([outcome(str(place), "1") for place in range(300)])
    assert trained.watch("model_quality")["window"]["unmeasured"] is True
    assert "not judged, what has a limit is undefined" in trained.written()


def test_the_metrics_are_written_in_model_monitor_s_shape(trained: Production) -> None:
    serve(trained, 400, skill=1.2)
    trained.watch("model_quality")
    metrics = trained.read("statistics.json")["binary_classification_metrics"]
    assert set(metrics) >= {"auc", "accuracy", "precision", "recall", "f1", "confusion_matrix"}
    assert metrics["auc"]["standard_deviation"] > 0
    assert "binary_classification_constraints" in trained.read("constraints.json")
    put = trained.ledger.values("aws/sagemaker/Endpoints/model-metrics")
    assert put["auc"] == metrics["auc"]["value"]


def test_a_shortfall_s_chance_is_that_of_a_normal_value() -> None:
    now, before = {"auc": Estimate(0.6, 0.03)}, {"auc": Estimate(0.7, 0.04)}
    gate, drop = shortfalls(now, before, {"auc": 0.65}, max_drop=0.05)
    assert gate.p_value == pytest.approx(0.0478, abs=1e-4)  # 5/3 deviations below
    assert drop.p_value == pytest.approx(0.0228, abs=1e-4)  # 2 deviations below
    assert drop.least == pytest.approx(0.65)
