"""Makes the SageMaker model and endpoint config of a version, and puts it behind the endpoint.

Names hold a digest of the requests, so what exists under its name is what was wanted.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from steward import digest
from steward.aws import Aws, ClientError
from steward.decide.versions import Version
from steward.errors import NoRoom
from steward.names import VARIANT, Names
from steward.spec.model import ModelSpec
from steward.spec.shifting import deployment

if TYPE_CHECKING:
    from mypy_boto3_sagemaker.type_defs import (
        ContainerDefinitionTypeDef,
        DataCaptureConfigTypeDef,
        ProductionVariantTypeDef,
    )


@dataclass(frozen=True, slots=True)
class Plan:
    """The requests that make a version servable, and the names they lead to."""

    role: str
    container: "ContainerDefinitionTypeDef"
    variant: "ProductionVariantTypeDef"
    capture: "DataCaptureConfigTypeDef"
    name: str


def plan(names: Names, spec: ModelSpec, version: Version, role: str, bucket: str) -> Plan:
    """Name a version's model and config by the requests that will make them.

    How traffic is shifted is not part of them, so changing that redeploys nothing.
    """
    container: ContainerDefinitionTypeDef = {"ModelPackageName": version.arn}
    variant: ProductionVariantTypeDef = {
        "VariantName": VARIANT,
        "InitialInstanceCount": spec.serve.instances,
        "InstanceType": spec.serve.instance_type,  # type: ignore[typeddict-item]  # newer types exist
        "InitialVariantWeight": 1.0,
    }
    capture = _capture(spec, version.number, bucket)
    name = names.served(version.number, digest.of([role, container, variant, capture]))
    return Plan(role, container, {**variant, "ModelName": name}, capture, name)


def _capture(spec: ModelSpec, version: int, bucket: str) -> "DataCaptureConfigTypeDef":
    percent = spec.rollout.capture_percent
    return {
        "EnableCapture": percent > 0,
        "InitialSamplingPercentage": percent,
        # The version stands in the prefix, so that a captured prediction names its model.
        "DestinationS3Uri": f"s3://{bucket}/capture/{spec.name}/v{version}",
        "CaptureOptions": [{"CaptureMode": "InputAndOutput"}],
        "CaptureContentTypeHeader": {"CsvContentTypes": ["text/csv"]},
    }


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
            lambda: sagemaker.create_endpoint_config(
                EndpointConfigName=plan.name,
                ProductionVariants=[plan.variant],
                DataCaptureConfig=plan.capture,
            ),
            lambda: sagemaker.describe_endpoint_config(EndpointConfigName=plan.name),
        )


def deploy(aws: Aws, endpoint: str, config: str, spec: ModelSpec, *, exists: bool) -> None:
    """Ask SageMaker to serve `config`: a first deployment, or a blue/green update."""
    sagemaker = aws.sagemaker
    with _no_room(aws):
        if exists:
            sagemaker.update_endpoint(
                EndpointName=endpoint,
                EndpointConfigName=config,
                DeploymentConfig=deployment(spec.rollout, spec.serve.instances, []),
            )
        else:
            _once(
                lambda: sagemaker.create_endpoint(EndpointName=endpoint, EndpointConfigName=config),
                lambda: sagemaker.describe_endpoint(EndpointName=endpoint),
            )


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
        try:
            describe()
        except ClientError:
            exists = False
        else:
            exists = True
        if not exists:
            raise
