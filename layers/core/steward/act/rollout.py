"""Makes the SageMaker model and endpoint config of a version, and puts it behind the endpoint.

Names hold a digest of the requests, so what exists under its name is what was wanted.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from steward import digest
from steward.act.scaling import is_scaled, unscale
from steward.aws import Aws, ClientError
from steward.decide.rollout_facts import BACK, EndpointFacts, Rollout
from steward.decide.versions import Version
from steward.errors import NoRoom
from steward.names import SHARED, Names
from steward.spec.model import ModelSpec, RolloutSpec, ServeSpec
from steward.spec.monitoring import MODEL_MONITOR
from steward.spec.serving import ASYNC, SERVERLESS
from steward.spec.shifting import ALL_AT_ONCE, deployment

if TYPE_CHECKING:
    from mypy_boto3_sagemaker.type_defs import (
        AsyncInferenceConfigTypeDef,
        ContainerDefinitionTypeDef,
        CreateEndpointConfigInputTypeDef,
        DataCaptureConfigTypeDef,
        DeploymentConfigTypeDef,
        ProductionVariantTypeDef,
        UpdateEndpointInputTypeDef,
    )


@dataclass(frozen=True, slots=True)
class Plan:
    """The requests that make a version servable, and the names they lead to."""

    role: str
    container: "ContainerDefinitionTypeDef"
    config: "CreateEndpointConfigInputTypeDef"

    @property
    def name(self) -> str:
        """Of the model and of the endpoint config."""
        return self.config["EndpointConfigName"]


def plan(
    names: Names, spec: ModelSpec, version: Version, variant: str, role: str, bucket: str
) -> Plan:
    """Name a version's model and config by the requests that will make them.

    How traffic is shifted is not part of them, so changing that redeploys nothing.
    """
    container: ContainerDefinitionTypeDef = {"ModelPackageName": version.arn}
    production = _variant(spec.serve, variant)
    more: list[object] = []
    config: CreateEndpointConfigInputTypeDef = {"EndpointConfigName": "", "ProductionVariants": []}
    if spec.rollout.capture_percent:
        config["DataCaptureConfig"] = _capture(spec, version.number, bucket)
        more.append(config["DataCaptureConfig"])
    if spec.serve.kind == ASYNC:
        config["AsyncInferenceConfig"] = _asynchronous(spec, version.number, bucket)
        more.append(config["AsyncInferenceConfig"])
    name = names.served(version.number, digest.of([role, container, production, *more]))
    config["EndpointConfigName"] = production["ModelName"] = name
    config["ProductionVariants"] = [production]
    return Plan(role, container, config)


def _variant(serve: ServeSpec, name: str) -> "ProductionVariantTypeDef":
    if serve.kind == SERVERLESS:
        return {
            "VariantName": name,
            "ServerlessConfig": {
                "MemorySizeInMB": serve.memory_mb,
                "MaxConcurrency": serve.max_concurrency,
            },
            "InitialVariantWeight": 1.0,
        }
    return {
        "VariantName": name,
        "InitialInstanceCount": serve.instances,
        "InstanceType": serve.instance_type,  # type: ignore[typeddict-item]  # newer types exist
        "InitialVariantWeight": 1.0,
    }


def _capture(spec: ModelSpec, version: int, bucket: str) -> "DataCaptureConfigTypeDef":
    # The version stands in the prefix, so that a captured prediction names its model. Schedules of
    # Model Monitor read the endpoint's present prefix: one that changed would cut a window in two.
    shared = spec.monitor.kinds and spec.monitor.source == MODEL_MONITOR
    part = SHARED if shared else f"v{version}"
    return {
        "EnableCapture": True,
        "InitialSamplingPercentage": spec.rollout.capture_percent,
        "DestinationS3Uri": f"s3://{bucket}/capture/{spec.name}/{part}",
        "CaptureOptions": [{"CaptureMode": "InputAndOutput"}],
        "CaptureContentTypeHeader": {"CsvContentTypes": ["text/csv"]},
    }


def _asynchronous(spec: ModelSpec, version: int, bucket: str) -> "AsyncInferenceConfigTypeDef":
    return {"OutputConfig": {"S3OutputPath": f"s3://{bucket}/async/{spec.name}/v{version}"}}


def make_servable(aws: Aws, plan: Plan) -> None:
    """Make the model and the endpoint config, unless they exist."""
    sagemaker = aws.sagemaker
    with _no_room(aws):
        _once(
            lambda: sagemaker.create_model(
                ModelName=plan.name, PrimaryContainer=plan.container, ExecutionRoleArn=plan.role
            ),
            lambda: sagemaker.describe_model(ModelName=plan.name),
        )
        _once(
            lambda: sagemaker.create_endpoint_config(**plan.config),
            lambda: sagemaker.describe_endpoint_config(EndpointConfigName=plan.name),
        )


def create(aws: Aws, endpoint: str, config: str) -> None:
    """Ask SageMaker for a first deployment."""
    with _no_room(aws):
        _once(
            lambda: aws.sagemaker.create_endpoint(EndpointName=endpoint, EndpointConfigName=config),
            lambda: aws.sagemaker.describe_endpoint(EndpointName=endpoint),
        )


def update(
    aws: Aws,
    names: Names,
    spec: ModelSpec,
    rollout: Rollout,
    endpoint: EndpointFacts,
    alarms: Sequence[str],
) -> None:
    """Ask SageMaker to replace the fleet, the way the model's file says or all at once if back."""
    scaled = spec.serve.kind != SERVERLESS and is_scaled(aws, names.endpoint, rollout.variant)
    if scaled and _instance_type(aws, endpoint.config) != spec.serve.instance_type:
        # SageMaker refuses to change the type of what is scaled; it is registered at the end.
        unscale(aws, names.endpoint, rollout.variant)
    instances = endpoint.instances if scaled else spec.serve.instances
    request: UpdateEndpointInputTypeDef = {
        "EndpointName": names.endpoint,
        "EndpointConfigName": rollout.config_name,
        "RetainAllVariantProperties": scaled,
    }
    if spec.serve.kind != SERVERLESS:
        request["DeploymentConfig"] = way(spec, rollout.direction, instances, alarms)
    with _no_room(aws):
        aws.sagemaker.update_endpoint(**request)


