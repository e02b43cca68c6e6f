"""Rollout: the registry is the desired state; what should serve, and the next step towards it."""

from dataclasses import replace

import pytest

from steward.decide.canary import NO_WORSE, NOT_ENOUGH, WORSE, Judgement
from steward.decide.preflight import (
    blocked,
    held,
    same_artifact,
    still_stands,
    unfit,
    withdrawn,
)
from steward.decide.review import NO_EVIDENCE, STALE
from steward.decide.rollout import Target, desired, next_step
from steward.decide.rollout_facts import (
    MOVING,
    Alarm,
    EndpointFacts,
    Order,
    Rollout,
    RolloutFacts,
)
from steward.spec.model import Freeze
from tests.steward.builders import (
    ARTIFACT,
    GATE,
    NOON,
    after,
    approval,
    approved,
    config,
    endpoint,
    minutes,
    rollout,
    rollout_facts,
    rollout_spec,
    served,
    version,
)  # fmt: skip

ALLOWS = replace(GATE, stale="allow")


def target(facts: RolloutFacts) -> tuple[int, str] | str:
    found = desired(facts)
    if isinstance(found, Target):
        return found.version, found.direction
    return f"hold: {found.why}" if found.kind == "hold" else found.why


def ended(**given: object) -> Rollout:
    return rollout(**{"state": "closed", "outcome": "served", "live": config(1)} | given)


class TestFirst:
    def test_nothing_serves_before_anything_is_approved(self) -> None:
        assert target(rollout_facts()) == "no version may serve yet"
        assert target(rollout_facts(version(1))) == "no version may serve yet"

    def test_the_newest_version_that_may_serve(self) -> None:
        assert target(rollout_facts(approved(1), approved(2), version(3))) == (2, "forward")

    def test_says_by_whose_word(self) -> None:
        found = desired(rollout_facts(approved(1)))
        assert isinstance(found, Target)
        assert found.reason == (
            "version 1 may serve (Approved by alice: no words) and nothing serves yet"
        )


