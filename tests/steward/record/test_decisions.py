"""The decision chain: written once, in order, and a change of the past shows."""

import pytest

from steward import digest
from steward.decide.verdict import Verdict
from steward.errors import NotYet
from steward.lineage.nodes import USED, End, Link, Node, Serving, Shift
from steward.record.decisions import is_recorded, record
from steward.record.ledger import ensure
from steward.record.lineage import end_writes, serving_writes, shift_writes
from steward.record.store import ABSENT, Store, Write, put
from tests.steward.builders import NOON, after
from tests.steward.fakes import Clock
from tests.steward.ledger import chain, decision, faults, written

NODE = Node("dataset#1", NOON, {"size": 100, "share": 2.0, "version_id": None})


def verdict(number: int, **facts: object) -> Verdict:
    return Verdict("training", f"run {number}", "start", "10 min quiet", {"n": number} | facts)


def test_each_entry_holds_the_digest_of_the_one_before(store: Store, time: Clock) -> None:
    for number in (1, 2, 3):
        assert record(store, "mortgage", verdict(number), [NODE] if number == 2 else [])
        time.pass_by(minutes=1)
    entries = chain(store)
    assert [entry["sk"] for entry in entries] == ["000000000001", "000000000002", "000000000003"]
    assert [entry["previous"] for entry in entries] == [
        "0" * 64, entries[0]["digest"], entries[1]["digest"],
    ]  # fmt: skip


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"text": "", "none": None, "list": [1, {"a": None}], "tuple": ("a",)},
        {"at": NOON},
        {"whole": 2.0, "share": 0.1, "large": 1e16, "small": 1e-9},
    ],
    ids=["plain", "shapes", "time", "numbers"],
)
def test_it_verifies_from_what_is_stored(store: Store, facts: dict[str, object]) -> None:
    """DynamoDB keeps 2.0 as 2, and a tuple as a list."""
    record(store, "mortgage", verdict(1, **facts), [NODE])
    assert faults(store) == []
    found = decision(store, chain(store)[0])
    assert digest.of(found["facts"]) == found["facts_digest"]


def test_all_that_is_written_with_it_names_it(store: Store) -> None:
    ensure(store, "mortgage", [NODE])
    run = Node("run#1", NOON, {}, (Link(USED, NODE.id),))
    work = [
        *serving_writes(store, Serving("steward-mortgage", after(1), {"1": 100}, run.id)),
        *shift_writes(store, Shift("steward-mortgage", after(2), 2, "rollout#steward-mortgage/7")),
        *end_writes(store, End(run.id, after(3), {"status": "Succeeded"})),
        put(store.work, {"pk": "mortgage", "sk": "run"}),
    ]
    assert record(store, "mortgage", verdict(1), [run], work)
    assert written(store, 2) == [
        ("dataset#1", "2026-11-20T12:00:00.000Z#in#used#run#1"),
        (verdict(1).id("mortgage"), "node"),
        ("run#1", "end"),
        ("run#1", "node"),
        ("serving#steward-mortgage", "2026-11-20T12:01:00.000Z"),
        ("shifting#steward-mortgage", "2026-11-20T12:02:00.000Z#7"),
    ]
    assert faults(store) == []


def test_a_key_may_hold_any_character(store: Store) -> None:
    """A commit may be called `release 1`."""
    node = Node("code#release 1", NOON)
    record(store, "mortgage", verdict(1), [node])
    assert ("code#release 1", "node") in written(store, 1)
    assert faults(store) == []


def test_it_rests_on_what_was_judged(store: Store) -> None:
    ensure(store, "mortgage", [NODE])
    assert record(store, "mortgage", verdict(1), rests_on=[Link(USED, NODE.id)])
    assert decision(store, chain(store)[1])["links"] == [{"term": "used", "to": NODE.id}]


