"""Models: which containers serve, and the artifact that each of them loads."""

from dataclasses import dataclass
from datetime import datetime

from local_aws.sagemaker import names
from local_aws.sagemaker.core import Caller, Core, Operation
from local_aws.sagemaker.errors import invalid, not_covered
from local_aws.sagemaker.listing import Row, listing
from local_aws.sagemaker.registry import Registry
from local_aws.sagemaker.values import Json, maybe_text, pick, section, sections, text, text_map

_KEPT = ("PrimaryContainer", "ExecutionRoleArn", "VpcConfig", "EnableNetworkIsolation")
_NOT_COVERED = (
    "ModelDataSource", "AdditionalModelDataSources", "MultiModelConfig", "ContainerHostname",
    "InferenceSpecificationName", "ImageConfig", "ContainerMetricsConfig",
)  # fmt: skip


@dataclass(frozen=True)
class Container:
    """What a container is started from, a package's own specification resolved."""

    image: str
    artifact: str | None
    environment: dict[str, str]
    role: str | None


@dataclass(frozen=True)
class Model:
    """A model; it cannot be changed."""

    name: str
    request: Json
    created: datetime
    container: Container

    @property
    def arn(self) -> str:
        """The model's ARN."""
        return names.arn("model", self.name)


class Models:
    """Operations on models."""

    def __init__(self, core: Core, registry: Registry) -> None:
        self._core = core
        self._registry = registry
        self._models: dict[str, Model] = {}

    def operations(self) -> dict[str, Operation]:
        """What this part answers."""
        return {
            "CreateModel": self.create,
            "DescribeModel": self.describe,
            "ListModels": self.list,
            "DeleteModel": self.delete,
        }

    def create(self, request: Json, _: Caller) -> Json:
        name = text(request, "ModelName")
        if name.lower() in self._models:
            arn = names.arn("model", name)
            raise invalid(f'Cannot create already existing model "{arn}".')
        model = Model(name, request, self._core.now(), self._container(request))
        self._models[name.lower()] = model
        self._core.tags.begin(model.arn, request)
        return {"ModelArn": model.arn}

    def _container(self, request: Json) -> Container:
        given = _single_container(request)
        if used := [member for member in _NOT_COVERED if member in given]:
            raise not_covered(f"{used[0]} of a model's container")
        if given.get("Mode", "SingleModel") != "SingleModel":
            raise not_covered("multi-model containers")
        role = maybe_text(request, "ExecutionRoleArn")
        if package := maybe_text(given, "ModelPackageName"):
            return self._packaged(package, given, role)
        if "Image" not in given:
            raise invalid("A container needs an Image or a ModelPackageName.")
        return Container(
            text(given, "Image"),
            maybe_text(given, "ModelDataUrl"),
            text_map(given, "Environment"),
            role,
        )

    def _packaged(self, package: str, given: Json, role: str | None) -> Container:
        if "Image" in given or "ModelDataUrl" in given:
            raise invalid("A container with a ModelPackageName takes no Image and no ModelDataUrl.")
        if "Environment" in given:
            raise not_covered("Environment next to ModelPackageName")
        containers = sections(self._registry.package(package).inference, "Containers")
        if len(containers) != 1:
            raise not_covered(f"a model package with {len(containers)} containers")
        specified = containers[0]
        return Container(
            text(specified, "Image"),
            maybe_text(specified, "ModelDataUrl"),
            text_map(specified, "Environment"),
            role,
        )

    def describe(self, request: Json, _: Caller) -> Json:
        model = self.model(text(request, "ModelName"))
        containers = {"PrimaryContainer": _single_container(model.request)}
        isolated = {"EnableNetworkIsolation": False}
        return {
            **isolated,
            **containers,
            **pick(model.request, *_KEPT),
            "ModelName": model.name,
            "ModelArn": model.arn,
            "CreationTime": model.created,
        }

    def list(self, request: Json, _: Caller) -> Json:
        rows = [
            Row(
                m.name,
                m.created,
                {"ModelName": m.name, "ModelArn": m.arn, "CreationTime": m.created},
            )
            for m in self._models.values()
        ]
        return listing(rows, request, "Models", newest_first=True)

    def delete(self, request: Json, _: Caller) -> None:
        model = self.model(text(request, "ModelName"))
        del self._models[model.name.lower()]
        self._core.tags.end(model.arn)

    def model(self, name: str) -> Model:
        """A model by its name."""
        if name.lower() not in self._models:
            raise invalid(f'Could not find model "{names.arn("model", name)}".')
        return self._models[name.lower()]


def _single_container(request: Json) -> Json:
    several = sections(request, "Containers")
    if "PrimaryContainer" in request and not several:
        return section(request, "PrimaryContainer")
    if len(several) == 1 and "PrimaryContainer" not in request:
        return several[0]
    if not several:
        raise invalid("A model needs a PrimaryContainer or Containers.")
    raise not_covered("models of several containers")
