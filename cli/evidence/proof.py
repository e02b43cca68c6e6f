"""The proof in a bundle: a model's ledger with every item of it, to be verified by anybody."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cli.ledger.checkpoints import keep
from cli.target import Target
from steward.aws import Aws
from steward.lineage import ledger
from steward.lineage.verify import Fault, verify
from steward.observe.checkpoint import read_heads
from steward.record.items import from_item
from steward.record.store import Store

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

    type Item = dict[str, AttributeValueTypeDef]

ITEMS = "items.jsonl"


@dataclass(frozen=True, slots=True)
class Proof:
    """What was put into the folder, and whether it verifies. No `head`: there is no entry.

    `signed` is the last entry that a checkpoint signed, 0 for none.
    """

    items: int
    entries: int
    signed: int
    head: str
    faults: tuple[Fault, ...]


def proof(aws: Aws, where: Target, model: str, folder: Path) -> Proof:
    """Write a model's chain, its items, the checkpoints and the public key, and verify them."""
    folder.mkdir(parents=True, exist_ok=True)
    signed = [one for one in keep(aws, where, folder) if model in one.heads and not one.fault]
    heads = read_heads(Store(aws, where.lineage_table, work=""), [model])
    upto = int(str(heads[model]["seq"])) if heads else 0
    found = [item for item in _items(aws, where.lineage_table, model) if _seq(item) <= upto]
    with (folder / ITEMS).open("w", encoding="utf-8") as file:
        for item in found:
            file.write(json.dumps({"Item": item}, sort_keys=True) + "\n")
    verified = verify(map(from_item, found), [{model: one.heads[model]} for one in signed])
    head = verified.heads.get(model)
    return Proof(
        items=verified.items,
        entries=head.seq if head else 0,
        signed=max((one.heads[model].seq for one in signed), default=0),
        head=head.digest if head else "",
        faults=verified.faults,
    )


def _seq(item: "Item") -> int:
    """The entry that an item is or belongs to; what is written meanwhile is left out."""
    plain = from_item(item)
    name = plain["sk"] if str(plain["pk"]).startswith("ledger#") else plain["entry"]
    return int(str(name).rpartition("#")[2])


def _items(aws: Aws, table: str, model: str) -> "Iterator[Item]":
    pages = aws.dynamodb.get_paginator("scan").paginate(
        TableName=table,
        ConsistentRead=True,
        FilterExpression="pk = :chain OR begins_with(entry, :entries)",
        ExpressionAttributeValues={
            ":chain": {"S": ledger.partition(model)},
            ":entries": {"S": f"{model}#"},
        },
    )
    for page in pages:
        yield from page["Items"]
