"""Writes the lineage, always as the next entry of a model's chain; there is no head to update."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from steward import clock, times
from steward.errors import NotYet
from steward.lineage import ledger
from steward.lineage.nodes import Node
from steward.record.bulk import fitted
from steward.record.lineage import node_writes
from steward.record.store import ABSENT, Store, Write, put

# Each try that fails means that another entry was written meanwhile.
_TRIES = 30
# Links whose ways back, with a mark of each, make an entry of 1 KB.
_MOST_AT_ONCE = 20


def append(store: Store, model: str, writes: Sequence[Write], decision: str | None = None) -> bool:
    """Write all or nothing as one entry; False when a condition of `writes` does not hold."""
    writes = [fitted(store, write) for write in writes]
    for _ in range(_TRIES):
        last = store.last(store.lineage, ledger.partition(model))
        seq = int(str(last["sk"])) + 1 if last else 1
        if store.transact(_entry(store, model, seq, last, writes, decision)):
            return True
        if not store.get(store.lineage, ledger.partition(model), ledger.place(seq)):
            return False
    raise NotYet(f"ledger of {model}: {_TRIES} other entries came first")


def ensure(store: Store, model: str, nodes: Sequence[Node]) -> None:
    """Write nodes that several facts share (a person, a commit, an image) unless they are there."""
    there = {str(item["pk"]) for item in store.many(store.lineage, [(n.id, "node") for n in nodes])}
    for node in nodes:
        if node.id not in there:
            append(store, model, node_writes(store, [node]))


def ensure_ways_back(store: Store, model: str, node: Node) -> None:
    """Write the ways back of a node that has too many links to carry, unless they are there."""
    for start in range(0, len(node.links), _MOST_AT_ONCE):
        part = replace(node, links=node.links[start : start + _MOST_AT_ONCE])
        _, *ways = node_writes(store, [part])
        keys = [(str(way.item["pk"]), str(way.item["sk"])) for way in ways if way.kind == "Put"]
        if len(store.many(store.lineage, keys)) < len(keys):
            append(store, model, ways)


def _entry(
    store: Store,
    model: str,
    seq: int,
    last: Mapping[str, object] | None,
    writes: Sequence[Write],
    decision: str | None,
) -> list[Write]:
    now = times.iso(clock.now())
    stamp = {"recorded_at": now, "entry": ledger.name(model, seq)}
    stamped = [
        replace(write, item={**write.item, **stamp}) if _is_kept(store, write) else write
        for write in writes
    ]
    entry = {
        "pk": ledger.partition(model),
        "sk": ledger.place(seq),
        "at": now,
        "previous": last["digest"] if last else ledger.GENESIS,
        "written": ledger.marks(write.item for write in stamped if _is_kept(store, write)),
    }
    entry |= {"decision": decision} if decision else {}
    own = {"digest": ledger.own_digest(entry)}
    return [put(store.lineage, entry | own, ABSENT), *stamped]


def _is_kept(store: Store, write: Write) -> bool:
    return write.kind == "Put" and write.table == store.lineage
