"""Whatever Steward's store asks, in any order, DynamoDB in memory answers like that on the port."""

from collections.abc import Callable, Iterator
from random import Random
from types import SimpleNamespace
from typing import cast

import pytest
from botocore.exceptions import ClientError

from steward.aws import Aws, error_code
from steward.record.store import ABSENT, PRESENT, Store, Write, check, delete, put
from tests.local_aws.tables import IN_ORDER, OneTable


def stores(empty: Callable[[str], OneTable]) -> Iterator[Store]:
    for table in (empty("memory"), empty("port")):
        aws = cast("Aws", SimpleNamespace(dynamodb=table.db))
        yield Store(aws, table.name, table.name)


class Anything:
    """Draws calls to a store; the same seed draws the same ones."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)  # noqa: S311 - no secret

    def call(self) -> Callable[[Store], object]:
        """A read, or more often a transaction."""
        pk, low, high = self._pk(), *sorted((self._sk(), self._sk()))
        keys = sorted({(self._pk(), self._sk()) for _ in range(5)})
        reads: list[Callable[[Store], object]] = [
            lambda store: store.get(store.work, pk, low),
            lambda store: store.query(store.work, pk),
            lambda store: store.query(store.work, pk, low),
            lambda store: store.between(store.work, pk, low, high),
            lambda store: store.page(store.work, pk, low, high, 2),
            lambda store: store.page(store.work, pk, low, high, 1, newest_first=True),
            lambda store: sorted(store.scan(store.work), key=str),
            lambda store: store.last(store.work, pk),
            lambda store: store.last(store.work, pk, low),
            lambda store: sorted(store.many(store.work, keys), key=str),
        ]
        if self._random.random() < 0.4:
            return self._random.choice(reads)
        draws = [self._write() for _ in range(self._random.randint(1, 4))]
        return lambda store: store.transact([draw(store.work) for draw in draws])

    def _write(self) -> Callable[[str], Write]:
        pk, sk, condition = self._pk(), self._sk(), self._condition()
        row = {"pk": pk, "sk": sk} | {name: self._value() for name in self._random.sample("abc", 2)}
        kind = self._random.choice(("put", "put", "put", "delete", "check"))
        if kind == "put":
            return lambda table: put(table, row, condition)
        if kind == "check":
            return lambda table: check(table, pk, sk, condition or PRESENT)
        values = condition if isinstance(condition, dict) else None
        return lambda table: delete(table, pk, sk, values)

    def _condition(self) -> str | dict[str, object] | None:
        values = {self._random.choice("abc"): self._random.choice((0, 1, "x"))}
        return self._random.choice((None, None, ABSENT, PRESENT, values))

    def _value(self) -> object:
        values = (
            0,
            1,
            1.0,
            -2.5,
            10**20,
            0.1,
            "x",
            "",
            "é",
            True,
            None,
            [],
            {},
            [1, {"a": [None]}],
        )
        return self._random.choice(values)

    def _pk(self) -> str:
        return self._random.choice("pq")

    def _sk(self) -> str:
        return self._random.choice(IN_ORDER)


def outcome(call: Callable[[Store], object], store: Store) -> object:
    try:
        return call(store)
    except ClientError as error:
        return error_code(error)


@pytest.mark.parametrize("seed", range(2))
def test_any_sequence_has_the_same_answers(empty: Callable[[str], OneTable], seed: int) -> None:
    memory, port = stores(empty)
    anything, answers = Anything(seed), []
    for number in range(250):
        call = anything.call()
        answers.append(outcome(call, memory))
        assert answers[-1] == outcome(call, port), number
    assert {True, False} <= {answer for answer in answers if isinstance(answer, bool)}
    assert sum(bool(answer) for answer in answers if not isinstance(answer, bool)) > 50
    assert memory.query(memory.work, "p") == port.query(port.work, "p")
