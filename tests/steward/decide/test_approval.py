"""Approval: what a version must prove, which words are new, and whose word counts."""

from dataclasses import replace
from datetime import datetime

import pytest

from steward.decide.approval import (
    Evidence,
    automatic,
    by_steward,
    compared_with,
    judge,
    says_something_new,
    weigh,
)
from steward.decide.people import Identity
from steward.decide.review import AUTOMATIC, BREAK_GLASS
from steward.decide.verdict import Verdict
from steward.decide.versions import Approval, Version
from steward.spec.model import GateSpec, MetricRule
from tests.steward.builders import (
    ACCOUNT,
    ALICE,
    ARTIFACT,
    BOB,
    GATE,
    NOON,
    ROLE,
    after,
    approval,
    approved,
    bias_report,
    champion,
    evaluation,
    evidence,
    minutes,
    package,
    version,
)  # fmt: skip

SSO = f"arn:aws:sts::{ACCOUNT}:assumed-role/AWSReservedSSO_Approver_0a1b/{{}}"
NAN, INFINITY = float("nan"), float("inf")


def gate(**given: object) -> GateSpec:
    return replace(GATE, **given)  # type: ignore[arg-type]


def verdict_of(found: Evidence, rules: GateSpec = GATE, **registered: object) -> tuple[str, str]:
    verdict = judge(package(**registered), found, rules, after(5))
    return verdict.kind, verdict.reason


def against(auc: object = 0.72, theirs: object = 0.71, live: str | None = ARTIFACT.format(1)):
    """Evidence of a version that was compared with version 1 while `live` serves."""
    found = evaluation(auc, champion=champion(theirs))
    return evidence(evaluation=found, live_uri=live)


# Measured against a version that nobody can tell.
WITHOUT_URI, WITH_A_NUMBER = (
    evidence(evaluation=evaluation(champion=champion() | {"uri": uri}), live_uri=ARTIFACT.format(1))
    for uri in ("", 7)
)


class TestContest:
    """On recent rows both versions are measured anew, and that is what is compared."""

    def found(self, ours: object) -> Evidence:
        contest = {"candidate": {"auc": {"value": ours}}, "basis": "recent", "rows": 200}
        document = evaluation(0.75, champion=champion(0.71) | contest)
        return evidence(evaluation=document, live_uri=ARTIFACT.format(1))

    def test_counts_both_on_the_same_recent_rows(self) -> None:
        kind, reason = verdict_of(self.found(0.70))
        assert kind == "passed"
        assert "auc 0.700 against 0.710 of the serving version on the same recent rows" in reason
        assert verdict_of(self.found(0.68))[0] == "failed"

    def test_that_did_not_measure_the_new_version_holds(self) -> None:
        kind, reason = verdict_of(self.found(None))
        assert (kind, "missing from the contest" in reason) == ("held", True)


