"""What something reached: every version made with it, and when each of these may have answered."""

from collections.abc import Iterator
from datetime import datetime

import pytest

from local_aws.memory import InMemoryAws
from steward import times
from steward.lineage.impact import Answer, impact
from steward.lineage.nodes import (
    HAD_MEMBER,
    USED,
    WAS_ATTRIBUTED_TO,
    WAS_DERIVED_FROM,
    WAS_GENERATED_BY,
    WAS_INFLUENCED_BY,
    End,
    Link,
    Node,
    Serving,
    Shift,
    dataset_id,
)
from steward.record.ledger import ensure
from steward.record.lineage import end_writes, object_writes, serving_writes, shift_writes
from steward.record.store import Store, put
from tests.steward.builders import after

GROUP = "steward-mortgage"
CODE = "code#0123abcd"
LONG_AGO = -10_000


@pytest.fixture
def memory() -> InMemoryAws:
    return InMemoryAws("lineage", "work")


@pytest.fixture
def store(memory: InMemoryAws) -> Store:
    return Store(memory, "lineage", "work")  # type: ignore[arg-type]  # it has what Store uses


def write(store: Store, *nodes: Node) -> None:
    ensure(store, "mortgage", nodes)


def upload(store: Store, key: str, identity: str, minute: float) -> str:
    """One version of an object; returns its node's id."""
    node = Node(
        dataset_id("landing", key, identity), after(minute), {"bucket": "landing", "key": key}
    )
    write(store, node)
    assert store.transact(object_writes(store, node))
    return node.id


def version(number: int) -> str:
    return f"model-version#{GROUP}/{number}"


def trained(store: Store, number: int, minute: float, *datasets: str) -> None:
    """A run on a snapshot of these makes the version of this number."""
    snapshot, run = f"snapshot#{number:04}", f"run#{GROUP}/r{number}"
    write(store, Node(CODE, after(LONG_AGO)), Node("image#sha256:88", after(LONG_AGO)))
    write(store, Node(snapshot, after(minute), {}, tuple(Link(HAD_MEMBER, d) for d in datasets)))
    write(store, Node(run, after(minute), {}, (Link(USED, snapshot),)))
    write(
        store,
        Node(
            version(number),
            after(minute + 1),
            {},
            (
                Link(WAS_GENERATED_BY, run),
                Link(WAS_DERIVED_FROM, snapshot),
                Link(WAS_INFLUENCED_BY, CODE),
                Link(WAS_INFLUENCED_BY, "image#sha256:88"),
            ),
        ),
    )


def opened(store: Store, rollout: int, number: int, minute: float) -> str:
    """A rollout of a version is opened."""
    node = f"rollout#{GROUP}/{rollout}"
    write(store, Node(node, after(minute), {}, (Link(USED, version(number)),)))
    assert store.transact(shift_writes(store, Shift(GROUP, after(minute), number, node)))
    return node


def rolled_out(
    store: Store, rollout: int, number: int, minute: float, outcome: str = "served"
) -> None:
    """It was asked for a minute later, and ended ten minutes later."""
    node = opened(store, rollout, number, minute)
    facts = {"outcome": outcome, "asked_at": after(minute + 1)}
    assert store.transact(end_writes(store, End(node, after(minute + 10), facts)))
    if outcome == "served":
        serves(store, minute + 10, node, {str(number): 100})


def serves(store: Store, minute: float, rollout: str, versions: dict[str, int]) -> None:
    assert store.transact(serving_writes(store, Serving(GROUP, after(minute), versions, rollout)))


def asked(store: Store, name: str, most: int = 50, at: str | None = None) -> Answer:
    found = impact(store, name, most, at)
    assert found is not None
    return found


def pages(store: Store, name: str, most: int) -> Iterator[Answer]:
    """Every page, as somebody gets them who goes on behind what the last one named."""
    at: str | None = None
    while True:
        page = asked(store, name, most, at)
        yield page
        if page["next"] is None:
            return
        at = str(page["next"])


def versions(answer: Answer) -> list[int]:
    found = answer["versions"]
    assert isinstance(found, list)
    return [one["version"] for one in found]


def served(answer: Answer) -> list[tuple[int, str, str, str | None]]:
    """Version, how, and minutes after noon."""
    found = answer["served"]
    assert isinstance(found, list)
    return [
        (
            int(one["version"].rpartition("/")[2]),
            one["how"],
            minute(one["since"]),
            minute(one["until"]) if one["until"] else None,
        )
        for one in found
    ]


def minute(text: str) -> str:
    return f"{(times.parse(text) - after(0)).total_seconds() / 60:g}"


# Of both versions: which, how, from which minute until when.
BOTH = [
    (1, "served", "30", "90"),
    (2, "shift", "61", "70"),
    (2, "shift", "81", "90"),
    (2, "served", "90", "110"),
    (1, "shift", "101", "110"),
    (1, "served", "110", None),
]


