"""Makes each model's package group and pipeline from its file and the compiled definition.

What pipelines and monitors run is put beside them, each piece under its own digest.

A second run changes nothing. Removing a model's file removes nothing on AWS.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import boto3
from botocore.exceptions import ClientError

from cli import repository
from cli.target import Refused, Target
from pipelines import bundle
from steward import digest
from steward.decide.people import UNKNOWN
from steward.names import Names
from steward.observe.monitor import CODE_KEY as MONITOR_CODE
from steward.observe.monitor import PREPROCESS
from steward.spec.model import ModelSpec
from steward.spec.read import read_all

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sagemaker import SageMakerClient


# Everything that a monitor's job runs: what it is published as -> where it comes from.
MONITOR = {
    "watch.py": "pipelines/monitor/watch.py",
    PREPROCESS: "pipelines/monitor/preprocess.py",
    "tabular.zip": "pipelines/tabular/source",
    "monitor.zip": "pipelines/monitor/source",
}


@dataclass(frozen=True, slots=True)
class Change:
    """Something that differs on AWS, and how to make it right."""

    what: str
    make: Callable[[], object]


class Publisher:
    """What should be on AWS for every model, held against what is there."""

    def __init__(self, target: Target) -> None:
        self._target = target

    @cached_property
    def _s3(self) -> "S3Client":
        return boto3.client("s3")

    @cached_property
    def _sagemaker(self) -> "SageMakerClient":
        return boto3.client("sagemaker")

    def changes(self) -> Iterator[Change]:
        """What has to be made or changed, in the order in which it must be."""
        specs = read_all(repository.MODELS).values()
        yield from self._code(specs)
        yield from self._monitor()
        for spec in specs:
            yield from self._group(spec)
            yield from self._pipeline(spec)

    def _code(self, specs: Iterable[ModelSpec]) -> Iterator[Change]:
        """What the pipelines' steps run; models with the same pipeline share it."""
        for pipeline in dict.fromkeys(spec.train.pipeline for spec in specs):
            code = json.loads(_pipeline_file(pipeline, "code.json"))
            for key, source in code.items():
                data = bundle.content(repository.ROOT / source, key.rpartition("/")[2])
                yield from self._object(f"code/{key}", data)

    def _monitor(self) -> Iterator[Change]:
        """What the monitors' jobs run, and the file by which functions/drift finds it."""
        bucket, files = self._target.artifact_bucket, dict[str, str]()
        for name, source in MONITOR.items():
            data = bundle.content(repository.ROOT / source, name)
            key = f"code/{bundle.digest(data)}/{name}"
            files[name] = f"s3://{bucket}/{key}"
            yield from self._object(key, data)
        wanted = digest.canonical({"image": self._image(), "files": files}).encode()
        if self._body(MONITOR_CODE) != wanted:
            yield Change(
                f"put s3://{bucket}/{MONITOR_CODE} ({len(wanted)} bytes)",
                lambda: self._s3.put_object(Bucket=bucket, Key=MONITOR_CODE, Body=wanted),
            )

    def _body(self, key: str) -> bytes | None:
        bucket = self._target.artifact_bucket
        if not self._exists(bucket, key):
            return None
        return self._s3.get_object(Bucket=bucket, Key=key)["Body"].read()

    def _object(self, key: str, data: bytes) -> Iterator[Change]:
        bucket = self._target.artifact_bucket
        if not self._exists(bucket, key):
            yield Change(
                f"put s3://{bucket}/{key} ({len(data)} bytes)",
                lambda: self._s3.put_object(Bucket=bucket, Key=key, Body=data, IfNoneMatch="*"),
            )

    def _exists(self, bucket: str, key: str) -> bool:
        try:
            self._s3.head_object(Bucket=bucket, Key=key)
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] != 404:
                raise
            return False
        return True

    def _group(self, spec: ModelSpec) -> Iterator[Change]:
        name = Names(self._target.prefix, spec.name).group
        pages = self._sagemaker.get_paginator("list_model_package_groups").paginate(
            NameContains=name
        )
        found = {
            group["ModelPackageGroupName"]
            for page in pages
            for group in page["ModelPackageGroupSummaryList"]
        }
        if name not in found:
            yield Change(
                f"create model package group {name}",
                lambda: self._sagemaker.create_model_package_group(
                    ModelPackageGroupName=name, ModelPackageGroupDescription=spec.description
                ),
            )

    def _pipeline(self, spec: ModelSpec) -> Iterator[Change]:
        name = Names(self._target.prefix, spec.name).pipeline
        wanted = self._definition(spec)
        sha256 = digest.of_text(wanted)
        yield from self._object(f"definitions/{spec.name}/{sha256}.json", wanted.encode())
        present = self._present(name)
        if present is None:
            yield Change(
                f"create pipeline {name} with definition {sha256[:12]}",
                lambda: self._sagemaker.create_pipeline(
                    PipelineName=name,
                    PipelineDefinition=wanted,
                    PipelineDescription=spec.description,
                    ClientRequestToken=sha256,
                    RoleArn=self._target.execution_role,
                ),
            )
        elif json.loads(present) != json.loads(wanted):
            yield Change(
                f"update pipeline {name} from definition {digest.of_text(present)[:12]} "
                f"to {sha256[:12]}",
                lambda: self._sagemaker.update_pipeline(
                    PipelineName=name,
                    PipelineDefinition=wanted,
                    RoleArn=self._target.execution_role,
                ),
            )

    def _present(self, name: str) -> str | None:
        pages = self._sagemaker.get_paginator("list_pipelines").paginate(PipelineNamePrefix=name)
        found = {entry["PipelineName"] for page in pages for entry in page["PipelineSummaries"]}
        if name not in found:
            return None
        return self._sagemaker.describe_pipeline(PipelineName=name)["PipelineDefinition"]

    def _definition(self, spec: ModelSpec) -> str:
        text = _pipeline_file(spec.train.pipeline, "definition.json")
        for sentinel, value in self._fills(spec).items():
            text = text.replace(sentinel, value)
        return digest.canonical(json.loads(text))

    def _image(self) -> str:
        images: dict[str, str] = json.loads((repository.PIPELINES / "images.json").read_text())[
            "sklearn"
        ]
        if self._target.region not in images:
            raise Refused(
                f"There is no scikit-learn image of SageMaker for region {self._target.region}; "
                f"there is one for: {', '.join(sorted(images))}."
            )
        return images[self._target.region]

    def _fills(self, spec: ModelSpec) -> dict[str, str]:
        pipeline = repository.PIPELINES / spec.train.pipeline
        return {
            "steward-artifact-bucket": self._target.artifact_bucket,
            "arn:aws:iam::000000000000:role/steward-execution-role": self._target.execution_role,
            "000000000000.dkr.ecr.us-east-1.amazonaws.com/steward-image:0": self._image(),
            "steward-package-group": Names(self._target.prefix, spec.name).group,
            "steward-model-name": spec.name,
            "steward-pii-secret": self._target.pii_secret,
            "steward-commit": repository.commit_of(pipeline),
            "steward-author": repository.author_of(pipeline) or UNKNOWN,
        }


def _pipeline_file(pipeline: str, name: str) -> str:
    return (repository.PIPELINES / pipeline / name).read_text(encoding="utf-8")


def publish(target: Target, *, dry_run: bool) -> list[str]:
    """Make what differs, or only tell it; returns one line per difference."""
    told = []
    for change in Publisher(target).changes():
        told.append(change.what)
        if not dry_run:
            change.make()
    return told