class TestGate:
    def test_passes_what_proved_everything_and_says_it_with_numbers(self) -> None:
        kind, reason = verdict_of(evidence())
        assert kind == "passed"
        assert reason == (
            "247 test rows, 150 are needed; auc 0.720, at least 0.650 is needed; "
            "bias DPPL of white 0.100, at most 0.150 either way is allowed"
        )

    @pytest.mark.parametrize(
        ("found", "reason"),
        [
            (evidence(evaluation=evaluation(auc=0.649)), "auc 0.649, at least 0.650 is needed"),
            (evidence(bias=bias_report(0.151)), "bias DPPL of white 0.151, at most 0.150"),
            (evidence(bias=bias_report(-0.2)), "bias DPPL of white -0.200, at most 0.150"),
            (evidence(bias=bias_report(0.01, -0.2)), "bias DPPL of white -0.200"),
            (against(auc=0.68, theirs=0.71), "auc 0.680 against 0.710 of the serving version"),
        ],
        ids=["metric", "bias", "bias the other way", "bias of any group", "drop"],
    )
    def test_fails_what_proved_the_contrary(self, found: Evidence, reason: str) -> None:
        kind, why = verdict_of(found)
        assert kind == "failed"
        assert why.startswith(reason)

    @pytest.mark.parametrize(
        ("found", "reason"),
        [
            (evidence(evaluation=None), "the evaluation report is missing or broken"),
            (evidence(bias=None), "the bias report is missing or broken"),
            (evidence(explainability=None), "the explainability report is missing or broken"),
            (evidence(run_on_record=False), "the lineage is incomplete: run"),
            (evidence(snapshot_on_record=False), "the lineage is incomplete: snapshot"),
            (evidence(artifact_etag=None), "the lineage is incomplete: artifact"),
            (evidence(evaluation=evaluation(rows=149)), "149 test rows, 150 are needed"),
            (evidence(evaluation={}), "None test rows, 150 are needed"),
            (evidence(evaluation=evaluation(rows=True)), "None test rows, 150 are needed"),
            (evidence(evaluation=evaluation(auc=None)), "auc is missing from the evaluation"),
            (evidence(evaluation=evaluation(auc="0.7")), "auc is missing from the evaluation"),
            (evidence(evaluation=evaluation(auc=NAN)), "auc is missing from the evaluation"),
            (evidence(bias={}), "DPPL of white is undefined or missing"),
            (evidence(bias=bias_report(0.1, facet="hispan")), "DPPL of white is undefined"),
            (evidence(bias=bias_report(None)), "DPPL of white is undefined or missing"),
            (evidence(bias=bias_report(0.1, None)), "DPPL of white is undefined or missing"),
            (evidence(bias=bias_report("Infinity")), "DPPL of white is undefined or missing"),
        ],
    )
    def test_holds_what_is_not_known(self, found: Evidence, reason: str) -> None:
        kind, why = verdict_of(found)
        assert kind == "held"
        assert reason in why

    @pytest.mark.parametrize(
        "found",
        [
            evidence(evaluation=evaluation(auc=INFINITY)),
            evidence(evaluation=evaluation(rows=INFINITY)),
            evidence(bias=bias_report(NAN)),
            evidence(bias=bias_report(0.01, NAN)),
            evidence(bias=bias_report(True)),
            against(theirs=-INFINITY),
        ],
        ids=["metric", "rows", "bias", "bias of a second group", "truth value", "champion"],
    )
    def test_holds_on_what_json_can_say_but_no_measurement_can(self, found: Evidence) -> None:
        assert verdict_of(found)[0] == "held"

    @pytest.mark.parametrize(
        "broken",
        [
            {"post_training_bias_metrics": {"facets": {"white": [7]}}},
            {"post_training_bias_metrics": {"facets": {"white": [{"metrics": [None]}]}}},
            {"post_training_bias_metrics": {"facets": {"white": [{"metrics": {}}]}}},
            {"post_training_bias_metrics": {"facets": {"white": [{"metrics": None}]}}},
            {"post_training_bias_metrics": {"facets": {"white": "none"}}},
            {"post_training_bias_metrics": 3},
        ],
    )
    def test_holds_on_a_report_in_another_shape(self, broken: dict[str, object]) -> None:
        assert verdict_of(evidence(bias=broken))[0] == "held"

    @pytest.mark.parametrize(
        ("registered", "missing"),
        [
            ({"commit": ""}, "commit"),
            ({"image_digest": ""}, "image digest"),
            ({"artifact_sha256": ""}, "artifact digest"),
        ],
    )
    def test_holds_a_version_that_cannot_be_traced(
        self, registered: dict[str, object], missing: str
    ) -> None:
        kind, why = verdict_of(evidence(), **registered)
        assert (kind, why) == ("held", f"the lineage is incomplete: {missing}")

    @pytest.mark.parametrize("required", [True, False])
    def test_holds_an_unknown_author_only_if_one_is_required(self, required: bool) -> None:
        rules = gate(require=(*GATE.require, *(("author",) if required else ())))
        kind, why = verdict_of(evidence(), rules, author="")
        assert kind == ("held" if required else "passed")
        assert ("nobody knows who wrote the commit" in why) is required
        assert verdict_of(evidence(), rules)[0] == "passed"

    @pytest.mark.parametrize("state", ["Failed", "Deleting"])
    def test_fails_a_package_that_sagemaker_did_not_complete(self, state: str) -> None:
        assert verdict_of(evidence(), state=state) == (
            "failed", f"the package is {state}, Completed is needed",
        )  # fmt: skip
        rules = gate(require=(), metrics={}, bias={})
        assert verdict_of(evidence(), rules, state=state)[0] == "failed"

    def test_failing_outweighs_not_knowing(self) -> None:
        kind, why = verdict_of(evidence(evaluation=evaluation(auc=0.5), bias=None))
        assert kind == "failed"
        assert why == "auc 0.500, at least 0.650 is needed"

    def test_keeps_every_finding_with_the_verdict(self) -> None:
        verdict = judge(package(), evidence(evaluation=evaluation(auc=0.5)), GATE, after(5))
        assert verdict.facts["findings"] == [
            "passed: 247 test rows, 150 are needed",
            "failed: auc 0.500, at least 0.650 is needed",
            "passed: bias DPPL of white 0.100, at most 0.150 either way is allowed",
        ]

    def test_asks_only_for_what_the_model_requires(self) -> None:
        rules = gate(require=("evaluation",), metrics={}, bias={})
        bare = evidence(bias=None, explainability=None, run_on_record=False)
        assert verdict_of(bare, rules)[0] == "passed"

    def test_that_asks_for_nothing_passes_what_proved_nothing(self) -> None:
        nothing = evidence(evaluation=None, bias=None, explainability=None)
        assert verdict_of(nothing, gate(require=(), metrics={}, bias={})) == ("passed", "")

    def test_reads_no_other_metric_than_it_has_a_rule_for(self) -> None:
        metrics = [{"name": "DPPL", "value": 0.1}, {"name": "DI", "value": 0.9}]
        facets = {"white": [{"value_or_threshold": "0", "metrics": metrics}]}
        found = evidence(bias={"post_training_bias_metrics": {"facets": facets}})
        assert verdict_of(found)[0] == "passed"

    @pytest.mark.parametrize("missing", ["evaluation", "bias"])
    def test_holds_when_a_rule_has_no_report_to_be_checked_against(self, missing: str) -> None:
        found = evidence(**{missing: None})
        assert verdict_of(found, gate(require=("lineage",)))[0] == "held"


