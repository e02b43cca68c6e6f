"""How a monitor compares a window with its baseline, against scipy and against cases by hand."""

import numpy as np
import pytest
from scipy import stats

from monitor.compare import Change, compare_categories, compare_numbers, discoveries, flag

RANDOM = np.random.default_rng(7)


def change(feature: str, p_value: float, effect: float) -> Change:
    return Change(feature, "kolmogorov_smirnov", effect, p_value, effect, "up", None, None)


@pytest.mark.parametrize("shift", [0.0, 0.1, 0.3, -0.3])
def test_numbers_are_compared_as_scipy_compares_them(shift: float) -> None:
    before, now = RANDOM.normal(0, 1, 1300), RANDOM.normal(shift, 1, 500)
    found = compare_numbers("income", before, now)
    known = stats.ks_2samp(before, now, method="asymp")
    assert found is not None
    assert found.statistic == found.effect == pytest.approx(known.statistic)
    assert found.p_value == pytest.approx(known.pvalue, rel=0.06)
    assert found.wasserstein == pytest.approx(
        stats.wasserstein_distance(before, now) / before.std()
    )


def test_ties_change_nothing_in_the_distance() -> None:
    before, now = RANDOM.integers(0, 4, 900).astype(float), RANDOM.integers(0, 3, 400).astype(float)
    found = compare_numbers("children", before, now)
    assert found is not None
    assert found.statistic == pytest.approx(stats.ks_2samp(before, now).statistic)


def test_the_direction_is_where_the_values_went() -> None:
    before = RANDOM.normal(0, 1, 300)
    higher, lower = (compare_numbers("income", before, before + by) for by in (1, -1))
    assert higher is not None
    assert lower is not None
    assert (higher.direction, lower.direction) == ("up", "down")


def test_the_same_values_are_no_change_at_all() -> None:
    same = compare_numbers("income", np.arange(50.0), np.arange(50.0))
    assert same is not None
    assert (same.statistic, same.p_value, same.psi, same.wasserstein) == (0, 1, 0, 0)


def test_the_stability_index_is_what_its_formula_gives_over_the_baselines_deciles() -> None:
    before, now = np.arange(100.0), np.arange(100.0) / 2  # all of it in the lower five deciles
    found = compare_numbers("income", before, now)
    shares = [0.2] * 5 + [1e-4] * 5
    by_hand = sum((share - 0.1) * np.log(share / 0.1) for share in shares)
    assert found is not None
    assert found.psi == pytest.approx(by_hand, rel=0.02)


def test_a_baseline_of_one_value_has_no_unit_for_wassersteins_distance() -> None:
    found = compare_numbers("unit", np.ones(50), np.arange(50.0))
    assert found is not None
    assert found.wasserstein is None


def test_quick_gives_the_same_verdict_without_what_does_not_decide() -> None:
    before, now = RANDOM.normal(0, 1, 300), RANDOM.normal(1, 1, 300)
    slow, quick = (compare_numbers("income", before, now, quick=quick) for quick in (False, True))
    assert slow is not None
    assert quick is not None
    assert (quick.p_value, quick.effect) == (slow.p_value, slow.effect)
    assert (quick.psi, quick.wasserstein) == (None, None)


def test_categories_are_compared_as_scipy_compares_them() -> None:
    before, now = {"a": 500, "b": 300, "c": 200}, {"a": 150, "b": 150, "c": 100}
    found = compare_categories("plan", before, now)
    table = [list(before.values()), list(now.values())]
    known = stats.chi2_contingency(table, correction=False)
    assert found is not None
    assert found.statistic == pytest.approx(known.statistic)
    assert found.p_value == pytest.approx(known.pvalue)
    assert found.effect == pytest.approx(stats.contingency.association(table, correction=False))
    assert found.direction == "changed"


def test_rare_categories_are_counted_together() -> None:
    before = {"a": 500, "b": 500} | {f"rare {place}": 1 for place in range(8)}
    now = {"a": 500, "b": 500} | {f"new {place}": 1 for place in range(8)}
    found = compare_categories("plan", before, now)
    assert found is not None
    assert found.statistic == 0  # eight rare ones before, eight rare ones now


def test_a_category_that_the_baseline_never_saw_is_one_of_its_own() -> None:
    found = compare_categories("plan", {"a": 500, "b": 500}, {"a": 200, "b": 200, "new": 100})
    assert found is not None
    assert found.p_value < 1e-20
    assert found.statistic == pytest.approx(
        stats.chi2_contingency([[500, 500, 0], [200, 200, 100]], correction=False).statistic
    )


def test_one_category_on_both_sides_is_no_change() -> None:
    found = compare_categories("plan", {"a": 500}, {"a": 100})
    assert found is not None
    assert (found.statistic, found.p_value, found.effect) == (0, 1, 0)


def test_an_empty_side_gives_no_change() -> None:
    assert compare_numbers("income", np.array([]), np.ones(9)) is None
    assert compare_numbers("income", np.ones(9), np.array([])) is None
    assert compare_categories("plan", {}, {"a": 1}) is None
    assert compare_categories("plan", {"a": 1}, {}) is None
    assert compare_categories("plan", {}, {}) is None


@pytest.mark.parametrize("alpha", [0.01, 0.05, 0.2])
def test_discoveries_are_those_of_benjamini_and_hochberg(alpha: float) -> None:
    p_values = [*RANDOM.uniform(0, 1, 40), *RANDOM.uniform(0, 0.01, 10)]
    known = stats.false_discovery_control(p_values) <= alpha
    assert discoveries(p_values, alpha) == list(known)


def test_what_is_flagged_is_both_sure_and_large() -> None:
    sure, small, unsure = change("a", 1e-6, 0.2), change("b", 1e-6, 0.05), change("c", 0.3, 0.4)
    assert flag([sure, small, unsure], alpha=0.01, min_effect=0.1) == (sure,)
    assert flag([], alpha=0.01, min_effect=0.1) == ()
