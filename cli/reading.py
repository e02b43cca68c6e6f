"""Reads the record for people: nodes with all their facts, what led where, what served when."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from cli.documents import mapping
from steward import times
from steward.aws import Aws
from steward.lineage.captures import NotOnRecord
from steward.lineage.read import Found, Way, nodes, ways_back
from steward.lineage.whole import whole_item
from steward.record.store import Store

_PAGE = 500


@dataclass(frozen=True, slots=True)
class Interval:
    """What an endpoint served, with shares in percent. No `until`: it still does."""

    since: datetime
    until: datetime | None
    versions: Mapping[str, int]
    rollout: str


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads nodes of one deployment, those too whose facts lie in S3."""

    aws: Aws
    store: Store

    def node(self, node_id: str) -> Found | None:
        """A node with all its facts, those too that were too large for the table."""
        found = nodes(self.store, [node_id]).get(node_id)
        if found is None:
            return None
        keys = [(node_id, "node"), (node_id, "end")]
        items = {str(one["sk"]): one for one in self.store.many(self.store.lineage, keys)}
        large = {sk: self._whole(item) for sk, item in items.items()}
        reason = {"reason": large["node"]["reason"]} if "reason" in large["node"] else {}
        facts = {**found.facts, **mapping(large["node"]["facts"]), **reason}
        return replace(
            found, facts=facts, end=mapping(large["end"]["facts"]) if "end" in large else None
        )

    def _whole(self, item: Mapping[str, object]) -> Mapping[str, object]:
        """With all its facts; if the others are gone or were changed, as the table has them."""
        try:
            return whole_item(self.store, item)
        except NotOnRecord as reason:
            return {**item, "facts": {**mapping(item.get("facts")), "not_known": str(reason)}}

    def nodes(self, ids: Iterable[str]) -> tuple[Found, ...]:
        """Nodes with all their facts, in this order, as far as they are on record."""
        return tuple(found for one in ids if (found := self.node(one)))

    def brief(self, ids: Sequence[str]) -> tuple[Found, ...]:
        """The same with the facts that fit into the table: many at once."""
        found = nodes(self.store, ids)
        return tuple(found[one] for one in ids if one in found)

    def led(self, node_id: str) -> dict[str, list[str]]:
        """What came from a node, by kind, oldest first."""
        found = defaultdict[str, list[str]](list)
        for way in all_ways(self.store, node_id):
            found[kind_of(way.node)].append(way.node)
        return found

    def decided(self, reports: Iterable[Found]) -> dict[str, Found]:
        """The last decision on each report."""
        last = {
            one.id: way.node
            for one in reports
            for way in all_ways(self.store, one.id)
            if kind_of(way.node) == "decision"
        }
        found = nodes(self.store, last.values())
        return {report: found[decision] for report, decision in last.items()}


def intervals(store: Store, endpoint: str) -> list[Interval]:
    """What an endpoint served, oldest first; the end of an interval is the start of the next."""
    rows = store.query(store.lineage, f"serving#{endpoint}")
    starts = [times.parse(str(row["sk"])) for row in rows]
    return [
        Interval(since, until, _shares(row), str(row["rollout"]))
        for row, since, until in zip(rows, starts, [*starts[1:], None], strict=False)
    ]


def _shares(row: Mapping[str, object]) -> dict[str, int]:
    return {number: int(str(share)) for number, share in mapping(row["versions"]).items()}


def all_ways(store: Store, node_id: str) -> Iterator[Way]:
    """Every way back of a node, oldest first."""
    after: str | None = None
    while True:
        ways, after = ways_back(store, node_id, _PAGE, after)
        yield from ways
        if after is None:
            return


def kind_of(node_id: str) -> str:
    """What kind of node it is."""
    return node_id.partition("#")[0]


def told(node: Found) -> dict[str, object]:
    """A node as JSON."""
    return {
        "id": node.id,
        "at": times.iso(node.at),
        "facts": dict(node.facts),
        "end": node.end,
        "links": [{"term": term, "to": to} for term, to in node.links],
    }