class TestMargin:
    """The drop against the version that serves, on the same rows."""

    def test_does_not_apply_when_nothing_serves(self) -> None:
        assert verdict_of(evidence(live_uri=""))[0] == "passed"

    @pytest.mark.parametrize(
        ("auc", "kind"), [(0.75, "passed"), (0.69, "passed"), (0.68, "failed")]
    )
    def test_bounds_the_drop(self, auc: float, kind: str) -> None:
        assert verdict_of(against(auc, theirs=0.7099))[0] == kind

    @pytest.mark.parametrize(
        ("found", "reason"),
        [
            (against(live=ARTIFACT.format(2)), "the evidence is stale: compared with s3://"),
            (against(live=None), "the evidence is stale: compared with s3://"),
            (evidence(live_uri=ARTIFACT.format(1)), "the evidence is stale: compared with None"),
            (against(theirs=None), "auc of the serving version is missing from the evaluation"),
            (
                evidence(
                    evaluation=evaluation() | {"champion": "version 1"},
                    live_uri=ARTIFACT.format(1),
                ),
                "the evidence is stale: compared with None",
            ),
            (WITHOUT_URI, "the evidence is stale: compared with None"),
            (WITH_A_NUMBER, "the evidence is stale: compared with None"),
            (
                against(auc=0.66, theirs=0.8, live=ARTIFACT.format(2)),
                "the evidence is stale: compared with s3://",
            ),
        ],
        ids=[
            "another serves",
            "somebody else's serves",
            "not compared",
            "no value",
            "no table",
            "no URI",
            "no text",
            "worse than another one",
        ],
    )
    def test_holds_when_it_cannot_be_told(self, found: Evidence, reason: str) -> None:
        kind, why = verdict_of(found)
        assert kind == "held"
        assert reason in why

    ALLOWS = gate(stale="allow")

    @pytest.mark.parametrize(
        ("found", "rules", "noted"),
        [
            (against(live=ARTIFACT.format(1)), GATE, ARTIFACT.format(1)),
            (against(live=ARTIFACT.format(2)), GATE, ARTIFACT.format(1)),
            (against(live=None), GATE, ARTIFACT.format(1)),
            (against(live=""), GATE, ""),
            (evidence(live_uri=ARTIFACT.format(1)), GATE, ""),
            (against(), gate(metrics={"auc": MetricRule(min=0.65, max_drop=None)}), None),
        ],
        ids=[
            "what serves", "what served before", "somebody else's serves", "nothing serves",
            "nothing measured", "the gate does not compare",
        ],
    )  # fmt: skip
    def test_is_against_what_was_measured(
        self, found: Evidence, rules: GateSpec, noted: str | None
    ) -> None:
        assert compared_with(found, rules) == noted

    def test_may_be_against_a_former_version_when_the_models_file_allows_it(self) -> None:
        found = against(live=ARTIFACT.format(2))
        verdict = judge(package(), found, self.ALLOWS, NOON)
        assert verdict.kind == "passed"
        stale = f"compared with {ARTIFACT.format(1)}, serving is {ARTIFACT.format(2)}"
        assert f"allowed: the evidence is stale: {stale}" in str(verdict.facts["findings"])
        assert stale in verdict.reason
        assert "0.720 against 0.710 of the version it was compared with" in verdict.reason

    @pytest.mark.parametrize(
        ("found", "kind"),
        [
            (against(auc=0.68, theirs=0.71, live=ARTIFACT.format(2)), "failed"),
            (against(theirs=None, live=ARTIFACT.format(2)), "held"),
            (evidence(live_uri=ARTIFACT.format(1)), "held"),
            (WITHOUT_URI, "held"),
            (replace(WITHOUT_URI, live_uri=None), "held"),
            (replace(WITH_A_NUMBER, live_uri=None), "held"),
        ],
        ids=[
            "worse than that one",
            "no value of it",
            "compared with none",
            "no URI",
            "no URI of anybody's",
            "no text",
        ],
    )
    def test_against_a_former_version_must_hold_all_the_same(
        self, found: Evidence, kind: str
    ) -> None:
        assert verdict_of(found, self.ALLOWS)[0] == kind

    def test_of_a_metric_that_only_has_a_minimum_is_not_asked_for(self) -> None:
        rules = gate(metrics={"auc": MetricRule(min=0.65, max_drop=None)})
        assert verdict_of(evidence(live_uri=ARTIFACT.format(1)), rules)[0] == "passed"

    def test_alone_is_enough_of_a_rule(self) -> None:
        rules = gate(metrics={"auc": MetricRule(min=None, max_drop=0.02)})
        kind, why = verdict_of(against(auc=0.5, theirs=0.51), rules)
        assert kind == "passed"
        assert "a drop of 0.020 is allowed" in why
        assert verdict_of(evidence(live_uri=""), rules)[0] == "passed"


