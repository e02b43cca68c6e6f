"""What is written of versions, words on them, rollouts, and what serves since when."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from steward import times
from steward.decide.people import Identity
from steward.decide.rollout_facts import Rollout
from steward.decide.verdict import Verdict
from steward.decide.versions import Version
from steward.errors import NotYet
from steward.lineage.nodes import Node, run_id, snapshot_id
from steward.lineage.read import served_at
from steward.names import Names
from steward.observe.rollout import read_rollout
from steward.observe.serving import read_version
from steward.record.agenda import read_agenda
from steward.record.approval import approval_id, record_judgement, record_word
from steward.record.ledger import ensure
from steward.record.rollout import (
    open_rollout,
    record_asking,
    record_failed,
    record_not_asked,
    record_served,
    record_withdrawn,
)
from steward.record.store import Store
from steward.spec.model import MetricRule
from tests.steward.builders import (
    ALICE,
    ARTIFACT,
    GATE,
    NOON,
    ROLE,
    after,
    approval,
    champion,
    endpoint,
    evaluation,
    evidence,
    package,
    rollout,
)  # fmt: skip
from tests.steward.fakes import Clock

MODEL, NAMES = "mortgage", Names("steward", "mortgage")
JUDGED = Verdict("approval", "version 1", "passed", "auc 0.720", {"package": package().arn})
WORD = Verdict("approval", "version 1", "approved", "by alice", {"status": "Approved"})
DUE = Verdict("rollout", "version 1", "start", "may serve", {"after": 0})
DONE = Verdict("rollout", "rollout 1", "finish", "in service", {"rollout": 1})

APPROVED = package(status="Approved", modified_at=after(1), modified_by=ALICE, words="fine")


@pytest.fixture
def judged(store: Store) -> Version:
    ensure(store, "mortgage", [Node(run_id(package().execution_arn), NOON)])
    ensure(store, "mortgage", [Node(snapshot_id(package().snapshot), NOON)])
    return record_judgement(store, NAMES, GATE, JUDGED, package(), evidence())


def say(store: Store, version: Version, **given: object) -> Version:
    """Note a word on a version; alice's approval if nothing else is said."""
    now = replace(APPROVED, **given)  # type: ignore[arg-type]
    word = approval(
        id=approval_id(NAMES.group, now), at=now.modified_at, counts=now.status == "Approved"
    )
    facts = {"status": now.status, "at": now.modified_at}
    record_word(store, NAMES, replace(WORD, facts=facts), version, now, word)
    return noted(store)


def noted(store: Store) -> Version:
    found = read_version(store, MODEL, 1)
    assert found is not None
    return found


@pytest.fixture
def approved(store: Store, judged: Version) -> Version:
    return say(store, judged)


def first(approved: Version) -> Rollout:
    assert approved.approval is not None
    return rollout(called_at=None, highest=0, approval=approved.approval.id, decision=DUE.id(MODEL))


@pytest.fixture
def opened(store: Store, approved: Version) -> Rollout:
    assert open_rollout(store, NAMES, DUE, first(approved), None)
    return first(approved)


class TestVersion:
    def test_is_read_back_as_it_was_judged(self, store: Store, judged: Version) -> None:
        assert noted(store) == judged
        assert (judged.gate, judged.gate_reason) == ("passed", "auc 0.720")
        assert judged.artifact.etag == "etag-1"

    @pytest.mark.usefixtures("judged")
    def test_leads_to_its_run_data_code_image_and_maker(self, store: Store) -> None:
        node = store.get(store.lineage, "model-version#steward-mortgage/1", "node")
        assert node is not None
        links = {link["to"].partition("#")[0]: link["term"] for link in node["links"]}  # type: ignore[attr-defined]
        assert links == {
            "run": "wasGeneratedBy",
            "snapshot": "wasDerivedFrom",
            "code": "wasInfluencedBy",
            "image": "wasInfluencedBy",
            "agent": "wasAttributedTo",
        }

    def test_of_unknown_origin_is_recorded_without_links_to_nothing(self, store: Store) -> None:
        bare = package(commit="", image_digest="")
        unknown = evidence(run_on_record=False, snapshot_on_record=False, artifact_etag=None)
        found = record_judgement(store, NAMES, GATE, JUDGED, bare, unknown)
        assert noted(store) == found
        assert (found.artifact.etag, found.artifact.image_digest) == (None, None)

    @pytest.mark.usefixtures("judged")
    def test_is_judged_once(self, store: Store) -> None:
        other = replace(JUDGED, kind="failed")
        with pytest.raises(NotYet, match="judged by another look"):
            record_judgement(store, NAMES, GATE, other, package(), evidence())
        assert noted(store).gate == "passed"

    @pytest.mark.parametrize(
        ("max_drop", "live", "noted_as"),
        [
            (0.02, ARTIFACT.format(7), ARTIFACT.format(7)),
            (0.02, ARTIFACT.format(8), ARTIFACT.format(7)),
            (0.02, "", ""),
            (0.02, None, ARTIFACT.format(7)),
            (None, ARTIFACT.format(7), None),
        ],
        ids=[
            "what serves", "what served before", "nothing serves", "somebody else's serves",
            "no rule compares",
        ],
    )  # fmt: skip
    def test_says_what_it_was_compared_with(
        self, store: Store, max_drop: float | None, live: str | None, noted_as: str | None
    ) -> None:
        gate = replace(GATE, metrics={"auc": MetricRule(min=0.65, max_drop=max_drop)})
        measured = evaluation(champion=champion(version=7))
        bare = evidence(
            evaluation=measured, run_on_record=False, snapshot_on_record=False, live_uri=live
        )
        record_judgement(store, NAMES, gate, JUDGED, package(), bare)
        assert noted(store).compared_with == noted_as

    @pytest.mark.parametrize(("who", "name"), [(ALICE, "alice"), (ROLE, None)])
    def test_says_which_person_started_its_run(
        self, store: Store, who: Identity, name: str | None
    ) -> None:
        bare = evidence(run_on_record=False, snapshot_on_record=False, run_by=who)
        record_judgement(store, NAMES, GATE, JUDGED, package(), bare)
        assert noted(store).run_by == name


