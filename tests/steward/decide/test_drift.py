"""Drift: a run is asked for when it can help, a person when it cannot, with figures."""

from dataclasses import replace
from datetime import timedelta

import pytest

from steward.decide.drift import RULES, Judgement, judge
from steward.decide.drift_facts import DriftFacts, DriftPolicy, DriftReport, Told
from steward.spec.model import RetrainSpec
from tests.steward.builders import (
    BROKEN,
    NOON,
    RETRAIN,
    asked,
    drift_facts,
    drift_report,
    finding,
    judged_window,
    minutes,
    run,
)
from tests.steward.decide.drift_rules import (
    CAUSES,
    DOCUMENT,
    EXCLUSIVE,
    USUAL,
    both,
    pairs,
    written,
)

LATER = NOON + minutes(15)


def judged(
    report: DriftReport, facts: DriftFacts | None = None, retrain: RetrainSpec = RETRAIN
) -> Judgement:
    policy = DriftPolicy(retrain, 200, minutes(15))
    return judge(report, facts or drift_facts(), policy, LATER)


class TestRules:
    def test_the_document_holds_the_table_of_the_code(self) -> None:
        document = DOCUMENT.read_text(encoding="utf-8")
        assert document == written(document), "run: python -m tests.steward.decide.drift_rules"

    def test_each_has_a_case(self) -> None:
        assert list(CAUSES) == list(RULES)

    @pytest.mark.parametrize("name", list(RULES))
    def test_alone_decides(self, name: str) -> None:
        """No other rule has an answer to its case, but the last one, which always has."""
        case = CAUSES[name](USUAL)
        answer = RULES[name](case)
        assert answer
        given = judge(case.report, case.facts, case.policy, case.now)
        assert given.verdict.reason.startswith(answer.reason)
        first = next(other for other, rule in RULES.items() if rule(case))
        assert first == name

    @pytest.mark.parametrize(("first", "second"), pairs())
    def test_of_two_the_first_decides(self, first: str, second: str) -> None:
        case = both(first, second)
        if (first, second) in EXCLUSIVE:
            assert case is None
            return
        assert case is not None, f"{first} and {second} are never both true"
        found = next(other for other, rule in RULES.items() if rule(case))
        given = judge(case.report, case.facts, case.policy, case.now)
        assert list(RULES).index(found) <= list(RULES).index(first)
        if found == first:
            answer = RULES[first](case)
            assert answer
            assert given.verdict.reason.startswith(answer.reason)


class TestPersistence:
    def test_counts_windows_of_the_same_feature_and_direction(self) -> None:
        facts = drift_facts(
            history=(
                judged_window(finding(), hours_ago=3),
                judged_window(finding(direction="down"), finding("obrat"), hours_ago=2),
            )
        )
        verdict = judged(drift_report(finding()), facts).verdict
        assert verdict.kind == "hold"
        assert verdict.reason.endswith("about unem: 2 of 3 windows, 3 are needed")

    def test_forgets_windows_beyond_the_last_n(self) -> None:
        history = (
            judged_window(finding(), hours_ago=5),
            judged_window(finding(), hours_ago=4),
            judged_window(hours_ago=3),
            judged_window(finding(), hours_ago=2),
        )
        verdict = judged(drift_report(finding()), drift_facts(history=history)).verdict
        assert "2 of 3 windows" in verdict.reason

    def test_skips_windows_that_do_not_count(self) -> None:
        history = (
            judged_window(finding(), hours_ago=4),
            judged_window(finding(), hours_ago=3),
            judged_window(hours_ago=2, whole=False),
        )
        assert judged(drift_report(finding()), drift_facts(history=history)).verdict.kind == (
            "retrain"
        )

    @pytest.mark.parametrize(
        ("given", "whole"), [({}, True), ({"rows": 199}, False), ({"unmeasured": True}, False)]
    )
    def test_a_window_counts_if_it_had_rows_enough_and_was_measured(
        self, given: dict[str, object], whole: bool
    ) -> None:
        assert judged(drift_report(**given)).whole is whole  # type: ignore[arg-type]

    def test_does_not_count_what_came_after(self) -> None:
        """Windows come in any order; each is judged by those before it."""
        history = (
            judged_window(finding(), hours_ago=3),
            judged_window(finding(), hours_ago=0.5),
        )
        verdict = judged(drift_report(finding()), drift_facts(history=history)).verdict
        assert "2 of 3 windows" in verdict.reason

    def test_of_one_window_needs_no_history(self) -> None:
        once = replace(RETRAIN, flagged=1, of=1)
        assert judged(drift_report(finding()), drift_facts(history=()), once).verdict.kind == (
            "retrain"
        )

    def test_what_lasts_decides_whatever_else_was_found_once(self) -> None:
        other = finding("DPPL", kind="bias", check="bias_drift_check")
        given = judged(drift_report(finding(), other))
        assert given.verdict.kind == "retrain"
        assert given.verdict.reason.startswith("1 violation (1 of data_quality) about unem")


