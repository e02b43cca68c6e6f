"""The ledger from nothing but what is stored, as an auditor reads it."""

from steward.lineage.ledger import partition
from steward.lineage.verify import verify
from steward.record.store import Store

type Item = dict[str, object]


def chain(store: Store, model: str = "mortgage") -> list[Item]:
    """The entries of a model's chain, in order."""
    return store.query(store.lineage, partition(model))


def decision(store: Store, entry: Item) -> Item:
    """The decision that an entry is about."""
    found = store.get(store.lineage, str(entry["decision"]), "node")
    assert found is not None
    return found


def decisions(store: Store, model: str = "mortgage") -> list[Item]:
    """Every decision of a model, in order."""
    return [decision(store, entry) for entry in chain(store, model) if "decision" in entry]


def written(store: Store, seq: int, model: str = "mortgage") -> list[tuple[str, str]]:
    """Keys of everything that an entry wrote."""
    return sorted(
        (str(item["pk"]), str(item["sk"]))
        for item in store.scan(store.lineage)
        if item.get("entry") == f"{model}#{seq}"
    )


def faults(store: Store) -> list[str]:
    """What does not verify."""
    found = verify(store.scan(store.lineage)).faults
    return [f"{one.seq} {one.kind}: {one.what}" for one in found]
