"""The decision chain: written once, in order, and a change of the past shows."""

import pytest

from steward import digest
from steward.decide.verdict import Verdict
from steward.errors import NotYet
from steward.lineage.nodes import USED, End, Link, Node, Serving, Shift
from steward.record.decisions import is_recorded, item_digest, record
from steward.record.lineage import (
    end_writes,
    ensure,
    node_writes,
    serving_writes,
    shift_writes,
)
from steward.record.store import ABSENT, Store, Write, delete, put
from tests.steward.builders import NOON, after
from tests.steward.fakes import Clock
from tests.steward.ledger import chain, decision, faults, own_digest, written

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
    [{}, {"text": "", "none": None, "list": [1, {"a": None}], "tuple": ("a",)}, {"at": NOON}],
    ids=["plain", "shapes", "time"],
)
def test_its_own_digest_can_be_computed_again_from_what_is_stored(
    store: Store, facts: dict[str, object]
) -> None:
    record(store, "mortgage", verdict(1, **facts), [NODE])
    (entry,) = chain(store)
    found = decision(store, entry)
    assert own_digest(found) == found["digest"] == entry["digest"]
    assert digest.of(found["facts"]) == found["facts_digest"]


@pytest.mark.parametrize("share", [2.0, 0.25])
def test_it_can_be_computed_again_of_numbers_with_a_fraction_too(
    store: Store, share: float
) -> None:
    """DynamoDB keeps 2.0 as 2."""
    record(store, "mortgage", verdict(1, share=share))
    (entry,) = chain(store)
    assert own_digest(decision(store, entry)) == entry["digest"]


def test_a_changed_entry_no_longer_has_its_digest(store: Store) -> None:
    record(store, "mortgage", verdict(1))
    (entry,) = chain(store)
    forged = decision(store, entry) | {"reason": "because"}
    assert own_digest(forged) != entry["digest"]


def test_it_names_all_that_was_written_with_it_by_key(store: Store) -> None:
    ensure(store, [NODE])
    run = Node("run#1", NOON, {}, (Link(USED, NODE.id),))
    work = [
        *serving_writes(store, Serving("steward-mortgage", after(1), {"1": 100}, run.id)),
        *shift_writes(store, Shift("steward-mortgage", after(2), 2, "rollout#steward-mortgage/7")),
        *end_writes(store, End(run.id, after(3), {"status": "Succeeded"})),
        put(store.work, {"pk": "mortgage", "sk": "run"}),
    ]
    assert record(store, "mortgage", verdict(1), [run], work)
    assert sorted(written(decision(store, chain(store)[0]))) == [
        ("dataset#1", "2026-11-20T12:00:00.000Z#in#used#run#1"),
        ("run#1", "2026-11-20T12:00:00.000Z#out#used#dataset#1"),
        ("run#1", "end"),
        ("run#1", "node"),
        ("serving#steward-mortgage", "2026-11-20T12:01:00.000Z"),
        ("shifting#steward-mortgage", "2026-11-20T12:02:00.000Z#7"),
    ]
    assert faults(store) == []


@pytest.mark.parametrize(
    "facts",
    [
        {"size": 100, "share": 2.0, "version_id": None},
        {"share": 0.1, "nested": {"none": None, "list": [1.5, {"a": None}]}, "at": after(9)},
    ],
)
def test_the_digest_of_what_was_written_does_not_depend_on_when(
    store: Store, time: Clock, facts: dict[str, object]
) -> None:
    """It can be computed again from the table, and is the same for the same node."""
    node = Node("dataset#1", NOON, facts)
    (write,) = node_writes(store, [node])
    time.pass_by(minutes=1)
    record(store, "mortgage", verdict(1), [node])
    (key,) = written(decision(store, chain(store)[0])).items()
    assert key == (("dataset#1", "node"), item_digest(write.item))
    assert faults(store) == []


def test_a_key_may_hold_any_character(store: Store) -> None:
    """A commit may be called `release 1`."""
    node = Node("code#release 1", NOON)
    record(store, "mortgage", verdict(1), [node])
    assert ("code#release 1", "node") in written(decision(store, chain(store)[0]))
    assert faults(store) == []


def test_what_serves_is_part_of_it(store: Store) -> None:
    ensure(store, [Node("rollout#1", NOON)])
    for model, versions in (("mortgage", {"1": 100}), ("churn", {"2": 100})):
        serving = Serving(f"steward-{model}", NOON, versions, "rollout#1")
        record(store, model, verdict(1), work=serving_writes(store, serving))
    first, second = (decision(store, chain(store, model)[0]) for model in ("mortgage", "churn"))
    assert set(written(first).values()).isdisjoint(written(second).values())


@pytest.mark.parametrize(
    "forged",
    [
        {"pk": NODE.id, "sk": "node", "facts": {"size": 101}},
        {"pk": "serving#steward-mortgage", "sk": "2026-11-20T12:00:00.000Z", "versions": {"2": 1}},
    ],
    ids=["a node", "what served"],
)
def test_a_change_of_what_was_written_shows(store: Store, forged: dict[str, object]) -> None:
    ensure(store, [Node("rollout#1", NOON)])
    serving = Serving("steward-mortgage", NOON, {"1": 100}, "rollout#1")
    record(store, "mortgage", verdict(1), [NODE], serving_writes(store, serving))
    pk, sk = str(forged["pk"]), str(forged["sk"])
    now = store.get(store.lineage, pk, sk)
    assert now is not None
    assert faults(store) == []
    store.transact([put(store.lineage, now | forged)])
    assert faults(store) == [f"1: {pk} {sk} was changed"]


def test_a_removed_entry_shows(store: Store) -> None:
    for number in (1, 2, 3):
        record(store, "mortgage", verdict(number))
    store.transact([delete(store.lineage, "ledger#mortgage", "000000000002")])
    assert "2: the entry before is another one" in faults(store)


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
        competing += [verdict(number) for number in range(2, 20)]
        with pytest.raises(NotYet, match="other entries came first"):
            record(store, "mortgage", verdict(1))