class TestAge:
    """Evidence is as old as the package; how old it may be is said by the model's file."""

    MOST = gate(max_evidence_age=minutes(60))

    @pytest.mark.parametrize(("at", "kind"), [(0, "passed"), (60, "passed"), (61, "held")])
    def test_is_bounded(self, at: float, kind: str) -> None:
        verdict = judge(package(), evidence(), self.MOST, after(at))
        assert verdict.kind == kind
        assert "the evidence is of 2026-11-20 12:00 UTC, 1h old at most is allowed" in (
            verdict.reason
        )

    def test_has_no_bound_unless_there_is_one(self) -> None:
        assert judge(package(), evidence(), GATE, after(1e6)).kind == "passed"

    def test_judged_a_minute_later_is_the_same_decision(self) -> None:
        first, later = (judge(package(), evidence(), self.MOST, after(at)) for at in (61, 62))
        assert first.id("mortgage") == later.id("mortgage")


class TestNewWord:
    """The registry keeps no time of approval, and every edit moves LastModifiedTime."""

    def new(
        self, words: str = "", updated: tuple[str, ...] = (), at: datetime | None = None
    ) -> bool:
        """Of a version noted as approved at noon with the word "fine"."""
        noted = approved(modified_at=NOON, approval=approval(words="fine"))
        now = package(status="Approved", words=words or "fine")
        return says_something_new(noted, now, updated, at)

    def test_is_a_status_that_was_not_noted(self) -> None:
        assert says_something_new(version(), package(status="Approved"), (), None)
        assert says_something_new(approved(), package(status="Rejected"), (), None)

    def test_is_no_word_while_nobody_said_one(self) -> None:
        assert not says_something_new(version(), package(), ("ModelApprovalStatus",), after(1))

    def test_is_no_edit_of_an_approved_version(self) -> None:
        assert not self.new(updated=("CustomerMetadataProperties",), at=after(1))
        assert not self.new(words="better wording", updated=("ApprovalDescription",), at=after(1))

    def test_is_an_approval_that_an_event_lists_with_a_later_time(self) -> None:
        assert self.new(updated=("ModelApprovalStatus",), at=after(1))

    def test_is_not_the_same_event_once_more(self) -> None:
        assert not self.new(updated=("ModelApprovalStatus",), at=NOON)
        assert not self.new(updated=("ModelApprovalStatus",), at=None)

    @pytest.mark.parametrize("words", ["retry: the alarm was wrong", "override: the board asked"])
    def test_is_what_the_words_ask_for(self, words: str) -> None:
        assert self.new(words=words)

    def test_is_not_what_the_words_asked_for_already(self) -> None:
        noted = approved(approval=approval(words="retry: again"))
        now = package(status="Approved", words="retry: again")
        assert not says_something_new(noted, now, (), None)

    def test_a_status_without_any_noted_word_is_not_new(self) -> None:
        noted, now = version(status="Approved"), package(status="Approved")
        assert not says_something_new(noted, now, (), None)
        assert not says_something_new(noted, now, ("ModelApprovalStatus",), after(1))

    def test_is_no_edit_of_a_rejected_version(self) -> None:
        noted = version(status="Rejected", approval=approval(words="too few rows"))
        now = package(status="Rejected", words="retry: please")
        assert not says_something_new(noted, now, ("ModelApprovalStatus",), after(1))