@pytest.mark.parametrize(
    "forged",
    [
        {"pk": NODE.id, "sk": "node", "facts": {"size": 101}},
        {"pk": "serving#steward-mortgage", "sk": "2026-11-20T12:00:00.000Z", "versions": {"2": 1}},
    ],
    ids=["a node", "what served"],
)
def test_a_change_of_what_was_written_shows(store: Store, forged: dict[str, object]) -> None:
    ensure(store, "mortgage", [Node("rollout#1", NOON)])
    serving = Serving("steward-mortgage", NOON, {"1": 100}, "rollout#1")
    record(store, "mortgage", verdict(1), [NODE], serving_writes(store, serving))
    pk, sk = str(forged["pk"]), str(forged["sk"])
    now = store.get(store.lineage, pk, sk)
    assert now is not None
    assert faults(store) == []
    store.transact([put(store.lineage, now | forged)])
    assert faults(store) == [f"2 altered: {pk} {sk} is not as it was written"]


def test_the_same_decision_is_written_once(store: Store, time: Clock) -> None:
    assert record(store, "mortgage", verdict(1))
    time.pass_by(minutes=1)
    assert not record(store, "mortgage", verdict(1))
    assert len(chain(store)) == 1
    assert is_recorded(store, "mortgage", verdict(1))
    assert not is_recorded(store, "mortgage", verdict(2))


def test_models_have_chains_of_their_own(store: Store) -> None:
    record(store, "mortgage", verdict(1))
    assert record(store, "churn", verdict(1))
    assert [len(chain(store, model)) for model in ("mortgage", "churn")] == [1, 1]


def test_nothing_is_written_when_its_work_cannot_be(store: Store) -> None:
    row = {"pk": "mortgage", "sk": "run"}
    store.transact([put(store.work, row)])
    assert not record(store, "mortgage", verdict(1), [NODE], [put(store.work, row, ABSENT)])
    assert chain(store) == []
    assert not store.get(store.lineage, NODE.id, "node")


def test_nothing_is_written_when_its_node_comes_from_nothing_known(store: Store) -> None:
    dangling = Node("run#1", NOON, {}, (Link(USED, "dataset#none"),))
    assert not record(store, "mortgage", verdict(1), [dangling])
    assert chain(store) == []


def test_its_work_is_done_with_it(store: Store) -> None:
    assert record(store, "mortgage", verdict(1), work=[put(store.work, {"pk": "m", "sk": "run"})])
    assert store.get(store.work, "m", "run")


class TestRace:
    """Another function writes to the same chain between our reading and our writing."""

    @pytest.fixture
    def competing(self, store: Store, monkeypatch: pytest.MonkeyPatch) -> list[Verdict]:
        """Verdicts that come first, one before each transaction of ours."""
        others: list[Verdict] = []
        ours = store.transact

        def transact(writes: list[Write]) -> bool:
            if others:
                other = others.pop(0)
                monkeypatch.setattr(store, "transact", ours)
                record(store, "mortgage", other)
                monkeypatch.setattr(store, "transact", transact)
            return ours(writes)

        monkeypatch.setattr(store, "transact", transact)
        return others

    def test_leads_to_the_next_number(self, store: Store, competing: list[Verdict]) -> None:
        competing += [verdict(8), verdict(9)]
        assert record(store, "mortgage", verdict(1))
        first, second, third = chain(store)
        assert decision(store, third)["subject"] == "run 1"
        assert (third["sk"], third["previous"]) == ("000000000003", second["digest"])
        assert second["previous"] == first["digest"]

    def test_of_the_same_decision_leaves_one(self, store: Store, competing: list[Verdict]) -> None:
        competing += [verdict(1)]
        assert not record(store, "mortgage", verdict(1))
        assert len(chain(store)) == 1

    def test_without_end_is_tried_again_by_the_queue(
        self, store: Store, competing: list[Verdict]
    ) -> None:
        competing += [verdict(number) for number in range(2, 40)]
        with pytest.raises(NotYet, match="other entries came first"):
            record(store, "mortgage", verdict(1))