class TestReached:
    @pytest.fixture(autouse=True)
    def past(self, store: Store) -> None:
        """`a` is in versions 1 and 2, `b` in 2; 2 was tried in vain, then served, then went."""
        a = upload(store, "a.csv", "1", 0)
        trained(store, 1, 10, a)
        rolled_out(store, 1, 1, 20)
        b = upload(store, "b.csv", "1", 40)
        trained(store, 2, 50, a, b)
        rolled_out(store, 2, 2, 60, "failed")
        rolled_out(store, 3, 2, 80)
        rolled_out(store, 4, 1, 100)

    @pytest.mark.parametrize(
        ("name", "numbers"),
        [
            ("s3://landing/a.csv", [1, 2]),
            ("s3://landing/b.csv", [2]),
            (dataset_id("landing", "a.csv", "1"), [1, 2]),
            ("snapshot#0002", [2]),
            (f"run#{GROUP}/r1", [1]),
            ("0123abcd", [1, 2]),
            (CODE, [1, 2]),
            ("sha256:88", [1, 2]),
            (version(2), [2]),
        ],
    )
    def test_every_version_and_whenever_it_may_have_answered(
        self, store: Store, name: str, numbers: list[int]
    ) -> None:
        found = asked(store, name)
        assert versions(found) == numbers
        assert served(found) == [one for one in BOTH if one[0] in numbers]
        assert (found["next"], found["cut"]) == (None, [])

    def test_each_interval_names_endpoint_version_and_rollout(self, store: Store) -> None:
        found = asked(store, "s3://landing/b.csv")["served"]
        assert isinstance(found, list)
        assert found[0] == {
            "endpoint": GROUP,
            "version": version(2),
            "rollout": f"rollout#{GROUP}/2",
            "how": "shift",
            "since": times.iso(after(61)),
            "until": times.iso(after(70)),
        }

    def test_while_traffic_is_being_shifted_it_goes_on(self, store: Store) -> None:
        opened(store, 5, 2, 120)
        assert served(asked(store, "s3://landing/b.csv"))[-1] == (2, "shift", "120", None)

    def test_a_rollout_that_was_never_asked_for_reached_nobody(self, store: Store) -> None:
        before = served(asked(store, "0123abcd"))
        rolled_out(store, 5, 2, 120, "withdrawn")
        assert served(asked(store, "0123abcd")) == before

    def test_after_the_endpoint_was_taken_down_nothing_is_reached_any_more(
        self, store: Store
    ) -> None:
        serves(store, 200, f"rollout#{GROUP}/4", {})
        assert served(asked(store, version(1)))[-1] == (1, "served", "110", "200")

    def test_while_an_endpoint_is_being_made_nobody_is_answered(self, store: Store) -> None:
        serves(store, 200, f"rollout#{GROUP}/4", {})
        rolled_out(store, 5, 1, 300)
        assert served(asked(store, version(1)))[-1] == (1, "served", "310", None)
        assert (1, "shift", "301", "310") not in served(asked(store, version(1)))

    def test_what_was_found_to_serve_is_reached_too(self, store: Store) -> None:
        found = f"rollout#{GROUP}/5"
        write(store, Node(found, after(200), {"direction": "found"}))
        serves(store, 200, found, {"2": 100})
        assert served(asked(store, version(2)))[-1] == (2, "served", "200", None)

    def test_a_monitor_that_looks_at_a_version_is_not_what_came_of_it(self, store: Store) -> None:
        link = (Link(WAS_INFLUENCED_BY, version(1)),)
        write(store, Node("drift-report#1", after(130), {}, link))
        cause = (Link(WAS_INFLUENCED_BY, "drift-report#1"),)
        write(store, Node(f"run#{GROUP}/r3", after(131), {}, cause))
        assert versions(asked(store, version(1))) == [1]


class TestNothing:
    def test_a_rejected_upload_reached_no_version(self, store: Store) -> None:
        rejected = upload(store, "broken.csv", "1", 0)
        found = asked(store, "s3://landing/broken.csv")
        assert found == {
            "impact": {"of": "s3://landing/broken.csv", "ids": [rejected]},
            "versions": [],
            "served": [],
            "next": None,
            "cut": [],
        }

    @pytest.mark.parametrize(
        "name",
        [
            "s3://landing/b.csv",
            "s3://somebody-elses/a.csv",
            "ffffffff",
            "sha256:99",
            version(9),
            "dataset#00",
        ],
    )
    def test_what_is_not_on_record_is_told_from_what_reached_nothing(
        self, store: Store, name: str
    ) -> None:
        upload(store, "a.csv", "1", 0)
        assert impact(store, name, 50) is None

    @pytest.mark.parametrize("name", ["person#alice", f"rollout#{GROUP}/1", "x#y"])
    def test_nothing_is_made_with_a_person_or_a_rollout(self, store: Store, name: str) -> None:
        with pytest.raises(ValueError, match="versions are made with: dataset, snapshot"):
            impact(store, name, 50)

    @pytest.mark.parametrize("name", ["s3://landing", "s3:///a.csv"])
    def test_an_address_without_bucket_or_key_is_none(self, store: Store, name: str) -> None:
        with pytest.raises(ValueError, match="not an S3 URI with bucket and key"):
            impact(store, name, 50)


