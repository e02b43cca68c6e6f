"""Where something came from: one batch read per level, and what served at a moment."""

from datetime import datetime

import pytest

from steward.aws import Aws
from steward.lineage.nodes import USED, WAS_GENERATED_BY, End, Link, Node, Serving, Shift
from steward.lineage.read import candidates_at, served_at
from steward.lineage.trace import upstream
from steward.record.ledger import ensure
from steward.record.lineage import end_writes, serving_writes, shift_writes
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
        ensure(store, "mortgage", [Node(one, NOON, {"name": one}, links) for one in level])
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
        ensure(
            store, "mortgage", [Node(f"v#{n}", NOON, {}, (Link(USED, "run#1"),)) for n in range(30)]
        )
        counted, calls = counting
        upstream(counted, ("version#1",))
        assert len(calls) == 4

    def test_tells_depth_and_term_and_each_node_once(self, store: Store) -> None:
        chain(store, *self.LEVELS)
        ensure(store, "mortgage", [Node("rollout#1", NOON, {}, (
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


def begin(store: Store, number: int, opened: datetime) -> None:
    """A rollout of the version of the same number is opened."""
    rollout = f"rollout#{ENDPOINT}/{number}"
    ensure(store, "mortgage", [Node(rollout, opened)])
    assert store.transact(shift_writes(store, Shift(ENDPOINT, opened, number, rollout)))


def end(
    store: Store, number: int, at: datetime, outcome: str = "served", asked: datetime | None = None
) -> None:
    """It ends; if it served, it serves from now on."""
    rollout = f"rollout#{ENDPOINT}/{number}"
    facts = {"outcome": outcome, "asked_at": asked}
    assert store.transact(end_writes(store, End(rollout, at, facts)))
    if outcome == "served":
        serving = Serving(ENDPOINT, at, {str(number): 100}, rollout)
        assert store.transact(serving_writes(store, serving))


class TestServed:
    @pytest.fixture(autouse=True)
    def two_versions(self, store: Store) -> None:
        begin(store, 1, after(4))
        end(store, 1, after(10), asked=after(5))
        begin(store, 2, after(14))
        end(store, 2, after(20), asked=after(15))

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
        [
            (3, []),
            (7, []),
            (12, ["1"]),
            (14.5, ["1"]),
            (15, ["1", "2"]),
            (19.99, ["1", "2"]),
            (20, ["2"]),
            (99, ["2"]),
        ],
    )
    def test_while_traffic_was_shifted_both_may_have(
        self, store: Store, minute: float, versions: list[str]
    ) -> None:
        assert self.versions(store, minute) == versions

    def test_when_the_time_of_the_call_was_lost_both_may_have_since_the_opening(
        self, store: Store
    ) -> None:
        """The function died between the call and its note: since its opening is all we know."""
        begin(store, 3, after(25))
        end(store, 3, after(30), asked=None)
        assert [self.versions(store, minute) for minute in (24, 25, 29, 30)] == [
            ["2"], ["2", "3"], ["2", "3"], ["3"],
        ]  # fmt: skip

    @pytest.mark.parametrize("minute", [25, 999])
    def test_while_a_rollout_is_in_flight_both_may_have(self, store: Store, minute: float) -> None:
        begin(store, 3, after(25))
        assert self.versions(store, 24.99) == ["2"]
        assert self.versions(store, minute) == ["2", "3"]

    @pytest.mark.parametrize(
        ("minute", "versions"), [(26, ["2"]), (27, ["2", "3"]), (29, ["2", "3"]), (30, ["2"])]
    )
    def test_until_a_rollout_failed_both_may_have(
        self, store: Store, minute: float, versions: list[str]
    ) -> None:
        begin(store, 3, after(25))
        end(store, 3, after(30), "failed", asked=after(27))
        assert self.versions(store, minute) == versions

    @pytest.mark.parametrize("minute", [25, 29, 30, 99])
    def test_a_version_whose_rollout_was_withdrawn_never_has(
        self, store: Store, minute: float
    ) -> None:
        begin(store, 3, after(25))
        end(store, 3, after(30), "withdrawn")
        assert self.versions(store, minute) == ["2"]

    def test_a_rollout_that_failed_is_not_forgotten_when_another_one_follows(
        self, store: Store
    ) -> None:
        begin(store, 3, after(25))
        end(store, 3, after(30), "failed", asked=after(26))
        begin(store, 4, after(35))
        end(store, 4, after(40), asked=after(36))
        begin(store, 5, after(45))
        assert [self.versions(store, minute) for minute in (28, 33, 38, 42, 47)] == [
            ["2", "3"], ["2"], ["2", "4"], ["4"], ["4", "5"],
        ]  # fmt: skip

    def test_costs_two_queries_and_a_read_whatever_happened_later(
        self, store: Store, counting: tuple[Store, list[str]]
    ) -> None:
        for number in range(3, 30):
            begin(store, number, after(10 * number))
            end(store, number, after(10 * number + 5), "failed", asked=after(10 * number + 1))
        counted, calls = counting
        candidates_at(counted, ENDPOINT, after(33))
        assert calls == ["query", "query", "get_item"]

    @pytest.mark.parametrize("outcome", ["served", "failed"])
    def test_before_the_first_one_ended_nothing_did(self, store: Store, outcome: str) -> None:
        """Requests to an endpoint that is being created are refused."""
        other = "steward-churn"
        rollout = f"rollout#{other}/1"
        ensure(store, "mortgage", [Node(rollout, after(1))])
        store.transact(shift_writes(store, Shift(other, after(1), 1, rollout)))
        assert candidates_at(store, other, after(2)) == []
        facts = {"outcome": outcome, "asked_at": after(1)}
        store.transact(end_writes(store, End(rollout, after(5), facts)))
        assert candidates_at(store, other, after(2)) == []
