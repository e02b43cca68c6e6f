"""Where a prediction came from: what served it, and everything upstream of that.

Going upstream costs one batch read per level, because a node carries the ids of what it came from.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from steward import times
from steward.record.store import Store


@dataclass(frozen=True, slots=True)
class Found:
    """A node, with how it ended if it is an activity, and what it came from."""

    id: str
    at: datetime
    facts: Mapping[str, object]
    end: Mapping[str, object] | None
    links: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Served:
    """What an endpoint serves from `since` on: version to share in percent, and why."""

    endpoint: str
    since: datetime
    versions: Mapping[str, int]
    rollout: str


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


def served_at(store: Store, endpoint: str, when: datetime) -> Served | None:
    """What an endpoint served at a moment: one query with limit 1. None: nothing yet."""
    row = store.last(store.lineage, f"serving#{endpoint}", until=times.iso(when))
    return _served(endpoint, row) if row else None


def _served(endpoint: str, row: Mapping[str, object]) -> Served:
    versions = row["versions"]
    return Served(
        endpoint=endpoint,
        since=times.parse(str(row["sk"])),
        versions={str(k): int(str(v)) for k, v in versions.items()}
        if isinstance(versions, Mapping)
        else {},
        rollout=str(row["rollout"]),
    )


def candidates_at(store: Store, endpoint: str, when: datetime) -> list[Served]:
    """What may have answered at a moment: one entry, or two while traffic was being shifted.

    From the call that started a rollout until its end, however it ended, its version may have;
    before the first deployment ended, nothing has.
    """
    now = served_at(store, endpoint, when)
    # A rollout's number follows the time in the key; "~" sorts behind every number.
    row = store.last(store.lineage, f"shifting#{endpoint}", until=f"{times.iso(when)}#~")
    # An endpoint that was taken down serves no version from then on.
    if now is None or not now.versions:
        return []
    if row is None or row["rollout"] == now.rollout:
        return [now]
    since = times.parse(str(row["sk"]).partition("#")[0])
    shift = Served(endpoint, since, {str(row["version"]): 100}, str(row["rollout"]))
    return [now, shift] if _may_have_answered(store, shift, when) else [now]


def _may_have_answered(store: Store, shift: Served, when: datetime) -> bool:
    end = store.get(store.lineage, shift.rollout, "end")
    if end is None:
        return True
    facts = _facts(end)
    if facts.get("outcome") == "withdrawn":
        return False
    # When the time of the call was lost, since the rollout's opening is all that is known.
    asked = times.parse(str(facts.get("asked_at") or times.iso(shift.since)))
    return asked <= when < times.parse(str(end["at"]))


def upstream(store: Store, roots: tuple[str, ...]) -> Trace:
    """Everything that the roots came from, level by level."""
    nodes: dict[str, Found] = {}
    level = list(dict.fromkeys(roots))
    while level:
        keys = [(node_id, sk) for node_id in level for sk in ("node", "end")]
        for node in _found(store.many(store.lineage, keys)):
            nodes[node.id] = node
        above = [to for node_id in level if node_id in nodes for _, to in nodes[node_id].links]
        level = [to for to in dict.fromkeys(above) if to not in nodes]
    return Trace(roots, nodes)


def _found(items: list[dict[str, object]]) -> Iterator[Found]:
    ends = {str(item["pk"]): item.get("facts") for item in items if item["sk"] == "end"}
    for item in items:
        if item["sk"] != "node":
            continue
        node_id, end = str(item["pk"]), ends.get(str(item["pk"]))
        yield Found(
            id=node_id,
            at=times.parse(str(item["at"])),
            facts=_facts(item),
            end=end if isinstance(end, Mapping) else None,
            links=_links(item.get("links")),
        )


def _facts(item: Mapping[str, object]) -> Mapping[str, object]:
    facts = item.get("facts")
    known = facts if isinstance(facts, Mapping) else {}
    told = ("concern", "subject", "verdict", "reason")
    return {**{name: item[name] for name in told if name in item}, **known}


def _links(value: object) -> tuple[tuple[str, str], ...]:
    links = value if isinstance(value, list) else []
    return tuple(
        (str(link["term"]), str(link["to"])) for link in links if isinstance(link, Mapping)
    )
