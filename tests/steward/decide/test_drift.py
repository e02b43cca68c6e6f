"""Drift: a run is asked for when it can help, a person when it cannot, with figures."""

from dataclasses import replace
from datetime import timedelta

import pytest

from steward.decide.drift import DriftFacts, DriftReport, Violation, judge
from steward.decide.training import Asked
from steward.decide.verdict import Verdict
from steward.spec.model import RetrainSpec
from tests.steward.builders import NOON, run

URI = "s3://artifacts/monitoring/mortgage/v2/2026/11/20/12/constraint_violations.json"
POLICY = RetrainSpec(on=("data_quality", "model_quality"), cooldown=timedelta(days=7))
SERVING = DriftFacts(live=2, run=run(number=2, state="closed"), asked=None)
DRIFT = ("baseline_drift_check", "unem")
BROKEN = ("missing_column_check", "self")


def report(*violations: tuple[str, str]) -> DriftReport:
    return DriftReport(
        id="drift-report#1",
        source=URI,
        at=NOON,
        version=2,
        window=None,
        rows=None,
        violations=tuple(Violation(check, about) for check, about in violations),
    )


def judged(
    found: DriftReport, facts: DriftFacts = SERVING, policy: RetrainSpec = POLICY
) -> Verdict:
    return judge(found, facts, policy, NOON)


def asked(state: str = "taken", **ago: float) -> Asked:
    return Asked(1, state, NOON - timedelta(**ago), "because", ("decision#1", "drift-report#0"))


def test_drift_of_the_version_that_serves_asks_for_a_run() -> None:
    verdict = judged(report(DRIFT, ("baseline_drift_check", "obrat")))
    assert (verdict.kind, verdict.subject) == ("retrain", URI)
    assert verdict.reason == (
        "2 violations (2 of data_quality) about obrat, unem of version 2, which serves"
    )


def test_the_first_run_of_all_can_be_asked_for_too() -> None:
    """A version that serves may have been registered by hand."""
    assert judged(report(DRIFT), replace(SERVING, run=None)).kind == "retrain"


def test_a_clean_report_is_ignored() -> None:
    verdict = judged(report())
    assert (verdict.kind, verdict.reason) == ("ignore", "the report holds no violation")


def test_a_report_that_is_gone_pages_and_never_reads_as_clean() -> None:
    verdict = judged(replace(report(), violations=None))
    assert verdict.kind == "page"
    assert "does not exist any more" in verdict.reason


def test_a_report_that_names_no_version_pages() -> None:
    verdict = judged(replace(report(DRIFT), version=None))
    assert verdict.kind == "page"
    assert "does not say which version" in verdict.reason


@pytest.mark.parametrize(("live", "serves"), [(3, "version 3 serves"), (None, "no version serves")])
def test_a_version_that_does_not_serve_is_not_trained_for(live: int | None, serves: str) -> None:
    verdict = judged(report(DRIFT), replace(SERVING, live=live))
    assert verdict.kind == "ignore"
    assert verdict.reason.endswith(f"of version 2, and {serves}")


@pytest.mark.parametrize(
    "check",
    ["missing_column_check", "extra_column_check", "data_type_check", "completeness_check"],
)
def test_a_broken_schema_pages_even_beside_drift(check: str) -> None:
    verdict = judged(report(DRIFT, (check, "self")))
    assert verdict.kind == "page"
    assert "2 violations (1 of data_quality, 1 of schema) about self, unem" in verdict.reason


@pytest.mark.parametrize(
    ("check", "kind"),
    [
        ("categorical_values_check", "data_quality"),
        ("LessThanThreshold", "model_quality"),
        ("GreaterThanThreshold", "model_quality"),
        ("bias_drift_check", "bias"),
        ("feature_attribution_drift_check", "explainability"),
    ],
)
def test_a_kind_retrains_only_if_the_models_file_says_so(check: str, kind: str) -> None:
    found = report((check, "x"))
    assert judged(found, policy=replace(POLICY, on=(kind,))).kind == "retrain"
    verdict = judged(found, policy=replace(POLICY, on=()))
    assert (verdict.kind, f"1 of {kind}" in verdict.reason) == ("page", True)
    assert "retrains on nothing" in verdict.reason


def test_a_check_that_nobody_knows_pages() -> None:
    verdict = judged(report(("moon_phase_check", "tides")))
    assert verdict.kind == "page"
    assert verdict.reason == (
        "1 violation (1 of unknown) about tides; the model's file retrains on data_quality, "
        "model_quality, so a person must decide"
    )


def test_no_second_run_is_asked_for_while_one_is_in_flight() -> None:
    verdict = judged(report(DRIFT), replace(SERVING, run=run(number=3)))
    assert verdict.kind == "hold"
    assert verdict.reason.endswith("run 3 is in flight already")


def test_no_second_run_is_asked_for_before_the_first_has_begun() -> None:
    """Even without a cooldown."""
    policy = replace(POLICY, cooldown=timedelta(0))
    waiting = replace(SERVING, asked=asked("waiting", days=30))
    assert judged(report(DRIFT), waiting, policy).kind == "hold"


@pytest.mark.parametrize(
    ("ago", "told"),
    [
        ({"seconds": 30}, "30 s of 7 d"),
        ({"minutes": 5}, "5 min of 7 d"),
        ({"hours": 30}, "1.25 d of 7 d"),
        ({"hours": 2}, "2 h of 7 d"),
    ],
)
def test_within_the_cooldown_no_run_is_asked_for(ago: dict[str, float], told: str) -> None:
    verdict = judged(report(DRIFT), replace(SERVING, asked=asked(**ago)))
    assert verdict.kind == "hold"
    assert f"{told} have passed since drift last asked for a run" in verdict.reason


def test_after_the_cooldown_the_next_one_is_asked_for() -> None:
    assert judged(report(DRIFT), replace(SERVING, asked=asked(days=7))).kind == "retrain"


def test_a_page_comes_before_the_cooldown_and_a_run_in_flight() -> None:
    busy = DriftFacts(live=2, run=run(number=3), asked=asked(hours=1))
    assert judged(report(BROKEN), busy).kind == "page"


def test_a_long_list_is_cut_after_five_names() -> None:
    verdict = judged(report(*[("baseline_drift_check", name) for name in "gfedcba"]))
    assert "7 violations (7 of data_quality) about a, b, c, d, e and 2 more" in verdict.reason


def test_the_same_answer_on_the_same_facts_is_the_same_decision() -> None:
    """The clock has moved on, and so has the reason; the decision has not."""
    held = replace(SERVING, asked=asked(hours=1))
    later = judge(report(DRIFT), held, POLICY, NOON + timedelta(hours=1))
    assert later.id("mortgage") == judged(report(DRIFT), held).id("mortgage")
