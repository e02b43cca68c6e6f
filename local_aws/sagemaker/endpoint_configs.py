"""Endpoint configurations: which model on how many instances, and what is captured. Immutable."""

from dataclasses import dataclass
from datetime import datetime

from local_aws.sagemaker import names
from local_aws.sagemaker.core import Caller, Core, Operation
from local_aws.sagemaker.errors import invalid, not_covered
from local_aws.sagemaker.listing import Row, listing
from local_aws.sagemaker.models import Models
from local_aws.sagemaker.values import Json, section, sections, text

_NOT_COVERED = ("ExplainerConfig", "ShadowProductionVariants")
_VARIANT_NOT_COVERED = ("InstancePools", "ManagedInstanceScaling")
_NOT_SHOWN = ("Tags",)


@dataclass(frozen=True)
class EndpointConfig:
    """An endpoint configuration."""

    name: str
    request: Json
    created: datetime

    @property
    def arn(self) -> str:
        """The configuration's ARN."""
        return names.arn("endpoint-config", self.name)

    @property
    def variants(self) -> list[Json]:
        """Its production variants."""
        return sections(self.request, "ProductionVariants")

    @property
    def asynchronous(self) -> Json:
        """Its AsyncInferenceConfig, empty without one."""
        return section(self.request, "AsyncInferenceConfig")

    @property
    def capture(self) -> Json:
        """Its DataCaptureConfig, empty without one."""
        return section(self.request, "DataCaptureConfig")


class EndpointConfigs:
    """Operations on endpoint configurations."""

    def __init__(self, core: Core, models: Models) -> None:
        self._core = core
        self._models = models
        self._configs: dict[str, EndpointConfig] = {}

    def operations(self) -> dict[str, Operation]:
        """What this part answers."""
        return {
            "CreateEndpointConfig": self.create,
            "DescribeEndpointConfig": self.describe,
            "ListEndpointConfigs": self.list,
            "DeleteEndpointConfig": self.delete,
        }

    def create(self, request: Json, _: Caller) -> Json:
        config = EndpointConfig(text(request, "EndpointConfigName"), request, self._core.now())
        if config.name.lower() in self._configs:
            raise invalid(f'Cannot create already existing endpoint configuration "{config.arn}".')
        self._check(config)
        self._configs[config.name.lower()] = config
        self._core.tags.begin(config.arn, request)
        return {"EndpointConfigArn": config.arn}

    def _check(self, config: EndpointConfig) -> None:
        if used := [member for member in _NOT_COVERED if member in config.request]:
            raise not_covered(f"{used[0]} of an endpoint configuration")
        if any("ServerlessConfig" in variant for variant in config.variants):
            for member in ("DataCaptureConfig", "AsyncInferenceConfig"):
                if member in config.request:
                    raise invalid(f"{member} is not supported for serverless inference.")
        found = [text(variant, "VariantName") for variant in config.variants]
        if len(set(found)) < len(found):
            raise invalid(f"Production variant names must be unique, got {found}.")
        for variant in config.variants:
            self._check_variant(variant)

    def _check_variant(self, variant: Json) -> None:
        if used := [member for member in _VARIANT_NOT_COVERED if member in variant]:
            raise not_covered(f"{used[0]} of a production variant")
        if "ModelName" not in variant:
            raise not_covered("production variants without a model")
        on_instances = ("InstanceType", "InitialInstanceCount")
        for member in on_instances:
            if "ServerlessConfig" in variant and member in variant:
                raise invalid(f"{member} and ServerlessConfig exclude each other.")
            if "ServerlessConfig" not in variant and member not in variant:
                raise invalid(f"{member} is required for production variants on instances.")
        self._models.model(text(variant, "ModelName"))

    def describe(self, request: Json, _: Caller) -> Json:
        config = self.config(text(request, "EndpointConfigName"))
        shown = {k: v for k, v in config.request.items() if k not in _NOT_SHOWN}
        return {**shown, "EndpointConfigArn": config.arn, "CreationTime": config.created}

    def list(self, request: Json, _: Caller) -> Json:
        rows = [
            Row(
                config.name,
                config.created,
                {
                    "EndpointConfigName": config.name,
                    "EndpointConfigArn": config.arn,
                    "CreationTime": config.created,
                },
            )
            for config in self._configs.values()
        ]
        return listing(rows, request, "EndpointConfigs", newest_first=True)

    def delete(self, request: Json, _: Caller) -> None:
        config = self.config(text(request, "EndpointConfigName"))
        del self._configs[config.name.lower()]
        self._core.tags.end(config.arn)

    def config(self, name: str) -> EndpointConfig:
        """A configuration by its name."""
        if name.lower() not in self._configs:
            arn = names.arn("endpoint-config", name)
            raise invalid(f'Could not find endpoint configuration "{arn}".')
        return self._configs[name.lower()]
