"""The two tables: Lineage is append-only (put on condition of absence), Work holds what is pending.

Nothing here decides; a write says its condition, and a transaction answers whether all held.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from steward.aws import Aws
from steward.record.items import Item, from_item, to_item

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

ABSENT = "attribute_not_exists(pk)"
PRESENT = "attribute_exists(pk)"


@dataclass(frozen=True, slots=True)
class Write:
    """One item of a transaction. `condition`: ABSENT, PRESENT, or values that must stand there."""

    kind: str
    table: str
    item: Item
    condition: str | Mapping[str, object] | None = None

    @property
    def key(self) -> tuple[str, object, object]:
        """Table, partition and sort key."""
        return self.table, self.item["pk"], self.item["sk"]


class Store:
    """Reads and writes of both tables; reads are consistent.

    `bucket` is where the facts go that are too large for an item; who only reads needs none.
    """

    def __init__(self, aws: Aws, lineage: str, work: str, bucket: str = "") -> None:
        self.aws = aws
        self.lineage = lineage
        self.work = work
        self.bucket = bucket

    def get(self, table: str, pk: str, sk: str) -> dict[str, object] | None:
        """One item, None when there is none."""
        answer = self.aws.dynamodb.get_item(
            TableName=table, Key=to_item({"pk": pk, "sk": sk}), ConsistentRead=True
        )
        return from_item(answer["Item"]) if "Item" in answer else None

    def query(self, table: str, pk: str, prefix: str = "") -> list[dict[str, object]]:
        """All items of a partition whose sort key begins with `prefix`, in order."""
        if prefix:
            return self._query(
                table, "pk = :pk AND begins_with(sk, :prefix)", {":pk": pk, ":prefix": prefix}
            )
        return self._query(table, "pk = :pk", {":pk": pk})

    def between(self, table: str, pk: str, low: str, high: str) -> list[dict[str, object]]:
        """All items of a partition from one sort key to another, both included, in order."""
        values = {":pk": pk, ":low": low, ":high": high}
        return self._query(table, "pk = :pk AND sk BETWEEN :low AND :high", values)

    def page(
        self, table: str, pk: str, low: str, high: str, most: int, *, newest_first: bool = False
    ) -> list[dict[str, object]]:
        """Up to `most` items of a partition from one sort key to another: one request of 1 MB."""
        answer = self.aws.dynamodb.query(
            TableName=table,
            KeyConditionExpression="pk = :pk AND sk BETWEEN :low AND :high",
            ExpressionAttributeValues=to_item({":pk": pk, ":low": low, ":high": high}),
            ConsistentRead=True,
            ScanIndexForward=not newest_first,
            Limit=most,
        )
        return [from_item(item) for item in answer["Items"]]

    def _query(
        self, table: str, condition: str, values: Mapping[str, object]
    ) -> list[dict[str, object]]:
        pages = self.aws.dynamodb.get_paginator("query").paginate(
            TableName=table,
            KeyConditionExpression=condition,
            ExpressionAttributeValues=to_item(values),
            ConsistentRead=True,
        )
        return [from_item(item) for page in pages for item in page["Items"]]

    def last(self, table: str, pk: str, until: str | None = None) -> dict[str, object] | None:
        """The last item of a partition, or the last one whose sort key is not above `until`."""
        condition, values = "pk = :pk", {":pk": pk}
        if until is not None:
            condition, values = "pk = :pk AND sk <= :until", {":pk": pk, ":until": until}
        answer = self.aws.dynamodb.query(
            TableName=table,
            KeyConditionExpression=condition,
            ExpressionAttributeValues=to_item(values),
            ConsistentRead=True,
            ScanIndexForward=False,
            Limit=1,
        )
        return from_item(answer["Items"][0]) if answer["Items"] else None

    def scan(self, table: str) -> Iterator[dict[str, object]]:
        """Every item of a table, in no order: for exports, never for an answer."""
        pages = self.aws.dynamodb.get_paginator("scan").paginate(
            TableName=table, ConsistentRead=True
        )
        return (from_item(item) for page in pages for item in page["Items"])

    def many(self, table: str, keys: Sequence[tuple[str, str]]) -> list[dict[str, object]]:
        """The items that exist under these keys, in no order."""
        found: list[dict[str, object]] = []
        keys = list(dict.fromkeys(keys))
        for start in range(0, len(keys), 100):
            wanted = [to_item({"pk": pk, "sk": sk}) for pk, sk in keys[start : start + 100]]
            while wanted:
                answer = self.aws.dynamodb.batch_get_item(
                    RequestItems={table: {"Keys": wanted, "ConsistentRead": True}}
                )
                found.extend(from_item(item) for item in answer["Responses"].get(table, []))
                left = answer["UnprocessedKeys"].get(table)
                wanted = list(left["Keys"]) if left else []
        return found

    def transact(self, writes: Sequence[Write]) -> bool:
        """Do all writes or none; False when a condition did not hold."""
        try:
            self.aws.dynamodb.transact_write_items(
                TransactItems=[_transaction_item(write) for write in _merged(writes)]
            )
        except self.aws.dynamodb.exceptions.TransactionCanceledException as cancelled:
            codes = {reason.get("Code") for reason in cancelled.response["CancellationReasons"]}
            if codes <= {"None", None, "ConditionalCheckFailed"}:
                return False
            raise
        return True


def _merged(writes: Sequence[Write]) -> list[Write]:
    """A transaction names an item once: a check of an item that is also written falls away."""
    chosen: dict[tuple[str, object, object], Write] = {}
    for write in sorted(writes, key=lambda write: write.kind != "ConditionCheck"):
        chosen[write.key] = write
    return list(chosen.values())


def _transaction_item(write: Write) -> "TransactWriteItemTypeDef":
    key = {"pk": write.item["pk"], "sk": write.item["sk"]}
    body: dict[str, object] = {"TableName": write.table}
    body |= {"Item": to_item(write.item)} if write.kind == "Put" else {"Key": to_item(key)}
    if isinstance(write.condition, str):
        body["ConditionExpression"] = write.condition
    elif write.condition is not None:
        body |= _equal(write.condition)
    return {write.kind: body}  # type: ignore[misc]  # kind is one of the union's names


def _equal(values: Mapping[str, object]) -> dict[str, object]:
    names = {f"#c{index}": name for index, name in enumerate(values)}
    stored = {f":c{index}": value for index, value in enumerate(values.values())}
    pairs = zip(names, stored, strict=True)
    return {
        "ConditionExpression": " AND ".join(f"{name} = {value}" for name, value in pairs),
        "ExpressionAttributeNames": names,
        "ExpressionAttributeValues": to_item(stored),
    }


def put(table: str, item: Item, condition: str | Mapping[str, object] | None = None) -> Write:
    """Write an item."""
    return Write("Put", table, item, condition)


def delete(table: str, pk: str, sk: str, condition: Mapping[str, object] | None = None) -> Write:
    """Remove an item of the Work table."""
    return Write("Delete", table, {"pk": pk, "sk": sk}, condition)


def check(table: str, pk: str, sk: str, condition: str | Mapping[str, object]) -> Write:
    """Only look that `condition` holds."""
    return Write("ConditionCheck", table, {"pk": pk, "sk": sk}, condition)