class TestPages:
    @pytest.mark.parametrize("most", [1, 2, 3, 7, 8, 50])
    def test_each_snapshot_of_a_dataset_is_on_one_page(self, store: Store, most: int) -> None:
        a = upload(store, "a.csv", "1", 0)
        for number in range(1, 8):
            trained(store, number, number, a)
        found = list(pages(store, a, most))
        assert [number for page in found for number in versions(page)] == [1, 2, 3, 4, 5, 6, 7]
        assert len(found) == -(-7 // most)

    @pytest.mark.parametrize("most", [1, 2, 3, 4])
    def test_each_version_of_an_object_is_on_one_page(self, store: Store, most: int) -> None:
        uploads = [upload(store, "a.csv", str(number), number) for number in range(3)]
        for number, dataset in enumerate(uploads, start=1):
            trained(store, number, 10 + number, dataset)
        found = list(pages(store, "s3://landing/a.csv", most))
        assert [number for page in found for number in versions(page)] == [1, 2, 3]
        assert len(found) == -(-3 // most)

    def test_behind_the_last_one_there_is_an_empty_page(self, store: Store) -> None:
        trained(store, 1, 0, upload(store, "a.csv", "1", 0))
        found = asked(store, CODE, 50, "9")
        assert (versions(found), found["next"]) == ([], None)


def edges(store: Store, node: str, count: int, kind: str, at: datetime) -> None:
    """Ways back from a node to as many others, written without these."""
    for start in range(0, count, 100):
        keys = [f"{times.iso(at)}#in#{WAS_INFLUENCED_BY}#{kind}{start + one}" for one in range(100)]
        assert store.transact([put("lineage", {"pk": node, "sk": key}) for key in keys])


class TestBounds:
    def cost(self, store: Store, memory: InMemoryAws, name: str) -> int:
        memory.dynamodb.meter.reset()
        assert impact(store, name, 50) is not None
        return memory.dynamodb.meter.total().requests

    def test_a_hundred_thousand_edges_on_one_node_cost_a_page_no_more(
        self, store: Store, memory: InMemoryAws
    ) -> None:
        write(store, Node("code#few", after(0)), Node("code#many", after(0)))
        edges(store, "code#few", 1_000, f"model-version#{GROUP}/", after(1))
        edges(store, "code#many", 100_000, f"model-version#{GROUP}/", after(1))
        assert self.cost(store, memory, "few") == self.cost(store, memory, "many") <= 4
        assert memory.dynamodb.meter.total().items_read <= 52
        assert asked(store, "many")["next"] is not None

    def test_what_a_version_went_through_later_costs_nothing(
        self, store: Store, memory: InMemoryAws
    ) -> None:
        trained(store, 1, 0, upload(store, "a.csv", "1", 0))
        before = self.cost(store, memory, "s3://landing/a.csv")
        edges(store, version(1), 1_000, "drift-report#", after(60))
        assert self.cost(store, memory, "s3://landing/a.csv") == before

    def test_a_node_further_down_that_has_too_many_is_named(self, store: Store) -> None:
        a = upload(store, "a.csv", "1", 0)
        edges(store, a, 200, "snapshot#", after(1))
        found = asked(store, "s3://landing/a.csv")
        assert found["cut"] == [a]
        assert asked(store, a)["next"] is not None

    def test_whatever_is_left_out_of_too_many_nodes_is_named(self, store: Store) -> None:
        uploads = [upload(store, "a.csv", str(number), number) for number in range(7)]
        for number, dataset in enumerate(uploads):
            edges(store, dataset, 100, f"snapshot#{number}-", after(60))
        assert asked(store, "s3://landing/a.csv")["cut"] == uploads[4:]

    def test_an_endpoint_with_more_intervals_than_are_read_is_named(self, store: Store) -> None:
        trained(store, 1, 0, upload(store, "a.csv", "1", 0))
        for start in range(0, 1_100, 100):
            keys = [times.iso(after(10 + start + one)) for one in range(100)]
            items = [
                {
                    "pk": f"serving#{GROUP}",
                    "sk": key,
                    "versions": {"1": 100},
                    "rollout": "rollout#1",
                }
                for key in keys
            ]
            assert store.transact([put("lineage", item) for item in items])
        found = asked(store, "s3://landing/a.csv")
        assert found["cut"] == [f"serving#{GROUP}"]
        assert len(served(found)) == 1_000


def test_who_approved_is_no_way_down(store: Store) -> None:
    trained(store, 1, 0, upload(store, "a.csv", "1", 0))
    write(store, Node("person#alice", after(1)))
    links = (Link(USED, version(1)), Link(WAS_ATTRIBUTED_TO, "person#alice"))
    write(store, Node(f"approval#{GROUP}/1/x", after(2), {}, links))
    assert versions(asked(store, version(1))) == [1]
