"""DynamoDB in memory: the methods of boto3's client that Steward calls, with the same answers."""

# ruff: noqa: N803, PLR0913 (arguments are the members of AWS's requests)

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Mapping

from local_aws.memory import errors, transactions
from local_aws.memory.client import Paginator
from local_aws.memory.errors import invalid, no_table
from local_aws.memory.expressions import partition, span
from local_aws.memory.items import Json, Stored, key_of
from local_aws.memory.meter import Meter, Use, read_units
from local_aws.memory.tables import Partition, Table

MOST_KEYS, LARGEST_BATCH = 100, 16 * 1024 * 1024
LARGEST_PAGE = 1024 * 1024
_OF_A_BATCH = {"Keys", "ConsistentRead"}


class InMemoryDynamoDB:
    """Tables with the keys `pk` and `sk`, both text; what is not covered is an error."""

    exceptions = errors.Kinds()

    def __init__(self, *tables: str) -> None:
        self.meter = Meter()
        self._tables = {name: Table() for name in tables}

    def operations(self) -> Mapping[str, Callable[[Json], Json]]:
        """What is covered, by AWS's names."""
        return {
            "GetItem": lambda request: self.get_item(**request),
            "BatchGetItem": lambda request: self.batch_get_item(**request),
            "Query": lambda request: self.query(**request),
            "Scan": lambda request: self.scan(**request),
            "TransactWriteItems": lambda request: self.transact_write_items(**request),
        }

    def get_item(self, *, TableName: str, Key: Json, ConsistentRead: bool = False) -> Json:
        """One item, or an answer without one."""
        found = self._table(TableName).get(key_of(Key))
        units = read_units(found.size if found else 0, consistent=ConsistentRead)
        self.meter.count("GetItem", Use(1, 1 if found else 0, units))
        return {"Item": found.copy()} if found else {}

    def batch_get_item(self, *, RequestItems: Mapping[str, Json]) -> Json:
        """The items that exist of up to a hundred; what is too much for an answer is left over."""
        number = sum(len(asked["Keys"]) for asked in RequestItems.values())
        if not 1 <= number <= MOST_KEYS:
            raise invalid(f"a batch has 1 to {MOST_KEYS} keys, not {number}")
        answers: dict[str, list[Json]] = {}
        left: dict[str, Json] = {}
        use, room = Use(1), LARGEST_BATCH
        for name, asked in RequestItems.items():
            taken, read, room = self._batch(name, asked, room)
            answers[name] = [one.copy() for one in read if one]
            use += _each(read, consistent=asked.get("ConsistentRead", False))
            if taken < len(asked["Keys"]):
                left[name] = {**asked, "Keys": asked["Keys"][taken:]}
        self.meter.count("BatchGetItem", use)
        return {"Responses": answers, "UnprocessedKeys": left}

    def _batch(self, name: str, asked: Json, room: int) -> tuple[int, list[Stored | None], int]:
        """How many keys were looked up before the answer was full, and what is under them."""
        if unknown := asked.keys() - _OF_A_BATCH:
            raise NotImplementedError(f"the in-memory DynamoDB does not know {sorted(unknown)}")
        table, keys = self._table(name), [key_of(key) for key in asked["Keys"]]
        if len(set(keys)) < len(keys):
            raise invalid("a batch names a key once")
        found: list[Stored | None] = []
        for key in keys:
            one = table.get(key)
            room -= one.size if one else 0
            if room < 0:
                break
            found.append(one)
        return len(found), found, room

    def query(
        self,
        *,
        TableName: str,
        KeyConditionExpression: str,
        ExpressionAttributeValues: Json,
        ConsistentRead: bool = False,
        ScanIndexForward: bool = True,
        Limit: int | None = None,
        ExclusiveStartKey: Json | None = None,
    ) -> Json:
        """A page of a partition's items, in order of their sort keys."""
        pk, condition = partition(KeyConditionExpression, ExpressionAttributeValues)
        here = self._table(TableName).partition(pk)
        low, high = span(condition, ExpressionAttributeValues, here.keys)
        if ExclusiveStartKey is not None:
            low, high = _beyond(here, pk, ExclusiveStartKey, low, high, forward=ScanIndexForward)
        found = here.run(low, high, backward=not ScanIndexForward)
        return self._page("Query", found, Limit, consistent=ConsistentRead)

    def scan(
        self,
        *,
        TableName: str,
        ConsistentRead: bool = False,
        Limit: int | None = None,
        ExclusiveStartKey: Json | None = None,
    ) -> Json:
        """A page of all items of a table."""
        start = key_of(ExclusiveStartKey) if ExclusiveStartKey is not None else None
        found = self._table(TableName).after(start)
        return self._page("Scan", found, Limit, consistent=ConsistentRead)

    def _page(
        self, operation: str, found: Iterable[Stored], limit: int | None, *, consistent: bool
    ) -> Json:
        if limit is not None and limit < 1:
            raise invalid(f"Limit is at least 1, not {limit}")
        page, more = _first(found, limit)
        size = sum(one.size for one in page)
        self.meter.count(operation, Use(1, len(page), read_units(size, consistent=consistent)))
        answer: Json = {"Items": [one.copy() for one in page]}
        answer |= {"Count": len(page), "ScannedCount": len(page)}
        if more:
            pk, sk = page[-1].key
            answer["LastEvaluatedKey"] = {"pk": {"S": pk}, "sk": {"S": sk}}
        return answer

    def get_paginator(self, operation: str) -> Paginator:
        """The pages of a query or a scan, one after the other."""
        calls: dict[str, Callable[..., Json]] = {"query": self.query, "scan": self.scan}
        return Paginator(calls[operation], {"LastEvaluatedKey": "ExclusiveStartKey"})

    def transact_write_items(self, *, TransactItems: list[Json]) -> Json:
        """Do all writes, or none and say which conditions did not hold."""
        actions = transactions.read(TransactItems, self._table)
        self.meter.count("TransactWriteItems", Use(1, write_units=transactions.units(actions)))
        transactions.carry_out(actions)
        return {}

    def _table(self, name: str) -> Table:
        if name not in self._tables:
            raise no_table(name)
        return self._tables[name]


def _each(read: Iterable[Stored | None], *, consistent: bool) -> Use:
    """What so many single reads use."""
    single = (
        Use(0, 1 if one else 0, read_units(one.size if one else 0, consistent=consistent))
        for one in read
    )
    return sum(single, Use())


def _beyond(
    here: Partition, pk: str, start: Json, low: int, high: int, *, forward: bool
) -> tuple[int, int]:
    """What is left of a run of keys after the last one of the page before."""
    start_pk, start_sk = key_of(start)
    if start_pk != pk:
        raise invalid(f"the page before was of {start_pk}, not of {pk}")
    if forward:
        return max(low, bisect_right(here.keys, start_sk)), high
    return low, min(high, bisect_left(here.keys, start_sk))


def _first(found: Iterable[Stored], limit: int | None) -> tuple[list[Stored], bool]:
    """The items of one page, and whether there may be more: like DynamoDB, it does not look."""
    page: list[Stored] = []
    size = 0
    for one in found:
        if size + one.size > LARGEST_PAGE:
            return page, True
        page.append(one)
        size += one.size
        if len(page) == limit:
            return page, True
    return page, False
