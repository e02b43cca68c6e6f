"""Reads what training decides on: an upload, a model's pending work, its data, what serves."""

import hashlib
import json
from collections.abc import Iterator

from steward import times
from steward.aws import Aws, ClientError
from steward.decide.training import (
    RUNNING,
    Accepted,
    Asked,
    Execution,
    Pending,
    Run,
    TrainingFacts,
    Upload,
)
from steward.digest import of_text
from steward.events.types import ObjectCreated
from steward.names import Names, split_s3
from steward.observe.serving import observe_endpoint, read_served, read_snapshot_uri
from steward.record.store import Store
from steward.spec.model import ModelSpec

# Its row holds training until a whole window was seen, or a person resumes.
SCHEMA_BREAK = "schema-break"
_CHUNK = 1024 * 1024
_MOST_HEADER = 64 * 1024


def observe_upload(aws: Aws, event: ObjectCreated) -> Upload:
    """Read the object version that the event names: digest of all its bytes, and its first line."""
    version = {"VersionId": event.version_id} if event.version_id else {}
    try:
        answer = aws.s3.get_object(Bucket=event.bucket, Key=event.key, **version)  # type: ignore[arg-type]
    except ClientError as error:
        # The role may list the bucket, so "not found" is really that and not a refusal.
        if error.response["ResponseMetadata"]["HTTPStatusCode"] != 404:
            raise
        return _upload(event, "", None, 0)
    if answer["ETag"].strip('"') != event.etag:
        return _upload(event, "", None, 0)
    return _upload(event, *_read(answer["Body"].iter_chunks(_CHUNK)))


def _upload(event: ObjectCreated, sha256: str, header: str | None, rows: int) -> Upload:
    return Upload(
        bucket=event.bucket,
        key=event.key,
        version_id=event.version_id,
        etag=event.etag,
        size=event.size,
        sequencer=event.sequencer,
        at=event.at,
        sha256=sha256,
        header=header,
        rows=rows,
    )


def _read(chunks: Iterator[bytes]) -> tuple[str, str, int]:
    """Digest, first line, and the number of the other lines; the last one may lack its end."""
    digest, head, ends, last = hashlib.sha256(), b"", 0, b"\n"
    for chunk in chunks:
        digest.update(chunk)
        ends, last = ends + chunk.count(b"\n"), chunk[-1:] or last
        if b"\n" not in head and len(head) < _MOST_HEADER:
            head += chunk[:_MOST_HEADER]
    first = head.split(b"\n", 1)[0].decode("utf-8-sig", errors="replace")
    lines = ends + (last != b"\n")
    return digest.hexdigest(), first.rstrip("\r"), max(0, lines - 1)


def object_key(key: str) -> str:
    """Sort key of an object's row; S3's longest key with a prefix would be too long for one."""
    return f"object#{of_text(key)[:32]}"


def accepted_version(store: Store, model: str, key: str) -> Accepted | None:
    """The newest accepted version of a key so far."""
    row = store.get(store.work, model, object_key(key))
    return _accepted(row) if row else None


def observe_training(aws: Aws, store: Store, spec: ModelSpec) -> TrainingFacts:
    """Pending data, the last run, and what SageMaker says of it now."""
    # A pause of rollouts pauses training too; so does a broken schema, if the model's file says so.
    rows = store.between(store.work, spec.name, "rollout#pause", SCHEMA_BREAK)
    named = {str(row["sk"]): row for row in rows}
    run = _run(named["run"]) if "run" in named else None
    pending = tuple(_pending(found) for found in store.query(store.work, spec.name, "pending#"))
    running = run and run.open and run.execution_arn
    execution = observe_execution(aws, str(running)) if running else None
    paused = _paused(named.get("rollout#pause")) or _broken(named.get(SCHEMA_BREAK))
    return TrainingFacts(pending, run, execution, read_asked(store, spec.name), paused)


def _paused(row: dict[str, object] | None) -> str | None:
    return f"{row['kind']}d by {row['by']}: {row['why']}" if row else None


def _broken(row: dict[str, object] | None) -> str | None:
    return f"held since {row['at']}: {row['reason']}" if row else None


def read_run(store: Store, model: str) -> Run | None:
    """The last run of a model."""
    row = store.get(store.work, model, "run")
    return _run(row) if row else None


def read_asked(store: Store, model: str) -> Asked | None:
    """The last run that drift asked for."""
    row = store.get(store.work, model, "asked")
    return _asked(row) if row else None


def read_snapshot(aws: Aws, uri: str) -> dict[str, str]:
    """The sequencer that each key of a manifest was taken at, left-out keys too."""
    bucket, key = split_s3(uri)
    manifest = json.loads(aws.s3.get_object(Bucket=bucket, Key=key)["Body"].read())
    entries = [*manifest["objects"], *manifest["left_out"]]
    return {entry["key"]: entry["sequencer"] for entry in entries}