class TestForward:
    def test_stays_while_nothing_newer_may_serve(self) -> None:
        facts = rollout_facts(served(1), version(2), live=endpoint(1), last=ended())
        assert target(facts) == "version 1 serves; no newer version may replace it"

    def test_goes_to_the_newer_version(self) -> None:
        facts = rollout_facts(served(1), approved(2), live=endpoint(1), last=ended())
        found = desired(facts)
        assert isinstance(found, Target)
        assert (found.version, found.direction) == (2, "forward")
        assert found.reason.endswith("and version 1 serves")

    def test_never_to_an_older_version_than_the_live_one(self) -> None:
        late = approved(1, approval=approval(1, at=after(99)))
        facts = rollout_facts(late, served(2), live=endpoint(2), last=ended(highest=2))
        assert target(facts) == "version 2 serves; no newer version may replace it"
        stepped_back = ended(highest=3, stepped_back_at=after(50))
        assert target(replace(facts, rollout=stepped_back)) == target(facts)

    def test_not_again_to_a_version_that_was_stepped_back_from(self) -> None:
        facts = rollout_facts(
            served(1), served(2), live=endpoint(1),
            last=ended(highest=2, stepped_back_at=after(50)),
        )  # fmt: skip
        assert target(facts) == "version 1 serves; no newer version may replace it"

    def test_again_once_it_is_approved_after_the_step_back(self) -> None:
        again = served(2, approval=approval(2, at=after(51)))
        facts = rollout_facts(
            served(1), again, live=endpoint(1), last=ended(highest=2, stepped_back_at=after(50))
        )
        assert target(facts) == (2, "forward")

    def test_a_version_between_the_live_one_and_the_highest_ever_started_is_passed_over(
        self,
    ) -> None:
        facts = rollout_facts(served(1), approved(2), live=endpoint(1), last=ended(highest=3))
        assert target(facts) == "version 1 serves; no newer version may replace it"

    def test_to_a_version_that_was_compared_with_what_serves(self) -> None:
        newer = approved(2, compared_with=ARTIFACT.format(1))
        assert target(rollout_facts(served(1), newer, live=endpoint(1))) == (2, "forward")
        first = approved(1, compared_with="")
        assert target(rollout_facts(first)) == (1, "forward")

    def test_to_a_version_that_was_compared_with_another_one_when_nothing_serves(self) -> None:
        """The endpoint was deleted: there is nothing to be worse than."""
        newer = approved(2, compared_with=ARTIFACT.format(1))
        assert target(rollout_facts(served(1), newer, last=ended())) == (2, "forward")

    @pytest.mark.parametrize(
        ("compared_with", "why"),
        [
            (ARTIFACT.format(1), f"compared with {ARTIFACT.format(1)}"),
            ("", "compared with nothing"),
        ],
    )
    def test_not_to_a_version_that_was_compared_with_another_one(
        self, compared_with: str, why: str
    ) -> None:
        stale = approved(3, compared_with=compared_with)
        facts = rollout_facts(served(1), served(2), stale, live=endpoint(2), last=ended(highest=2))
        assert target(facts) == (
            f"hold: version 3 was {why}, and {ARTIFACT.format(2)} serves; "
            "approve it again with 'override: <reason>' to roll it out"
        )
        last = ended(highest=2, live=config(2))
        assert next_step(replace(facts, rollout=last)).kind == "hold"

    def test_to_a_stale_version_when_the_words_override(self) -> None:
        words = approval(3, words="override: the comparison is known")
        stale = approved(3, compared_with=ARTIFACT.format(1), approval=words)
        facts = rollout_facts(served(2), stale, live=endpoint(2), last=ended(highest=2))
        assert target(facts) == (3, "forward")

    def test_to_a_stale_version_when_the_models_file_allows_it_and_says_so(self) -> None:
        stale = approved(3, compared_with=ARTIFACT.format(1))
        last = ended(highest=2, live=config(2))
        facts = rollout_facts(served(2), stale, live=endpoint(2), last=last, gate=ALLOWS)
        verdict = next_step(facts)
        assert verdict.kind == "start"
        assert (verdict.facts["exception"], verdict.facts["by"]) == (STALE, "alice")
        assert "its evidence is stale, which the model's file allows: version 3" in verdict.reason

    def test_not_to_a_version_that_was_compared_with_nothing_even_then(self) -> None:
        facts = rollout_facts(
            served(2), approved(3, compared_with=""), live=endpoint(2), gate=ALLOWS
        )
        assert str(target(facts)).startswith("hold: version 3 was compared with nothing")

    def test_to_a_version_that_is_not_stale_is_no_exception(self) -> None:
        newer = approved(2, compared_with=ARTIFACT.format(1))
        facts = rollout_facts(served(1), newer, live=endpoint(1), last=ended(), gate=ALLOWS)
        assert "exception" not in next_step(facts).facts

    def test_back_needs_no_comparison(self) -> None:
        older = served(1, compared_with="")
        facts = rollout_facts(older, served(2, status="Rejected"), live=endpoint(2), last=ended())
        assert target(facts) == (1, "back")

    @pytest.mark.parametrize(
        "newer",
        [
            approved(2, failed_under="approval#2"),
            approved(2, gate="failed"),
            approved(2, approval=approval(2, counts=False)),
        ],
        ids=["failed under this approval", "gate failed", "does not count"],
    )
    def test_not_to_a_version_that_may_not_serve(self, newer: object) -> None:
        facts = rollout_facts(served(1), newer, live=endpoint(1), last=ended())  # type: ignore[arg-type]
        assert target(facts) == "version 1 serves; no newer version may replace it"


class TestBack:
    def test_when_the_live_version_was_revoked_to_the_newest_that_served(self) -> None:
        revoked = served(3, status="Rejected")
        facts = rollout_facts(served(1), served(2), revoked, live=endpoint(3), last=ended())
        found = desired(facts)
        assert isinstance(found, Target)
        assert (found.version, found.direction) == (2, "back")
        assert found.reason == "version 3 is Rejected; version 2 has served before"

    def test_not_to_a_version_that_never_served(self) -> None:
        revoked = served(2, status="Rejected")
        facts = rollout_facts(approved(1), revoked, live=endpoint(2), last=ended())
        assert target(facts) == (
            "hold: version 2 is Rejected, and no other approved version has served; 2 stays"
        )

    @pytest.mark.parametrize(
        ("forget", "why"),
        [("registry", "is not in the registry any more"), ("versions", "has not been judged yet")],
    )
    def test_when_nothing_is_known_of_the_live_version_any_more(
        self, forget: str, why: str
    ) -> None:
        facts = rollout_facts(served(1), served(2), live=endpoint(2), last=ended())
        known = {number: value for number, value in getattr(facts, forget).items() if number != 2}
        found = desired(replace(facts, **{forget: known}))
        assert isinstance(found, Target)
        assert (found.version, found.direction) == (1, "back")
        assert why in found.reason