class TestWord:
    def test_is_noted_with_who_said_it_and_asks_rollout_to_look(
        self, store: Store, approved: Version
    ) -> None:
        assert approved.status == "Approved"
        assert approved.approval is not None
        node = store.get(store.lineage, approved.approval.id, "node")
        assert node is not None
        assert node["facts"]["words"] == "fine"  # type: ignore[index]
        assert {"term": "wasAttributedTo", "to": "person#alice"} in node["links"]  # type: ignore[operator]
        assert read_agenda(store).due == {("rollout", MODEL)}

    def test_noted_twice_changes_nothing(self, store: Store, judged: Version) -> None:
        once = say(store, judged)
        before = list(store.scan(store.lineage))
        assert say(store, judged) == once
        assert list(store.scan(store.lineage)) == before

    def test_on_a_version_that_changed_meanwhile_is_looked_at_again(
        self, store: Store, judged: Version
    ) -> None:
        say(store, judged)
        with pytest.raises(NotYet, match="its row changed"):
            say(store, judged, modified_at=after(2), status="Rejected")
        assert noted(store).status == "Approved"

    def test_does_not_forget_that_the_version_has_served(
        self, store: Store, approved: Version, opened: Rollout
    ) -> None:
        """A rollout ends between approval's reading and its writing."""
        record_served(store, NAMES, DONE, opened, approved, endpoint(1))
        try:
            after_word = say(store, approved, modified_at=after(40), status="Rejected")
        except NotYet:
            after_word = say(store, noted(store), modified_at=after(40), status="Rejected")
        assert after_word.served_at == after(30)