class TestWhatARunAnswers:
    """It is known from then on, so that drift which comes and goes asks for one run only."""

    def test_all_that_the_last_windows_show(self) -> None:
        once, gone = finding("hrat"), finding("lines", direction="down")
        history = (
            judged_window(finding("old"), finding(), hours_ago=4),
            judged_window(finding(), gone, hours_ago=3),
            judged_window(finding(), hours_ago=2),
        )
        given = judged(drift_report(finding(), once), drift_facts(history=history))
        assert given.drifted == {finding().mark, once.mark, gone.mark}

    def test_what_was_asked_for_before_while_the_same_version_serves(self) -> None:
        long_ago = LATER - timedelta(days=8)
        same, other = (
            asked(version=version, at=long_ago, drifted=frozenset({"data_quality/hrat up"}))
            for version in (2, 1)
        )
        again = judged(drift_report(finding()), drift_facts(asked=same))
        assert again.verdict.kind == "retrain"
        assert again.drifted == {"data_quality/unem up", "data_quality/hrat up"}
        first = judged(drift_report(finding()), drift_facts(asked=other))
        assert first.drifted == {"data_quality/unem up"}


class TestSchema:
    def test_broken_holds_training_until_a_whole_window(self) -> None:
        broken = judged(drift_report(finding(), BROKEN))
        assert (broken.breaks, broken.mends, broken.whole) == (True, False, False)
        whole = judged(drift_report())
        assert (whole.breaks, whole.mends, whole.whole) == (False, True, True)

    def test_broken_holds_no_training_unless_asked_to(self) -> None:
        lenient = replace(RETRAIN, schema_break_blocks_training=False)
        assert not judged(drift_report(BROKEN), retrain=lenient).breaks

    def test_is_not_mended_by_a_window_of_before(self) -> None:
        facts = drift_facts(history=(judged_window(BROKEN, hours_ago=0.5, whole=False),))
        assert not judged(drift_report(), facts).mends

    def test_is_not_mended_by_another_kind(self) -> None:
        assert not judged(drift_report(kind="bias")).mends

    def test_broken_in_few_rows_pages_all_the_same(self) -> None:
        assert judged(drift_report(BROKEN, rows=40)).verdict.kind == "page"


class TestPage:
    TOLD = Told(frozenset({BROKEN.mark}), NOON)

    def test_is_not_sent_again_within_a_day(self) -> None:
        given = judged(drift_report(BROKEN), drift_facts(told=self.TOLD))
        assert given.verdict.kind == "hold"
        assert given.verdict.reason.endswith("a person was told of it at 2026-11-20T12:00Z")
        assert given.breaks

    def test_is_sent_again_after_a_day(self) -> None:
        yesterday = replace(self.TOLD, at=NOON - timedelta(days=1))
        assert judged(drift_report(BROKEN), drift_facts(told=yesterday)).verdict.kind == "page"

    def test_is_sent_at_once_when_more_is_broken(self) -> None:
        more = drift_report(BROKEN, replace(BROKEN, about="obrat"))
        assert judged(more, drift_facts(told=self.TOLD)).verdict.kind == "page"

    def test_of_an_uncounted_report_leaves_its_window_to_others(self) -> None:
        given = judged(drift_report(finding(), rows=None))
        assert (given.verdict.kind, given.takes) == ("page", False)

    def test_of_a_report_without_a_window_is_possible(self) -> None:
        assert judged(drift_report(finding(), window=None, rows=None)).verdict.kind == "page"


