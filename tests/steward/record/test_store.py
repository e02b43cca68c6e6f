"""The two tables: a transaction is all or nothing, reads see what was written."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steward.aws import Aws, ClientError
from steward.record.items import from_item, to_item
from steward.record.store import ABSENT, PRESENT, Store, check, delete, put
from tests.steward.builders import NOON
from tests.steward.fakes import Clock, new_store
from tests.steward.tables import FakeTables

TABLE = "work"


@pytest.fixture(params=["moto's DynamoDB", "the one of the functions' tests"])
def store(request: pytest.FixtureRequest, aws: Aws, time: Clock) -> Iterator[Store]:
    """What holds of the one holds of the other."""
    fake = FakeTables()
    store = new_store(aws)
    if not request.param.startswith("moto"):
        fake.install(aws.dynamodb)
    yield store
    if not request.param.startswith("moto"):
        fake.leave(aws.dynamodb)


def row(sk: str, **more: object) -> dict[str, object]:
    return {"pk": "mortgage", "sk": sk, **more}


def keys(store: Store) -> list[object]:
    return [found["sk"] for found in store.query(TABLE, "mortgage")]


class TestTransaction:
    def test_does_all_writes(self, store: Store) -> None:
        assert store.transact([put(TABLE, row("a"), ABSENT), put(TABLE, row("b"))])
        assert keys(store) == ["a", "b"]

    @pytest.mark.parametrize(
        "refused",
        [
            put(TABLE, row("held", n=2), ABSENT),
            put(TABLE, row("held", n=2), {"n": 7}),
            put(TABLE, row("none", n=2), {"n": 7}),
            delete(TABLE, "mortgage", "held", {"n": 7}),
            check(TABLE, "mortgage", "none", PRESENT),
            check(TABLE, "mortgage", "held", {"n": 1, "state": "open"}),
        ],
        ids=["absent", "values", "values of nothing", "delete", "present", "several values"],
    )
    def test_does_none_when_one_condition_does_not_hold(
        self, store: Store, refused: object
    ) -> None:
        store.transact([put(TABLE, row("held", n=1))])
        before = store.query(TABLE, "mortgage")
        assert not store.transact([put(TABLE, row("a")), refused, put(TABLE, row("z"))])  # type: ignore[list-item]
        assert store.query(TABLE, "mortgage") == before

    def test_goes_through_when_the_values_stand_there(self, store: Store) -> None:
        store.transact([put(TABLE, row("held", n=1, state="open"))])
        assert store.transact([put(TABLE, row("held", n=2), {"n": 1, "state": "open"})])
        assert store.transact([delete(TABLE, "mortgage", "held", {"n": 2})])
        assert keys(store) == []

    def test_a_check_of_what_it_writes_itself_falls_away(self, store: Store) -> None:
        """DynamoDB refuses a transaction that names an item twice."""
        assert store.transact(
            [check(TABLE, "mortgage", "a", PRESENT), put(TABLE, row("a"), ABSENT)]
        )

    def test_any_other_refusal_is_an_error(self, store: Store) -> None:
        with pytest.raises(ClientError):
            store.transact([put("no-such-table", row("a"))])


class TestRead:
    def test_one_item_or_none(self, store: Store) -> None:
        store.transact([put(TABLE, row("a", at=NOON, share=0.25, none=None))])
        assert store.get(TABLE, "mortgage", "b") is None
        assert store.get(TABLE, "mortgage", "a") == row(
            "a", at="2026-11-20T12:00:00.000Z", share=0.25
        )

    def test_a_part_of_a_partition_in_order(self, store: Store) -> None:
        store.transact([put(TABLE, row(sk)) for sk in ("b#2", "a", "b#1", "c")])
        assert [found["sk"] for found in store.query(TABLE, "mortgage", "b#")] == ["b#1", "b#2"]
        assert store.query(TABLE, "churn") == []

    def test_all_pages(self, store: Store) -> None:
        """A page of DynamoDB ends at 1 MB."""
        for number in range(4):
            store.transact([put(TABLE, row(f"{number}", text="x" * 390_000))])
        assert keys(store) == ["0", "1", "2", "3"]

    def test_the_last_item_up_to_a_key(self, store: Store) -> None:
        store.transact([put(TABLE, row(sk)) for sk in ("2026-01", "2026-03")])
        for until, found in (
            (None, "2026-03"), ("2026-03", "2026-03"), ("2026-02", "2026-01"), ("2025", None),
        ):  # fmt: skip
            last = store.last(TABLE, "mortgage", until)
            assert (last and last["sk"]) == found

    def test_many_items_of_those_that_exist(self, store: Store) -> None:
        for start in (0, 60):
            store.transact([put(TABLE, row(f"{n:03d}")) for n in range(start, start + 60)])
        wanted = [("mortgage", f"{n:03d}") for n in range(150)]
        assert len(store.many(TABLE, wanted)) == 120
        assert store.many(TABLE, []) == []

    def test_what_a_batch_leaves_out_is_asked_for_again(
        self, store: Store, aws: Aws, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        store.transact([put(TABLE, row("a")), put(TABLE, row("b"))])
        whole = aws.dynamodb.batch_get_item

        def half(RequestItems: dict) -> dict:  # noqa: N803
            asked = RequestItems[TABLE]["Keys"]
            answer = whole(RequestItems={TABLE: RequestItems[TABLE] | {"Keys": asked[:1]}})
            left = {TABLE: {"Keys": asked[1:], "ConsistentRead": True}} if asked[1:] else {}
            return {**answer, "UnprocessedKeys": left}

        monkeypatch.setattr(aws.dynamodb, "batch_get_item", half)
        found = store.many(TABLE, [("mortgage", "a"), ("mortgage", "b")])
        assert [one["sk"] for one in found] == ["a", "b"]


SCALAR = (
    st.text() | st.booleans() | st.integers(-(10**15), 10**15) | st.none()
    | st.floats(allow_nan=False, allow_infinity=False, min_value=-1e15, max_value=1e15).filter(
        lambda value: value == 0 or abs(value) > 1e-100
    )
)  # fmt: skip


@given(st.dictionaries(st.text(), SCALAR | st.lists(SCALAR, max_size=3), max_size=5))
def test_an_item_reads_back_as_it_was_written(value: dict[str, object]) -> None:
    assert from_item(to_item({"facts": value})) == {"facts": value}