def test_an_endpoint_with_somebody_elses_config_is_left_alone() -> None:
    verdict = next_step(rollout_facts(approved(1), live=endpoint(None)))
    assert verdict.kind == "hold"
    assert verdict.reason.startswith("the endpoint serves handmade, which is not Steward's")


class TestNextStep:
    def kind(self, live: EndpointFacts | None, last: Rollout | None) -> str:
        return next_step(rollout_facts(served(1), approved(2), live=live, last=last)).kind

    def test_starts_what_should_serve(self) -> None:
        facts = rollout_facts(served(1), approved(2), live=endpoint(1), last=ended(number=4))
        verdict = next_step(facts)
        assert (verdict.kind, verdict.subject) == ("start", "version 2")
        assert verdict.facts == {
            "version": 2,
            "direction": "forward",
            "approval": "approval#2",
            "config": config(1),
            "after": 4,
        }

    def test_starts_the_first_one(self) -> None:
        verdict = next_step(rollout_facts(approved(1)))
        assert (verdict.facts["config"], verdict.facts["after"]) == (None, 0)

    def test_does_nothing_when_what_serves_should(self) -> None:
        verdict = next_step(rollout_facts(served(1), live=endpoint(1), last=ended()))
        assert (verdict.kind, verdict.reason) == (
            "nothing", "version 1 serves; no newer version may replace it",
        )  # fmt: skip

    def test_does_nothing_before_there_is_anything(self) -> None:
        assert next_step(rollout_facts()).kind == "nothing"

    def test_holds_when_there_is_nowhere_to_go_back_to(self) -> None:
        facts = rollout_facts(served(1, status="Rejected"), live=endpoint(1), last=ended())
        assert next_step(facts).kind == "hold"

    @pytest.mark.parametrize("status", MOVING)
    def test_waits_for_an_endpoint_that_moves_by_itself(self, status: str) -> None:
        assert self.kind(endpoint(1, status), ended()) == "wait"
        assert self.kind(endpoint(1, status), None) == "wait"

    @pytest.mark.parametrize("status", ["Failed", "OutOfService", "UpdateRollbackFailed"])
    def test_holds_and_says_why_when_the_endpoint_is_broken(self, status: str) -> None:
        broken = endpoint(1, status, failure="no capacity")
        verdict = next_step(rollout_facts(served(1), approved(2), live=broken, last=ended()))
        assert verdict.kind == "hold"
        assert f"{status} (no capacity)" in verdict.reason
        silent = next_step(rollout_facts(live=endpoint(1, status)))
        assert "no reason given" in silent.reason

    def test_removes_no_broken_endpoint_of_another_config_than_its_own(self) -> None:
        never_served = ended(live=None, config_name=config(1))
        assert self.kind(endpoint(1, "Failed"), never_served) == "remove"
        assert self.kind(endpoint(2, "Failed"), never_served) == "hold"

    @pytest.mark.parametrize(
        ("last", "known"),
        [(config(2), f"{config(2)} was on record"), (None, "nothing was on record")],
    )
    def test_finds_what_no_rollout_of_ours_brought_there(
        self, last: str | None, known: str
    ) -> None:
        verdict = next_step(rollout_facts(served(1), live=endpoint(1), last=ended(live=last)))
        assert (verdict.kind, verdict.reason.endswith(f"and {known}")) == ("found", True)

    def test_finds_it_before_it_takes_it_down(self) -> None:
        retired = Order("retire", "bob", "not needed")
        facts = rollout_facts(served(1), live=endpoint(1), last=ended(live=config(2)))
        assert next_step(replace(facts, pause=retired)).kind == "found"
        known = rollout_facts(served(1), live=endpoint(1), last=ended(live=config(1)))
        assert next_step(replace(known, pause=retired)).kind == "retire"


