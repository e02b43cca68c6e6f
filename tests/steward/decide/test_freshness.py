"""Freshness: an approval and its evidence bound the start of a rollout, never what serves."""

from dataclasses import replace

import pytest

from steward.decide.freshness import Late, too_late
from steward.decide.rollout import next_step
from steward.decide.versions import Version
from tests.steward.builders import (
    GATE,
    after,
    approval,
    approved,
    config,
    endpoint,
    minutes,
    rollout,
    rollout_facts,
    served,
    version,
)

EXPIRES = replace(GATE, approval_expires=minutes(60))
AGES = replace(GATE, max_evidence_age=minutes(60))
OVERRIDDEN = approval(1, words="override: the board asked")
SERVED = rollout(1, state="closed", outcome="served", live=config(1))


class TestApproval:
    """Given a minute after noon."""

    @pytest.mark.parametrize(("at", "late"), [(0, False), (61, False), (61.1, True)])
    def test_expires(self, at: float, late: bool) -> None:
        assert (too_late(approved(), EXPIRES, after(at)) is not None) is late

    def test_that_expired_says_when_and_what_renews_it(self) -> None:
        assert too_late(approved(), EXPIRES, after(90)) == Late(
            "the approval of version 1 has expired: given at 2026-11-20 12:01 UTC, it was good "
            "for 1h, until 2026-11-20 13:01 UTC; approve it again, or with the words "
            "'retry: <reason>'",
            "now it is 2026-11-20 13:30 UTC",
        )

    def test_expires_whatever_its_words_override(self) -> None:
        assert too_late(approved(approval=OVERRIDDEN), EXPIRES, after(90))

    @pytest.mark.parametrize("noted", [approved(), version()], ids=["no bound", "no approval"])
    def test_without_a_bound_or_not_given_does_not_expire(self, noted: Version) -> None:
        gate = GATE if noted.approval else EXPIRES
        assert too_late(noted, gate, after(1e6)) is None

    def test_that_was_acted_on_in_time_does_not_expire(self) -> None:
        """The endpoint is retired and resumed: what served comes back."""
        assert too_late(served(), EXPIRES, after(1e6)) is None
        assert too_late(served(served_at=after(0)), EXPIRES, after(1e6)), "approved again since"


class TestEvidence:
    @pytest.mark.parametrize(("at", "late"), [(0, False), (60, False), (60.1, True)])
    def test_grows_old(self, at: float, late: bool) -> None:
        assert (too_late(approved(), AGES, after(at)) is not None) is late

    def test_that_is_too_old_says_so_in_numbers(self) -> None:
        late = too_late(approved(), AGES, after(90))
        assert late is not None
        assert late.why == (
            "the evidence of version 1 is too old: it is of 2026-11-20 12:00 UTC, and 1h are "
            "allowed, until 2026-11-20 13:00 UTC; train anew, or approve it again with "
            "'override: <reason>'"
        )

    def test_of_unknown_age_holds(self) -> None:
        late = too_late(approved(evidence_at=None), AGES, after(1))
        assert late is not None
        assert "nobody knows how old the evidence of version 1 is" in late.why

    def test_may_be_overridden(self) -> None:
        assert too_late(approved(approval=OVERRIDDEN), AGES, after(90)) is None


@pytest.mark.parametrize("gate", [EXPIRES, AGES], ids=["expired", "old evidence"])
class TestRollout:
    """Version 1 serves, it is long after."""

    def test_of_what_is_too_late_is_held_as_one_decision(self, gate: object) -> None:
        facts = rollout_facts(
            served(1), approved(2), live=endpoint(1), last=SERVED, now=after(999), gate=gate
        )
        first, later = next_step(facts), next_step(replace(facts, now=after(1001)))
        assert first.kind == "hold"
        assert first.id("mortgage") == later.id("mortgage")
        assert first.reason.endswith("now it is 2026-11-21 04:39 UTC")

    def test_leaves_what_serves(self, gate: object) -> None:
        facts = rollout_facts(served(1), live=endpoint(1), last=SERVED, now=after(9999), gate=gate)
        assert next_step(facts).kind == "nothing"

    def test_goes_back_all_the_same(self, gate: object) -> None:
        versions = served(1), served(2, status="Rejected")
        last = replace(SERVED, live=config(2), highest=2)
        facts = rollout_facts(*versions, live=endpoint(2), last=last, now=after(9999), gate=gate)
        verdict = next_step(facts)
        assert (verdict.kind, verdict.facts["direction"]) == ("start", "back")

    def test_that_is_open_and_was_not_asked_for_yet_is_withdrawn(self, gate: object) -> None:
        opened = rollout(
            2, version=2, approval="approval#2", config_name=config(2), called_at=None,
            live=config(1),
        )  # fmt: skip
        facts = rollout_facts(
            served(1), approved(2), live=endpoint(1), last=opened, now=after(999), gate=gate
        )
        assert next_step(facts).kind == "withdraw"
        back = replace(opened, direction="back")
        assert next_step(replace(facts, rollout=back)).kind == "resume"

    def test_that_is_under_way_goes_on(self, gate: object) -> None:
        asked = rollout(
            2, version=2, approval="approval#2", config_name=config(2), live=config(1),
            endpoint_at=after(2), asks=1,
        )  # fmt: skip
        facts = rollout_facts(
            served(1), approved(2), live=endpoint(1, "Updating"), last=asked, now=after(999),
            gate=gate,
        )  # fmt: skip
        assert next_step(facts).kind == "wait"
