"""A flood of uploads: a thousand through the queue of the embedded AWS, ten thousand in memory."""

import json
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from cli import repository
from local_aws.client import REGION, ROOT_KEY, LocalAws, now
from local_aws.memory.items import Json
from steward.spec.read import read
from tests.simulation.flood import flood, new_in
from tests.simulation.house import given_back

EMBEDDED, IN_MEMORY = 1000, 10_000
CLIENTS = 8
# A pipeline whose runs end at once: what it would do is no matter here.
_PARAMETERS = ("SnapshotUri", "SnapshotDigest", "SpecUri", "ChampionUri", "ChampionSnapshotUri")
_NOTHING = {
    "Version": "2020-12-01",
    "Parameters": [{"Name": name, "Type": "String", "DefaultValue": ""} for name in _PARAMETERS],
    "Steps": [],
}


def flooded() -> dict[str, float]:
    """What is new in no snapshot or in several, runs, objects to an invocation, seconds."""
    with given_back():
        memory = flood(IN_MEMORY)
    found = {
        "flood.memory_not_once": _not_once(IN_MEMORY, memory.new),
        "flood.memory_runs": float(memory.runs),
        "flood.memory_objects_per_invocation": IN_MEMORY / memory.invocations,
    }
    with tempfile.TemporaryDirectory() as folder:
        return found | _embedded(Path(folder))


def _not_once(objects: int, new: Counter[str]) -> float:
    return float(objects - sum(times == 1 for times in new.values()))


def _embedded(folder: Path) -> dict[str, float]:
    with LocalAws.start(folder, repository.TEMPLATE) as local:
        begun = time.monotonic()
        _publish(local)
        _upload(local)
        local.settle()
        invocations = _invocations(local)
        local.advance(timedelta(minutes=15).total_seconds())
        local.settle()
        seconds = time.monotonic() - begun
        snapshots = _snapshots(local)
    return {
        "flood.embedded_not_once": _not_once(EMBEDDED, new_in(snapshots)),
        "flood.embedded_runs": float(len(snapshots)),
        "flood.embedded_objects_per_invocation": EMBEDDED / invocations,
        "flood.embedded_s": seconds,
    }


def _client(local: LocalAws, service: str) -> Any:
    return boto3.client(  # type: ignore[call-overload]  # the service is no literal here
        service,
        endpoint_url=local.endpoint,
        region_name=REGION,
        aws_access_key_id=ROOT_KEY,
        aws_secret_access_key="local",  # noqa: S106  # nobody checks it
        config=Config(max_pool_connections=CLIENTS),
    )


def _publish(local: LocalAws) -> None:
    sagemaker = _client(local, "sagemaker")
    sagemaker.create_pipeline(
        PipelineName="steward-mortgage",
        ClientRequestToken="flood".ljust(32, "-"),
        PipelineDefinition=json.dumps(_NOTHING),
        RoleArn=local.outputs["ExecutionRole"],
    )


def _upload(local: LocalAws) -> None:
    s3, bucket = _client(local, "s3"), local.outputs["LandingBucket"]
    spec = read(repository.MODELS / "mortgage.toml")
    row = ",".join("1" for _ in spec.columns)
    body = f"{','.join(spec.columns)}\n{row}\n".encode()

    def put(number: int) -> None:
        s3.put_object(Bucket=bucket, Key=f"{spec.data.prefix}{number:05}.csv", Body=body)

    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(put, range(EMBEDDED)))


def _invocations(local: LocalAws) -> float:
    end = now(local.endpoint) + timedelta(minutes=1)
    found = _client(local, "cloudwatch").get_metric_statistics(
        Namespace="AWS/Lambda",
        MetricName="Invocations",
        Dimensions=[{"Name": "FunctionName", "Value": "steward-training"}],
        StartTime=end - timedelta(hours=1),
        EndTime=end,
        Period=3600,
        Statistics=["Sum"],
    )
    return sum(float(point["Sum"]) for point in found["Datapoints"])


def _snapshots(local: LocalAws) -> list[Json]:
    """The snapshots, the first one first."""
    s3, bucket = _client(local, "s3"), local.outputs["ArtifactBucket"]
    listed = s3.list_objects_v2(Bucket=bucket, Prefix="snapshots/mortgage/").get("Contents", [])
    listed.sort(key=lambda one: one["LastModified"])
    return [
        json.loads(s3.get_object(Bucket=bucket, Key=one["Key"])["Body"].read()) for one in listed
    ]