class TestRollout:
    def test_opens_with_its_decision_approval_and_version(
        self, store: Store, opened: Rollout
    ) -> None:
        assert read_rollout(store, MODEL) == opened
        node = store.get(store.lineage, "rollout#steward-mortgage/1", "node")
        assert node is not None
        assert [link["to"] for link in node["links"]] == [  # type: ignore[attr-defined]
            "model-version#steward-mortgage/1", opened.approval, DUE.id(MODEL),
        ]  # fmt: skip

    def test_says_from_when_on_traffic_may_be_shifted_to_which_version(
        self, store: Store, opened: Rollout
    ) -> None:
        (shift,) = store.query(store.lineage, "shifting#steward-mortgage")
        assert shift["sk"] == f"{times.iso(opened.opened_at)}#1"
        assert (shift["version"], shift["rollout"]) == (1, "rollout#steward-mortgage/1")

    def test_only_one_is_open(self, store: Store, approved: Version, opened: Rollout) -> None:
        second = replace(DUE, facts={"after": 1})
        assert not open_rollout(store, NAMES, second, replace(opened, number=2), opened)
        assert not open_rollout(store, NAMES, second, first(approved), None)
        assert read_rollout(store, MODEL) == opened
        assert len(store.query(store.lineage, "shifting#steward-mortgage")) == 1

    def test_remembers_since_when_and_over_which_endpoint_it_was_asked_for(
        self, store: Store, approved: Version, opened: Rollout, time: Clock
    ) -> None:
        time.pass_by(minutes=3)
        assert record_asking(store, MODEL, opened, approved, endpoint(1))
        asking = read_rollout(store, MODEL)
        assert asking == replace(opened, called_at=after(3), endpoint_at=after(30), asks=1)
        time.pass_by(minutes=3)
        assert record_asking(store, MODEL, asking, approved, endpoint(1, modified_at=after(31)))
        again = read_rollout(store, MODEL)
        assert again == replace(asking, endpoint_at=after(31), asks=2)

    def test_forgets_that_it_was_asked_for_when_nothing_was_begun(
        self, store: Store, approved: Version, opened: Rollout
    ) -> None:
        asking = record_asking(store, MODEL, opened, approved, None)
        assert asking is not None
        record_not_asked(store, MODEL, asking, opened)
        assert read_rollout(store, MODEL) == opened

    def test_that_another_look_asked_for_is_not_closed_by_one_that_does_not_know(
        self, store: Store, approved: Version, opened: Rollout
    ) -> None:
        assert record_asking(store, MODEL, opened, approved, endpoint(1))
        assert not record_withdrawn(store, NAMES, replace(DONE, kind="withdraw"), opened)
        found = read_rollout(store, MODEL)
        assert found is not None
        assert found.open

    def test_is_not_asked_for_when_its_version_changed_meanwhile(
        self, store: Store, approved: Version, opened: Rollout
    ) -> None:
        say(store, approved, modified_at=after(2), status="Rejected")
        assert record_asking(store, MODEL, opened, approved, endpoint(1)) is None

    def test_that_another_look_closed_is_not_asked_for(
        self, store: Store, approved: Version, opened: Rollout
    ) -> None:
        record_withdrawn(store, NAMES, replace(DONE, kind="withdraw"), opened)
        closed = read_rollout(store, MODEL)
        assert not record_asking(store, MODEL, opened, approved, endpoint(1))
        assert read_rollout(store, MODEL) == closed

    def test_that_serves_writes_since_when(
        self, store: Store, approved: Version, opened: Rollout
    ) -> None:
        assert record_served(store, NAMES, DONE, opened, approved, endpoint(1))
        assert served_at(store, NAMES.endpoint, after(29)) is None
        found = served_at(store, NAMES.endpoint, after(30))
        assert found is not None
        assert (found.versions, found.rollout) == ({"1": 100}, "rollout#steward-mortgage/1")
        closed = read_rollout(store, MODEL)
        assert closed is not None
        assert (closed.state, closed.outcome, closed.highest) == ("closed", "served", 1)
        assert noted(store).served_at == after(30)

    def test_that_goes_back_is_remembered_as_a_step_back(
        self, store: Store, approved: Version
    ) -> None:
        back = replace(first(approved), direction="back", highest=2)
        open_rollout(store, NAMES, DUE, back, None)
        record_served(store, NAMES, DONE, back, approved, endpoint(1))
        closed = read_rollout(store, MODEL)
        assert closed is not None
        assert (closed.stepped_back_at, closed.highest) == (after(30), 2)

    def test_that_failed_is_not_tried_again_under_this_approval(
        self, store: Store, approved: Version, opened: Rollout
    ) -> None:
        failed = replace(DONE, kind="fail", reason="an alarm")
        assert record_failed(store, NAMES, failed, opened, approved, endpoint(1))
        assert noted(store).failed_under == opened.approval
        closed = read_rollout(store, MODEL)
        assert closed is not None
        assert (closed.outcome, closed.stepped_back_at) == ("failed", after(30))
        assert served_at(store, NAMES.endpoint, after(99)) is None

    def test_that_was_never_asked_for_is_closed_as_withdrawn(
        self, store: Store, opened: Rollout
    ) -> None:
        assert record_withdrawn(store, NAMES, replace(DONE, kind="withdraw"), opened)
        closed = read_rollout(store, MODEL)
        assert closed is not None
        assert (closed.outcome, closed.highest) == ("withdrawn", 0)
        end = store.get(store.lineage, "rollout#steward-mortgage/1", "end")
        assert end is not None
        assert end["facts"]["outcome"] == "withdrawn"  # type: ignore[index]

    @pytest.mark.parametrize("close", [record_served, record_failed])
    def test_ends_once(
        self, store: Store, approved: Version, opened: Rollout, close: Callable[..., bool]
    ) -> None:
        assert close(store, NAMES, DONE, opened, approved, endpoint(1))
        late = endpoint(1, modified_at=after(50))
        again = replace(DONE, facts={"rollout": 1, "again": True})
        assert not close(store, NAMES, DONE, opened, approved, late)
        assert not close(store, NAMES, again, opened, noted(store), late)
        end = store.get(store.lineage, "rollout#steward-mortgage/1", "end")
        assert end is not None
        assert end["at"] == "2026-11-20T12:30:00.000Z"

    def test_does_not_end_on_a_version_on_which_a_word_was_noted_meanwhile(
        self, store: Store, approved: Version, opened: Rollout
    ) -> None:
        say(store, approved, modified_at=after(20), status="Rejected")
        assert not record_served(store, NAMES, DONE, opened, approved, endpoint(1))
        assert read_rollout(store, MODEL) == opened
        assert served_at(store, NAMES.endpoint, after(99)) is None

    def test_the_next_one_may_open_after_the_end(
        self, store: Store, approved: Version, opened: Rollout
    ) -> None:
        record_served(store, NAMES, DONE, opened, approved, endpoint(1))
        last = read_rollout(store, MODEL)
        second = replace(DUE, facts={"after": 1})
        following = replace(first(approved), number=2, opened_at=after(60))
        assert open_rollout(store, NAMES, second, following, last)
