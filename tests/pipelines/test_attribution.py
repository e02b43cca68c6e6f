"""How much each feature is worth, against cases that were computed by hand."""

import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
from sklearn.metrics import ndcg_score

from tabular import attribution
from tabular.attribution import KERNEL_SHAP, PERMUTATION, importances, ndcg
from tabular.scoring import Floats, Scorer


def linear(**weights: float) -> Scorer:
    """A model whose score is the weighted sum of its cells; Rome is worth 10."""
    code = ModuleType("linear")
    code.predict_fn = lambda cells, _: np.array(
        [
            sum(
                weight * (10.0 if cell == "Rome" else float(cell))
                for weight, cell in zip(weights.values(), row, strict=True)
            )
            for row in cells
        ]
    )
    return Scorer("digest", tuple(weights), code, None)


@dataclass
class Occlusion:
    """A stand-in for shap's explainer: what is lost when one cell is taken from the background.

    For a linear model these are the very Shapley values.
    """

    score: object
    masker: SimpleNamespace
    seed: int
    explained: int = 0

    def __call__(self, table: Floats, max_evals: int, silent: bool) -> SimpleNamespace:
        assert silent
        assert max_evals >= 2 * table.shape[1] + 1  # what shap needs for one order of the features
        self.explained = len(table)
        values = [[self.worth(row, place) for place in range(len(row))] for row in table]
        return SimpleNamespace(values=np.array(values))

    def worth(self, row: Floats, place: int) -> float:
        without = np.repeat([row], len(self.masker.data), axis=0)
        without[:, place] = self.masker.data[:, place]
        return float((self.score(row[None]) - self.score(without)).mean())


@pytest.fixture
def explained(monkeypatch: pytest.MonkeyPatch) -> list[Occlusion]:
    """A package shap that can be imported; the explainers that were made with it."""
    made: list[Occlusion] = []

    def explainer(score: object, masker: SimpleNamespace, seed: int) -> Occlusion:
        made.append(Occlusion(score, masker, seed))
        return made[-1]

    def independent(data: Floats, max_samples: int) -> SimpleNamespace:
        assert len(data) <= max_samples
        return SimpleNamespace(data=data)

    shap = ModuleType("shap")
    shap.explainers = SimpleNamespace(Permutation=explainer)
    shap.maskers = SimpleNamespace(Independent=independent)
    monkeypatch.setitem(sys.modules, "shap", shap)
    return made


def test_shap_is_used_where_it_can_be_imported(explained: list[Occlusion]) -> None:
    assert attribution.method() == KERNEL_SHAP


def test_columns_are_shuffled_where_shap_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "shap", None)
    assert attribution.method() == PERMUTATION


def test_a_features_worth_is_its_mean_absolute_shap_value(explained: list[Occlusion]) -> None:
    cells, background = [["1", "0"], ["3", "0"]], [["0", "0"], ["2", "2"]]
    worth = importances(linear(income=2, debt=-1), cells, None, KERNEL_SHAP, background)
    # The background's mean is 1 in both: income is worth 2 * 0 and 2 * 2, debt 1 and 1.
    assert worth == pytest.approx({"income": 2.0, "debt": 1.0})


def test_the_model_is_always_asked_with_the_texts_themselves(explained: list[Occlusion]) -> None:
    worth = importances(linear(city=1), [["Rome"], ["4"]], None, KERNEL_SHAP, [["4"], ["Rome"]])
    assert worth == pytest.approx({"city": 3.0})


def test_few_rows_are_explained_before_a_small_background(explained: list[Occlusion]) -> None:
    cells = [[str(number)] for number in range(1000)]
    importances(linear(income=1), cells, None, KERNEL_SHAP, cells)
    (explainer,) = explained
    assert (explainer.explained, len(explainer.masker.data)) == (100, 50)


