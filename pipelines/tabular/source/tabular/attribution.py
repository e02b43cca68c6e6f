"""How much each feature moves a model's answers, so that one day can be compared with another.

Outcomes come late or never in production, so what is compared needs none: with the package shap at
hand the mean absolute SHAP value, else the mean absolute change of the score when the feature's
column is shuffled. Both are in probability.
"""

import importlib
import math
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from tabular import metrics
from tabular.files import evenly_spaced
from tabular.metrics import Bools
from tabular.scoring import Cells, Floats, Scorer

KERNEL_SHAP, PERMUTATION = "kernel_shap", "permutation_importance"
# How Clarify names a method's values; it knows no permutations.
VALUES = {KERNEL_SHAP: "global_shap_values", PERMUTATION: "global_importance_values"}
SHUFFLES = 5
MOST_EXPLAINED = 100
MOST_BACKGROUND = 50
PERMUTATIONS = 10  # of the features, for each explained row


def method() -> str:
    """The best method that can be used here."""
    try:
        importlib.import_module("shap")
    except ImportError:
        return PERMUTATION
    return KERNEL_SHAP


def importances(
    model: Scorer, cells: Cells, actual: Bools | None, method: str, background: Cells
) -> dict[str, float]:
    """How much each feature is worth, in payload order.

    `kernel_shap` is the mean absolute SHAP value against the background. `permutation_importance`
    is the mean absolute change of the score when the feature's column is shuffled; where outcomes
    are given, it is the loss of AUC instead. Values of two methods must never be compared.
    """
    if method == KERNEL_SHAP:
        worth = _shap_values(model, cells, background)
    elif method != PERMUTATION:
        raise ValueError(f"The method is {method}, allowed are {', '.join(VALUES)}.")
    elif actual is None:
        worth = _score_changes(model, cells)
    else:
        worth = _auc_losses(model, cells, actual)
    return dict(zip(model.features, worth, strict=True))


def expected_value(model: Scorer, cells: Cells, method: str, background: Cells) -> float:
    """The mean score that attributions start from: SHAP values from that of their background."""
    rows = evenly_spaced(background, MOST_BACKGROUND) if method == KERNEL_SHAP else cells
    return float(model.score(rows).mean())


def analysis(
    label: str, method: str, worth: Mapping[str, float], expected: float
) -> dict[str, object]:
    """The attributions in the shape of Clarify's analysis.json."""
    explained = {VALUES[method]: dict(worth), "expected_value": expected}
    return {"version": "1.0", "explanations": {method: {label: explained}}}


def ndcg(baseline: Mapping[str, float], now: Mapping[str, float]) -> float:
    """How far the features still stand in the baseline's order: 1 is the same one.

    AWS's measure of drift in attributions, normalized discounted cumulative gain: the gain of a
    feature is its attribution in the baseline, and its place is the one by attribution now.
    Features that are equal now share their places. NaN if no feature was worth anything.
    """
    gains = np.array(list(baseline.values()))
    found = _discounted(gains, np.array([now[name] for name in baseline]))
    best = _discounted(gains, gains)
    return found / best if best else math.nan


def _discounted(gains: Floats, order: Floats) -> float:
    _, places, sizes = np.unique(-order, return_inverse=True, return_counts=True)
    shared = np.bincount(places, gains) / sizes
    discounts = np.log2(np.arange(len(gains)) + 2)
    return float((np.repeat(shared, sizes) / discounts).sum())


def _score_changes(model: Scorer, cells: Cells) -> list[float]:
    scores = model.score(cells)
    return [
        float(np.mean([np.abs(other - scores).mean() for other in shuffles]))
        for shuffles in _shuffled_scores(model, cells)
    ]


def _auc_losses(model: Scorer, cells: Cells, actual: Bools) -> list[float]:
    whole = metrics.auc(actual, model.score(cells))
    return [
        whole - float(np.mean([metrics.auc(actual, other) for other in shuffles]))
        for shuffles in _shuffled_scores(model, cells)
    ]


def _shuffled_scores(model: Scorer, cells: Cells) -> Iterator[list[Floats]]:
    """For each feature, the scores with its column in several other orders, always the same."""
    random = np.random.default_rng(0)
    orders = [random.permutation(len(cells)).tolist() for _ in range(SHUFFLES)]
    for place in range(len(model.features)):
        yield [model.score(_shuffled(cells, place, order)) for order in orders]


def _shuffled(cells: Cells, place: int, order: Sequence[int]) -> Cells:
    return [
        [*row[:place], cells[other][place], *row[place + 1 :]]
        for row, other in zip(cells, order, strict=True)
    ]


def _shap_values(model: Scorer, cells: Cells, background: Cells) -> list[float]:
    """Shapley values by shap's permutations of features, which take far fewer scores than a kernel.

    Cells are texts and shap takes numbers, so each distinct text of a column gets a number.
    """
    shap = importlib.import_module("shap")
    explained = evenly_spaced(cells, MOST_EXPLAINED)
    beside = evenly_spaced(background, MOST_BACKGROUND)
    codes = [_codes(column) for column in zip(*explained, *beside, strict=True)]
    texts = [list(known) for known in codes]

    def score(table: Floats) -> Floats:
        return model.score(_decoded(table, texts))

    masker = shap.maskers.Independent(_encoded(beside, codes), max_samples=len(beside))
    explainer = shap.explainers.Permutation(score, masker, seed=0)
    evaluations = PERMUTATIONS * (2 * len(codes) + 1)
    found = explainer(_encoded(explained, codes), max_evals=evaluations, silent=True)
    values: list[float] = np.abs(found.values).mean(axis=0).tolist()
    return values


def _codes(column: Sequence[str]) -> dict[str, float]:
    return {text: float(code) for code, text in enumerate(sorted(set(column)))}


def _encoded(cells: Cells, codes: Sequence[Mapping[str, float]]) -> Floats:
    return np.array(
        [[known[cell] for known, cell in zip(codes, row, strict=True)] for row in cells]
    )


def _decoded(table: Floats, texts: Sequence[Sequence[str]]) -> Cells:
    return [[known[int(code)] for known, code in zip(texts, row, strict=True)] for row in table]