class TestInFlight:
    """A rollout towards version 2 while version 1 serves. DescribeEndpoint alone says how it is."""

    def step(self, live: EndpointFacts | None, **given: object) -> tuple[str, str]:
        usual = {"version": 2, "config_name": config(2), "live": config(1)}
        open_one = rollout(**usual | given)
        verdict = next_step(rollout_facts(served(1), approved(2), live=live, last=open_one))
        return verdict.kind, verdict.reason

    def test_has_to_be_asked_for(self) -> None:
        assert self.step(None, called_at=None)[0] == "resume"
        untouched = endpoint(1).modified_at
        assert self.step(endpoint(1), called_at=None, endpoint_at=untouched)[0] == "resume"

    def test_has_to_be_asked_for_also_when_somebody_touched_the_endpoint(self) -> None:
        """Autoscaling changes its counts; a fleet that was not asked for has not failed."""
        touched = endpoint(1, modified_at=after(35), failure="an alarm of long ago")
        assert self.step(touched, called_at=None, endpoint_at=after(30))[0] == "resume"

    def test_is_withdrawn_when_another_version_serves_before_it_was_asked_for(self) -> None:
        """Somebody deployed by hand: that is to be on record before anything follows from it."""
        kind, reason = self.step(endpoint(3), called_at=None)
        assert kind == "withdraw"
        assert reason == f"{config(3)} serves, {config(1)} did when the rollout was opened"

    @pytest.mark.parametrize("status", MOVING)
    def test_is_waited_for(self, status: str) -> None:
        assert self.step(endpoint(1, status))[0] == "wait"
        assert self.step(endpoint(2, status))[0] == "wait"

    def test_is_waited_for_also_when_it_was_not_asked_for(self) -> None:
        """Somebody else's update ends before ours can begin."""
        assert self.step(endpoint(1, "Updating"), called_at=None)[0] == "wait"

    def test_is_asked_for_again_before_the_endpoint_begins_to_move(self) -> None:
        """The call may have been lost; where it was not, SageMaker refuses a second update."""
        kind, reason = self.step(endpoint(1), endpoint_at=endpoint(1).modified_at)
        assert kind == "resume"
        assert reason.startswith("the endpoint has not begun to move towards version 2")

    def test_is_done_when_our_config_is_in_service(self) -> None:
        assert self.step(endpoint(2)) == ("finish", f"version 2 ({config(2)}) is in service")

    def test_is_done_too_when_somebody_else_asked_for_our_config(self) -> None:
        assert self.step(endpoint(2), called_at=None)[0] == "finish"

    def test_failed_when_the_old_config_is_back_in_service(self) -> None:
        back = endpoint(1, modified_at=after(40), failure="alarm steward-5xx")
        kind, reason = self.step(back, endpoint_at=after(30))
        assert kind == "fail"
        assert reason == (
            f"{config(1)} is InService instead of version 2 ({config(2)}): alarm steward-5xx"
        )

    def test_failed_without_a_reason_says_so(self) -> None:
        assert self.step(endpoint(1))[1].endswith("SageMaker gives no reason")

    @pytest.mark.parametrize("status", ["Failed", "UpdateRollbackFailed", "OutOfService"])
    def test_failed_when_the_endpoint_is_broken(self, status: str) -> None:
        assert self.step(endpoint(2, status))[0] == "fail"
        untouched = endpoint(1, status)
        assert self.step(untouched, endpoint_at=untouched.modified_at)[0] == "fail"

    @pytest.mark.parametrize(
        ("given", "kind"),
        [
            ({"abort": Order("abort", "bob", "stop", rollout=1)}, "withdraw"),
            ({"abort": Order("abort", "bob", "stop", rollout=9)}, "resume"),
            ({"pause": Order("pause", "bob", "holiday")}, "resume"),
            ({"pause": Order("retire", "bob", "not needed")}, "withdraw"),
        ],
        ids=["its abort", "an abort of another", "a pause", "a retirement"],
    )
    def test_on_the_way_back_is_kept_from_its_start_by(
        self, given: dict[str, object], kind: str
    ) -> None:
        back = rollout(direction="back", called_at=None, live=config(2), endpoint_at=after(30))
        facts = rollout_facts(served(1), live=endpoint(2), last=back, **given)
        assert next_step(facts).kind == kind

    def test_without_room_in_the_account_is_held_and_stays_the_same_decision(self) -> None:
        verdict = blocked(rollout(number=3, version=2))
        assert (verdict.kind, verdict.subject) == ("hold", "rollout 3")
        assert "a limit of the account leaves no room for version 2" in verdict.reason
        later = blocked(rollout(number=3, version=2, opened_at=after(60)))
        assert verdict.id("mortgage") == later.id("mortgage")

    def test_is_no_rollout_before_one_was_opened_nor_after_it_was_closed(self) -> None:
        for last in (None, ended()):
            with pytest.raises(ValueError, match="no rollout is open"):
                _ = rollout_facts(last=last).in_flight
        assert rollout_facts(last=rollout()).in_flight.version == 1


