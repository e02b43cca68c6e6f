"""Nodes and edges: append-only, both directions at once, nothing dangles."""

import pytest

from steward.lineage.nodes import USED, WAS_GENERATED_BY, End, Link, Node, Serving, Shift
from steward.record.ledger import ensure
from steward.record.lineage import end_writes, node_writes, serving_writes, shift_writes
from steward.record.store import Store
from tests.steward.builders import NOON, after
from tests.steward.fakes import Clock

DATA = Node("dataset#1", NOON, {"key": "a.csv", "version_id": None})
RUN = Node("run#1", after(5), {"number": 1}, (Link(USED, "dataset#1"),))


def everything(store: Store, *ids: str) -> dict[str, list[dict[str, object]]]:
    return {one: store.query(store.lineage, one) for one in ids}


def test_a_node_carries_its_facts_and_what_it_came_from(store: Store) -> None:
    ensure(store, "mortgage", [DATA, RUN])
    assert store.get(store.lineage, "run#1", "node") == {
        "pk": "run#1",
        "sk": "node",
        "at": "2026-11-20T12:05:00.000Z",
        "facts": {"number": 1},
        "links": [{"term": "used", "to": "dataset#1"}],
        "recorded_at": "2026-11-20T12:00:00.000Z",
        "entry": "mortgage#2",
    }


def test_each_link_can_be_walked_back(store: Store) -> None:
    ensure(store, "mortgage", [DATA, RUN])
    (back,) = store.query(store.lineage, "dataset#1", "2026")
    assert back["sk"] == "2026-11-20T12:05:00.000Z#in#used#run#1"


def test_recording_twice_changes_nothing(store: Store, time: Clock) -> None:
    ensure(store, "mortgage", [DATA, RUN])
    before = everything(store, "dataset#1", "run#1")
    time.pass_by(minutes=1)
    ensure(store, "mortgage", [Node("dataset#1", after(9), {"key": "other.csv"}), RUN])
    assert everything(store, "dataset#1", "run#1") == before


def test_a_node_that_comes_from_nothing_known_is_refused_whole(store: Store) -> None:
    assert not store.transact(node_writes(store, [RUN]))
    assert everything(store, "dataset#1", "run#1") == {"dataset#1": [], "run#1": []}


def test_two_nodes_of_one_transaction_may_come_from_each_other_in_turn(store: Store) -> None:
    assert store.transact(node_writes(store, [DATA, RUN]))
    assert store.get(store.lineage, "run#1", "node")


@pytest.mark.parametrize("count", [1, 20])
def test_as_many_links_as_a_node_may_have_fit_a_transaction(store: Store, count: int) -> None:
    data = [Node(f"dataset#{n}", NOON) for n in range(count)]
    ensure(store, "mortgage", data)
    links = tuple(Link(WAS_GENERATED_BY, node.id) for node in data)
    assert store.transact(node_writes(store, [Node("snapshot#1", NOON, {}, links)]))


class TestEnd:
    END = End("run#1", after(15), {"status": "Succeeded"})

    def test_of_an_activity_is_written_once(self, store: Store) -> None:
        ensure(store, "mortgage", [DATA, RUN])
        assert store.transact(end_writes(store, self.END))
        assert not store.transact(end_writes(store, End("run#1", after(16), {})))
        found = store.get(store.lineage, "run#1", "end")
        assert found is not None
        assert found["facts"] == {"status": "Succeeded"}

    def test_of_nothing_known_is_refused(self, store: Store) -> None:
        assert not store.transact(end_writes(store, self.END))
        assert store.query(store.lineage, "run#1") == []


class TestServing:
    SERVING = Serving("steward-mortgage", after(30), {"1": 100}, "rollout#steward-mortgage/1")

    def test_interval_begins_with_its_rollout(self, store: Store) -> None:
        ensure(store, "mortgage", [Node("rollout#steward-mortgage/1", NOON)])
        assert store.transact(serving_writes(store, self.SERVING))
        (found,) = store.query(store.lineage, "serving#steward-mortgage")
        assert (found["sk"], found["versions"]) == ("2026-11-20T12:30:00.000Z", {"1": 100})

    def test_interval_without_a_rollout_is_refused(self, store: Store) -> None:
        assert not store.transact(serving_writes(store, self.SERVING))


def test_a_shift_of_traffic_begins_once(store: Store, time: Clock) -> None:
    shift = Shift("steward-mortgage", after(30), 2, "rollout#steward-mortgage/2")
    assert store.transact(shift_writes(store, shift))
    before = store.query(store.lineage, "shifting#steward-mortgage")
    time.pass_by(minutes=1)
    assert not store.transact(shift_writes(store, shift))
    assert store.query(store.lineage, "shifting#steward-mortgage") == before
