"""Reads all that is on record of one version: the lineage, the documents in S3, the registry."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from cli.dossier.kept import Kept, kept
from cli.reading import Interval, Reader, intervals, kind_of
from cli.target import Refused, Target
from cli.trace import Entry, entries
from steward.aws import Aws, ClientError, error_code
from steward.decide.approval import CONCERN
from steward.lineage.answer import Lineage
from steward.lineage.nodes import version_id
from steward.lineage.read import Found
from steward.names import Names
from steward.observe.approval import observe_registry
from steward.record.store import Store

# A monitor reports each hour; of more than these it is not read what was decided on them.
MOST_REPORTS = 50


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
    store = Store(aws, where.lineage_table, where.work_table, where.artifact_bucket)
    reader = Reader(aws, store)
    own = version_id(names.group, version)
    node = reader.node(own)
    if node is None:
        raise Refused(f"Nothing is on record of version {version} of {model}.")
    led = reader.led(own)
    near = {kind_of(one.id): one for one in reader.brief([to for _, to in node.links])}
    judged = _judged(reader, led["decision"])
    reports = reader.brief(led["drift-report"])
    roots = (own, *led["approval"], *led["rollout"])
    return Dossier(
        model=model,
        version=version,
        endpoint=names.endpoint,
        at=at,
        status=_status(aws, names, version),
        node=node,
        near=near,
        judged=judged,
        approvals=reader.nodes(led["approval"]),
        rollouts=reader.nodes(led["rollout"]),
        intervals=_served(store, names.endpoint, str(version)),
        reports=reports,
        decided=reader.decided(reports[-MOST_REPORTS:]),
        documents={one.name: one for one in _documents(reader, node, near, judged)},
        graph=entries(Lineage(aws, store, where.prefix).of_nodes(roots), "graph"),
    )


def _judged(reader: Reader, decisions: list[str]) -> Found | None:
    """The gate's decision: of those that rest on a version, the one about its approval."""
    found = reader.brief(decisions)
    ids = [one.id for one in found if one.facts.get("concern") == CONCERN]
    return reader.node(ids[0]) if ids else None


def _served(store: Store, endpoint: str, version: str) -> tuple[Interval, ...]:
    return tuple(one for one in intervals(store, endpoint) if version in one.versions)


def _status(aws: Aws, names: Names, version: int) -> str:
    try:
        listed = observe_registry(aws, names.group).get(version)
    except ClientError as error:
        return f"not known, the registry answered {error_code(error)}"
    return listed.status if listed else "no longer in the registry"


def _documents(
    reader: Reader, node: Found, near: Mapping[str, Found], judged: Found | None
) -> Iterator[Kept]:
    links = [to for _, to in judged.links] if judged else []
    read = {kind_of(one.id): one.facts for one in reader.brief(links)}
    for name in ("evaluation", "bias", "explainability"):
        facts = read.get(name) or read.get(f"{name}-report") or {}
        uri, recorded = str(facts.get("uri") or ""), str(facts.get("sha256") or "")
        yield kept(reader.aws, name, uri, recorded)
    snapshot, run = near.get("snapshot"), near.get("run")
    # Manifest and spec are named by their digests.
    manifest = str(snapshot.facts.get("manifest") or "") if snapshot else ""
    yield kept(reader.aws, "snapshot", manifest, snapshot.id.partition("#")[2] if snapshot else "")
    spec = str(run.facts.get("spec") or "") if run else ""
    yield kept(reader.aws, "spec", spec, spec.rpartition("/")[2].removesuffix(".json"))
    yield kept(reader.aws, "prepared", str(node.facts.get("prepared") or ""))
