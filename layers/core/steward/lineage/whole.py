"""The facts of an item that was too large for the table: they lie in S3, named by their digest."""

import json
from collections.abc import Mapping

from steward.lineage.read import Found
from steward.record.store import Store


def key_of(sha256: str) -> str:
    """Key of the facts in the artifact bucket."""
    return f"record/{sha256}.json"


def whole_facts(store: Store, node: Found) -> Mapping[str, object]:
    """All facts of a node, of a decision its whole reason too."""
    if node.bulk is None:
        return node.facts
    content = json.loads(_body(store, node.bulk))
    return {**node.facts, **content["facts"], **_reason(content)}


def whole_item(store: Store, item: Mapping[str, object]) -> Mapping[str, object]:
    """An item with all its facts, of a decision its whole reason too."""
    sha256 = item.get("bulk")
    return item if sha256 is None else {**item, **json.loads(_body(store, str(sha256)))}


def _body(store: Store, sha256: str) -> bytes:
    return store.aws.s3.get_object(Bucket=store.bucket, Key=key_of(sha256))["Body"].read()


def _reason(content: Mapping[str, object]) -> dict[str, object]:
    return {"reason": content["reason"]} if "reason" in content else {}
