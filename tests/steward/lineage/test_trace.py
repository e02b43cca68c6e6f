"""Where something came from: one batch read per level, and what served at a moment."""

from datetime import datetime

import pytest

from steward.aws import Aws
from steward.lineage.nodes import USED, WAS_GENERATED_BY, End, Link, Node, Serving
from steward.lineage.trace import candidates_at, served_at, upstream
from steward.record.lineage import end_writes, ensure, serving_writes
from steward.record.store import Store
from tests.steward.builders import NOON, after

ENDPOINT = "steward-mortgage"


class Counting:
    """DynamoDB as it is, with a count of the requests."""

    def __init__(self, dynamodb: object) -> None:
        self._dynamodb = dynamodb
        self.calls: list[str] = []

    def __getattr__(self, name: str) -> object:
        if name.islower():
            self.calls.append(name)
        return getattr(self._dynamodb, name)


@pytest.fixture
def counting(aws: Aws, store: Store) -> tuple[Store, list[str]]:
    """The store again, and the list of its requests."""
    counted = Aws()
    dynamodb = Counting(aws.dynamodb)
    counted.__dict__["dynamodb"] = dynamodb
    return Store(counted, store.lineage, store.work), dynamodb.calls


def chain(store: Store, *levels: tuple[str, ...]) -> None:
    """Nodes that each come from all nodes of the level before."""
    before: tuple[str, ...] = ()
    for level in levels:
        links = tuple(Link(USED, one) for one in before)
        ensure(store, [Node(one, NOON, {"name": one}, links) for one in level])
        before = level


class TestUpstream:
    LEVELS = (("data#1", "data#2"), ("snapshot#1",), ("run#1",), ("version#1",))

    def test_costs_one_batch_read_per_level(
        self, store: Store, counting: tuple[Store, list[str]]
    ) -> None:
        chain(store, *self.LEVELS)
        counted, calls = counting
        trace = upstream(counted, ("version#1",))
        assert len(trace.nodes) == 5
        assert calls == ["batch_get_item"] * 4

    def test_does_not_cost_more_when_more_is_downstream(
        self, store: Store, counting: tuple[Store, list[str]]
    ) -> None:
        chain(store, *self.LEVELS)
        ensure(store, [Node(f"v#{n}", NOON, {}, (Link(USED, "run#1"),)) for n in range(30)])
        counted, calls = counting
        upstream(counted, ("version#1",))
        assert len(calls) == 4

    def test_tells_depth_and_term_and_each_node_once(self, store: Store) -> None:
        chain(store, *self.LEVELS)
        ensure(store, [Node("rollout#1", NOON, {}, (
            Link(WAS_GENERATED_BY, "version#1"), Link(USED, "run#1"),
        ))])  # fmt: skip
        told = [
            (depth, term, node.id) for depth, term, node in upstream(store, ("rollout#1",)).walk()
        ]
        assert told == [
            (0, "", "rollout#1"),
            (1, "wasGeneratedBy", "version#1"),
            (2, "used", "run#1"),
            (3, "used", "snapshot#1"),
            (4, "used", "data#1"),
            (4, "used", "data#2"),
        ]

    def test_tells_how_an_activity_ended(self, store: Store) -> None:
        chain(store, *self.LEVELS)
        store.transact(end_writes(store, End("run#1", after(5), {"status": "Succeeded"})))
        trace = upstream(store, ("run#1",))
        assert trace.nodes["run#1"].end == {"status": "Succeeded"}
        assert trace.nodes["run#1"].facts == {"name": "run#1"}
        assert trace.nodes["snapshot#1"].end is None

    def test_of_several_roots_tells_what_they_share_once(self, store: Store) -> None:
        chain(store, *self.LEVELS)
        told = [node.id for _, _, node in upstream(store, ("run#1", "version#1", "run#1")).walk()]
        assert sorted(told) == sorted(one for level in self.LEVELS for one in level if one)

    def test_of_nothing_known_is_empty(self, store: Store) -> None:
        assert list(upstream(store, ("version#9",)).walk()) == []
        assert list(upstream(store, ()).walk()) == []


def begin(
    store: Store, number: int, asked: datetime | None, since: datetime, version: str = ""
) -> None:
    """A rollout that was asked for and, some time later, served."""
    rollout = f"rollout#{ENDPOINT}/{number}"
    ensure(store, [Node(rollout, asked or since)])
    store.transact(end_writes(store, End(rollout, since, {"asked_at": asked})))
    shares = {version or str(number): 100}
    store.transact(serving_writes(store, Serving(ENDPOINT, since, shares, rollout)))


class TestServed:
    @pytest.fixture(autouse=True)
    def two_versions(self, store: Store) -> None:
        begin(store, 1, asked=after(5), since=after(10))
        begin(store, 2, asked=after(15), since=after(20))

    def versions(self, store: Store, minute: float) -> list[str]:
        return [one for served in candidates_at(store, ENDPOINT, after(minute))
                for one in served.versions]  # fmt: skip

    @pytest.mark.parametrize(
        ("minute", "version"),
        [(0, None), (9.99, None), (10, "1"), (19.99, "1"), (20, "2"), (999, "2")],
        ids=["before", "just before", "at", "until the next", "at the next", "after"],
    )
    def test_at_a_moment(self, store: Store, minute: float, version: str | None) -> None:
        found = served_at(store, ENDPOINT, after(minute))
        assert (list(found.versions) if found else None) == ([version] if version else None)

    def test_costs_one_query(self, counting: tuple[Store, list[str]]) -> None:
        counted, calls = counting
        served_at(counted, ENDPOINT, after(15))
        assert calls == ["query"]

    def test_by_another_endpoint_is_another_question(self, store: Store) -> None:
        assert served_at(store, "steward-mortgage-2", after(99)) is None

    @pytest.mark.parametrize(
        ("minute", "versions"),
        [(4, []), (7, []), (12, ["1"]), (15, ["1", "2"]), (19, ["1", "2"]), (20, ["2"])],
    )
    def test_while_traffic_was_shifted_both_may_have(
        self, store: Store, minute: float, versions: list[str]
    ) -> None:
        assert self.versions(store, minute) == versions

    def test_when_the_time_of_the_call_was_lost_both_may_have(self, store: Store) -> None:
        """The function died between the call and its note: since its opening is all we know."""
        ensure(store, [Node(f"rollout#{ENDPOINT}/3", after(25))])
        rollout = f"rollout#{ENDPOINT}/3"
        store.transact(end_writes(store, End(rollout, after(30), {"asked_at": None})))
        store.transact(serving_writes(store, Serving(ENDPOINT, after(30), {"3": 100}, rollout)))
        assert self.versions(store, 29) == ["2", "3"]
