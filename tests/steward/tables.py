"""DynamoDB as far as Store uses it, in memory: the tests of Store hold it to moto's.

moto needs milliseconds for each call, and whole stories make hundreds of them.
"""

# ruff: noqa: N803 (arguments are named like the members of AWS's requests)

import copy
import re
from collections.abc import Mapping
from typing import Any

from tests.steward.standin import Json, Standin


class FakeTables(Standin):
    """Tables with the keys `pk` and `sk`; any table name is one."""

    service = "dynamodb"

    def __init__(self) -> None:
        super().__init__()
        self._tables: dict[str, dict[tuple[str, str], Json]] = {"lineage": {}, "work": {}}

    def items(self) -> list[Json]:
        """Copies of all items, in order."""
        return [
            copy.deepcopy(table[key]) for table in self._tables.values() for key in sorted(table)
        ]

    def get_item(self, TableName: str, Key: Json, **_: object) -> Json:
        found = self._table(TableName).get(_key(Key))
        return {"Item": found} if found else {}

    def batch_get_item(self, RequestItems: Mapping[str, Json]) -> Json:
        found = {}
        for name, wanted in RequestItems.items():
            keys = [_key(key) for key in wanted["Keys"]]
            if not 1 <= len(keys) <= 100 or len(set(keys)) < len(keys):
                raise self.refuse("ValidationException", "1 to 100 different keys are needed")
            table = self._table(name)
            found[name] = [table[key] for key in keys if key in table]
        return {"Responses": found, "UnprocessedKeys": {}}

    def query(
        self, TableName: str, KeyConditionExpression: str, ExpressionAttributeValues: Json,
        **more: Any,
    ) -> Json:  # fmt: skip
        table = self._table(TableName)
        found = [
            table[key]
            for key in sorted(table, reverse=not more.get("ScanIndexForward", True))
            if _holds(KeyConditionExpression, table[key], {}, ExpressionAttributeValues)
        ]
        return {"Items": found[: more.get("Limit")]}

    def scan(self, TableName: str, **_: object) -> Json:
        table = self._table(TableName)
        return {"Items": [table[key] for key in sorted(table)]}

    def transact_write_items(self, TransactItems: list[Json], **_: object) -> Json:
        writes = [next(iter(item.items())) for item in TransactItems]
        places = [(body["TableName"], _key(body.get("Item") or body["Key"])) for _, body in writes]
        if not 1 <= len(writes) <= 100 or len(set(places)) < len(places):
            raise self.refuse("ValidationException", "1 to 100 different items are needed")
        if any(len(sk.encode()) > 1024 for _, (_, sk) in places):
            raise self.refuse("ValidationException", "a sort key has at most 1,024 bytes")
        held = [self._is_met(body, key) for (_, body), (_, key) in zip(writes, places, strict=True)]
        if not all(held):
            reasons = [{"Code": "None" if one else "ConditionalCheckFailed"} for one in held]
            raise self.refuse(
                "TransactionCanceledException", "a condition", CancellationReasons=reasons
            )
        for (kind, body), (name, key) in zip(writes, places, strict=True):
            if kind == "Put":
                self._table(name)[key] = copy.deepcopy(body["Item"])
            elif kind == "Delete":
                self._table(name).pop(key, None)
        return {}

    def _is_met(self, body: Json, key: tuple[str, str]) -> bool:
        return _holds(
            body.get("ConditionExpression", ""),
            self._table(body["TableName"]).get(key, {}),
            body.get("ExpressionAttributeNames", {}),
            body.get("ExpressionAttributeValues", {}),
        )

    def _table(self, name: str) -> dict[tuple[str, str], Json]:
        if name not in self._tables:
            raise self.refuse("ResourceNotFoundException", f"there is no table {name}")
        return self._tables[name]


def _key(item: Json) -> tuple[str, str]:
    return item["pk"]["S"], item["sk"]["S"]


def _holds(expression: str, item: Json, names: Json, values: Json) -> bool:
    """Whether every part of `A AND B AND ...` holds; a part of another form is an error."""
    parts = re.sub(r"BETWEEN (:\w+) AND ", r"BETWEEN \1 and ", expression).split(" AND ")
    return all(_part(part, item, names, values) for part in parts if part)


def _part(part: str, item: Json, names: Json, values: Json) -> bool:
    if found := re.fullmatch(r"attribute_(not_)?exists\((\S+)\)", part):
        return (names.get(found[2], found[2]) in item) is not bool(found[1])
    if found := re.fullmatch(r"begins_with\((\w+), (:\w+)\)", part):
        return item[found[1]]["S"].startswith(values[found[2]]["S"])
    if found := re.fullmatch(r"(\S+) = (:\w+)", part):
        return bool(item.get(names.get(found[1], found[1])) == values[found[2]])
    if found := re.fullmatch(r"sk BETWEEN (:\w+) and (:\w+)", part):
        return bool(values[found[1]]["S"] <= item["sk"]["S"] <= values[found[2]]["S"])
    if found := re.fullmatch(r"sk <= (:\w+)", part):
        return bool(item["sk"]["S"] <= values[found[1]]["S"])
    raise AssertionError(f"Store uses a condition that this stand-in does not know: {part!r}")
