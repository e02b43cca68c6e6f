"""Nodes, ends, edges and serving intervals as writes of the Lineage table."""

from collections.abc import Iterable, Sequence

from steward import clock, times
from steward.lineage.nodes import End, Link, Node, Serving, Shift
from steward.record.store import ABSENT, PRESENT, Store, Write, check, put


def node_writes(store: Store, nodes: Iterable[Node]) -> list[Write]:
    """Each node if absent, both directions of its edges, and that their ends exist."""
    writes: list[Write] = []
    for node in nodes:
        writes.append(put(store.lineage, _node_item(node), ABSENT))
        for link in node.links:
            writes += _edge_writes(store, node, link)
    return writes


def end_writes(store: Store, end: End) -> list[Write]:
    """How an activity ended, once."""
    item = {"pk": end.id, "sk": "end", "at": end.at, "facts": end.facts} | _recorded()
    return [put(store.lineage, item, ABSENT), check(store.lineage, end.id, "node", PRESENT)]


def serving_writes(store: Store, serving: Serving) -> list[Write]:
    """What an endpoint serves from a moment on."""
    facts = {"versions": dict(serving.versions), "rollout": serving.rollout}
    return [
        put(store.lineage, serving.key | facts | _recorded(), ABSENT),
        check(store.lineage, serving.rollout, "node", PRESENT),
    ]


def shift_writes(store: Store, shift: Shift) -> list[Write]:
    """That traffic may be shifted from a moment on; how the rollout ended says until when."""
    number = shift.rollout.rpartition("/")[2]
    key = {"pk": f"shifting#{shift.endpoint}", "sk": f"{times.iso(shift.opened_at)}#{number}"}
    facts = {"version": shift.version, "rollout": shift.rollout}
    return [put(store.lineage, key | facts | _recorded(), ABSENT)]


def ensure(store: Store, nodes: Sequence[Node]) -> None:
    """Write nodes that several facts share (a person, a commit, an image) unless they are there."""
    for node in nodes:
        store.transact(node_writes(store, [node]))


def _edge_writes(store: Store, node: Node, link: Link) -> list[Write]:
    at = times.iso(node.at)
    out = {"pk": node.id, "sk": f"{at}#out#{link.term}#{link.to}"}
    back = {"pk": link.to, "sk": f"{at}#in#{link.term}#{node.id}"}
    return [
        put(store.lineage, out | _recorded(), ABSENT),
        put(store.lineage, back | _recorded(), ABSENT),
        check(store.lineage, link.to, "node", PRESENT),
    ]


def _node_item(node: Node) -> dict[str, object]:
    links = [{"term": link.term, "to": link.to} for link in node.links]
    item: dict[str, object] = {"pk": node.id, "sk": "node", "at": node.at, "facts": node.facts}
    return item | {"links": links} | _recorded()


def _recorded() -> dict[str, object]:
    return {"recorded_at": clock.now()}