class TestWord:
    def weigh(self, who: Identity, rules: GateSpec = GATE, **given: object):
        now = package(**{"status": "Approved", "modified_by": who, "modified_at": after(5)} | given)
        return weigh(version(), now, rules, "approval#1")

    def test_of_a_person_counts(self) -> None:
        verdict, word = self.weigh(ALICE, words="looks good")
        assert (verdict.kind, verdict.reason) == ("approved", "Approved by alice: looks good")
        assert (word.id, word.at, word.by, word.words) == (
            "approval#1", after(5), "alice", "looks good",
        )  # fmt: skip
        assert word.counts

    @pytest.mark.parametrize(
        ("who", "maker", "why"),
        [
            (ROLE, ROLE, "is no person with a name"),
            (Identity(), ROLE, "the approver is no person with a name"),
            (ALICE, ALICE, "alice also made the version"),
            (
                Identity(arn=ROLE.arn, source_identity="dora"),
                Identity(arn=ALICE.arn, source_identity="dora"),
                "dora also made the version",
            ),
            (
                Identity(arn=ROLE.arn, source_identity="dora"),
                ROLE,
                "dora also made the version",
            ),
        ],
    )
    def test_does_not_count(self, who: Identity, maker: Identity, why: str) -> None:
        verdict, word = self.weigh(who, created_by=maker)
        assert verdict.kind == "held"
        assert not word.counts
        assert why in word.reason
        assert word.reason == verdict.reason

    @pytest.mark.parametrize(
        "who",
        [ALICE, Identity(arn="arn:aws:sts::1:assumed-role/ops/x", source_identity="alice")],
        ids=["as the same user", "as a role with her name"],
    )
    def test_of_who_started_the_run_does_not_count(self, who: Identity) -> None:
        now = package(status="Approved", modified_by=who, modified_at=after(5))
        verdict, word = weigh(version(run_by="alice"), now, GATE, "approval#1")
        assert verdict.kind == "held"
        assert not word.counts
        assert word.reason == "the approval does not count: alice also started its run"

    def test_of_somebody_else_than_who_started_the_run_counts(self) -> None:
        now = package(status="Approved", modified_by=BOB, modified_at=after(5))
        assert weigh(version(run_by="alice"), now, GATE, "approval#1")[1].counts

    def test_of_who_started_the_run_may_reject(self) -> None:
        now = package(status="Rejected", modified_by=ALICE, modified_at=after(5))
        assert weigh(version(run_by="alice"), now, GATE, "approval#1")[0].kind == "rejected"

    @pytest.mark.parametrize(
        "who",
        [
            Identity(arn=f"arn:aws:iam::{ACCOUNT}:user/fay.adams"),
            Identity(arn=SSO.format("fay@corp.example")),
            Identity(arn=SSO.format("ops"), source_identity="fay"),
        ],
        ids=["an IAM user", "a session of SSO", "a SourceIdentity"],
    )
    def test_of_who_may_have_written_the_commit_does_not_count(self, who: Identity) -> None:
        verdict, word = self.weigh(who)
        assert (verdict.kind, word.counts) == ("held", False)
        assert word.reason.endswith(f"{who.person} may also have written the commit")
        assert self.weigh(who, author="")[1].counts, "nobody is known to have written it"

    def test_of_another_profile_counts_when_aws_names_no_arn_of_either(self) -> None:
        _, word = self.weigh(Identity(user_profile="emil"), created_by=Identity(user_profile="fay"))
        assert word.counts

    def test_counts_only_from_the_list_if_there_is_one(self) -> None:
        rules = gate(approvers=("arn:aws:iam::*:user/alice",))
        assert self.weigh(ALICE, rules)[1].counts
        verdict, word = self.weigh(BOB, rules)
        assert not word.counts
        assert "is not on the list of approvers" in verdict.reason

    def test_of_rejection_needs_nobody_in_particular(self) -> None:
        verdict, word = self.weigh(ROLE, status="Rejected")
        assert verdict.kind == "rejected"
        assert not word.counts
        assert verdict.reason == f"Rejected by {ROLE.arn}: no words"

    def test_that_takes_an_approval_back_reopens_the_version(self) -> None:
        verdict, word = self.weigh(Identity(), status="PendingManualApproval")
        assert verdict.kind == "reopened"
        assert not word.counts
        assert "somebody AWS does not name" in verdict.reason

    def test_said_again_is_another_decision(self) -> None:
        first, _ = self.weigh(ALICE)
        second, _ = self.weigh(ALICE, modified_at=after(6))
        assert first.id("mortgage") != second.id("mortgage")

    @pytest.mark.parametrize("gate_says", ["failed", "held", "passed"])
    def test_that_overrides_is_an_exception(self, gate_says: str) -> None:
        now = package(status="Approved", modified_by=ALICE, words="override: the board asked")
        verdict, word = weigh(version(gate=gate_says), now, GATE, "approval#1")
        assert word.overrides
        assert (verdict.facts["exception"], verdict.facts["by"]) == (BREAK_GLASS, "alice")

    @pytest.mark.parametrize(
        ("who", "words"), [(ALICE, "override:"), (ALICE, "fine"), (ROLE, "override: why not")]
    )
    def test_that_does_not_override_or_count_is_none(self, who: Identity, words: str) -> None:
        verdict, _ = self.weigh(who, words=words)
        assert "exception" not in verdict.facts