def way(
    spec: ModelSpec, direction: str, instances: int, alarms: Sequence[str]
) -> "DeploymentConfigTypeDef":
    """The DeploymentConfig of a step in this direction; one back waits for nothing."""
    policy: RolloutSpec = spec.rollout
    if direction == BACK:
        zero = timedelta(0)
        policy = replace(policy, strategy=ALL_AT_ONCE, bake=zero, termination_wait=zero)
    return deployment(policy, instances, alarms)


def _instance_type(aws: Aws, config: str) -> str | None:
    """Of what serves; None too when its config was deleted under it."""
    try:
        found = aws.sagemaker.describe_endpoint_config(EndpointConfigName=config)
    except ClientError:
        if config in _configs(aws, config):
            raise
        return None
    return found["ProductionVariants"][0].get("InstanceType")


def _configs(aws: Aws, part: str) -> list[str]:
    """Names of endpoint configs that contain `part`, the newest first."""
    pages = aws.sagemaker.get_paginator("list_endpoint_configs").paginate(
        NameContains=part, SortBy="CreationTime", SortOrder="Descending"
    )
    return [one["EndpointConfigName"] for page in pages for one in page["EndpointConfigs"]]


def delete_endpoint(aws: Aws, endpoint: str) -> None:
    """Ask SageMaker to take the endpoint down."""
    aws.sagemaker.delete_endpoint(EndpointName=endpoint)


def remove_configs(aws: Aws, names: Names, live: str, kept: frozenset[int], former: int) -> None:
    """Remove endpoint configs of ours and their models, but those of the versions `kept`.

    The `former` newest of the others stay too, and the one that is `live` whatever it is called.
    """
    found = _configs(aws, f"{names.group}-v")
    ours = {name: names.version_of(name) for name in found if name != live}
    others = [name for name, number in ours.items() if number is not None and number not in kept]
    for name in others[former:]:
        _remove_config(aws, name)


def _remove_config(aws: Aws, name: str) -> None:
    # The model first: whoever dies in between finds the config, and begins with it again.
    _gone(
        lambda: aws.sagemaker.delete_model(ModelName=name),
        lambda: aws.sagemaker.describe_model(ModelName=name),
    )
    aws.sagemaker.delete_endpoint_config(EndpointConfigName=name)


@contextmanager
def _no_room(aws: Aws) -> Iterator[None]:
    try:
        yield
    except aws.sagemaker.exceptions.ResourceLimitExceeded as error:
        raise NoRoom(str(error)) from error


def _once(create: Callable[[], object], describe: Callable[[], object]) -> None:
    """Create; a refusal is fine if the thing can be described, otherwise it is the caller's."""
    try:
        create()
    except ClientError:
        if not _exists(describe):
            raise


def _gone(delete: Callable[[], object], describe: Callable[[], object]) -> None:
    """Delete; a refusal is fine if the thing cannot be described, otherwise it is the caller's."""
    try:
        delete()
    except ClientError:
        if _exists(describe):
            raise


def _exists(describe: Callable[[], object]) -> bool:
    try:
        describe()
    except ClientError:
        return False
    return True
