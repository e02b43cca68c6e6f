"""moto's tables; transactions are rehearsed on the items they touch, and happen once by token."""

import copy
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar, cast

from moto.core.exceptions import JsonRESTError
from moto.core.responses import ActionResult
from moto.dynamodb import urls
from moto.dynamodb.models import DynamoDBBackend, dynamodb_backends
from moto.dynamodb.models.dynamo_type import DynamoType
from moto.dynamodb.models.table import Table
from moto.dynamodb.responses import DynamoHandler

from local_aws.adapter import replace
from local_aws.kernel import World

TOKEN_LIFE = timedelta(minutes=10)


@dataclass(frozen=True)
class _Touched:
    """One item's place in its table."""

    table: Table
    hash_key: DynamoType
    range_key: DynamoType | None

    def copy_to(self, other: Table) -> None:
        """Make the item in `other` what it is in this table: changed, new or gone."""
        mine, theirs = _row(self.table, self), _row(other, self)
        key = self.range_key if self.range_key is not None else self.hash_key
        if key in mine:
            theirs[key] = copy.deepcopy(mine[key])
        else:
            theirs.pop(key, None)


def _row(table: Table, touched: _Touched) -> dict[DynamoType, Any]:
    items: Any = table.items
    row: dict[DynamoType, Any] = items if touched.range_key is None else items[touched.hash_key]
    return row


class Backend(DynamoDBBackend):
    """moto copies whole tables for each item of a transaction; this copies the items touched."""

    def transact_write_items(self, transact_items: list[dict[str, Any]]) -> None:
        real = self.tables
        touched = list(_touched(real, transact_items))
        scratch = {t.table.name: _emptied(t.table) for t in touched}
        for item in touched:
            item.copy_to(scratch[item.table.name])
        self.tables = {**real, **scratch}
        try:
            super().transact_write_items(transact_items)
            changed = self.tables
        finally:
            self.tables = real
        for item in touched:
            done = _Touched(changed[item.table.name], item.hash_key, item.range_key)
            done.copy_to(item.table)


def _touched(tables: dict[str, Table], transaction: list[dict[str, Any]]) -> Iterable[_Touched]:
    for operation in (next(iter(item.values())) for item in transaction):
        table = tables.get(str(operation.get("TableName")))
        given = operation.get("Item") or operation.get("Key") or {}
        if table is None or table.hash_key_attr not in given:
            continue
        sort = table.range_key_attr
        if sort is not None and sort not in given:
            continue
        yield _Touched(
            table, DynamoType(given[table.hash_key_attr]), DynamoType(given[sort]) if sort else None
        )


def _emptied(table: Table) -> Table:
    scratch = copy.copy(table)
    scratch.items = type(table.items)(table.items.default_factory)
    return scratch


@dataclass(frozen=True)
class _Done:
    at: datetime
    request: str
    answer: ActionResult


class Response(DynamoHandler):
    """moto's answers; a client request token is honoured for ten minutes."""

    world: ClassVar[World]
    done: ClassVar[dict[str, _Done]] = {}

    def transact_write_items(self) -> ActionResult:
        token = self.body.get("ClientRequestToken")
        request = json.dumps(self.body["TransactItems"], sort_keys=True)
        before = self.done.get(token)
        if token is None or before is None or self.world.now() - before.at > TOKEN_LIFE:
            answer = super().transact_write_items()
            if token is not None:
                self.done[token] = _Done(self.world.now(), request, answer)
            return answer
        if before.request != request:
            raise JsonRESTError(
                "IdempotentParameterMismatchException",
                "A token was used again with a different transaction.",
            )
        return before.answer


def state() -> object:
    """The transactions that are remembered by their tokens."""
    return Response.done


def resume(state: object) -> None:
    """Take up what was kept."""
    Response.done.update(cast("dict[str, _Done]", state))


def install(world: World) -> None:
    """Put the extension in moto's place; before its first use."""
    Response.world = world
    replace(dynamodb_backends, Backend, urls, Response.dispatch)
