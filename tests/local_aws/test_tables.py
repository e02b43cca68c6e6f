"""DynamoDB in memory and on the port are one: whatever Steward asks, both answer the same."""

from collections.abc import Callable
from random import Random

import pytest
from boto3.dynamodb.types import TypeDeserializer
from botocore.exceptions import ClientError

from steward.aws import error_code
from steward.record.store import ABSENT
from tests.local_aws.tables import IN_ORDER, Json, OneTable, item, key, sort_keys


@pytest.fixture(params=["memory", "port"])
def table(request: pytest.FixtureRequest, empty: Callable[[str], OneTable]) -> OneTable:
    return empty(request.param)


def n(number: str) -> Json:
    return {"N": number}


def s(text: str) -> Json:
    return {"S": text}


def refused(call: Callable[[], object]) -> str:
    """The code of the error."""
    with pytest.raises(ClientError) as error:
        call()
    return error_code(error.value)


class TestItem:
    def test_reads_back_as_it_was_written(self, table: OneTable) -> None:
        values: Json = {
            "text": s("é \U0001f600"),
            "empty": s(""),
            "yes": {"BOOL": True},
            "nil": {"NULL": True},
            "list": {"L": [s("a"), n("1"), {"L": []}, {"M": {"deep": {"L": [n("-0.25")]}}}]},
            "map": {"M": {"a.b": {"M": {}}, "#:é": {"S": ""}}},
            "nothing": {"L": []},
        }
        table.store(item("a", **values))
        assert table.get("a") == item("a", **values)

    def test_that_is_not_there_is_no_item(self, table: OneTable) -> None:
        table.store(item("a"))
        assert table.get("b") is None
        assert table.get("a", pk="other") is None

    @pytest.mark.parametrize(
        ("written", "same"),
        [
            ("2.0", "2"), ("007", "7"), ("-0", "0"), ("0.10", "0.1"), ("1E3", "1000"), ("-5", "-5"),
            ("123456789012345678901234567890.12345678", "123456789012345678901234567890.12345678"),
            ("9007199254740993", "9007199254740993"), ("1E-130", "1E-130"), ("9.9E+125", "9.9E125"),
        ],
    )  # fmt: skip
    def test_a_number_is_its_value(self, table: OneTable, written: str, same: str) -> None:
        table.store(item("a", n=n(written)))
        found = table.get("a")
        assert found
        read = TypeDeserializer().deserialize
        assert read(found["n"]) == read(n(same))
        table.write(table.put(item("a"), "n = :n", n=n(same)))
        assert table.get("a") == item("a")

    def test_belongs_to_nobody_else(self, table: OneTable) -> None:
        """What is done to a request or an answer afterwards changes nothing."""
        mine = item("a", m={"M": {"deep": {"L": [n("1")]}}}, t=s("x"))
        before = item("a", m={"M": {"deep": {"L": [n("1")]}}}, t=s("x"))
        table.db.transact_write_items(TransactItems=[table.put(mine)])
        spoil(mine)
        assert table.get("a") == before
        spoil(table.get("a") or {})
        spoil(table.many(key("a"))[0])
        spoil(table.page(more={})["Items"][0])
        spoil(table.scan()[0])
        assert table.get("a") == before


def spoil(one: Json) -> None:
    one["m"]["M"]["deep"]["L"].append(n("2"))
    one["t"]["S"] = "y"
    del one["sk"]


class TestBatch:
    def test_answers_what_there_is(self, table: OneTable) -> None:
        table.store(item("a", x=n("1")), item("b"), item("a", pk="q"))
        found = table.many(key("a"), key("none"), key("b"), key("none", pk="z"))
        assert found == [item("a", x=n("1")), item("b")]
        assert table.many(key("none")) == []

    def test_takes_a_hundred_keys_and_no_more(self, table: OneTable) -> None:
        keys = [key(f"{number:03d}") for number in range(101)]
        table.write(*(table.put(one) for one in keys[:100]))
        assert len(table.many(*keys[:100])) == 100
        assert refused(lambda: table.many(*keys)) == "ValidationException"

    def test_takes_no_key_twice(self, table: OneTable) -> None:
        assert refused(lambda: table.many(key("a"), key("a"))) == "ValidationException"

    def test_of_a_table_that_is_not_there(self, table: OneTable) -> None:
        asked = {"none": {"Keys": [key("a")]}}
        call = lambda: table.db.batch_get_item(RequestItems=asked)  # noqa: E731
        assert refused(call) == "ResourceNotFoundException"