class TestBake:
    """Version 2 takes a share of the traffic while version 1 serves the rest."""

    OPEN = rollout(2, version=2, approval="approval#2", config_name=config(2), live=config(1),
                   endpoint_at=after(2))  # fmt: skip

    def step(self, **given: object) -> tuple[str, str]:
        baking = endpoint(1, "Updating", baking_since=after(55))
        facts = rollout_facts(
            served(1), approved(2), **{"live": baking, "last": self.OPEN, **given}
        )
        verdict = next_step(facts)
        return verdict.kind, verdict.reason

    def test_of_a_fleet_that_is_no_worse_goes_on(self) -> None:
        assert self.step(judged=Judgement(NO_WORSE, "1 of 90", {}))[0] == "wait"

    def test_of_somebody_elses_update_is_no_business_of_ours(self) -> None:
        theirs = endpoint(1, "Updating", baking_since=after(55), pending="theirs")
        kind, reason = self.step(live=theirs, judged=Judgement(WORSE, "9 of 90", {}))
        assert kind == "wait"
        assert reason.endswith("and theirs is on its way")

    def test_of_a_fleet_that_is_worse_ends(self) -> None:
        kind, reason = self.step(judged=Judgement(WORSE, "9 of 90, 1 of 900", {"new_errors": 9}))
        assert (kind, reason) == ("abort", "the new fleet is worse: 9 of 90, 1 of 900")

    def test_a_person_comes_before_the_judge_and_a_revocation_too(self) -> None:
        stop = Order("abort", "bob", "customers complain", rollout=2)
        judged = Judgement(WORSE, "9 of 90", {})
        assert self.step(abort=stop, judged=judged)[1] == "aborted by bob: customers complain"
        revoked = {1: "Approved", 2: "Rejected"}
        assert self.step(registry=revoked, judged=judged)[1] == "version 2 is Rejected"

    def test_on_the_way_back_is_let_run_whatever_is_revoked(self) -> None:
        back = replace(self.OPEN, direction="back")
        assert self.step(last=back, registry={1: "Approved", 2: "Rejected"})[0] == "wait"

    def test_an_abort_of_another_rollout_is_none(self) -> None:
        assert self.step(abort=Order("abort", "bob", "stop", rollout=1))[0] == "wait"

    def test_is_let_run_when_the_old_version_is_revoked(self) -> None:
        assert self.step(registry={1: "Rejected", 2: "Approved"})[0] == "wait"

    def test_is_let_run_when_a_newer_version_is_approved(self) -> None:
        facts = {"registry": {1: "Approved", 2: "Approved", 3: "Approved"}}
        assert self.step(**facts)[0] == "wait"

    @pytest.mark.parametrize(("at", "kind"), [(57.9, "wait"), (58, "abort"), (61, "abort")])
    def test_without_evidence_ends_two_minutes_before_it_is_over(
        self, at: float, kind: str
    ) -> None:
        """A datapoint and an evaluation of the alarm are needed before SageMaker promotes."""
        facts = {"judged": Judgement(NOT_ENOUGH, "3 of 50 requests", {}), "now": after(at)}
        assert self.step(**facts)[0] == kind

    def test_without_evidence_may_be_promoted(self) -> None:
        judged, policy = (
            Judgement(NOT_ENOUGH, "3 of 50", {}),
            rollout_spec(on_no_evidence="promote"),
        )
        assert self.step(judged=judged, policy=policy)[0] == "wait"
        kind, reason = self.step(judged=judged, policy=policy, live=endpoint(2))
        assert kind == "finish"
        assert reason.endswith("is in service, promoted without evidence: 3 of 50")

    @pytest.mark.parametrize(
        ("judged", "noted"),
        [
            (Judgement(NOT_ENOUGH, "3 of 50", {}), NO_EVIDENCE),
            (Judgement(NO_WORSE, "2 of 50", {}), None),
        ],
    )
    def test_promoted_without_evidence_is_an_exception(
        self, judged: Judgement, noted: str | None
    ) -> None:
        facts = rollout_facts(
            served(1), approved(2), live=endpoint(2), last=self.OPEN, judged=judged
        )
        found = next_step(facts).facts
        # Whoever approved it is not the one to sign it.
        assert (found.get("exception"), found.get("by")) == (noted, "alice" if noted else None)

    @pytest.mark.parametrize(
        "given",
        [
            {"last": replace(OPEN, live=None, endpoint_at=None)},
            {"last": replace(OPEN, direction="back")},
            {"policy": rollout_spec(strategy="all-at-once", bake=minutes(0))},
        ],
        ids=["the first deployment", "on the way back", "without a bake"],
    )
    def test_has_no_judge(self, given: dict[str, object]) -> None:
        assert self.step(judged=Judgement(WORSE, "9 of 90", {}), **given)[0] == "wait"

    def test_notes_which_alarm_fired_and_then_waits(self) -> None:
        fired = (Alarm("a-1", "ALARM", "0.2 > 0.05"), Alarm("a-2", "OK", ""))
        assert self.step(alarms=fired) == ("note", "alarm a-1: 0.2 > 0.05")
        noted = replace(self.OPEN, ended_by="alarm", cause="alarm a-1: 0.2 > 0.05")
        kind, reason = self.step(alarms=fired, last=noted)
        assert (kind, reason.rpartition("; ")[2]) == ("wait", "alarm a-1: 0.2 > 0.05")

    def test_that_failed_says_which_alarm_and_how_many_requests(self) -> None:
        noted = replace(self.OPEN, ended_by="alarm", cause="alarm a-1: 0.2 > 0.05")
        judged = Judgement(WORSE, "9 of 90 requests failed on the new fleet", {"new_errors": 9})
        kind, reason = self.step(last=noted, live=endpoint(1, modified_at=after(59)), judged=judged)
        assert kind == "fail"
        assert reason.endswith("a-1: 0.2 > 0.05; 9 of 90 requests failed on the new fleet")

    def test_that_failed_before_its_alarm_was_noted_says_so_once(self) -> None:
        fired = (Alarm("a-1", "ALARM", "0.2 > 0.05"),)
        _, reason = self.step(live=endpoint(1, modified_at=after(59)), alarms=fired)
        assert reason.endswith(f"instead of version 2 ({config(2)}): alarm a-1: 0.2 > 0.05")

    def test_that_the_judge_ended_is_told_once(self) -> None:
        ended_one = replace(self.OPEN, ended_by="judge", cause="the new fleet is worse: 9 of 90")
        judged = Judgement(WORSE, "9 of 91", {})
        fired = (Alarm("a-abort", "ALARM", "1 > 0"),)
        _, reason = self.step(last=ended_one, live=endpoint(1), judged=judged, alarms=fired)
        assert reason.endswith("the new fleet is worse: 9 of 90; in ALARM: a-abort")

    def test_that_should_have_ended_and_did_not_says_so(self) -> None:
        ended_one = replace(self.OPEN, ended_by="abort", cause="aborted by bob: stop")
        kind, reason = self.step(last=ended_one, live=endpoint(2))
        assert (kind, reason.rpartition(", ")[2]) == (
            "finish", "though it was to end: aborted by bob: stop",
        )  # fmt: skip

    def test_that_is_done_says_how_it_was_judged(self) -> None:
        reason = self.step(live=endpoint(2), judged=Judgement(NO_WORSE, "0 of 90 failed", {}))[1]
        assert reason.endswith("is in service: 0 of 90 failed")


