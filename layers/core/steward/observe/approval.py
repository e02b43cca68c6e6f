"""Reads what approval decides on: the registry, and a version's evidence."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from steward.aws import Aws, ClientError
from steward.decide.approval import Document, Evidence, Job, Package, Read
from steward.decide.people import UNKNOWN, Identity
from steward.lineage.nodes import run_id, snapshot_id
from steward.names import Names, split_s3
from steward.observe.serving import observe_endpoint, read_served
from steward.record.store import Store

if TYPE_CHECKING:
    from mypy_boto3_sagemaker.type_defs import DescribeModelPackageOutputTypeDef

_MOST_REPORT = 5 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Listed:
    """A version as the registry lists it."""

    arn: str
    status: str


def observe_registry(aws: Aws, group: str) -> dict[int, Listed]:
    """Every version of a group that can be listed now."""
    pages = aws.sagemaker.get_paginator("list_model_packages").paginate(
        ModelPackageGroupName=group, PaginationConfig={"PageSize": 100}
    )
    return {
        found["ModelPackageVersion"]: Listed(found["ModelPackageArn"], found["ModelApprovalStatus"])
        for page in pages
        for found in page["ModelPackageSummaryList"]
        if "ModelPackageVersion" in found and "ModelApprovalStatus" in found
    }


def observe_package(aws: Aws, arn: str) -> Package:
    """One version, whole."""
    found = aws.sagemaker.describe_model_package(ModelPackageName=arn)
    container = found.get("InferenceSpecification", {"Containers": [{}]})["Containers"][0]
    metadata, own = found.get("MetadataProperties", {}), found.get("CustomerMetadataProperties", {})
    return Package(
        number=found["ModelPackageVersion"],
        arn=arn,
        state=found["ModelPackageStatus"],
        status=found["ModelApprovalStatus"],
        words=found.get("ApprovalDescription", ""),
        created_at=found["CreationTime"],
        created_by=_identity(found.get("CreatedBy", {})),
        modified_at=found.get("LastModifiedTime", found["CreationTime"]),
        modified_by=_identity(found.get("LastModifiedBy", {})),
        execution_arn=metadata.get("GeneratedBy", ""),
        commit=metadata.get("CommitId", ""),
        author="" if own.get("commit_author") == UNKNOWN else own.get("commit_author", ""),
        snapshot=own.get("snapshot_digest", ""),
        artifact_uri=container.get("ModelDataUrl", ""),
        artifact_sha256=own.get("artifact_sha256", ""),
        image=container.get("Image", ""),
        image_digest=container.get("ImageDigest", ""),
        prepared_uri=own.get("prepared_uri", ""),
        reports=_reports(found),
    )


def observe_evidence(aws: Aws, store: Store, names: Names, package: Package) -> Evidence:
    """A version's reports, its artifact as it lies in S3, and what serves now."""
    etag, version = observe_artifact(aws, package.artifact_uri)
    run = run_id(package.execution_arn) if package.execution_arn else ""
    snapshot = snapshot_id(package.snapshot) if package.snapshot else ""
    bodies = {name: _body(aws, uri) for name, uri in package.reports.items()}
    is_ours = f":pipeline/{names.pipeline}/" in package.execution_arn
    return Evidence(
        evaluation=_document(bodies.get("evaluation")),
        bias=_document(bodies.get("bias")),
        explainability=_document(bodies.get("explainability")),
        read={
            name: Read(package.reports[name], sha256(body).hexdigest())
            for name, body in bodies.items()
            if body is not None
        },
        # An execution of somebody else's pipeline is none of this role's business.
        jobs=tuple(_jobs(aws, package.execution_arn)) if is_ours else (),
        artifact_etag=etag,
        artifact_version=version,
        run_by=_run_by(aws, package.execution_arn) if is_ours else Identity(),
        run_on_record=bool(run) and store.get(store.lineage, run, "node") is not None,
        snapshot_on_record=bool(snapshot)
        and store.get(store.lineage, snapshot, "node") is not None,
        live_uri=_live_uri(aws, store, names),
    )


def observe_artifact(aws: Aws, uri: str) -> tuple[str | None, str | None]:
    """ETag and version id of a model artifact as it is now; None when there is none."""
    if not uri:
        return None, None
    bucket, key = split_s3(uri)
    try:
        found = aws.s3.head_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] != 404:
            raise
        return None, None
    return found["ETag"].strip('"'), found.get("VersionId")


def _run_by(aws: Aws, execution_arn: str) -> Identity:
    found = aws.sagemaker.describe_pipeline_execution(PipelineExecutionArn=execution_arn)
    return _identity(found.get("CreatedBy", {}))


def _jobs(aws: Aws, execution_arn: str) -> Iterator[Job]:
    """The jobs of the steps so far; a cached step's job is that of an earlier run."""
    pages = aws.sagemaker.get_paginator("list_pipeline_execution_steps").paginate(
        PipelineExecutionArn=execution_arn
    )
    for step in (step for page in pages for step in page["PipelineExecutionSteps"]):
        made = step.get("Metadata", {})
        arn = (made.get("TrainingJob") or made.get("ProcessingJob") or {}).get("Arn")
        if arn:
            yield Job(arn, step["StepName"], step["StartTime"])


def _live_uri(aws: Aws, store: Store, names: Names) -> str | None:
    endpoint = observe_endpoint(aws, names.endpoint)
    if endpoint is None:
        return ""
    known = read_served(store, names, endpoint.config)
    return known.artifact.uri if known else None


def _body(aws: Aws, uri: str) -> bytes | None:
    """A report's bytes, up to what any report needs; None when there is none."""
    bucket, key = split_s3(uri)
    try:
        return aws.s3.get_object(Bucket=bucket, Key=key)["Body"].read(_MOST_REPORT)
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] != 404:
            raise
        return None


def _document(body: bytes | None) -> Document | None:
    """A JSON report; None when absent, too large or no JSON object: that never passes."""
    try:
        document = json.loads(body) if body else None
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def _reports(found: "DescribeModelPackageOutputTypeDef") -> dict[str, str]:
    metrics = found.get("ModelMetrics", {})
    sources = {
        "evaluation": metrics.get("ModelQuality", {}).get("Statistics"),
        "bias": metrics.get("Bias", {}).get("Report"),
        "explainability": metrics.get("Explainability", {}).get("Report"),
    }
    return {name: source["S3Uri"] for name, source in sources.items() if source}


def _identity(context: Mapping[str, object]) -> Identity:
    iam = context.get("IamIdentity")
    known = iam if isinstance(iam, Mapping) else {}
    return Identity(
        arn=str(known.get("Arn", "")),
        source_identity=str(known.get("SourceIdentity", "")),
        user_profile=str(context.get("UserProfileName", "")),
    )
