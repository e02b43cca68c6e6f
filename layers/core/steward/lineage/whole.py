"""The facts of an item that was too large for the table: they lie in S3, named by their digest."""

from collections.abc import Mapping

from steward.lineage.documents import document
from steward.lineage.read import Found
from steward.record.store import Store


def key_of(sha256: str) -> str:
    """Key of the facts in the artifact bucket."""
    return f"record/{sha256}.json"


def whole_facts(store: Store, node: Found) -> Mapping[str, object]:
    """All facts of a node, of a decision its whole reason too; NotOnRecord if they are gone."""
    if node.bulk is None:
        return node.facts
    content = _content(store, node.bulk)
    facts = content["facts"]
    whole = {**node.facts, **(facts if isinstance(facts, Mapping) else {})}
    return whole | ({"reason": content["reason"]} if "reason" in content else {})


def whole_item(store: Store, item: Mapping[str, object]) -> Mapping[str, object]:
    """An item with all its facts, of a decision its whole reason too."""
    sha256 = item.get("bulk")
    return item if sha256 is None else {**item, **_content(store, str(sha256))}


def _content(store: Store, sha256: str) -> Mapping[str, object]:
    return document(store.aws, f"s3://{store.bucket}/{key_of(sha256)}", sha256)
