"""Decisions: one item per judgement, chained per model so that a change of the past shows.

Entry n+1 of a model's chain is put on condition of absence and holds the digest of entry n, of
itself, and of the nodes and edges written with it. There is no head item to update.
"""

from collections.abc import Sequence

from steward import clock, digest, times
from steward.decide.verdict import Verdict
from steward.errors import NotYet
from steward.lineage.nodes import Node
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
    if is_recorded(store, model, verdict):
        return False
    for _ in range(_TRIES):
        last = store.last(store.lineage, f"ledger#{model}")
        entry = _entry(model, verdict, last, node_writes(store, nodes))
        if store.transact([*_decision_writes(store, entry), *node_writes(store, nodes), *work]):
            return True
        if not store.get(store.lineage, f"ledger#{model}", str(entry["ledger_sk"])):
            return False
    raise NotYet(f"ledger of {model}: {_TRIES} other entries came first")


def is_recorded(store: Store, model: str, verdict: Verdict) -> bool:
    """Whether the same answer on the same facts is on record already."""
    return store.get(store.lineage, verdict.id(model), "node") is not None


def _entry(
    model: str, verdict: Verdict, last: dict[str, object] | None, written: Sequence[Write]
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
        "written": digest.of([_without_write_time(write) for write in written]),
    }
    own = digest.of(content)
    return content | {"id": verdict.id(model), "digest": own, "ledger_sk": f"{seq:012d}"}


def _without_write_time(write: Write) -> list[object]:
    item = {key: value for key, value in write.item.items() if key != "recorded_at"}
    return [write.kind, item]


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
