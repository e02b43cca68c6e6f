"""The decision chain: written once, in order, and a change of the past shows."""

import pytest

from steward import digest
from steward.decide.verdict import Verdict
from steward.errors import NotYet
from steward.lineage.nodes import USED, Link, Node
from steward.record.decisions import is_recorded, record
from steward.record.store import ABSENT, Store, Write, put
from tests.steward.builders import NOON
from tests.steward.fakes import Clock

NODE = Node("dataset#1", NOON, {"size": 100, "share": 2.0, "version_id": None})


def verdict(number: int, **facts: object) -> Verdict:
    return Verdict("training", f"run {number}", "start", "10 min quiet", {"n": number} | facts)


def chain(store: Store, model: str = "mortgage") -> list[dict[str, object]]:
    return store.query(store.lineage, f"ledger#{model}")


def decision(store: Store, entry: dict[str, object]) -> dict[str, object]:
    found = store.get(store.lineage, str(entry["decision"]), "node")
    assert found is not None
    return found


def own_digest(found: dict[str, object]) -> str:
    """The digest of an entry, computed again from what is stored of it."""
    outside = ("pk", "sk", "links", "recorded_at", "digest")
    return digest.of({key: value for key, value in found.items() if key not in outside})


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


def test_what_was_written_with_it_is_part_of_its_digest(store: Store) -> None:
    record(store, "mortgage", verdict(1), [NODE])
    record(store, "churn", verdict(1), [Node("dataset#2", NOON, {"size": 101})])
    first, second = (decision(store, chain(store, model)[0]) for model in ("mortgage", "churn"))
    assert first["written"] != second["written"]


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
