"""One table, behind whatever has the methods of boto3's DynamoDB client that Steward calls."""

import copy
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError

from steward.aws import error_code

type Json = dict[str, Any]

# In the order of their UTF-8 bytes, which is not the order of UTF-16.
IN_ORDER = ["\t", "#", "0", "10", "2", "A", "a", "a#", "aa", "é", "\uffee", "\U0001f600"]


def key(sk: str, pk: str = "p") -> Json:
    return {"pk": {"S": pk}, "sk": {"S": sk}}


def item(sk: str, pk: str = "p", **attributes: Json) -> Json:
    return {**key(sk, pk), **attributes}


def sort_keys(items: list[Json]) -> list[str]:
    return [one["sk"]["S"] for one in items]


@dataclass(frozen=True)
class OneTable:
    """Requests to one table, made as short as they are in Steward's code."""

    db: Any
    name: str

    def put(
        self, one: Json, condition: str = "", names: Json | None = None, **values: Json
    ) -> Json:
        """`values` stand for `:name` in the condition."""
        return {"Put": {"TableName": self.name, "Item": one, **_when(condition, names, values)}}

    def delete(
        self, one: Json, condition: str = "", names: Json | None = None, **values: Json
    ) -> Json:
        return {"Delete": {"TableName": self.name, "Key": one, **_when(condition, names, values)}}

    def check(self, one: Json, condition: str, names: Json | None = None, **values: Json) -> Json:
        body = {"TableName": self.name, "Key": one, **_when(condition, names, values)}
        return {"ConditionCheck": body}

    def write(self, *actions: Json) -> None:
        self.db.transact_write_items(TransactItems=copy.deepcopy(list(actions)))

    def store(self, *items: Json) -> None:
        for one in items:
            self.write(self.put(one))

    def reasons(self, *actions: Json) -> list[str]:
        """Why the transaction was cancelled, action by action."""
        with pytest.raises(self.db.exceptions.TransactionCanceledException) as cancelled:
            self.write(*actions)
        assert isinstance(cancelled.value, ClientError)
        assert error_code(cancelled.value) == "TransactionCanceledException"
        response: Json = cancelled.value.response
        return [reason["Code"] for reason in response["CancellationReasons"]]

    def get(self, sk: str, pk: str = "p") -> Json | None:
        answer = self.db.get_item(TableName=self.name, Key=key(sk, pk), ConsistentRead=True)
        found: Json | None = answer.get("Item")
        return found

    def many(self, *keys: Json) -> list[Json]:
        """The items under these keys, by sort key."""
        asked = {self.name: {"Keys": list(keys), "ConsistentRead": True}}
        answer = self.db.batch_get_item(RequestItems=asked)
        assert answer["UnprocessedKeys"] == {}
        return sorted(answer["Responses"][self.name], key=lambda one: one["sk"]["S"])

    def query(self, condition: str = "", *, forward: bool = True, **values: str) -> list[str]:
        """Sort keys of all pages; `condition` is on the sort key."""
        asked = self._query(condition, values) | {"ScanIndexForward": forward}
        pages = self.db.get_paginator("query").paginate(**asked)
        return [sk for page in pages for sk in sort_keys(page["Items"])]

    def page(self, condition: str = "", *, more: Json, **values: str) -> Json:
        """One page."""
        answer: Json = self.db.query(**self._query(condition, values), **more)
        return answer

    def scan(self) -> list[Json]:
        pages = self.db.get_paginator("scan").paginate(TableName=self.name, ConsistentRead=True)
        return [one for page in pages for one in page["Items"]]

    def _query(self, condition: str, values: dict[str, str]) -> Json:
        texts = {"pk": "p", **values}
        return {
            "TableName": self.name,
            "KeyConditionExpression": f"pk = :pk AND {condition}" if condition else "pk = :pk",
            "ExpressionAttributeValues": {f":{name}": {"S": text} for name, text in texts.items()},
            "ConsistentRead": True,
        }


def _when(condition: str, names: Json | None, values: dict[str, Json]) -> Json:
    when: Json = {"ConditionExpression": condition} if condition else {}
    if names:
        when["ExpressionAttributeNames"] = names
    if values:
        when["ExpressionAttributeValues"] = {f":{name}": value for name, value in values.items()}
    return when