class TestQuery:
    def test_is_in_the_order_of_the_bytes(self, table: OneTable) -> None:
        shuffled = Random(1).sample(IN_ORDER, len(IN_ORDER))  # noqa: S311 - no secret
        table.store(*(item(sk) for sk in shuffled), item("a", pk="p2"))
        assert table.query() == IN_ORDER
        assert table.query(forward=False) == IN_ORDER[::-1]

    @pytest.mark.parametrize("prefix", ["a", "a#", "\U0001f600", "1", "none", "aaaaaa"])
    def test_by_prefix(self, table: OneTable, prefix: str) -> None:
        table.store(*(item(sk) for sk in IN_ORDER))
        expected = [sk for sk in IN_ORDER if sk.startswith(prefix)]
        assert table.query("begins_with(sk, :prefix)", prefix=prefix) == expected

    @pytest.mark.parametrize(("low", "high"), [("0", "a"), ("1", "3"), ("a", "a"), ("b", "c")])
    def test_between_two_keys_both_included(self, table: OneTable, low: str, high: str) -> None:
        table.store(*(item(sk) for sk in IN_ORDER))
        expected = [sk for sk in IN_ORDER if low <= sk <= high]
        assert table.query("sk BETWEEN :low AND :high", low=low, high=high) == expected

    @pytest.mark.parametrize("until", ["!", "#", "1", "aa", "\U0001f601", "\x01"])
    def test_up_to_a_key(self, table: OneTable, until: str) -> None:
        table.store(*(item(sk) for sk in IN_ORDER))
        expected = [sk for sk in IN_ORDER if sk <= until]
        assert table.query("sk <= :until", until=until) == expected
        last = table.page("sk <= :until", more={"ScanIndexForward": False, "Limit": 1}, until=until)
        assert sort_keys(last["Items"]) == expected[-1:]

    @pytest.mark.parametrize("forward", [True, False])
    def test_goes_on_where_a_page_ended_even_if_that_item_is_gone(
        self, table: OneTable, forward: bool
    ) -> None:
        table.store(*(item(sk) for sk in "abcde"))
        order = "abcde" if forward else "edcba"
        first = table.page(more={"Limit": 2, "ScanIndexForward": forward})
        assert (sort_keys(first["Items"]), first["Count"]) == (list(order[:2]), 2)
        assert first["LastEvaluatedKey"] == key(order[1])
        table.write(table.delete(key(order[1])))
        more = {"ExclusiveStartKey": key(order[1]), "ScanIndexForward": forward}
        rest = table.page(more=more)
        assert sort_keys(rest["Items"]) == list(order[2:])
        assert "LastEvaluatedKey" not in rest

    def test_goes_on_within_its_condition(self, table: OneTable) -> None:
        table.store(*(item(sk) for sk in ("a1", "b1", "b2", "b3", "c1")))
        prefix = {"condition": "begins_with(sk, :b)", "b": "b"}
        rest = table.page(**prefix, more={"ExclusiveStartKey": key("b1")})
        assert sort_keys(rest["Items"]) == ["b2", "b3"]
        back = {"ExclusiveStartKey": key("b2"), "ScanIndexForward": False}
        assert sort_keys(table.page(**prefix, more=back)["Items"]) == ["b1"]

    def test_pages_end_at_a_megabyte(self, table: OneTable) -> None:
        table.store(*(item(sk, text=s("x" * 390_000)) for sk in "abcd"))
        page = table.page(more={})
        assert sort_keys(page["Items"]) == ["a", "b"]
        assert page["LastEvaluatedKey"] == key("b")
        assert table.query() == ["a", "b", "c", "d"]

    def test_of_nothing(self, table: OneTable) -> None:
        table.store(item("a"))
        table.write(table.delete(key("a")))
        page = table.page(more={"Limit": 1})
        assert (page["Items"], page["Count"], page["ScannedCount"]) == ([], 0, 0)
        assert "LastEvaluatedKey" not in page

    def test_of_a_table_that_is_not_there(self, table: OneTable) -> None:
        none = OneTable(table.db, "none")
        assert refused(none.query) == "ResourceNotFoundException"
        assert refused(lambda: none.get("a")) == "ResourceNotFoundException"
        assert refused(none.scan) == "ResourceNotFoundException"


class TestScan:
    def test_finds_each_item_once(self, table: OneTable) -> None:
        items = [item(sk, pk=pk, text=s("x" * 200_000)) for pk in "qpr" for sk in "cab"]
        table.store(*items)
        table.write(table.delete(key("a", pk="p")))
        left = [one for one in items if one["pk"] != s("p") or one["sk"] != s("a")]
        found = table.scan()
        assert sorted(found, key=str) == sorted(left, key=str)

    def test_goes_on_where_a_page_ended(self, table: OneTable) -> None:
        table.store(*(item(sk, pk=pk) for pk in "qp" for sk in "ba"))
        seen, more = [], {}
        for _ in range(4):
            page = table.db.scan(TableName=table.name, Limit=1, **more)
            seen += page["Items"]
            more = {"ExclusiveStartKey": {name: seen[-1][name] for name in ("pk", "sk")}}
        assert sorted(seen, key=str) == sorted(table.scan(), key=str)
        assert table.db.scan(TableName=table.name, **more)["Items"] == []