def test_shuffled_columns_are_worth_what_they_change_in_the_score() -> None:
    cells = [[str(number), str(number), str(number)] for number in range(20)]
    worth = importances(linear(income=2, debt=-1, term=0), cells, None, PERMUTATION, [])
    assert worth["term"] == 0.0
    assert worth["income"] == pytest.approx(2 * worth["debt"])
    # Two of the numbers 0 to 19 lie 6.65 apart in the mean, here in five of all orders.
    assert worth["debt"] == pytest.approx(6.65, rel=0.1)


def test_the_same_rows_give_the_same_worth() -> None:
    cells = [[str(number % 7)] for number in range(50)]
    first, second = (importances(linear(a=1), cells, None, PERMUTATION, []) for _ in range(2))
    assert first == second


def test_where_outcomes_are_known_shuffled_columns_are_worth_the_auc_they_lose() -> None:
    cells = [[str(number), "1"] for number in range(100)]
    actual = np.arange(100) >= 50
    worth = importances(linear(income=1, debt=1), cells, actual, PERMUTATION, [])
    assert worth["debt"] == 0.0
    assert worth["income"] == pytest.approx(0.5, abs=0.1)  # of 1, chance is 0.5


def test_another_method_is_refused() -> None:
    with pytest.raises(ValueError, match="is lime, allowed are kernel_shap, permutation_imp"):
        importances(linear(a=1), [["1"]], None, "lime", [])


@pytest.mark.parametrize(("method", "mean"), [(KERNEL_SHAP, 49.0), (PERMUTATION, 2.0)])
def test_shap_values_start_from_the_background_and_shuffles_from_the_rows(
    method: str, mean: float
) -> None:
    background = [[str(number)] for number in range(100)]  # of which every second is used
    assert attribution.expected_value(linear(a=1), [["1"], ["3"]], method, background) == mean


@pytest.mark.parametrize(
    ("method", "values"),
    [(KERNEL_SHAP, "global_shap_values"), (PERMUTATION, "global_importance_values")],
)
def test_the_analysis_has_the_shape_of_clarifys(method: str, values: str) -> None:
    assert attribution.analysis("ok", method, {"income": 0.2}, 0.5) == {
        "version": "1.0",
        "explanations": {method: {"ok": {values: {"income": 0.2}, "expected_value": 0.5}}},
    }


BASELINE = {"a": 0.6, "b": 0.3, "c": 0.1}


class TestNdcg:
    def test_is_one_while_the_order_is_the_same(self) -> None:
        assert ndcg(BASELINE, {"c": 5.0, "b": 6.0, "a": 90.0}) == 1.0

    def test_is_the_published_formula(self) -> None:
        found = 0.1 / math.log2(2) + 0.6 / math.log2(3) + 0.3 / math.log2(4)
        best = 0.6 / math.log2(2) + 0.3 / math.log2(3) + 0.1 / math.log2(4)
        assert ndcg(BASELINE, {"c": 3, "a": 2, "b": 1}) == pytest.approx(found / best)

    def test_shares_the_places_of_features_that_are_worth_the_same_now(self) -> None:
        whole = 1 / math.log2(2) + 1 / math.log2(3) + 1 / math.log2(4)
        best = 0.6 / math.log2(2) + 0.3 / math.log2(3) + 0.1 / math.log2(4)
        assert ndcg(BASELINE, dict.fromkeys("abc", 0.0)) == pytest.approx(whole / 3 / best)

    @pytest.mark.parametrize("now", [(0.1, 0.2, 0.9), (0.5, 0.5, 0.1), (0.0, 0.0, 0.0)])
    def test_agrees_with_scikit_learn(self, now: Sequence[float]) -> None:
        theirs = ndcg_score([list(BASELINE.values())], [now])
        assert ndcg(BASELINE, dict(zip("abc", now, strict=True))) == pytest.approx(theirs)

    def test_has_no_value_where_nothing_was_worth_anything(self) -> None:
        assert math.isnan(ndcg({"a": 0.0, "b": 0.0}, {"a": 1.0, "b": 2.0}))

    def test_needs_every_feature_of_the_baseline(self) -> None:
        with pytest.raises(KeyError, match="c"):
            ndcg(BASELINE, {"a": 1.0, "b": 1.0})
