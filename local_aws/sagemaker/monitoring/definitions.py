"""Job definitions of the four kinds of monitoring: what is looked at, against what. Immutable."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from local_aws.sagemaker import names
from local_aws.sagemaker.core import Core, Operation
from local_aws.sagemaker.errors import in_use, not_covered, not_found
from local_aws.sagemaker.listing import Row, listing
from local_aws.sagemaker.values import Json, section, sections, text, whole

_ARN_KINDS = {
    "DataQuality": "data-quality-job-definition",
    "ModelQuality": "model-quality-job-definition",
    "ModelBias": "model-bias-job-definition",
    "ModelExplainability": "model-explainability-job-definition",
}
_IMAGES = {
    "DataQuality": "sagemaker-model-monitor-analyzer",
    "ModelQuality": "sagemaker-model-monitor-analyzer",
    "ModelBias": "sagemaker-clarify-processing",
    "ModelExplainability": "sagemaker-clarify-processing",
}
# The merge with the ground truth runs first and takes its share of the hour.
LONGEST = {
    "DataQuality": 3600,
    "ModelExplainability": 3600,
    "ModelQuality": 1800,
    "ModelBias": 1800,
}
PREPROCESSOR = "RecordPreprocessorSourceUri"
_APP_NOT_COVERED = (
    "ContainerEntrypoint", "ContainerArguments", "PostAnalyticsProcessorSourceUri",
)  # fmt: skip
_INPUT_NOT_COVERED = ("FeaturesAttribute", "ExcludeFeaturesAttribute")
_NOT_SHOWN = ("Tags",)


@dataclass(frozen=True)
class Definition:
    """A monitoring job definition."""

    kind: str
    name: str
    request: Json
    created: datetime

    @property
    def arn(self) -> str:
        """The definition's ARN."""
        return names.arn(_ARN_KINDS[self.kind], self.name)

    def part(self, name: str) -> Json:
        """A section whose name begins with the kind: JobInput, BaselineConfig, AppSpecification."""
        return section(self.request, f"{self.kind}{name}")

    @property
    def endpoint_input(self) -> Json:
        """What it reads of its endpoint."""
        return section(self.part("JobInput"), "EndpointInput")

    @property
    def endpoint(self) -> str:
        """The name of its endpoint."""
        return text(self.endpoint_input, "EndpointName")

    @property
    def output(self) -> Json:
        """The one place that it writes to."""
        return section(sections(self.part("JobOutputConfig"), "MonitoringOutputs")[0], "S3Output")

    @property
    def seconds(self) -> int:
        """How long one of its executions may run."""
        limit = section(self.request, "StoppingCondition")
        return whole(limit, "MaxRuntimeInSeconds", LONGEST[self.kind])


def _no_users(_: Definition) -> frozenset[str]:
    """Nothing uses a definition before there are schedules."""
    return frozenset()


class JobDefinitions:
    """Operations on job definitions."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._definitions: dict[str, Definition] = {}
        self.users: Callable[[Definition], frozenset[str]] = _no_users

    def operations(self) -> dict[str, Operation]:
        """What this part answers."""
        found: dict[str, Operation] = {}
        for kind in _ARN_KINDS:
            found |= self._operations_of(kind)
        return found

    def _operations_of(self, kind: str) -> dict[str, Operation]:
        return {
            f"Create{kind}JobDefinition": lambda request, _: self._create(kind, request),
            f"Describe{kind}JobDefinition": lambda request, _: self._describe(kind, request),
            f"Delete{kind}JobDefinition": lambda request, _: self._delete(kind, request),
            f"List{kind}JobDefinitions": lambda request, _: self._list(kind, request),
        }

    def definition(self, kind: str, name: str) -> Definition:
        """A definition by its kind and name."""
        arn = names.arn(_ARN_KINDS[kind], name)
        if arn not in self._definitions:
            raise not_found(f"Could not find job definition {arn}.")
        return self._definitions[arn]

    def _create(self, kind: str, request: Json) -> Json:
        definition = Definition(kind, text(request, "JobDefinitionName"), request, self._core.now())
        if definition.arn in self._definitions:
            raise in_use(f"Job definition {definition.arn} exists already.")
        _check(definition)
        self._definitions[definition.arn] = definition
        self._core.tags.begin(definition.arn, request)
        return {"JobDefinitionArn": definition.arn}

    def _describe(self, kind: str, request: Json) -> Json:
        definition = self._named(kind, request)
        shown = {k: v for k, v in definition.request.items() if k not in _NOT_SHOWN}
        return {**shown, "JobDefinitionArn": definition.arn, "CreationTime": definition.created}

    def _delete(self, kind: str, request: Json) -> None:
        definition = self._named(kind, request)
        if users := self.users(definition):
            raise in_use(f"{definition.arn} is used by the monitoring schedules {sorted(users)}.")
        del self._definitions[definition.arn]
        self._core.tags.end(definition.arn)

    def _list(self, kind: str, request: Json) -> Json:
        rows = [
            Row(
                one.name,
                one.created,
                {
                    "MonitoringJobDefinitionName": one.name,
                    "MonitoringJobDefinitionArn": one.arn,
                    "CreationTime": one.created,
                    "EndpointName": one.endpoint,
                },
                order,
            )
            for order, one in enumerate(self._definitions.values())
            if one.kind == kind and request.get("EndpointName", one.endpoint) == one.endpoint
        ]
        return listing(rows, request, "JobDefinitionSummaries", newest_first=True)

    def _named(self, kind: str, request: Json) -> Definition:
        return self.definition(kind, text(request, "JobDefinitionName"))


def _check(definition: Definition) -> None:
    """Refuse what the embedded analyzer cannot do."""
    if not definition.endpoint_input:
        raise not_covered("monitoring of batch transforms")
    app, kind = definition.part("AppSpecification"), definition.kind
    if used := [one for one in _APP_NOT_COVERED if one in app]:
        raise not_covered(f"{used[0]} of a monitoring job definition")
    if kind != "DataQuality" and PREPROCESSOR in app:
        raise not_covered(f"{PREPROCESSOR} for {kind}, only for DataQuality")
    if used := [one for one in _INPUT_NOT_COVERED if one in definition.endpoint_input]:
        raise not_covered(f"{used[0]} of an EndpointInput")
    image = text(app, "ImageUri").rpartition("/")[2].partition(":")[0]
    if image != _IMAGES[kind]:
        raise not_covered(f"the image {image} for {kind}, only AWS's own {_IMAGES[kind]}")
    if kind == "ModelQuality" and "ProblemType" not in app:
        raise not_covered("model quality without a ProblemType")
    if section(app, "Environment").get("publish_cloudwatch_metrics") == "Enabled":
        raise not_covered("the publish_cloudwatch_metrics of a monitoring job definition")
