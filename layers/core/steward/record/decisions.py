"""Decisions: one item per judgement, chained per model so that a change of the past shows.

Entry n+1 of a model's chain is put on condition of absence and holds the digest of entry n, of
itself, and of each item of the lineage written with it, by key. There is no head item to update.
"""

from collections.abc import Mapping, Sequence

from steward import clock, digest, times
from steward.decide.verdict import Verdict
from steward.errors import NotYet
from steward.lineage.nodes import Node
from steward.record.items import Item
from steward.record.lineage import node_writes
from steward.record.store import ABSENT, Store, Write, put

_GENESIS = "0" * 64
_TRIES = 8


def record(
    store: Store,
    model: str,
    verdict: Verdict,
    nodes: Sequence[Node] = (),
    work: Sequence[Write] = (),
) -> bool:
    """Write a decision, what it causes in the lineage, and its work, all or nothing.

    False when this decision is on record already, or when a condition of `work` or `nodes` does not
    hold any more: then nothing was written, and the caller observes again.
    """
    caused = [*node_writes(store, nodes), *work]
    written = {
        digest.canonical([write.item["pk"], write.item["sk"]]): item_digest(write.item)
        for write in caused
        if write.kind == "Put" and write.table == store.lineage
    }
    for _ in range(_TRIES):
        last = store.last(store.lineage, f"ledger#{model}")
        entry = _entry(model, verdict, last, written)
        if store.transact([*_decision_writes(store, entry), *caused]):
            return True
        if not store.get(store.lineage, f"ledger#{model}", str(entry["ledger_sk"])):
            return False
    raise NotYet(f"ledger of {model}: {_TRIES} other entries came first")


def record_once(store: Store, model: str, verdict: Verdict) -> bool:
    """Write a decision that causes nothing, unless it is on record: what most looks end with."""
    return not is_recorded(store, model, verdict) and record(store, model, verdict)


def is_recorded(store: Store, model: str, verdict: Verdict) -> bool:
    """Whether the same answer on the same facts is on record already."""
    return store.get(store.lineage, verdict.id(model), "node") is not None


def _entry(
    model: str, verdict: Verdict, last: dict[str, object] | None, written: Mapping[str, str]
) -> dict[str, object]:
    seq = int(str(last["sk"])) + 1 if last else 1
    content: dict[str, object] = {
        "model": model,
        "concern": verdict.concern,
        "subject": verdict.subject,
        "verdict": verdict.kind,
        "reason": verdict.reason,
        "facts": dict(verdict.facts),
        "facts_digest": verdict.facts_digest,
        "at": times.iso(clock.now()),
        "seq": seq,
        "previous": last["digest"] if last else _GENESIS,
        "written": dict(written),
    }
    own = digest.of(content)
    return content | {"id": verdict.id(model), "digest": own, "ledger_sk": f"{seq:012d}"}


def item_digest(item: Item) -> str:
    """Digest of an item of the lineage, without the time when it was written."""
    return digest.of(
        {key: value for key, value in item.items() if key != "recorded_at" and value is not None}
    )


def _decision_writes(store: Store, entry: dict[str, object]) -> list[Write]:
    decision = {key: value for key, value in entry.items() if key not in ("id", "ledger_sk")}
    chain = {"decision": entry["id"], "digest": entry["digest"], "previous": entry["previous"]}
    ledger = {"pk": f"ledger#{entry['model']}", "sk": entry["ledger_sk"]}
    return [
        put(store.lineage, ledger | chain, ABSENT),
        put(
            store.lineage,
            {"pk": entry["id"], "sk": "node", "links": [], "recorded_at": clock.now()} | decision,
            ABSENT,
        ),
    ]
