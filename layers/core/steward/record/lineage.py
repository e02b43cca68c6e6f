"""Nodes, ends, edges and serving intervals as writes of the lineage, for the ledger to append."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from steward import times
from steward.decide.verdict import Verdict
from steward.lineage.nodes import End, Link, Node, Serving, Shift, object_partition
from steward.record.store import ABSENT, PRESENT, Store, Write, check, put


def node_writes(store: Store, nodes: Iterable[Node]) -> list[Write]:
    """Each node if absent, the way back of each of its links, and that what it links to exists."""
    writes: list[Write] = []
    for node in nodes:
        writes.append(put(store.lineage, _node_item(node), ABSENT))
        for link in node.links:
            writes += _edge_writes(store, node, link)
    return writes


def object_writes(store: Store, dataset: Node) -> list[Write]:
    """That an object version is one of its object's: who asks about a file knows its key only."""
    partition = object_partition(str(dataset.facts["bucket"]), str(dataset.facts["key"]))
    seen = {"pk": partition, "sk": f"{times.iso(dataset.at)}#{dataset.id}"}
    return [put(store.lineage, seen, ABSENT)]


def decision_writes(
    store: Store, model: str, verdict: Verdict, at: datetime, rests_on: Sequence[Link]
) -> list[Write]:
    """A judgement as a node, of what it was made on."""
    node = Node(verdict.id(model), at, dict(verdict.facts), tuple(rests_on))
    told = {
        "model": model,
        "concern": verdict.concern,
        "subject": verdict.subject,
        "verdict": verdict.kind,
        "reason": verdict.reason,
        "facts_digest": verdict.facts_digest,
        "repair": verdict.repair or None,
    }
    item, *edges = node_writes(store, [node])
    return [replace(item, item={**item.item, **told}), *edges]


def end_writes(store: Store, end: End) -> list[Write]:
    """How an activity ended, once."""
    item = {"pk": end.id, "sk": "end", "at": end.at, "facts": end.facts}
    return [put(store.lineage, item, ABSENT), check(store.lineage, end.id, "node", PRESENT)]


def serving_writes(store: Store, serving: Serving) -> list[Write]:
    """What an endpoint serves from a moment on."""
    facts: dict[str, object] = {"versions": dict(serving.versions), "rollout": serving.rollout}
    return [
        put(store.lineage, serving.key | facts, ABSENT),
        check(store.lineage, serving.rollout, "node", PRESENT),
    ]


def shift_writes(store: Store, shift: Shift) -> list[Write]:
    """That traffic may be shifted from a moment on; how the rollout ended says until when."""
    number = shift.rollout.rpartition("/")[2]
    key = {"pk": f"shifting#{shift.endpoint}", "sk": f"{times.iso(shift.opened_at)}#{number}"}
    facts = {"version": shift.version, "rollout": shift.rollout}
    return [put(store.lineage, key | facts, ABSENT)]


def _edge_writes(store: Store, node: Node, link: Link) -> list[Write]:
    """The way back: what the node came from is in the node itself."""
    back = {"pk": link.to, "sk": f"{times.iso(node.at)}#in#{link.term}#{node.id}"}
    return [put(store.lineage, back, ABSENT), check(store.lineage, link.to, "node", PRESENT)]


def _node_item(node: Node) -> dict[str, object]:
    links = [{"term": link.term, "to": link.to} for link in node.links]
    return {"pk": node.id, "sk": "node", "at": node.at, "facts": node.facts, "links": links}