class TestHold:
    def test_while_a_run_is_in_flight_is_looked_at_again_when_it_ends(self) -> None:
        busy = drift_facts(run=run(number=3))
        given = judged(drift_report(finding()), busy)
        assert (given.verdict.kind, given.waits, given.takes) == ("hold", True, True)
        done = drift_facts(
            run=run(number=3, state="closed"),
            history=(*busy.history, judged_window(finding(), hours_ago=1)),
        )
        assert judged(drift_report(finding()), done).verdict.kind == "retrain"

    def test_needs_no_run_to_have_been(self) -> None:
        """A version that was registered by hand."""
        assert judged(drift_report(finding()), drift_facts(run=None)).verdict.kind == "retrain"

    def test_of_a_known_drift_ends_when_something_else_drifts(self) -> None:
        facts = drift_facts(asked=asked(at=NOON - timedelta(days=8)))
        assert judged(drift_report(finding()), facts).verdict.kind == "hold"
        both_up = (finding(), finding("obrat"))
        wider = replace(
            facts,
            history=(judged_window(*both_up, hours_ago=3), judged_window(*both_up, hours_ago=2)),
        )
        assert judged(drift_report(*both_up), wider).verdict.kind == "retrain"

    def test_of_a_known_drift_ends_when_another_version_serves(self) -> None:
        facts = drift_facts(live=3, asked=asked(at=NOON - timedelta(days=8)))
        assert judged(drift_report(finding(), version=3), facts).verdict.kind == "retrain"

    def test_lasts_when_the_clock_jumps_back(self) -> None:
        facts = drift_facts(asked=asked(at=NOON + timedelta(days=1), version=1))
        verdict = judged(drift_report(finding()), facts).verdict
        assert (verdict.kind, "since drift last asked" in verdict.reason) == ("hold", True)

    def test_runs_of_more_than_30_days_ago_are_not_in_the_budget(self) -> None:
        old = (NOON - timedelta(days=31),) * 4
        facts = drift_facts(asked=asked(version=1, at=NOON - timedelta(days=31), earlier=old))
        assert judged(drift_report(finding()), facts).verdict.kind == "retrain"

    @pytest.mark.parametrize(
        ("ago", "told"),
        [
            ({"seconds": 30}, "30 s of 7 d"),
            ({"minutes": 5}, "5 min of 7 d"),
            ({"hours": 2}, "2 h of 7 d"),
            ({"hours": 30}, "1.25 d of 7 d"),
        ],
    )
    def test_says_how_much_of_the_cooldown_has_passed(
        self, ago: dict[str, float], told: str
    ) -> None:
        facts = drift_facts(asked=asked(version=1, at=LATER - timedelta(**ago)))
        reason = judged(drift_report(finding()), facts).verdict.reason
        assert f"{told} have passed since drift last asked for a run" in reason


def test_a_fingerprint_is_of_features_and_directions() -> None:
    one, other = finding(), finding("obrat")
    known = drift_report(one, other).fingerprint
    assert drift_report(other, replace(one, effect=0.9)).fingerprint == known
    assert drift_report(one, replace(other, direction="down")).fingerprint != known
    assert drift_report(one).fingerprint != known


class TestReason:
    def test_names_what_drifted_and_for_how_long(self) -> None:
        assert judged(drift_report(finding())).verdict.reason == (
            "1 violation (1 of data_quality) about unem, in 3 of 3 windows of version 2, "
            "which serves"
        )

    def test_is_cut_after_five_names(self) -> None:
        found = drift_report(*[finding(name) for name in "gfedcba"])
        assert "7 violations (7 of data_quality) about a, b, c, d, e and 2 more" in (
            judged(found).verdict.reason
        )

    def test_of_a_clean_report_without_a_version_holds(self) -> None:
        """What says nothing is no good news."""
        verdict = judged(drift_report(version=None)).verdict
        assert verdict.kind == "hold"
        assert verdict.reason.startswith("no violation, but the report does not say")
        assert judged(drift_report(rows=None)).verdict.kind == "hold"

    def test_that_nothing_serves(self) -> None:
        verdict = judged(drift_report(finding()), drift_facts(live=None)).verdict
        assert (verdict.kind, verdict.reason.endswith("and no version serves")) == ("ignore", True)

    def test_changes_with_the_clock_and_the_decision_does_not(self) -> None:
        report, facts = drift_report(finding()), drift_facts(asked=asked(version=1, at=NOON))
        policy = DriftPolicy(RETRAIN, 200, minutes(15))
        first = judge(report, facts, policy, LATER).verdict
        later = judge(report, facts, policy, LATER + timedelta(hours=1)).verdict
        assert first.reason != later.reason
        assert first.id("mortgage") == later.id("mortgage")

    def test_is_another_decision_when_it_waits_for_something_else(self) -> None:
        """Too early at first, then a run in flight: both are on record."""
        report, facts = drift_report(finding()), drift_facts(run=run(number=3))
        policy = DriftPolicy(RETRAIN, 200, minutes(15))
        early = judge(report, facts, policy, NOON + minutes(14))
        busy = judge(report, facts, policy, LATER)
        assert early.waits
        assert busy.waits
        assert early.verdict.id("mortgage") != busy.verdict.id("mortgage")

    def test_of_nothing_allowed_says_so(self) -> None:
        verdict = judged(drift_report(finding()), retrain=replace(RETRAIN, on=())).verdict
        assert (verdict.kind, "retrains on nothing" in verdict.reason) == ("page", True)

    def test_of_an_unknown_check_pages(self) -> None:
        tides = finding("tides", kind="unknown", check="moon_phase_check")
        history = (judged_window(tides, hours_ago=3), judged_window(tides, hours_ago=2))
        verdict = judged(drift_report(tides), drift_facts(history=history)).verdict
        assert (verdict.kind, "a person must decide" in verdict.reason) == ("page", True)
