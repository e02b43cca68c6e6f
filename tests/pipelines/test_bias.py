"""The bias metrics, against cases that were computed by hand."""

import math

import numpy as np
import pytest

from tabular import bias

# 10 advantaged rows: 6 really 1 (5 found), 4 really 0 (1 wrongly granted).
A = bias.Group("advantaged", 5, 1, 1, 3)
# 5 disadvantaged rows: 2 really 1 (1 found), 3 really 0 (1 wrongly granted).
D = bias.Group("disadvantaged", 1, 1, 1, 2)

BY_HAND = {
    "CI": (10 - 5) / 15,
    "DPL": 6 / 10 - 2 / 5,
    "KL": 0.4 * math.log(0.4 / 0.6) + 0.6 * math.log(0.6 / 0.4),
    "JS": 0.4 * math.log(0.4 / 0.5) + 0.6 * math.log(0.6 / 0.5),
    "LP": math.sqrt(0.2**2 + 0.2**2),
    "TVD": 0.2,
    "KS": 0.2,
    "DPPL": 6 / 10 - 2 / 5,
    "DI": (2 / 5) / (6 / 10),
    "DCAcc": 6 / 6 - 2 / 2,
    "DCR": 3 / 3 - 4 / 4,
    "RD": 5 / 6 - 1 / 2,
    "SD": 2 / 3 - 3 / 4,
    "AD": 8 / 10 - 3 / 5,
    "DAR": 5 / 6 - 1 / 2,
    "DRR": 2 / 3 - 3 / 4,
    "TE": 1 / 1 - 1 / 1,
    # 15 rows: 2 with benefit 0, 11 with 1, 2 with 2; the mean benefit is 1.
    "GE": (2 * (0 - 1) + 11 * (1 - 1) + 2 * (4 - 1)) / (2 * 15),
}


def values(a: bias.Group, d: bias.Group) -> dict[str, object]:
    measured = bias.measure(bias.PRE_TRAINING, a, d) + bias.measure(bias.POST_TRAINING, a, d)
    return {str(metric["name"]): metric["value"] for metric in measured}


def test_there_is_a_case_for_every_metric() -> None:
    assert set(values(A, D)) == set(BY_HAND)


@pytest.mark.parametrize("name", BY_HAND)
def test_a_metric_is_what_its_published_formula_gives(name: str) -> None:
    assert values(A, D)[name] == pytest.approx(BY_HAND[name])


def test_a_positive_difference_says_that_the_advantaged_group_fares_better() -> None:
    granted = bias.Group("advantaged", 10, 0, 0, 0)
    refused = bias.Group("disadvantaged", 0, 0, 0, 10)
    assert values(granted, refused)["DPPL"] == 1.0
    assert values(refused, granted)["DPPL"] == -1.0


@pytest.mark.parametrize(
    ("name", "d", "reason"),
    [
        ("DPPL", bias.Group("disadvantaged", 0, 0, 0, 0), "The disadvantaged group has no size."),
        ("TE", bias.Group("disadvantaged", 3, 0, 1, 2),
         "The disadvantaged group has no false positives."),
        ("DCAcc", bias.Group("disadvantaged", 0, 0, 2, 2),
         "The disadvantaged group has no predicted ones."),
        ("KL", bias.Group("disadvantaged", 4, 0, 0, 0),
         "One group never has an outcome that the other has."),
    ],
)  # fmt: skip
def test_a_metric_without_a_value_gives_its_reason_and_never_zero(
    name: str, d: bias.Group, reason: str
) -> None:
    every = bias.measure(bias.PRE_TRAINING | bias.POST_TRAINING, A, d)
    metric = next(one for one in every if one["name"] == name)
    assert metric["value"] is None
    assert metric["error"] == reason


def test_a_group_is_counted_from_its_rows() -> None:
    actual = np.array([True, True, False, False, False])
    predicted = np.array([True, False, True, False, False])
    assert bias.group("some", actual, predicted) == bias.Group("some", 1, 1, 1, 2)
