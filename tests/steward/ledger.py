"""Verifies a model's chain of decisions from nothing but what is stored, as an auditor would."""

import json
from collections.abc import Iterator

from steward import digest
from steward.record.decisions import item_digest
from steward.record.store import Store

type Item = dict[str, object]


def chain(store: Store, model: str = "mortgage") -> list[Item]:
    """The entries of a model's chain, in order."""
    return store.query(store.lineage, f"ledger#{model}")


def decision(store: Store, entry: Item) -> Item:
    """The decision that an entry is about."""
    found = store.get(store.lineage, str(entry["decision"]), "node")
    assert found is not None
    return found


def decisions(store: Store, model: str = "mortgage") -> list[Item]:
    """Every decision of a model, in order."""
    return [decision(store, entry) for entry in chain(store, model)]


def own_digest(found: Item) -> str:
    """The digest of a decision, computed again from what is stored of it."""
    outside = ("pk", "sk", "links", "recorded_at", "digest")
    return digest.of({key: value for key, value in found.items() if key not in outside})


def written(found: Item) -> dict[tuple[str, str], str]:
    """Key and digest of everything of the lineage that was written with a decision."""
    listed = found["written"]
    assert isinstance(listed, dict)
    keys = {key: json.loads(key) for key in listed}
    return {(keys[key][0], keys[key][1]): value for key, value in listed.items()}


def faults(store: Store, model: str = "mortgage") -> list[str]:
    """What does not verify."""
    return list(_faults(store, model))


def _faults(store: Store, model: str) -> Iterator[str]:
    before = "0" * 64
    for number, entry in enumerate(chain(store, model), start=1):
        found = decision(store, entry)
        if (entry["sk"], found["seq"]) != (f"{number:012d}", number):
            yield f"{number}: the number is {found['seq']}"
        if not entry["previous"] == found["previous"] == before:
            yield f"{number}: the entry before is another one"
        if not entry["digest"] == found["digest"] == own_digest(found):
            yield f"{number}: the decision was changed"
        if digest.of(found["facts"]) != found["facts_digest"]:
            yield f"{number}: the facts were changed"
        for (pk, sk), wanted in written(found).items():
            item = store.get(store.lineage, pk, sk)
            if item is None or item_digest(item) != wanted:
                yield f"{number}: {pk} {sk} was changed"
        before = str(entry["digest"])
