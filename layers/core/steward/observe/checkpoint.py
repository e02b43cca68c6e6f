"""Reads what a checkpoint rests on: where the ledgers end, and what was signed last."""

import json
from collections.abc import Iterable, Mapping
from datetime import date

from steward import digest
from steward.aws import Aws
from steward.decide.checkpoint import Signed
from steward.lineage import ledger
from steward.record.store import Store


def read_heads(store: Store, models: Iterable[str]) -> dict[str, dict[str, object]]:
    """Number and digest of the last entry of each model that has one: one query each."""
    heads: dict[str, dict[str, object]] = {}
    for model in sorted(models):
        last = store.last(store.lineage, ledger.partition(model))
        if last:
            heads[model] = {"seq": int(str(last["sk"])), "digest": last["digest"]}
    return heads


def read_signed(store: Store, last: Signed | None) -> dict[str, str]:
    """What the entries that were signed last come to now, computed anew: one query each."""
    found: dict[str, str] = {}
    for model, head in (last.heads if last else {}).items():
        place = ledger.place(int(str(head["seq"])))
        for entry in store.page(store.lineage, ledger.partition(model), place, place, most=1):
            found[model] = ledger.own_digest(entry)
    return found


def signed_from(row: Mapping[str, object] | None) -> Signed | None:
    """The last checkpoint as it was noted."""
    if row is None:
        return None
    heads = row["heads"]
    known = heads if isinstance(heads, Mapping) else {}
    return Signed(date.fromisoformat(str(row["day"])), str(row["sha256"]), known)


def read_checkpoint(aws: Aws, bucket: str, key: str, day: date) -> Signed:
    """A checkpoint as it lies in S3."""
    body = aws.s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    found = json.loads(body)["statement"]
    return Signed(day, digest.of(found), found["heads"])
