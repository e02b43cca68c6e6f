"""DynamoDB in memory: what it bills, what it refuses, and what of AWS only it keeps."""

from collections.abc import Callable
from contextlib import suppress

import pytest
from botocore.exceptions import ClientError

from local_aws.memory import InMemoryAws, Use
from steward.aws import error_code
from tests.local_aws.tables import Json, OneTable, item, key, sort_keys

KB = 1024


@pytest.fixture
def table() -> OneTable:
    return OneTable(InMemoryAws("t").dynamodb, "t")


def sized(sk: str, size: int) -> Json:
    """An item of so many bytes, its keys included."""
    return item(sk, x={"S": "x" * (size - len(f"pkpsk{sk}x"))})


def used(table: OneTable, call: Callable[[], object]) -> Use:
    """What the call is metered with."""
    meter = table.db.meter
    meter.reset()
    with suppress(table.db.exceptions.TransactionCanceledException):
        call()
    total: Use = meter.total()
    return total


class TestSize:
    @pytest.mark.parametrize(
        ("value", "size"),
        [
            ({"S": "é"}, 2), ({"S": ""}, 0), ({"BOOL": True}, 1), ({"NULL": True}, 1),
            ({"N": "0"}, 1), ({"N": "12"}, 2), ({"N": "-123.4500"}, 4), ({"N": "12000"}, 2),
            ({"N": "1E+100"}, 2), ({"L": []}, 3), ({"M": {}}, 3),
            ({"L": [{"S": "ab"}, {"N": "1"}]}, 3 + 1 + 2 + 1 + 2),
            ({"M": {"name": {"S": "ab"}}}, 3 + 1 + 4 + 2),
        ],
    )  # fmt: skip
    def test_is_that_of_names_and_values(self, table: OneTable, value: Json, size: int) -> None:
        """The value tips an item over a kilobyte, or does not, to the byte."""
        for more, units in ((0, 2), (1, 4)):
            text = {"S": "x" * (KB - len("pkpskavx") - size + more)}
            write = table.put(item("a", v=value, x=text))
            assert used(table, lambda write=write: table.write(write)).write_units == units


class TestMeter:
    def test_a_transaction_costs_two_units_a_kilobyte_of_each_item(self, table: OneTable) -> None:
        puts = [table.put(sized("a", KB)), table.put(sized("b", KB + 1))]
        assert used(table, lambda: table.write(*puts)) == Use(1, write_units=2 + 4)

    def test_what_is_written_over_deleted_or_checked_costs_what_it_holds(
        self, table: OneTable
    ) -> None:
        table.store(*(sized(sk, 3 * KB) for sk in "abc"))
        actions = [
            table.put(item("a")),
            table.delete(key("b")),
            table.check(key("c"), "attribute_exists(pk)"),
            table.delete(key("none")),
        ]
        assert used(table, lambda: table.write(*actions)).write_units == 6 + 6 + 6 + 2

    def test_what_is_cancelled_costs_as_much(self, table: OneTable) -> None:
        table.store(sized("a", 2 * KB))
        actions = [table.put(item("a"), "attribute_not_exists(pk)"), table.put(item("b"))]
        assert used(table, lambda: table.write(*actions)) == Use(1, write_units=4 + 2)

    def test_single_reads_round_each_item_up(self, table: OneTable) -> None:
        table.store(sized("a", 4 * KB), sized("b", 4 * KB + 1))
        assert used(table, lambda: table.get("a")) == Use(1, 1, 1.0)
        assert used(table, lambda: table.get("none")) == Use(1, 0, 1.0)
        keys = (key("a"), key("b"), key("none"))
        assert used(table, lambda: table.many(*keys)) == Use(1, 2, 1.0 + 2.0 + 1.0)

    def test_a_page_is_rounded_up_as_a_whole(self, table: OneTable) -> None:
        table.store(*(sized(sk, 3 * KB) for sk in "abc"))
        assert used(table, table.query) == Use(1, 3, 3.0)
        assert used(table, table.scan) == Use(1, 3, 3.0)
        last = {"Limit": 1, "ScanIndexForward": False}
        assert used(table, lambda: table.page(more=last)) == Use(1, 1, 1.0)

    def test_what_may_be_stale_costs_half(self, table: OneTable) -> None:
        table.store(sized("a", 5 * KB))
        stale = {"TableName": table.name, "Key": key("a")}
        assert used(table, lambda: table.db.get_item(**stale)).read_units == 1.0
        page = {"ConsistentRead": False}
        assert used(table, lambda: table.db.scan(TableName=table.name, **page)).read_units == 1.0

    def test_counts_by_operation(self, table: OneTable) -> None:
        table.store(item("a"), item("b"))
        table.get("a")
        assert table.db.meter.by_operation == {
            "TransactWriteItems": Use(2, write_units=4),
            "GetItem": Use(1, 1, 1.0),
        }


