"""Writes down uploads, runs and their ends."""

from dataclasses import asdict, replace

from steward.decide.training import (
    Accepted,
    Asked,
    Execution,
    Pending,
    Run,
    Snapshot,
    TrainingFacts,
    Upload,
    started,
)
from steward.decide.verdict import Verdict
from steward.errors import NotYet
from steward.events.types import ObjectCreated
from steward.lineage.nodes import (
    HAD_MEMBER,
    MOST_LINKS,
    USED,
    WAS_INFLUENCED_BY,
    WAS_INFORMED_BY,
    End,
    Link,
    Node,
    dataset_id,
    run_id,
    snapshot_id,
)
from steward.observe.training import object_key
from steward.record.agenda import on_agenda
from steward.record.decisions import record
from steward.record.ledger import append, ensure, ensure_ways_back
from steward.record.lineage import end_writes, node_writes, object_writes
from steward.record.store import ABSENT, Store, Write, check, delete, put
from steward.spec.model import ModelSpec


def record_upload(
    store: Store, spec: ModelSpec, upload: Upload, verdict: Verdict, known: Accepted | None
) -> None:
    """Write the dataset node, and what is pending because of it, unless the upload is on record."""
    node = _dataset(upload, verdict)
    if verdict.kind == "accept":
        work = _work_of_upload(store, spec.name, upload, node.id, known)
        done = append(store, spec.name, [*_dataset_writes(store, node), *work])
    else:
        done = record(store, spec.name, verdict, [node], object_writes(store, node))
    if not done and not store.get(store.lineage, node.id, "node"):
        raise NotYet(f"{upload.key}: another version of it was recorded at the same moment")


def _dataset_writes(store: Store, node: Node) -> list[Write]:
    return [*node_writes(store, [node]), *object_writes(store, node)]


def is_recorded(store: Store, event: ObjectCreated) -> bool:
    """Whether an upload is on record already."""
    identity = event.version_id or f"{event.etag}/{event.sequencer}"
    node = dataset_id(event.bucket, event.key, identity)
    return store.get(store.lineage, node, "node") is not None


def _dataset(upload: Upload, verdict: Verdict) -> Node:
    return Node(
        id=dataset_id(upload.bucket, upload.key, upload.identity),
        at=upload.at,
        facts={
            "bucket": upload.bucket,
            "key": upload.key,
            "version_id": upload.version_id,
            "etag": upload.etag,
            "size": upload.size,
            "sha256": upload.sha256,
            "rows": upload.rows,
            "judgement": verdict.kind,
            "reason": verdict.reason,
        },
    )


def _work_of_upload(
    store: Store, model: str, upload: Upload, dataset: str, known: Accepted | None
) -> list[Write]:
    row = {
        "pk": model,
        "sk": object_key(upload.key),
        "key": upload.key,
        "dataset": dataset,
        "version_id": upload.version_id,
        "etag": upload.etag,
        "size": upload.size,
        "sha256": upload.sha256,
        "sequencer": upload.sequencer,
        "at": upload.at,
        "rows": upload.rows,
    }
    condition = {"sequencer": known.sequencer} if known else ABSENT
    return [
        put(store.work, row, condition),
        pending_row(store, model, dataset, upload.key, upload, is_marker=False),
        on_agenda(store, "training", model, dataset),
    ]


def pending_row(
    store: Store, model: str, dataset: str, key: str, upload: Upload, *, is_marker: bool
) -> Write:
    """Data, or a marker, that waits for a run."""
    return put(
        store.work,
        {
            "pk": model,
            "sk": f"pending#{dataset.partition('#')[2]}",
            "key": key,
            "sequencer": upload.sequencer,
            "arrived_at": upload.at,
            "is_marker": is_marker,
            "rows": 0 if is_marker else upload.rows,
        },
    )


def record_marker(store: Store, model: str, upload: Upload) -> None:
    """Note that the marker object arrived, once."""
    verdict = Verdict("training", upload.key, "marker", f"the marker {upload.key} arrived", {})
    node = _dataset(upload, verdict)
    work = [
        pending_row(store, model, node.id, upload.key, upload, is_marker=True),
        on_agenda(store, "training", model, node.id),
    ]
    append(store, model, [*node_writes(store, [node]), *work])


