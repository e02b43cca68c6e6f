"""Reads what several concerns need: the endpoint now, and what is noted of a version."""

from dataclasses import dataclass
from datetime import datetime

from steward import times
from steward.aws import Aws, ClientError
from steward.decide.versions import Approval, Artifact, Version
from steward.lineage.nodes import version_id
from steward.names import Names
from steward.record.store import Store


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An endpoint as DescribeEndpoint tells it; `pending`, `baking_since`: of what is under way."""

    name: str
    status: str
    config: str
    modified_at: datetime
    failure: str
    variants: tuple[str, ...]
    instances: int
    pending: str | None
    baking_since: datetime | None


def observe_endpoint(aws: Aws, name: str) -> Endpoint | None:
    """The endpoint, None when there is none. It is listed first: "not found" is only a text."""
    return describe_endpoint(aws, name) if _is_listed(aws, name) else None


def observe_known_endpoint(aws: Aws, name: str) -> Endpoint | None:
    """The same of an endpoint that is there as far as anybody knows: one request less."""
    try:
        return describe_endpoint(aws, name)
    except ClientError:
        if _is_listed(aws, name):
            raise
        return None


def _is_listed(aws: Aws, name: str) -> bool:
    pages = aws.sagemaker.get_paginator("list_endpoints").paginate(NameContains=name)
    return name in {found["EndpointName"] for page in pages for found in page["Endpoints"]}


def describe_endpoint(aws: Aws, name: str) -> Endpoint:
    """An endpoint that exists."""
    answer = aws.sagemaker.describe_endpoint(EndpointName=name)
    variants = answer.get("ProductionVariants", [])
    # It is there only while something is under way, which its type does not say.
    pending = answer.get("PendingDeploymentSummary", {})
    bakes = [
        status["StartTime"]
        for variant in pending.get("ProductionVariants", [])
        for status in variant.get("VariantStatus", [])
        if status["Status"] == "Baking" and "StartTime" in status
    ]
    return Endpoint(
        name=name,
        status=answer["EndpointStatus"],
        config=answer["EndpointConfigName"],
        modified_at=answer["LastModifiedTime"],
        failure=answer.get("FailureReason", ""),
        variants=tuple(variant["VariantName"] for variant in variants),
        instances=sum(variant.get("DesiredInstanceCount", 0) for variant in variants),
        pending=pending.get("EndpointConfigName"),
        baking_since=max(bakes, default=None),
    )


def version_key(number: int) -> str:
    """Sort key of a version's row; padded, so that rows stand in order."""
    return f"version#{number:010d}"


def read_version(store: Store, model: str, number: int) -> Version | None:
    """What is noted of one version."""
    row = store.get(store.work, model, version_key(number))
    return version_from(row) if row else None


def read_versions(store: Store, model: str) -> dict[int, Version]:
    """What is noted of every version, by number."""
    rows = store.query(store.work, model, "version#")
    return {version.number: version for version in map(version_from, rows)}


def read_served(store: Store, names: Names, config: str) -> Version | None:
    """What is noted of the version behind an endpoint config, ours or one that was adopted."""
    number = names.version_of(config)
    if number is not None:
        return read_version(store, names.model, number)
    versions = read_versions(store, names.model).values()
    return next((version for version in versions if version.adopted == config), None)


def read_snapshot_uri(store: Store, names: Names, number: int) -> str:
    """The manifest that a version was trained on; empty when nobody knows."""
    found = store.get(store.lineage, version_id(names.group, number), "node")
    links = found["links"] if found else []
    for link in links if isinstance(links, list) else []:
        if str(link["to"]).startswith("snapshot#"):
            snapshot = store.get(store.lineage, str(link["to"]), "node")
            facts = snapshot["facts"] if snapshot else {}
            return str(facts["manifest"]) if isinstance(facts, dict) and facts else ""
    return ""


def version_from(row: dict[str, object]) -> Version:
    """A version's row as a value."""
    approval = row.get("approval")
    served, evidence = row.get("served_at"), row.get("evidence_at")
    artifact = row["artifact"]
    return Version(
        number=int(str(row["number"])),
        arn=str(row["arn"]),
        status=str(row["status"]),
        modified_at=times.parse(str(row["modified_at"])),
        gate=str(row["gate"]),
        gate_reason=str(row["gate_reason"]),
        artifact=_artifact(artifact if isinstance(artifact, dict) else {}),
        created_by=str(row["created_by"]),
        run_by=_optional(row.get("run_by")),
        compared_with=_optional(row.get("compared_with")),
        decision=str(row["decision"]),
        approval=_approval(approval) if isinstance(approval, dict) else None,
        served_at=times.parse(str(served)) if served else None,
        failed_under=_optional(row.get("failed_under")),
        adopted=_optional(row.get("adopted")),
        reports=str(row.get("reports", "")),
        automatic=_optional(row.get("automatic")),
        evidence_at=times.parse(str(evidence)) if evidence else None,
        revision=int(str(row["revision"])),
    )


def _artifact(found: dict[str, object]) -> Artifact:
    return Artifact(
        uri=str(found["uri"]),
        version_id=_optional(found.get("version_id")),
        etag=_optional(found.get("etag")),
        sha256=_optional(found.get("sha256")),
        image=str(found["image"]),
        image_digest=_optional(found.get("image_digest")),
    )


def _approval(found: dict[str, object]) -> Approval:
    return Approval(
        id=str(found["id"]),
        at=times.parse(str(found["at"])),
        by=str(found["by"]),
        words=str(found["words"]),
        counts=bool(found["counts"]),
        reason=str(found["reason"]),
    )


def _optional(value: object) -> str | None:
    return None if value is None else str(value)
