"""Writes down judgements of versions, and people's words on them."""

from collections.abc import Iterator
from dataclasses import asdict, replace

from steward.decide.approval import Evidence, Package, compared_with
from steward.decide.people import Identity
from steward.decide.review import AUTOMATIC
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
    report_id,
    run_id,
    snapshot_id,
    version_id,
)
from steward.names import Names, report_folder
from steward.observe.serving import version_key
from steward.record.agenda import on_agenda
from steward.record.decisions import is_recorded, record
from steward.record.ledger import ensure
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
    version = version_id(group, package.number)
    shared = _shared(package)
    jobs, reports = _jobs(package, evidence), _reports(package, evidence)
    ensure(store, model, [*shared, *jobs, *reports])
    node = Node(
        id=version,
        at=package.created_at,
        facts=_facts(package, evidence),
        links=tuple(_links(package, evidence, [*shared, *jobs])),
    )
    noted = replace(
        _version(verdict, model, package, evidence),
        compared_with=compared_with(evidence, gate),
        automatic=_optional(verdict.facts.get("automatic")),
    )
    row = put(store.work, _version_row(model, noted), ABSENT)
    judged_on = [Link(USED, version), *(Link(USED, report.id) for report in reports)]
    if not record(store, model, verdict, [node], [row], judged_on):
        raise NotYet(f"{package.arn}: it was judged by another look at the same moment")
    return noted


def _facts(package: Package, evidence: Evidence) -> dict[str, object]:
    facts: dict[str, object] = {
        "artifact": package.artifact_uri,
        "artifact_version": evidence.artifact_version,
        "artifact_sha256": package.artifact_sha256,
        "prepared": package.prepared_uri,
    }
    # With its digest the image is a node of its own.
    return facts | ({} if package.image_digest else {"image": package.image})


def _jobs(package: Package, evidence: Evidence) -> list[Node]:
    """The jobs of the run's steps, by their names."""
    run = _run_link(package, evidence, WAS_INFORMED_BY)
    return [
        Node(f"job#{job.arn.rpartition('/')[2]}", job.at, {"arn": job.arn, "step": job.step}, run)
        for job in evidence.jobs
    ]


def _reports(package: Package, evidence: Evidence) -> list[Node]:
    """The evidence as it was read: what lies there later may be something else."""
    run = _run_link(package, evidence, WAS_GENERATED_BY)
    return [
        Node(report_id(name, read.uri, read.sha256), package.created_at, asdict(read), run)
        for name, read in sorted(evidence.read.items())
    ]


def _run_link(package: Package, evidence: Evidence, term: str) -> tuple[Link, ...]:
    return (Link(term, run_id(package.execution_arn)),) if evidence.run_on_record else ()


def _optional(value: object) -> str | None:
    return None if value is None else str(value)


def _shared(package: Package) -> list[Node]:
    named = (
        ("code", package.commit),
        ("image", package.image_digest),
        ("agent", package.created_by.arn),
    )
    facts = {"image": {"image": package.image}}
    if package.author:
        facts["code"] = {"author": package.author}
    return [
        Node(f"{kind}#{name}", package.created_at, facts.get(kind, {}))
        for kind, name in named
        if name
    ]


def _links(package: Package, evidence: Evidence, known: list[Node]) -> Iterator[Link]:
    terms = {"code": WAS_INFLUENCED_BY, "image": WAS_INFLUENCED_BY, "agent": WAS_ATTRIBUTED_TO}
    for node in known:
        kind = node.id.partition("#")[0]
        if kind in terms:
            yield Link(terms[kind], node.id)
        elif ":training-job/" in str(node.facts["arn"]):
            yield Link(WAS_GENERATED_BY, node.id)
    yield from _run_link(package, evidence, WAS_GENERATED_BY)
    if evidence.snapshot_on_record:
        yield Link(WAS_DERIVED_FROM, snapshot_id(package.snapshot))


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
        reports=report_folder(package.reports.values()),
        evidence_at=package.created_at,
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
    ensure(store, model, [Node(who, package.modified_at)])
    node = Node(
        id=approval.id,
        at=approval.at,
        facts={
            "status": package.status,
            "words": package.words,
            "by": approval.by,
            "counts": approval.counts,
            "reason": approval.reason,
            "break_glass": approval.counts and approval.overrides,
            "automatic": verdict.facts.get("exception") == AUTOMATIC,
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
