"""The whole record of a Lineage table, by what an export asks of it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

type Item = Mapping[str, object]


class History:
    """Nodes, how activities ended, and what a rollout brought to serve; the same in any order.

    A link stands in the node it starts from, or only in the way back, where it has too many.
    """

    def __init__(self, items: Iterable[Item]) -> None:
        self.nodes: dict[str, Item] = {}
        self.ends: dict[str, Item] = {}
        self.servings: dict[str, Item] = {}
        self._up: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
        self._down: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
        for item in items:
            self._take(str(item["pk"]), str(item["sk"]), item)

    def _take(self, pk: str, sk: str, item: Item) -> None:
        if sk == "node":
            self.nodes[pk] = item
            for term, to in _links(item):
                self._link(pk, term, to)
        elif sk == "end":
            self.ends[pk] = item
        elif pk.startswith("serving#"):
            self._serve(sk, item)
        elif "#in#" in sk:
            _, _, term, source = sk.split("#", 3)
            self._link(source, term, pk)

    def _link(self, source: str, term: str, to: str) -> None:
        self._up[source, term].add(to)
        self._down[to, term].add(source)

    def _serve(self, since: str, item: Item) -> None:
        # The end of all serving names the last rollout too; only what it brought there is asked.
        known = self.servings.get(str(item["rollout"]))
        if item["versions"] and (known is None or since < str(known["sk"])):
            self.servings[str(item["rollout"])] = item

    def facts(self, node_id: str) -> Item:
        """The facts of a node; none, of one that is not on record."""
        return facts_of(self.nodes.get(node_id, {}))

    def up(self, node_id: str, term: str, kind: str = "") -> list[str]:
        """What a node came from, by a PROV term and the type of what it came from."""
        return _of_kind(self._up.get((node_id, term), ()), kind)

    def down(self, node_id: str, term: str, kind: str = "") -> list[str]:
        """What came from a node, by a PROV term and its type."""
        return _of_kind(self._down.get((node_id, term), ()), kind)


def kind_of(node_id: str) -> str:
    """The type in a node's id."""
    return node_id.partition("#")[0]


def name_of(node_id: str) -> str:
    """What follows the type in a node's id."""
    return node_id.partition("#")[2]


def facts_of(item: Item) -> Item:
    """The facts of a node, or of an end."""
    facts = item.get("facts")
    return facts if isinstance(facts, Mapping) else {}


def _of_kind(ids: Iterable[str], kind: str) -> list[str]:
    return sorted(one for one in ids if kind in ("", kind_of(one)))


def _links(item: Item) -> list[tuple[str, str]]:
    links = item.get("links")
    found = links if isinstance(links, list) else []
    return [(str(link["term"]), str(link["to"])) for link in found]
