"""Where something came from: everything upstream of it.

Going upstream costs one batch read per level, because a node carries the ids of what it came from.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from steward.lineage.read import Found, nodes
from steward.record.store import Store


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
        found = nodes(store, level)
        known |= found
        above = [to for node_id in level if node_id in found for _, to in found[node_id].links]
        level = [to for to in dict.fromkeys(above) if to not in known]
    return Trace(roots, known)