class TestBlocks:
    def test_a_freeze_ends_by_itself(self) -> None:
        window = Freeze(after(0), after(90))
        facts = rollout_facts(
            served(1), approved(2), live=endpoint(1), last=ended(),
            policy=rollout_spec(freeze=(window,)),
        )  # fmt: skip
        verdict = next_step(facts)
        assert (verdict.kind, verdict.reason) == (
            "hold", "version 2 waits: frozen from 2026-11-20 12:00 to 2026-11-20 13:30",
        )  # fmt: skip
        assert next_step(replace(facts, now=after(90))).kind == "start"

    def test_a_pause_blocks_no_step_back(self) -> None:
        facts = rollout_facts(
            served(1), served(2, status="Rejected"), live=endpoint(2),
            last=ended(live=config(2)), pause=Order("pause", "bob", "holiday"),
        )  # fmt: skip
        assert next_step(facts).kind == "start"

    def test_an_endpoint_with_several_variants_is_left_alone(self) -> None:
        shared = endpoint(1, variants=("AllTraffic", "shadow"))
        verdict = next_step(rollout_facts(served(1), approved(2), live=shared, last=ended()))
        assert verdict.kind == "hold"
        assert "has the variants ['AllTraffic', 'shadow']" in verdict.reason


class TestAlarms:
    def test_that_are_new_are_fit(self) -> None:
        fresh = (Alarm("a", "INSUFFICIENT_DATA", ""), Alarm("b", "OK", ""))
        assert unfit(["a", "b"], fresh) is None

    def test_that_are_gone_or_fire_already_are_not(self) -> None:
        assert unfit(["a"], ()) == "the alarm a does not exist"
        firing = Alarm("a", "ALARM", "0.2 > 0.05")
        assert unfit(["a"], (firing,)) == "the alarm a is in ALARM already: 0.2 > 0.05"

    def test_of_somebody_else_do_not_count(self) -> None:
        assert unfit(["a"], (Alarm("a", "OK", ""), Alarm("b", "ALARM", ""))) is None