HELD = item("held", n=n("1"), t=s("open"), m={"M": {"a": n("2.5")}}, nil={"NULL": True})
HOLD = [
    ("attribute_exists(pk)", {}, {}),
    ("#c0 = :n", {"#c0": "n"}, {"n": n("1")}),
    ("#c0 = :n", {"#c0": "n"}, {"n": n("1.0")}),
    ("#c0 = :n AND #c1 = :t", {"#c0": "n", "#c1": "t"}, {"n": n("1"), "t": s("open")}),
    ("#c0 = :m", {"#c0": "m"}, {"m": {"M": {"a": n("2.50")}}}),
    ("attribute_not_exists(zz) AND #c0 = :n", {"#c0": "n"}, {"n": n("1")}),
    ("attribute_exists(nil)", {}, {}),
]
FAIL = [
    ("attribute_not_exists(pk)", {}, {}),
    ("attribute_exists(zz)", {}, {}),
    ("#c0 = :n", {"#c0": "n"}, {"n": n("2")}),
    ("#c0 = :n", {"#c0": "n"}, {"n": s("1")}),
    ("#c0 = :n", {"#c0": "zz"}, {"n": n("1")}),
    ("#c0 = :n AND #c1 = :t", {"#c0": "n", "#c1": "t"}, {"n": n("1"), "t": s("ended")}),
    ("#c0 = :m", {"#c0": "m"}, {"m": {"M": {}}}),
]


class TestTransaction:
    @pytest.mark.parametrize(("condition", "names", "values"), HOLD)
    def test_goes_through_when_its_condition_holds(
        self, table: OneTable, condition: str, names: Json, values: Json
    ) -> None:
        table.store(HELD)
        table.write(table.check(key("held"), condition, names, **values), table.put(item("b")))
        table.write(table.put({**HELD, "new": n("1")}, condition, names, **values))
        assert (table.get("held") or {})["new"] == n("1")
        table.write(table.delete(key("held"), condition, names, **values))
        assert table.query() == ["b"]

    @pytest.mark.parametrize(("condition", "names", "values"), FAIL)
    def test_does_nothing_when_one_does_not(
        self, table: OneTable, condition: str, names: Json, values: Json
    ) -> None:
        table.store(HELD)
        for wrong in (
            table.check(key("held"), condition, names, **values),
            table.put(item("held"), condition, names, **values),
            table.delete(key("held"), condition, names, **values),
        ):
            codes = table.reasons(table.put(item("a")), wrong, table.delete(key("x")))
            assert codes == ["None", "ConditionalCheckFailed", "None"]
        assert table.scan() == [HELD]

    def test_of_what_is_not_there(self, table: OneTable) -> None:
        table.write(table.check(key("a"), "attribute_not_exists(pk)"), table.delete(key("b")))
        assert table.reasons(
            table.check(key("a"), "attribute_exists(pk)"),
            table.delete(key("b"), "n = :n", n=n("1")),
            table.put(item("c"), "attribute_not_exists(pk)"),
        ) == ["ConditionalCheckFailed", "ConditionalCheckFailed", "None"]

    def test_writes_the_item_anew(self, table: OneTable) -> None:
        table.store(item("a", x=n("1")), item("a", y=n("2")))
        assert table.get("a") == item("a", y=n("2"))

    def test_takes_a_hundred_items_and_no_more(self, table: OneTable) -> None:
        puts = [table.put(item(f"{number:03d}")) for number in range(101)]
        assert refused(lambda: table.write(*puts)) == "ValidationException"
        table.write(*puts[:100])
        assert len(table.query()) == 100

    def test_takes_no_item_twice(self, table: OneTable) -> None:
        twice = (table.check(key("a"), ABSENT), table.put(item("a")))
        assert refused(lambda: table.write(*twice)) == "ValidationException"
        assert table.get("a") is None

    @pytest.mark.parametrize(("sk", "pk"), [("k" * 1024, "p" * 2048), ("é" * 512, "é" * 1024)])
    def test_takes_keys_up_to_their_limits(self, table: OneTable, sk: str, pk: str) -> None:
        table.store(item(sk, pk))
        assert table.get(sk, pk) == item(sk, pk)

    @pytest.mark.parametrize(
        "wrong",
        [
            item("k" * 1025), item("é" * 513), item("a", pk="p" * 2049), item(""), item("a", pk=""),
            item("a", text=s("x" * 420_000)), {"pk": s("p"), "sk": n("1")},
        ],
        ids=[
            "long sort key", "long in bytes", "long partition key", "no sort key", "no partition",
            "large", "a number",
        ],
    )  # fmt: skip
    def test_takes_nothing_that_is_too_large_or_has_no_key(
        self, table: OneTable, wrong: Json
    ) -> None:
        write = lambda: table.write(table.put(item("b")), table.put(wrong))  # noqa: E731
        assert refused(write) == "ValidationException"
        assert table.scan() == []

    def test_into_a_table_that_is_not_there(self, table: OneTable) -> None:
        none = OneTable(table.db, "none")
        write = lambda: table.write(table.put(item("a")), none.put(item("a")))  # noqa: E731
        assert refused(write) == "ResourceNotFoundException"
        assert table.scan() == []