STEWARD = Identity(arn=f"arn:aws:sts::{ACCOUNT}:assumed-role/steward-approval/steward-approval")
AUTO = gate(mode="auto")
DECIDED = version(automatic="approve")


class TestAutomatic:
    """`mode = "auto"`: Steward itself approves what has proved everything."""

    def decided(self, found: Evidence, rules: GateSpec = AUTO, *, allowed: bool = True) -> object:
        verdict = automatic(rules, judge(package(), found, rules, NOON), allowed=allowed)
        return verdict.facts.get("automatic")

    def test_approves_what_passed_everything(self) -> None:
        assert self.decided(evidence()) == "approve"

    @pytest.mark.parametrize(
        ("found", "rules"),
        [
            (evidence(), GATE),
            (evidence(evaluation=evaluation(auc=0.5)), AUTO),
            (evidence(evaluation=None), AUTO),
            (evidence(bias=None), AUTO),
            (evidence(explainability=None), AUTO),
            (evidence(run_on_record=False), AUTO),
            (evidence(evaluation=evaluation(rows=3)), AUTO),
            (against(live=ARTIFACT.format(2)), AUTO),
        ],
        ids=[
            "mode is manual", "failed", "no evaluation", "no bias", "no explanations", "no run",
            "too few rows", "stale",
        ],
    )  # fmt: skip
    def test_leaves_the_word_to_a_person(self, found: Evidence, rules: GateSpec) -> None:
        assert self.decided(found, rules) is None

    def test_holds_what_passed_only_by_what_is_allowed(self) -> None:
        rules = gate(mode="auto", stale="allow")
        stale = against(live=ARTIFACT.format(2))
        assert self.decided(stale, rules) == "it has not proved everything"

    def test_holds_where_the_deployment_does_not_allow_it(self) -> None:
        assert self.decided(evidence(), allowed=False) == "this deployment does not allow it"

    def test_is_decided_before_it_is_said(self) -> None:
        verdict = by_steward(DECIDED, allowed=True)
        assert verdict.kind == "approve"
        assert verdict.reason.endswith(
            "as the model's file asks: auc 0.720, at least 0.650 is needed"
        )

    @pytest.mark.parametrize(
        ("noted", "allowed", "why"),
        [
            (DECIDED, False, "this deployment does not allow it"),
            (version(automatic="it has not proved everything"), True, "not proved everything"),
        ],
        ids=["taken back since", "never was"],
    )
    def test_is_held_otherwise(self, noted: Version, allowed: bool, why: str) -> None:
        verdict = by_steward(noted, allowed=allowed)
        assert verdict.kind == "held"
        assert why in verdict.reason

    def weigh(
        self, noted: Version = DECIDED, rules: GateSpec = AUTO, role: str = "steward-approval",
        **said: object,
    ) -> tuple[Verdict, Approval]:  # fmt: skip
        usual = {"status": "Approved", "modified_by": STEWARD, "words": "auto: auc 0.720"}
        return weigh(noted, package(**{**usual, **said}), rules, "approval#1", role)

    def test_counts_and_is_an_exception(self) -> None:
        verdict, word = self.weigh()
        assert (verdict.kind, word.counts, word.by) == ("approved", True, STEWARD.arn)
        assert (verdict.facts["exception"], verdict.facts["by"]) == (AUTOMATIC, STEWARD.arn)

    @pytest.mark.parametrize(
        "wrong",
        [
            {"role": ""},
            {"role": "other-approval"},
            {"rules": GATE},
            {"noted": version()},
            {"noted": version(automatic="it has not proved everything")},
            {"noted": version(automatic="approve", gate="held")},
            {"words": "looks good"},
            {"words": "override: why not"},
            {"modified_by": ROLE},
            {"modified_by": Identity()},
            {"modified_by": Identity(arn="arn:aws:sts::1:federated-user/steward-approval")},
        ],
        ids=[
            "not allowed here", "another deployment", "mode is manual", "nothing decided",
            "decided against", "gate not passed", "other words", "overriding words", "another role",
            "nobody", "no role at all",
        ],
    )  # fmt: skip
    def test_does_not_count_otherwise(self, wrong: dict[str, object]) -> None:
        verdict, word = self.weigh(**wrong)  # type: ignore[arg-type]
        assert (verdict.kind, word.counts) == ("held", False)
        assert "is no person with a name" in word.reason

    def test_of_a_person_in_the_same_words_counts_as_a_persons(self) -> None:
        verdict, word = self.weigh(modified_by=ALICE)
        assert (word.counts, word.by, "exception" in verdict.facts) == (True, "alice", False)

    def test_taken_back_is_as_any_other(self) -> None:
        verdict, word = self.weigh(status="Rejected")
        assert (verdict.kind, word.counts, "exception" in verdict.facts) == (
            "rejected", False, False,
        )  # fmt: skip