class TestJustBeforeTheCall:
    def why_not(self, noted: object = None, status: str = "Approved", name: str = "") -> str | None:
        return still_stands(noted or approved(1), rollout(), status, name or config(1))  # type: ignore[arg-type]

    def test_an_approval_that_still_stands_is_acted_on(self) -> None:
        assert self.why_not() is None

    def test_a_revocation_stops_it(self) -> None:
        assert self.why_not(status="Rejected") == "version 1 became Rejected before the call"

    @pytest.mark.parametrize(
        "noted", [version(1), approved(1, approval=approval(id="approval#other"))]
    )
    def test_another_word_stops_it(self, noted: object) -> None:
        assert "was replaced" in str(self.why_not(noted))

    def test_a_version_that_is_not_noted_any_more_stops_it(self) -> None:
        assert still_stands(None, rollout(), "Approved", config(1)) is not None

    def test_a_changed_file_of_the_model_stops_it(self) -> None:
        assert "the model's file changed" in str(self.why_not(name="steward-mortgage-v1-ffffffff"))

    def test_the_verdict_names_rollout_and_reason(self) -> None:
        verdict = withdrawn(rollout(number=3), "revoked")
        assert (verdict.kind, verdict.subject, verdict.reason) == (
            "withdraw", "rollout 3", "revoked",
        )  # fmt: skip

    def test_a_start_that_something_forbids_holds(self) -> None:
        verdict = held(next_step(rollout_facts(approved(1))), "the artifact changed")
        assert (verdict.kind, verdict.subject) == ("hold", "version 1")
        assert verdict.facts["why"] == "the artifact changed"


class TestSameBytes:
    """Only what was registered is rolled out."""

    IMAGE = "sha256:" + "8" * 64

    def test_as_registered(self) -> None:
        assert same_artifact(version(), "etag-1", "version-1", self.IMAGE) is None

    @pytest.mark.parametrize(
        ("etag", "version_id", "image", "why"),
        [
            (None, None, IMAGE, "is not what was registered: found ETag None"),
            ("etag-2", "version-1", IMAGE, "is not what was registered: found ETag etag-2"),
            ("etag-1", "version-2", IMAGE, "is not what was registered"),
            ("etag-1", "version-1", "sha256:9", "the image digest is sha256:9"),
            ("etag-1", "version-1", "", "the image digest is "),
        ],
    )
    def test_anything_else_is_told(
        self, etag: str | None, version_id: str | None, image: str, why: str
    ) -> None:
        assert why in str(same_artifact(version(), etag, version_id, image))

    def test_an_image_that_never_had_a_digest_is_the_same(self) -> None:
        bare = version(artifact=replace(version().artifact, image_digest=None))
        assert same_artifact(bare, "etag-1", "version-1", "") is None


def test_when_two_looks_see_the_same_they_decide_the_same() -> None:
    facts = rollout_facts(served(1), approved(2), live=endpoint(1), last=ended())
    moved = replace(facts, endpoint=replace(endpoint(1), modified_at=NOON))
    assert next_step(facts).id("mortgage") == next_step(moved).id("mortgage")
