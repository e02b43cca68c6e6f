"""Steward's own pipeline runs on the embedded SageMaker, and what it registers serves."""

import hashlib
import json
import tomllib
import uuid
from pathlib import Path

import pytest

from cli.demo import mortgage
from pipelines import bundle

from .conftest import BUCKET, IMAGE, Client, Get, Local

LANDING, GROUP, SECRET = "landing", "steward-mortgage", "pii-key"
ROLE = "arn:aws:iam::123456789012:role/execution"


@pytest.fixture
def parameters(local: Local, sm: Client, s3: Client, root: Path) -> dict[str, str]:
    """The pipeline published, a snapshot of two files made: what a run of it takes."""
    _publish(local, sm, s3, root)
    snapshot = _snapshot(s3)
    spec = tomllib.loads((root / "models/mortgage.toml").read_text()) | {"model": "mortgage"}
    digest = hashlib.sha256(snapshot).hexdigest()
    s3.put_object(Bucket=BUCKET, Key=f"snapshots/{digest}.json", Body=snapshot)
    s3.put_object(Bucket=BUCKET, Key="specs/mortgage.json", Body=json.dumps(spec))
    return {
        "SnapshotUri": f"s3://{BUCKET}/snapshots/{digest}.json",
        "SnapshotDigest": digest,
        "SpecUri": f"s3://{BUCKET}/specs/mortgage.json",
        "CommitId": "c0ffee",
    }


def _publish(local: Local, sm: Client, s3: Client, root: Path) -> None:
    tabular = root / "pipelines/tabular"
    for key, source in json.loads((tabular / "code.json").read_text()).items():
        body = bundle.content(root / source, key.rsplit("/", 1)[1])
        s3.put_object(Bucket=BUCKET, Key=f"code/{key}", Body=body)
    local.client("secretsmanager").create_secret(Name=SECRET, SecretString="a-key")
    definition = (tabular / "definition.json").read_text()
    for placeholder, value in (
        ("steward-artifact-bucket", BUCKET),
        ("arn:aws:iam::000000000000:role/steward-execution-role", ROLE),
        ("000000000000.dkr.ecr.us-east-1.amazonaws.com/steward-image:0", IMAGE),
        ("steward-package-group", GROUP),
        ("steward-model-name", "mortgage"),
        ("steward-pii-secret", SECRET),
    ):
        definition = definition.replace(placeholder, value)
    sm.create_pipeline(
        PipelineName=GROUP,
        PipelineDefinition=definition,
        ClientRequestToken=uuid.uuid4().hex,
        RoleArn=ROLE,
    )


def _snapshot(s3: Client) -> bytes:
    s3.create_bucket(Bucket=LANDING, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_bucket_versioning(Bucket=LANDING, VersioningConfiguration={"Status": "Enabled"})
    objects = []
    for number in (1, 2):
        body, key = mortgage.part(number), f"mortgage/incoming/part-{number}.csv"
        put = s3.put_object(Bucket=LANDING, Key=key, Body=body)
        digest = hashlib.sha256(body).hexdigest()
        found = {"version_id": put["VersionId"], "etag": put["ETag"].strip('"')}
        objects.append({"key": key, "sha256": digest, "size": len(body)} | found)
    manifest = {"schema": 1, "model": "mortgage", "bucket": LANDING, "objects": objects}
    return json.dumps(manifest | {"left_out": []}, sort_keys=True).encode()


def test_from_a_snapshot_to_predictions(
    local: Local, sm: Client, runtime: Client, parameters: dict[str, str], get: Get
) -> None:
    arn = sm.start_pipeline_execution(
        PipelineName=GROUP,
        ClientRequestToken=uuid.uuid4().hex,
        PipelineParameters=[{"Name": k, "Value": v} for k, v in parameters.items()],
    )["PipelineExecutionArn"]
    local.settle(120)
    steps = {
        step["StepName"]: step
        for step in sm.list_pipeline_execution_steps(PipelineExecutionArn=arn)[
            "PipelineExecutionSteps"
        ]
    }
    assert {name: s.get("FailureReason") for name, s in steps.items()} == dict.fromkeys(
        ["Prepare", "Train", "Evaluate", "Report", "CheckMetrics", "Register"]
    )

    package = sm.describe_model_package(ModelPackageName=f"{_PACKAGES}{GROUP}/1")
    evaluation = json.loads(get(package["ModelMetrics"]["ModelQuality"]["Statistics"]["S3Uri"]))
    artifact = get(package["InferenceSpecification"]["Containers"][0]["ModelDataUrl"])
    assert evaluation["artifact"]["sha256"] == hashlib.sha256(artifact).hexdigest()
    assert evaluation["binary_classification_metrics"]["auc"]["value"] > 0.6
    assert package["MetadataProperties"]["CommitId"] == "c0ffee"
    assert package["CustomerMetadataProperties"]["snapshot_digest"] == parameters["SnapshotDigest"]

    _serve(sm, local, package["ModelPackageArn"])
    rows = [one.payload for one in mortgage.production()[:3]]
    answer = runtime.invoke_endpoint(
        EndpointName=GROUP, Body="\n".join(rows), ContentType="text/csv", Accept="text/csv"
    )
    predicted = [float(line) for line in answer["Body"].read().decode().split()]
    assert len(predicted) == 3
    assert all(0 <= value <= 1 for value in predicted)


_PACKAGES = "arn:aws:sagemaker:eu-west-1:123456789012:model-package/"


def _serve(sm: Client, local: Local, package: str) -> None:
    variant = {
        "VariantName": "AllTraffic",
        "ModelName": GROUP,
        "InstanceType": "ml.m5.large",
        "InitialInstanceCount": 1,
    }
    sm.create_model(
        ModelName=GROUP, ExecutionRoleArn=ROLE, PrimaryContainer={"ModelPackageName": package}
    )
    sm.create_endpoint_config(EndpointConfigName=GROUP, ProductionVariants=[variant])
    sm.create_endpoint(EndpointName=GROUP, EndpointConfigName=GROUP)
    local.advance(180)
