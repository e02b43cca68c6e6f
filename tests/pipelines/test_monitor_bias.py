"""The checks of bias and of attributions, in Clarify's shapes."""

from collections.abc import Sequence

import pytest

from tests.pipelines.monitored import BASELINE, Production, applicants, asked, outcome

RULE = {"sex": {"disadvantaged": "f", "group": None, "max_abs": {"DPPL": 0.15}}}


def treat(production: Production, men: float, women: float, *, pairs: int = 150) -> None:
    """Serve as many men as women, and grant to these shares of them."""
    shares = {"m": men, "f": women}
    people = [(sex, place < shares[sex] * pairs) for place in range(pairs) for sex in "mf"]
    scores = [0.9 if granted else 0.1 for _, granted in people]
    production.capture(asked(applicants(2, len(people)), scores))
    production.learn(
        [outcome(str(place), f"{place % 4 // 2},{sex}") for place, (sex, _) in enumerate(people)]
    )
    production.shelf.lay(f"{BASELINE}bias/analysis.json", trained())


def trained() -> dict[str, object]:
    metric = {"name": "DPPL", "description": "", "value": 0.05}
    facets = {"sex": [{"value_or_threshold": "f", "metrics": [metric]}]}
    return {
        "version": "1.0",
        "pre_training_bias_metrics": {"label": "repaid", "facets": {}},
        "post_training_bias_metrics": {"label": "repaid", "facets": facets},
    }


def values(production: Production, stage: str) -> dict[str, object]:
    facets = production.read("analysis.json")[f"{stage}_training_bias_metrics"]["facets"]
    (entry,) = facets["sex"]
    assert entry["value_or_threshold"] == "f"
    return {metric["name"]: metric["value"] for metric in entry["metrics"]}


def test_a_facet_within_its_limits_is_no_violation(production: Production) -> None:
    treat(production, men=0.6, women=0.5)
    assert production.watch("bias")["violations"] == []
    assert values(production, "post")["DPPL"] == pytest.approx(0.1)
    assert values(production, "pre")["DPL"] == pytest.approx(0, abs=0.02)


@pytest.mark.parametrize(("men", "women", "direction"), [(0.8, 0.5, "up"), (0.5, 0.8, "down")])
def test_a_facet_beyond_its_limit_is_a_violation_either_way(
    production: Production, men: float, women: float, direction: str
) -> None:
    treat(production, men, women)
    (violation,) = production.watch("bias")["violations"]
    assert violation["facet"] == "sex"
    assert violation["facet_value"] == "f"
    assert violation["metric_name"] == "DPPL"
    assert violation["constraint_check_type"] == "bias_drift_check"
    assert violation["statistic"] == pytest.approx(men - women)
    assert (violation["threshold"], violation["direction"]) == (0.15, direction)


def test_too_few_rows_are_measured_and_not_judged(production: Production) -> None:
    treat(production, men=0.9, women=0.1, pairs=90)
    found = production.watch("bias")
    assert found["violations"] == []
    assert values(production, "post")["DPPL"] == pytest.approx(0.8)
    assert (
        "180 rows with outcomes are too few to judge; 200 are needed." in found["window"]["notes"]
    )


def test_an_undefined_metric_is_null_with_its_reason_and_noted(production: Production) -> None:
    treat(production, men=0.0, women=0.5)
    rule = {"sex": RULE["sex"] | {"max_abs": {"DI": 0.2, "CDDL": 0.1, "XYZ": 1}}}
    found = production.watch("bias", bias=rule)
    assert values(production, "post")["DI"] is None
    assert found["violations"] == []
    assert found["window"]["unmeasured"] is True
    assert found["window"]["notes"][-3:] == [
        "CDDL of sex is undefined: No group column is named for the facet.",
        "DI of sex is undefined: The advantaged group has no predicted ones.",
        "XYZ of sex has a limit but is not measured.",
    ]


def test_disparity_within_the_groups_of_a_feature_is_measured(production: Production) -> None:
    treat(production, men=0.6, women=0.5)
    production.watch("bias", bias={"sex": RULE["sex"] | {"group": "city"}})
    assert isinstance(values(production, "pre")["CDDL"], float)
    assert isinstance(values(production, "post")["CDDPL"], float)
    assert isinstance(values(production, "post")["FT"], float)


def test_bias_metrics_are_put_by_stage_and_facet(production: Production) -> None:
    treat(production, men=0.6, women=0.5)
    production.watch("bias")
    data = production.ledger.put_data["aws/sagemaker/Endpoints/bias-metrics"]
    (dppl,) = [datum for datum in data if datum["MetricName"] == "bias_metric_DPPL"]
    assert {pair["Name"]: pair["Value"] for pair in dppl["Dimensions"]} == {
        "Endpoint": "dev-loans",
        "MonitoringSchedule": "dev-loans-data-quality",
        "BiasStage": "postTraining",
        "Label": "repaid",
        "LabelValue": "1",
        "Facet": "sex",
        "FacetValue": "f",
    }


def explain(production: Production, order: Sequence[str]) -> None:
    """Lay attributions of the training run, the first feature worth most."""
    worth = {name: 10.0**-place for place, name in enumerate(order)}
    shape = {"permutation_importance": {"repaid": {"global_importance_values": worth}}}
    production.shelf.lay(
        f"{BASELINE}explainability/analysis.json", {"version": "1.0", "explanations": shape}
    )


def test_features_in_the_order_of_training_are_no_violation(production: Production) -> None:
    production.serve_model(weights={"income": 1.0, "children": 0.1})
    explain(production, ["income", "children", "city"])
    production.capture(asked(applicants(2, 300)))
    assert production.watch("explainability")["violations"] == []
    explanations = production.read("analysis.json")["explanations"]["permutation_importance"]
    assert explanations["repaid"]["global_importance_values"]["city"] == 0
    put = production.ledger.values("aws/sagemaker/Endpoints/explainability-metrics")
    assert put["feature_income"] > put["feature_children"] > put["feature_city"] == 0
    assert 0 < put["ExpectedValue"] < 1


def test_features_in_another_order_are_a_violation(production: Production) -> None:
    production.serve_model(weights={"income": 1.0, "children": 0.1})
    explain(production, ["city", "children", "income"])
    production.capture(asked(applicants(2, 300)))
    (violation,) = production.watch("explainability")["violations"]
    assert violation["label"] == "repaid"
    assert violation["metric_name"] == "shap"
    assert violation["constraint_check_type"] == "feature_attribution_drift_check"
    assert violation["statistic"] < violation["threshold"] == 0.9


def test_where_no_feature_was_worth_anything_nobody_says_that_all_is_well(
    production: Production,
) -> None:
    production.serve_model(weights={"income": 1.0, "children": 0.1})
    worth = dict.fromkeys(("income", "children", "city"), 0.0)
    shape = {"permutation_importance": {"repaid": {"global_importance_values": worth}}}
    production.shelf.lay(
        f"{BASELINE}explainability/analysis.json", {"version": "1.0", "explanations": shape}
    )
    production.capture(asked(applicants(2, 300)))
    found = production.watch("explainability")
    assert (found["violations"], found["window"]["unmeasured"]) == ([], True)


def test_too_few_rows_are_not_explained(production: Production) -> None:
    explain(production, ["city", "children", "income"])
    production.capture(asked(applicants(2, 100)))
    found = production.watch("explainability")
    assert found["violations"] == []
    assert found["window"]["notes"] == ["100 rows are too few to explain; 200 are needed."]
