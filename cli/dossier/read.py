"""Reads all that is on record of one version: the lineage, the documents in S3, the registry."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from cli.documents import find, mapping
from cli.dossier.kept import Kept, kept
from cli.target import Refused, Target
from cli.trace import Entry, entries
from steward import times
from steward.aws import Aws, ClientError, error_code
from steward.lineage.answer import Lineage
from steward.lineage.nodes import version_id
from steward.lineage.read import Found, Way, nodes, ways_back
from steward.lineage.whole import whole
from steward.names import Names
from steward.observe.approval import observe_registry
from steward.record.store import Store

_PAGE = 500
# A monitor reports each hour; of more than these it is not read what was decided on them.
MOST_REPORTS = 50


@dataclass(frozen=True, slots=True)
class Interval:
    """When a version served, with which share in percent. No `until`: it still does."""

    since: datetime
    until: datetime | None
    share: str
    rollout: str


@dataclass(frozen=True, slots=True)
class Dossier:
    """One version. `status` is the registry's word now; `near` what it came from, by kind.

    `judged` is the decision of the gate with all its facts; None: it was not judged.
    """

    model: str
    version: int
    endpoint: str
    at: datetime
    status: str
    node: Found
    near: Mapping[str, Found]
    judged: Found | None
    approvals: tuple[Found, ...]
    rollouts: tuple[Found, ...]
    intervals: tuple[Interval, ...]
    reports: tuple[Found, ...]
    decided: Mapping[str, Found]
    documents: Mapping[str, Kept]
    graph: list[Entry]

    def content(self, name: str) -> Entry:
        """What a document says; nothing if there is none."""
        return self.documents[name].content

    @property
    def spec(self) -> Entry:
        """The model's file as its training run had it."""
        return self.content("spec")


def read_dossier(aws: Aws, where: Target, model: str, version: int, at: datetime) -> Dossier:
    """All that is on record of a version. Raises Refused if nothing is."""
    names = Names(where.prefix, model)
    store = Store(aws, where.lineage_table, where.work_table)
    reader = _Reader(aws, store, where.artifact_bucket)
    own = version_id(names.group, version)
    node = reader.node(own)
    if node is None:
        raise Refused(f"Nothing is on record of version {version} of {model}.")
    led = reader.led(own)
    near = {_kind(one.id): one for one in reader.all([to for _, to in node.links])}
    judged = next((one for one in led["decision"] if one.facts.get("concern") == "approval"), None)
    judged = reader.node(judged.id) if judged else None
    approvals, rollouts = led["approval"], led["rollout"]
    roots = (own, *(one.id for one in (*approvals, *rollouts)))
    return Dossier(
        model=model,
        version=version,
        endpoint=names.endpoint,
        at=at,
        status=_status(aws, names, version),
        node=node,
        near=near,
        judged=judged,
        approvals=approvals,
        rollouts=rollouts,
        intervals=tuple(intervals(store, names.endpoint, version)),
        reports=led["drift-report"],
        decided=reader.decided(led["drift-report"][-MOST_REPORTS:]),
        documents={one.name: one for one in reader.documents(node, near, judged)},
        graph=entries(Lineage(aws, store, where.prefix).of_nodes(roots), "graph"),
    )


def intervals(store: Store, endpoint: str, version: int) -> Iterator[Interval]:
    """When an endpoint served a version, oldest first."""
    rows = store.query(store.lineage, f"serving#{endpoint}")
    ends = [times.parse(str(row["sk"])) for row in rows[1:]]
    for row, until in zip(rows, [*ends, None], strict=True):
        shares = mapping(row["versions"])
        if str(version) in shares:
            since, share = times.parse(str(row["sk"])), str(shares[str(version)])
            yield Interval(since, until, share, str(row["rollout"]))


def _status(aws: Aws, names: Names, version: int) -> str:
    try:
        listed = observe_registry(aws, names.group).get(version)
    except ClientError as error:
        return f"not known, the registry answered {error_code(error)}"
    return listed.status if listed else "no longer in the registry"


def _kind(node_id: str) -> str:
    return node_id.partition("#")[0]


@dataclass(frozen=True, slots=True)
class _Reader:
    aws: Aws
    store: Store
    bucket: str

    def node(self, node_id: str) -> Found | None:
        """A node with all its facts, those too that were too large for the table."""
        item = self.store.get(self.store.lineage, node_id, "node")
        found = nodes(self.store, [node_id]).get(node_id)
        if item is None or found is None:
            return None
        large = whole(self.aws, self.bucket, item)
        facts = {**found.facts, **mapping(large["facts"])}
        return replace(
            found, facts=facts | {key: large[key] for key in ("reason",) if key in large}
        )

    def all(self, ids: list[str]) -> tuple[Found, ...]:
        found = nodes(self.store, ids)
        return tuple(found[one] for one in ids if one in found)

    def led(self, node_id: str) -> dict[str, tuple[Found, ...]]:
        """What came from a node, by kind, oldest first."""
        ways = list(all_ways(self.store, node_id))
        kinds = ("decision", "approval", "rollout", "drift-report")
        return {
            kind: self.all([way.node for way in ways if _kind(way.node) == kind]) for kind in kinds
        }

    def decided(self, reports: tuple[Found, ...]) -> dict[str, Found]:
        """The last decision on each report."""
        last = {
            one.id: way.node
            for one in reports
            for way in all_ways(self.store, one.id)
            if _kind(way.node) == "decision"
        }
        found = nodes(self.store, last.values())
        return {report: found[decision] for report, decision in last.items()}

    def documents(
        self, node: Found, near: Mapping[str, Found], judged: Found | None
    ) -> Iterator[Kept]:
        links = [to for _, to in judged.links] if judged else []
        read = {_kind(one.id): one.facts for one in self.all(links)}
        for name in ("evaluation", "bias", "explainability"):
            facts = read.get(name) or read.get(f"{name}-report") or {}
            uri, recorded = str(facts.get("uri") or ""), str(facts.get("sha256") or "")
            yield kept(self.aws, name, uri, recorded)
        snapshot, run = near.get("snapshot"), near.get("run")
        manifest = str(find(snapshot.facts, "manifest") or "") if snapshot else ""
        recorded = snapshot.id.partition("#")[2] if snapshot else ""
        yield kept(self.aws, "snapshot", manifest, recorded)
        spec = str(find(run.facts, "spec") or "") if run else ""
        yield kept(self.aws, "spec", spec, spec.rpartition("/")[2].removesuffix(".json"))
        yield kept(self.aws, "prepared", str(node.facts.get("prepared") or ""))


def all_ways(store: Store, node_id: str) -> Iterator[Way]:
    """Every way back of a node, oldest first."""
    after: str | None = None
    while True:
        ways, after = ways_back(store, node_id, _PAGE, after)
        yield from ways
        if after is None:
            return
