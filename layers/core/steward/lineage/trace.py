"""Where something came from: everything upstream of it.

Going upstream costs one batch read per level, because a node carries the ids of what it came from;
a snapshot of many objects costs one more, for its manifest, and one for fifty of them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from steward.lineage.captures import NotOnRecord
from steward.lineage.documents import document
from steward.lineage.nodes import HAD_MEMBER, dataset_id
from steward.lineage.read import Found, nodes
from steward.record.store import Store

# Of a snapshot of more objects its manifest is named, and they are counted.
_MOST_MEMBERS = 1000


@dataclass(frozen=True, slots=True)
class Trace:
    """Nodes by id, and the ids that the question starts from."""

    roots: tuple[str, ...]
    nodes: Mapping[str, Found]

    def walk(self) -> Iterator[tuple[int, str, Found]]:
        """Depth, PROV term and node, depth first; a node is told whole once."""
        told: set[str] = set()
        for root in self.roots:
            yield from self._walk(0, "", root, told)

    def _walk(
        self, depth: int, term: str, node_id: str, told: set[str]
    ) -> Iterator[tuple[int, str, Found]]:
        node = self.nodes.get(node_id)
        if node is None or node_id in told:
            return
        told.add(node_id)
        yield depth, term, node
        for link_term, to in node.links:
            yield from self._walk(depth + 1, link_term, to, told)


def upstream(store: Store, roots: tuple[str, ...]) -> Trace:
    """Everything that the roots came from, level by level."""
    known: dict[str, Found] = {}
    level = list(dict.fromkeys(roots))
    while level:
        found = {one: _with_members(store, node) for one, node in nodes(store, level).items()}
        known |= found
        above = [to for node_id in level if node_id in found for _, to in found[node_id].links]
        level = [to for to in dict.fromkeys(above) if to not in known]
    return Trace(roots, known)


def _with_members(store: Store, node: Found) -> Found:
    """A snapshot of more objects than a node has room for has those that its manifest lists."""
    kind, _, sha256 = node.id.partition("#")
    objects = node.facts.get("objects")
    if kind != "snapshot" or not isinstance(objects, int) or objects > _MOST_MEMBERS:
        return node
    if len(node.links) >= objects:
        return node
    try:
        manifest = document(store.aws, str(node.facts["manifest"]), sha256)
    except NotOnRecord as reason:
        return replace(node, facts={**node.facts, "members_unknown": str(reason)})
    return replace(node, links=tuple(_members(manifest)))


def _members(manifest: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    listed, bucket = manifest["objects"], str(manifest["bucket"])
    for one in listed if isinstance(listed, list) else []:
        identity = one["version_id"] or f"{one['etag']}/{one['sequencer']}"
        yield HAD_MEMBER, dataset_id(bucket, str(one["key"]), identity)
