"""Writes down judgements of versions, and people's words on them."""

from dataclasses import asdict, replace

from steward.decide.approval import Evidence, Package
from steward.decide.people import Identity
from steward.decide.verdict import Verdict
from steward.decide.versions import Approval, Artifact, Version
from steward.errors import NotYet
from steward.lineage.nodes import (
    USED,
    WAS_ATTRIBUTED_TO,
    WAS_DERIVED_FROM,
    WAS_GENERATED_BY,
    WAS_INFLUENCED_BY,
    WAS_INFORMED_BY,
    Link,
    Node,
    run_id,
    snapshot_id,
    version_id,
)
from steward.names import Names
from steward.observe.serving import version_key
from steward.record.agenda import on_agenda
from steward.record.decisions import is_recorded, record
from steward.record.lineage import ensure
from steward.record.store import ABSENT, Store, Write, put
from steward.spec.model import GateSpec


def record_judgement(
    store: Store,
    names: Names,
    gate: GateSpec,
    verdict: Verdict,
    package: Package,
    evidence: Evidence,
) -> Version:
    """Write a registered version's node and row with the gate's verdict, once."""
    model, group = names.model, names.group
    shared = _shared(package)
    ensure(store, shared)
    node = Node(
        id=version_id(group, package.number),
        at=package.created_at,
        facts={
            "package": package.arn,
            "artifact": package.artifact_uri,
            "artifact_version": evidence.artifact_version,
            "artifact_sha256": package.artifact_sha256,
            "image": package.image,
            "reports": dict(package.reports),
            "prepared": package.prepared_uri,
        },
        links=tuple(_links(package, evidence, shared)),
    )
    compares = any(rule.max_drop is not None for rule in gate.metrics.values())
    version = replace(
        _version(verdict, model, package, evidence),
        compared_with=evidence.live_uri if compares else None,
    )
    row = put(store.work, _version_row(model, version), ABSENT)
    if not record(store, model, verdict, [node], [row]):
        raise NotYet(f"{package.arn}: it was judged by another look at the same moment")
    return version


def _shared(package: Package) -> list[Node]:
    named = (
        ("code", package.commit),
        ("image", package.image_digest),
        ("agent", package.created_by.arn),
    )
    facts = {"image": {"image": package.image}}
    return [
        Node(f"{kind}#{name}", package.created_at, facts.get(kind, {}))
        for kind, name in named
        if name
    ]


def _links(package: Package, evidence: Evidence, shared: list[Node]) -> list[Link]:
    terms = {"code": WAS_INFLUENCED_BY, "image": WAS_INFLUENCED_BY, "agent": WAS_ATTRIBUTED_TO}
    links = [Link(terms[node.id.partition("#")[0]], node.id) for node in shared]
    if evidence.run_on_record:
        links.append(Link(WAS_GENERATED_BY, run_id(package.execution_arn)))
    if evidence.snapshot_on_record:
        links.append(Link(WAS_DERIVED_FROM, snapshot_id(package.snapshot)))
    return links


def _version(verdict: Verdict, model: str, package: Package, evidence: Evidence) -> Version:
    return Version(
        number=package.number,
        arn=package.arn,
        # Whatever the registry says already is noted next, also of a version created as approved.
        status="PendingManualApproval",
        modified_at=package.created_at,
        gate=verdict.kind,
        gate_reason=verdict.reason,
        artifact=Artifact(
            uri=package.artifact_uri,
            version_id=evidence.artifact_version,
            etag=evidence.artifact_etag,
            sha256=package.artifact_sha256 or None,
            image=package.image,
            image_digest=package.image_digest or None,
        ),
        created_by=package.created_by.person or package.created_by.arn,
        run_by=evidence.run_by.person,
        compared_with=None,
        decision=verdict.id(model),
    )


def _version_row(model: str, version: Version) -> dict[str, object]:
    return {"pk": model, "sk": version_key(version.number)} | asdict(version)


def version_write(store: Store, model: str, before: Version, after: Version) -> Write:
    """Replace a version's row, if it still is as it was read."""
    row = _version_row(model, replace(after, revision=before.revision + 1))
    return put(store.work, row, {"revision": before.revision})


def with_word(version: Version, package: Package, approval: Approval) -> Version:
    """A version with a word noted on it."""
    return replace(
        version, status=package.status, modified_at=package.modified_at, approval=approval
    )


def record_word(
    store: Store,
    names: Names,
    verdict: Verdict,
    version: Version,
    package: Package,
    approval: Approval,
) -> None:
    """Write a person's word once, and put the model on the agenda of rollout."""
    model, group = names.model, names.group
    who = _agent(package.modified_by)
    ensure(store, [Node(who, package.modified_at)])
    node = Node(
        id=approval.id,
        at=approval.at,
        facts={
            "status": package.status,
            "words": package.words,
            "by": approval.by,
            "counts": approval.counts,
            "reason": approval.reason,
        },
        links=(
            Link(USED, version_id(group, version.number)),
            Link(WAS_ATTRIBUTED_TO, who),
            Link(WAS_INFORMED_BY, version.decision),
        ),
    )
    noted = with_word(version, package, approval)
    work = [
        version_write(store, model, version, noted),
        on_agenda(store, "rollout", model, approval.id),
    ]
    if not record(store, model, verdict, [node], work) and not is_recorded(store, model, verdict):
        raise NotYet(f"{package.arn}: its row changed while a word on it was noted")


def approval_id(group: str, package: Package) -> str:
    """Node id of a person's word: the version and LastModifiedTime at first sight."""
    return f"approval#{group}/{package.number}/{package.modified_at.isoformat()}"


def _agent(identity: Identity) -> str:
    return f"person#{identity.person}" if identity.person else f"agent#{identity.arn or 'unknown'}"
