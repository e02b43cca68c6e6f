"""The proof in a bundle: a model's ledger with every item of it, to be verified by anybody."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cli.target import Target
from steward.aws import Aws
from steward.lineage import ledger
from steward.lineage.verify import Fault, verify
from steward.record.items import from_item

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

ITEMS = "items.jsonl"


@dataclass(frozen=True, slots=True)
class Proof:
    """What was put into the folder, and whether it verifies. No `head`: there is no entry."""

    items: int
    entries: int
    head: str
    faults: tuple[Fault, ...]


def proof(aws: Aws, where: Target, model: str, folder: Path) -> Proof:
    """Write a model's chain and its items in the form of DynamoDB's exports, and verify them."""
    folder.mkdir(parents=True, exist_ok=True)
    found = list(_items(aws, where.lineage_table, model))
    with (folder / ITEMS).open("w", encoding="utf-8") as file:
        for item in found:
            file.write(json.dumps({"Item": item}, sort_keys=True) + "\n")
    verified = verify(map(from_item, found))
    head = verified.heads.get(model)
    return Proof(
        items=verified.items,
        entries=head.seq if head else 0,
        head=head.digest if head else "",
        faults=verified.faults,
    )


def _items(aws: Aws, table: str, model: str) -> "Iterator[dict[str, AttributeValueTypeDef]]":
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
