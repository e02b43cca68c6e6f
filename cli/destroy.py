"""Removes what publish and the functions made on SageMaker; the record of it stays.

Everything that goes is named exactly as Steward names it for a model of this checkout, so that
neither another deployment's things nor anybody's own are touched. A second run goes on where one
was stopped.
"""

import sys
import uuid
from collections.abc import Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING

import boto3

from cli.publish import Change
from cli.target import Refused, Target
from steward.act.model_monitor import remove_definition
from steward.aws import Aws
from steward.names import Names
from steward.observe.model_monitor import TYPES, observe_definitions, observe_schedules

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient

LEFT = (
    "Left as they are: tables, buckets with all objects, log groups, both keys, and the "
    "records of runs; they are the proof of what was done. `sam delete` removes the stack."
)


def removals(target: Target, models: Iterable[str]) -> Iterator[Change]:
    """What there is of these models, in the order in which it can be removed."""
    sagemaker = boto3.client("sagemaker")
    for model in models:
        names = Names(target.prefix, model)
        yield from _monitoring(sagemaker, names)
        yield from _serving(sagemaker, names)
        yield from _pipeline(sagemaker, names)
        yield from _registry(sagemaker, names)


def _monitoring(sagemaker: "SageMakerClient", names: Names) -> Iterator[Change]:
    """AWS wants schedules gone before their endpoint, and definitions after their schedules."""
    aws = Aws()
    for schedule in observe_schedules(aws, names).values():
        remove = partial(sagemaker.delete_monitoring_schedule, MonitoringScheduleName=schedule.name)
        yield Change(f"delete monitoring schedule {schedule.name}", remove)
    for kind in TYPES:
        for name in observe_definitions(aws, names, kind):
            yield Change(
                f"delete job definition {name}", partial(remove_definition, aws, kind, name)
            )


def _serving(sagemaker: "SageMakerClient", names: Names) -> Iterator[Change]:
    endpoints = sagemaker.get_paginator("list_endpoints").paginate(NameContains=names.endpoint)
    status = {
        one["EndpointName"]: one["EndpointStatus"]
        for page in endpoints
        for one in page["Endpoints"]
    }
    # One that an earlier run is deleting would refuse to be deleted again.
    if status.get(names.endpoint, "Deleting") != "Deleting":
        remove = partial(sagemaker.delete_endpoint, EndpointName=names.endpoint)
        yield Change(f"delete endpoint {names.endpoint}, which answers until then", remove)
    configs = sagemaker.get_paginator("list_endpoint_configs").paginate(NameContains=names.group)
    for name in [one["EndpointConfigName"] for page in configs for one in page["EndpointConfigs"]]:
        if names.version_of(name) is not None:
            remove = partial(sagemaker.delete_endpoint_config, EndpointConfigName=name)
            yield Change(f"delete endpoint config {name}", remove)
    models = sagemaker.get_paginator("list_models").paginate(NameContains=names.group)
    for name in [one["ModelName"] for page in models for one in page["Models"]]:
        if names.version_of(name) is not None:
            yield Change(f"delete model {name}", partial(sagemaker.delete_model, ModelName=name))


def _pipeline(sagemaker: "SageMakerClient", names: Names) -> Iterator[Change]:
    pages = sagemaker.get_paginator("list_pipelines").paginate(PipelineNamePrefix=names.pipeline)
    if names.pipeline in {
        one["PipelineName"] for page in pages for one in page["PipelineSummaries"]
    }:
        # A new token each time: with one of an earlier `destroy`, AWS may take it as done already.
        remove = partial(
            sagemaker.delete_pipeline,
            PipelineName=names.pipeline,
            ClientRequestToken=str(uuid.uuid4()),
        )
        yield Change(f"delete pipeline {names.pipeline}", remove)


def _registry(sagemaker: "SageMakerClient", names: Names) -> Iterator[Change]:
    groups = sagemaker.get_paginator("list_model_package_groups").paginate(NameContains=names.group)
    found = [one for page in groups for one in page["ModelPackageGroupSummaryList"]]
    if names.group not in {one["ModelPackageGroupName"] for one in found}:
        return
    versions = sagemaker.get_paginator("list_model_packages").paginate(
        ModelPackageGroupName=names.group
    )
    for arn in [
        one["ModelPackageArn"] for page in versions for one in page["ModelPackageSummaryList"]
    ]:
        remove = partial(sagemaker.delete_model_package, ModelPackageName=arn)
        yield Change(f"delete version {arn.rpartition('/')[2]} of {names.group}", remove)
    remove = partial(sagemaker.delete_model_package_group, ModelPackageGroupName=names.group)
    yield Change(f"delete model package group {names.group}", remove)


def confirm(target: Target, count: int, *, yes: bool) -> None:
    """Ask for the prefix by name, unless this is an embedded AWS: it cannot be undone."""
    if target.is_local or yes:
        return
    what = f"Delete these {count} things in account {target.account}, region {target.region}"
    if not sys.stdin.isatty():
        raise Refused(f"{what}: add --yes to do it without asking.")
    if input(f"{what}? It cannot be undone; type the prefix: ").strip() != target.prefix:
        raise Refused("Nothing was deleted.")
