"""Values stand beside the bounds of the model's file; what was not measured is never a number."""

import pytest

from cli.demo.report.measures import Mark, Scale, importances, scales, table
from tests.cli.report.records import explanation, record, registered
from tests.steward import builders


def scale(name: str, **reports: object) -> Scale:
    found = scales(record(versions=(registered(2, **reports),)))
    return next(one for one in found if one.name.startswith(name))


def mark(name: str, **reports: object) -> Mark:
    (only,) = scale(name, **reports).marks
    return only


def test_a_metric_stands_beside_the_serving_version_on_the_same_rows() -> None:
    evaluation = builders.evaluation(0.78, champion=builders.champion(0.76))
    assert mark("auc", evaluation=evaluation) == Mark(2, 0.78, 0.76, within=True)


@pytest.mark.parametrize(
    ("auc", "champion", "within"),
    [(0.65, None, True), (0.649, None, False), (0.745, 0.76, True), (0.73, 0.76, False)],
)
def test_a_metric_is_within_its_least_and_its_drop(
    auc: float, champion: float | None, within: bool
) -> None:
    compared = builders.champion(champion) if champion else None
    assert mark("auc", evaluation=builders.evaluation(auc, champion=compared)).within is within


@pytest.mark.parametrize(
    ("values", "worst", "within"),
    [((0.05,), 0.05, True), ((0.05, -0.2), -0.2, False), ((0.05, None), None, False)],
)
def test_bias_is_the_worst_of_its_groups(
    values: tuple[object, ...], worst: float | None, within: bool
) -> None:
    found = mark("bias DPPL", bias=builders.bias_report(*values))
    assert (found.value, found.within) == (worst, within)


@pytest.mark.parametrize("evaluation", [None, {}, builders.evaluation(auc=None)])
def test_what_was_not_measured_has_no_value_and_is_not_within(evaluation: object) -> None:
    found = mark("auc", evaluation=evaluation)
    assert (found.value, found.within) == (None, False)


def test_every_value_and_bound_has_its_place_on_the_scale() -> None:
    found = scale("bias DPPL", bias=builders.bias_report(0.4))
    assert found.most is not None
    assert found.least is not None
    assert 0 < found.place(found.least) < found.place(found.most) < found.place(0.4) < 100


def test_the_table_has_a_value_per_version_and_a_gap_where_there_is_none() -> None:
    lines = table(record(versions=(registered(1), registered(2, evaluation=None))))
    assert {line.name: line.values for line in lines} == {
        "rows trained on": (653, None),
        "rows tested on": (247, None),
        "auc": (0.71, None),
    }


def test_the_features_that_are_worth_most_come_first() -> None:
    worth = {"income": 0.02, "debt": 0.1, "term": -0.01}
    (found,) = importances(record(versions=(registered(1, explainability=explanation(**worth)),)))
    assert [(name, share) for name, _, share in found.features] == [("debt", 100), ("income", 20)]
    assert found.others == 1


def test_a_version_without_a_report_of_its_features_is_left_out() -> None:
    assert importances(record(versions=(registered(1, explainability=None),))) == []