def record_snapshot(store: Store, model: str, sha256: str, uri: str, snapshot: Snapshot) -> None:
    """Write the snapshot's node and its members, unless they are on record.

    The members of a large snapshot stand in its manifest; the lineage holds the ways back to it.
    """
    few = len(snapshot.objects) <= MOST_LINKS
    members = tuple(Link(HAD_MEMBER, found.dataset) for found in snapshot.objects)
    facts = {
        "manifest": uri,
        "objects": len(snapshot.objects),
        "bytes": sum(found.size for found in snapshot.objects),
    }
    newest = max(found.at for found in snapshot.objects)
    node = Node(snapshot_id(sha256), newest, facts, members if few else ())
    ensure(store, model, [node])
    if not few:
        ensure_ways_back(store, model, replace(node, links=members))


def open_run(store: Store, model: str, verdict: Verdict, run: Run, facts: TrainingFacts) -> bool:
    """Open the run row, with the decision that causes it; False when another look was first."""
    last = facts.run
    condition = {"number": last.number, "state": "closed"} if last else ABSENT
    work = [
        put(store.work, _run_row(model, run), condition),
        _take_request(store, model, facts.asked),
        on_agenda(store, "training", model, run.decision),
    ]
    return record(store, model, verdict, work=work)


def _take_request(store: Store, model: str, asked: Asked | None) -> Write:
    """The run that drift asks for is opened with this; one asked for meanwhile stops the write."""
    if asked is None:
        return check(store.work, model, "asked", ABSENT)
    seen = {"number": asked.number, "state": asked.state}
    if not asked.waiting:
        return check(store.work, model, "asked", seen)
    taken = {"state": "taken", "drifted": sorted(asked.drifted)}
    return put(store.work, {"pk": model, "sk": "asked"} | asdict(asked) | taken, seen)


def record_nothing_to_learn(
    store: Store, model: str, verdict: Verdict, facts: TrainingFacts
) -> None:
    """Note that a run was due and no accepted object is left; nothing waits for it any more."""
    record(store, model, verdict, work=[_take_request(store, model, facts.asked)])
    forget_pending(store, model, list(facts.pending))


def _run_row(model: str, run: Run) -> dict[str, object]:
    return {"pk": model, "sk": "run"} | asdict(run)


def forget_pending(store: Store, model: str, rows: list[Pending]) -> None:
    """Remove pending rows that a run has taken."""
    for start in range(0, len(rows), 100):
        part = rows[start : start + 100]
        store.transact([delete(store.work, model, row.sk) for row in part])


def record_started(
    store: Store,
    model: str,
    run: Run,
    execution: Execution,
    definition: str,
    *,
    repair: str = "",
) -> None:
    """Note the execution's ARN in the run row and write the run's node, once.

    `definition` is the digest of what really runs: it may have been published anew meanwhile.
    """
    node = Node(
        id=run_id(execution.arn),
        at=execution.started_at,
        facts={
            "execution": execution.arn,
            "number": run.number,
            "definition": definition,
            "spec": run.spec_uri,
            "champion": run.champion_uri or "none",
            "reasons": list(run.reasons),
        },
        links=(
            Link(USED, snapshot_id(run.snapshot)),
            Link(WAS_INFORMED_BY, run.decision),
            *(Link(WAS_INFLUENCED_BY, cause) for cause in run.causes),
        ),
    )
    row = _run_row(model, replace(run, execution_arn=execution.arn))
    work = [put(store.work, row, {"number": run.number, "state": "open"})]
    verdict = replace(started(run, execution), repair=repair)
    record(store, model, verdict, [node], work)


def record_finished(
    store: Store, model: str, verdict: Verdict, run: Run, execution: Execution
) -> bool:
    """Close the run row and write how the run ended, once."""
    closed = _run_row(model, replace(run, state="closed", outcome=execution.status))
    end = End(
        id=run_id(execution.arn),
        at=execution.ended_at,
        facts={
            "status": execution.status,
            "failure": execution.failure,
            "failed_step": execution.failed_step,
        },
    )
    work = [
        put(store.work, closed, {"number": run.number, "state": "open"}),
        *end_writes(store, end),
    ]
    return record(store, model, verdict, work=work)