def observe_execution(aws: Aws, arn: str) -> Execution:
    """A pipeline execution's status, and which step failed and why when it did."""
    answer = aws.sagemaker.describe_pipeline_execution(PipelineExecutionArn=arn)
    status = answer["PipelineExecutionStatus"]
    step, reason = _failed_step(aws, arn) if status not in (*RUNNING, "Succeeded") else ("", "")
    return Execution(
        arn=arn,
        status=status,
        started_at=answer["CreationTime"],
        ended_at=answer["LastModifiedTime"],
        failure=reason or answer.get("FailureReason", ""),
        failed_step=step,
    )


def _failed_step(aws: Aws, arn: str) -> tuple[str, str]:
    """The execution itself only says that a step failed; the step says why."""
    listed = aws.sagemaker.list_pipeline_execution_steps(PipelineExecutionArn=arn, MaxResults=100)
    for step in listed["PipelineExecutionSteps"]:
        if step["StepStatus"] == "Failed":
            return step["StepName"], step.get("FailureReason", "")
    return "", ""


def observe_data(store: Store, model: str) -> list[Accepted]:
    """The newest accepted version of every key that was ever uploaded."""
    return [_accepted(row) for row in store.query(store.work, model, "object#")]


def observe_existing(
    aws: Aws, bucket: str, prefix: str, accepted: list[Accepted]
) -> frozenset[str]:
    """The keys of `accepted` that still exist, and still hold the accepted version."""
    kept: set[tuple[str, str, str]] = set()
    present: set[str] = set()
    pages = aws.s3.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=prefix)
    for page in pages:
        for version in page.get("Versions", []):
            kept.add((version["Key"], version["VersionId"], version["ETag"].strip('"')))
            if version["IsLatest"]:
                present.add(version["Key"])
    return frozenset(
        found.key
        for found in accepted
        if found.key in present and (found.key, found.version_id or "null", found.etag) in kept
    )


def observe_pipeline(aws: Aws, names: Names) -> str:
    """Digest of the definition that a run would run."""
    answer = aws.sagemaker.describe_pipeline(PipelineName=names.pipeline)
    return of_text(answer["PipelineDefinition"])


def observe_definition(aws: Aws, execution_arn: str) -> str:
    """Digest of the definition that an execution runs."""
    answer = aws.sagemaker.describe_pipeline_definition_for_execution(
        PipelineExecutionArn=execution_arn
    )
    return of_text(answer["PipelineDefinition"])


def observe_champion(aws: Aws, store: Store, names: Names) -> tuple[str, str]:
    """URIs of the model that serves now and of the manifest it was trained on; empty for none."""
    endpoint = observe_endpoint(aws, names.endpoint)
    known = read_served(store, names, endpoint.config) if endpoint else None
    return (
        (known.artifact.uri, read_snapshot_uri(store, names, known.number)) if known else ("", "")
    )


def _accepted(row: dict[str, object]) -> Accepted:
    return Accepted(
        key=str(row["key"]),
        version_id=_optional(row.get("version_id")),
        etag=str(row["etag"]),
        size=int(str(row["size"])),
        sha256=str(row["sha256"]),
        sequencer=str(row["sequencer"]),
        at=times.parse(str(row["at"])),
        dataset=str(row["dataset"]),
        rows=int(str(row.get("rows", 0))),
    )


def _pending(row: dict[str, object]) -> Pending:
    return Pending(
        sk=str(row["sk"]),
        key=str(row["key"]),
        sequencer=str(row["sequencer"]),
        arrived_at=times.parse(str(row["arrived_at"])),
        is_marker=bool(row["is_marker"]),
        rows=int(str(row.get("rows", 0))),
    )


def _run(row: dict[str, object]) -> Run:
    return Run(
        number=int(str(row["number"])),
        state=str(row["state"]),
        opened_at=times.parse(str(row["opened_at"])),
        reasons=_texts(row["reasons"]),
        decision=str(row["decision"]),
        definition=str(row["definition"]),
        snapshot=str(row["snapshot"]),
        snapshot_uri=str(row["snapshot_uri"]),
        spec_uri=str(row["spec_uri"]),
        champion_uri=str(row["champion_uri"]),
        champion_snapshot_uri=str(row.get("champion_snapshot_uri", "")),
        causes=_texts(row.get("causes")),
        execution_arn=_optional(row.get("execution_arn")),
        outcome=_optional(row.get("outcome")),
    )


def _asked(row: dict[str, object]) -> Asked:
    return Asked(
        number=int(str(row["number"])),
        state=str(row["state"]),
        at=times.parse(str(row["at"])),
        reason=str(row["reason"]),
        causes=_texts(row["causes"]),
        version=int(str(row["version"])),
        drifted=frozenset(_texts(row["drifted"])),
        earlier=tuple(map(times.parse, _texts(row["earlier"]))),
    )


def _texts(value: object) -> tuple[str, ...]:
    return tuple(map(str, value)) if isinstance(value, list) else ()


def _optional(value: object) -> str | None:
    return None if value is None else str(value)
