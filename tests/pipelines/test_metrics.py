"""Metrics of a binary classifier."""

import numpy as np
import pytest
from sklearn.metrics import f1_score, precision_score, recall_score, roc_auc_score

from tabular import metrics

ACTUAL = np.array([True, True, False, False])


def test_auc_is_the_share_of_pairs_in_the_right_order_and_ties_count_half() -> None:
    # Pairs (1, 0): .9>.8, .9>.1, .8=.8, .8>.1 - three and a half of four.
    assert metrics.auc(ACTUAL, np.array([0.9, 0.8, 0.8, 0.1])) == 3.5 / 4


def test_the_metrics_agree_with_scikit_learn() -> None:
    random = np.random.default_rng(7)
    scores = random.random(300).round(2)
    actual = random.random(300) < scores
    predicted = scores >= 0.4
    assert metrics.scalars(actual, scores, 0.4) == pytest.approx(
        {
            "auc": roc_auc_score(actual, scores),
            "accuracy": float((actual == predicted).mean()),
            "precision": precision_score(actual, predicted),
            "recall": recall_score(actual, predicted),
            "f1": f1_score(actual, predicted),
        }
    )


def test_the_confusion_matrix_goes_from_what_is_to_what_was_predicted() -> None:
    described = metrics.describe(ACTUAL, np.array([0.9, 0.2, 0.8, 0.1]), 0.5)
    assert described["confusion_matrix"] == {"0": {"0": 1, "1": 1}, "1": {"0": 1, "1": 1}}


def test_a_metric_that_divides_by_nothing_is_null_with_a_reason() -> None:
    described = metrics.describe(ACTUAL, np.array([0.1, 0.1, 0.1, 0.1]), 0.5)
    assert described["precision"] == {
        "value": None,
        "error": "It divides by a count that is zero on these rows.",
    }
    assert described["recall"] == {"value": 0.0}


@pytest.mark.parametrize(("rows", "has_deviation"), [(199, False), (200, True)])
def test_a_standard_deviation_is_given_from_200_rows_on(rows: int, has_deviation: bool) -> None:
    actual = np.arange(rows) % 3 == 0
    described = metrics.describe(actual, np.where(actual, 0.7, 0.6), 0.65)
    assert ("standard_deviation" in described["auc"]) == has_deviation
