"""A transaction: every condition holds and all is written, or nothing is.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from local_aws.memory.errors import cancelled, invalid
from local_aws.memory.expressions import Condition
from local_aws.memory.items import Json, Key, Stored, key_of, stored
from local_aws.memory.meter import transaction_units
from local_aws.memory.tables import Table

MOST_ACTIONS, LARGEST = 100, 4 * 1024 * 1024
_CONDITION = {"ConditionExpression", "ExpressionAttributeNames", "ExpressionAttributeValues"}
_MEMBERS = {
    "Put": {"TableName", "Item"} | _CONDITION,
    "Delete": {"TableName", "Key"} | _CONDITION,
    "ConditionCheck": {"TableName", "Key"} | _CONDITION,
}


@dataclass(frozen=True, slots=True)
class Action:
    """One item of a transaction: what is there, and what a Put writes."""

    kind: str
    table: Table
    key: Key
    condition: Condition
    old: Stored | None
    new: Stored | None

    def holds(self) -> bool:
        """Whether the condition does."""
        return self.condition.holds(self.old.item if self.old else {})

    @property
    def size(self) -> int:
        """Bytes of the item before or after, whichever is larger."""
        return max(self.old.size if self.old else 0, self.new.size if self.new else 0)

    def carry_out(self) -> None:
        """Write."""
        if self.new is not None:
            self.table.put(self.new)
        elif self.kind == "Delete":
            self.table.remove(self.key)


def read(requested: Sequence[Json], table: Callable[[str], Table]) -> list[Action]:
    """The actions of a request that DynamoDB would take."""
    if not 1 <= len(requested) <= MOST_ACTIONS:
        raise invalid(f"a transaction has 1 to {MOST_ACTIONS} items, not {len(requested)}")
    actions = [_action(one, table) for one in requested]
    if len({(id(action.table), action.key) for action in actions}) < len(actions):
        raise invalid("a transaction names an item once")
    if (size := sum(action.size for action in actions)) > LARGEST:
        raise invalid(f"the transaction's items have {size} bytes, {LARGEST} are allowed")
    return actions


def _action(requested: Json, table: Callable[[str], Table]) -> Action:
    ((kind, body),) = requested.items()
    if unknown := body.keys() - _MEMBERS.get(kind, set()):
        raise NotImplementedError(
            f"the in-memory DynamoDB does not know {kind} with {sorted(unknown)}"
        )
    condition = Condition(
        body.get("ConditionExpression", ""),
        body.get("ExpressionAttributeNames", {}),
        body.get("ExpressionAttributeValues", {}),
    )
    new = stored(body["Item"]) if kind == "Put" else None
    key = new.key if new else key_of(body["Key"])
    where = table(body["TableName"])
    return Action(kind, where, key, condition, where.get(key), new)


def units(actions: Sequence[Action]) -> int:
    """Write units of a transaction, whether it goes through or not."""
    return sum(transaction_units(action.size) for action in actions)


def carry_out(actions: Sequence[Action]) -> None:
    """Do all if all conditions hold."""
    held = [action.holds() for action in actions]
    if not all(held):
        raise cancelled(held)
    for action in actions:
        action.carry_out()