class TestWhatIsNotCovered:
    """It fails by its name, with an error that no handler takes for an answer of AWS."""

    @pytest.mark.parametrize(
        "condition", ["n > :n", "attribute_exists(pk) OR n = :n", "size(pk) = :n", "NOT n = :n"]
    )
    def test_conditions(self, table: OneTable, condition: str) -> None:
        with pytest.raises(NotImplementedError, match="condition"):
            table.write(table.put(item("a"), condition, n={"N": "1"}))

    @pytest.mark.parametrize("condition", ["sk > :n", "begins_with(n, :n)", "n BETWEEN :n AND :n"])
    def test_queries(self, table: OneTable, condition: str) -> None:
        with pytest.raises(NotImplementedError, match="query"):
            table.query(condition, n="x")

    def test_actions_and_their_members(self, table: OneTable) -> None:
        body = {"TableName": "t", "Key": key("a"), "UpdateExpression": "SET n = :n"}
        returned = {"TableName": "t", "Item": item("a"), "ReturnValuesOnConditionCheckFailure": "x"}
        for action in ({"Update": body}, {"Put": returned}):
            with pytest.raises(NotImplementedError):
                table.write(action)

    def test_parameters_values_and_other_services(self, table: OneTable) -> None:
        with pytest.raises(TypeError, match="FilterExpression"):
            table.db.scan(TableName="t", FilterExpression="a = b")
        with pytest.raises(NotImplementedError, match="SS"):
            table.store(item("a", names={"SS": ["x"]}))
        asked = {"t": {"Keys": [key("a")], "ProjectionExpression": "pk"}}
        with pytest.raises(NotImplementedError, match="ProjectionExpression"):
            table.db.batch_get_item(RequestItems=asked)
        with pytest.raises(AttributeError, match="s3"):
            _ = InMemoryAws("t").s3


class TestWhatMotoLetsThrough:
    """As AWS documents it; the embedded AWS answers otherwise, or with another code."""

    def refuse(self, call: Callable[[], object]) -> None:
        with pytest.raises(ClientError) as refused:
            call()
        assert error_code(refused.value) == "ValidationException"

    @pytest.mark.parametrize("number", ["x", "", "1e126", "1e-131", "NaN", "Infinity", "1" * 39])
    def test_a_number_has_38_digits_and_bounds(self, table: OneTable, number: str) -> None:
        self.refuse(lambda: table.store(item("a", n={"N": number})))

    def test_an_attribute_has_a_name(self, table: OneTable) -> None:
        self.refuse(lambda: table.store(item("a", m={"M": {"": {"S": "x"}}})))

    def test_a_transaction_has_four_megabytes(self, table: OneTable) -> None:
        puts = [table.put(sized(f"{number:02d}", 400 * KB)) for number in range(11)]
        table.write(*puts[:10])
        self.refuse(lambda: table.write(*puts))

    def test_an_item_has_400_kilobytes(self, table: OneTable) -> None:
        table.store(sized("a", 400 * KB))
        self.refuse(lambda: table.store(sized("a", 400 * KB + 1)))

    def test_keys_are_checked_in_reads_too(self, table: OneTable) -> None:
        for sk in ("", "k" * 1025):
            self.refuse(lambda sk=sk: table.get(sk))
            self.refuse(lambda sk=sk: table.query("sk <= :sk", sk=sk))
        self.refuse(lambda: table.db.get_item(TableName="t", Key={"pk": {"S": "p"}}))
        self.refuse(lambda: table.page(more={"ExclusiveStartKey": key("a", pk="q")}))

    def test_bounds_are_in_order(self, table: OneTable) -> None:
        self.refuse(lambda: table.query("sk BETWEEN :low AND :high", low="b", high="a"))

    def test_placeholders_are_defined_and_used(self, table: OneTable) -> None:
        one = {"N": "1"}
        self.refuse(lambda: table.write(table.put(item("a"), "n = :n", m=one)))
        self.refuse(lambda: table.write(table.put(item("a"), "n = :n", {"#n": "n"}, n=one)))
        self.refuse(lambda: table.query("sk <= :until"))

    def test_a_full_page_does_not_know_that_it_is_the_last(self, table: OneTable) -> None:
        table.store(item("a"))
        page = table.page(more={"Limit": 1})
        assert page["LastEvaluatedKey"] == key("a")
        assert table.page(more={"ExclusiveStartKey": key("a")})["Items"] == []

    def test_a_batch_that_is_too_much_for_an_answer_leaves_keys_over(self, table: OneTable) -> None:
        keys = [key(f"{number:02d}") for number in range(50)]
        for one in keys:
            table.store(sized(one["sk"]["S"], 400 * KB))
        answer = table.db.batch_get_item(RequestItems={"t": {"Keys": keys, "ConsistentRead": True}})
        read = sort_keys(answer["Responses"]["t"])
        left = answer["UnprocessedKeys"]["t"]
        assert len(read) == 16 * KB // 400
        assert read + sort_keys(left["Keys"]) == sort_keys(keys)
        assert left["ConsistentRead"]
