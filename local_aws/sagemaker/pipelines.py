"""Pipelines: stored definitions that can be run."""

from dataclasses import dataclass, field
from datetime import datetime

from local_aws.sagemaker import names, storage
from local_aws.sagemaker.core import Caller, Core, Operation
from local_aws.sagemaker.definition import Definition
from local_aws.sagemaker.errors import invalid, not_covered, not_found
from local_aws.sagemaker.listing import Row, listing
from local_aws.sagemaker.roles import Roles
from local_aws.sagemaker.values import Json, given, maybe_text, pick, section, text

_SETTINGS = ("PipelineDisplayName", "PipelineDescription", "ParallelismConfiguration")
_IN_SUMMARY = ("PipelineDisplayName", "PipelineDescription")


@dataclass
class Pipeline:
    """A pipeline. A run keeps the definition that it began with."""

    name: str
    definition: Definition
    role: str
    created: datetime
    created_by: Json
    modified: datetime
    modified_by: Json
    settings: Json = field(default_factory=dict)
    last_run: datetime | None = None

    @property
    def arn(self) -> str:
        """The pipeline's ARN."""
        return names.arn("pipeline", self.name)

    def described(self) -> Json:
        """DescribePipeline's answer."""
        return {
            **self.settings,
            **given(
                PipelineArn=self.arn,
                PipelineName=self.name,
                PipelineDisplayName=self.settings.get("PipelineDisplayName", self.name),
                PipelineDefinition=self.definition.text,
                RoleArn=self.role,
                PipelineStatus="Active",
                CreationTime=self.created,
                LastModifiedTime=self.modified,
                LastRunTime=self.last_run,
                CreatedBy=self.created_by,
                LastModifiedBy=self.modified_by,
            ),
        }

    def summary(self) -> Json:
        """One line of ListPipelines."""
        return {
            **pick(self.settings, *_IN_SUMMARY),
            **given(
                PipelineArn=self.arn,
                PipelineName=self.name,
                RoleArn=self.role,
                CreationTime=self.created,
                LastModifiedTime=self.modified,
                LastExecutionTime=self.last_run,
            ),
        }


class Pipelines:
    """Operations on pipelines themselves."""

    def __init__(self, core: Core, roles: Roles) -> None:
        self._core = core
        self._roles = roles
        self._pipelines: dict[str, Pipeline] = {}
        self._tokens: dict[str, str] = {}

    def operations(self) -> dict[str, Operation]:
        """What this part answers."""
        return {
            "CreatePipeline": self.create,
            "UpdatePipeline": self.update,
            "DescribePipeline": self.describe,
            "ListPipelines": self.list,
            "DeletePipeline": self.delete,
        }

    def create(self, request: Json, caller: Caller) -> Json:
        name, token = text(request, "PipelineName"), text(request, "ClientRequestToken")
        if token in self._tokens:
            return {"PipelineArn": self._tokens[token]}
        if name.lower() in self._pipelines:
            raise invalid(
                "Pipeline names must be unique within an AWS account and region. "
                f"Pipeline with name ({name}) already exists."
            )
        _refuse_versions(request)
        now, by = self._core.now(), caller.user_context()
        pipeline = Pipeline(
            name, self._definition(request), text(request, "RoleArn"), now, by, now, by,
            pick(request, *_SETTINGS),
        )  # fmt: skip
        self._pipelines[name.lower()] = pipeline
        self._tokens[token] = pipeline.arn
        self._core.tags.begin(pipeline.arn, request)
        return {"PipelineArn": pipeline.arn}

    def update(self, request: Json, caller: Caller) -> Json:
        _refuse_versions(request)
        pipeline = self.pipeline(text(request, "PipelineName"))
        if "PipelineDefinition" in request or "PipelineDefinitionS3Location" in request:
            pipeline.definition = self._definition(request)
        pipeline.role = maybe_text(request, "RoleArn") or pipeline.role
        pipeline.settings |= pick(request, *_SETTINGS)
        pipeline.modified, pipeline.modified_by = self._core.now(), caller.user_context()
        return {"PipelineArn": pipeline.arn}

    def describe(self, request: Json, _: Caller) -> Json:
        _refuse_versions(request)
        return self.pipeline(text(request, "PipelineName")).described()

    def list(self, request: Json, _: Caller) -> Json:
        prefix = maybe_text(request, "PipelineNamePrefix") or ""
        rows = [
            Row(p.name, p.created, p.summary(), modified=p.modified)
            for p in self._pipelines.values()
            if p.name.startswith(prefix)
        ]
        return listing(rows, request, "PipelineSummaries", newest_first=True)

    def delete(self, request: Json, _: Caller) -> Json:
        pipeline = self.pipeline(text(request, "PipelineName"))
        del self._pipelines[pipeline.name.lower()]
        self._tokens = {k: arn for k, arn in self._tokens.items() if arn != pipeline.arn}
        self._core.tags.end(pipeline.arn)
        return {"PipelineArn": pipeline.arn}

    def pipeline(self, name_or_arn: str) -> Pipeline:
        """A pipeline by name or ARN."""
        name = names.last_part(name_or_arn, "pipeline")
        if name not in self._pipelines:
            raise not_found(f"Pipeline '{names.arn('pipeline', name)}' does not exist.")
        return self._pipelines[name]

    def _definition(self, request: Json) -> Definition:
        location = section(request, "PipelineDefinitionS3Location")
        if source := maybe_text(request, "PipelineDefinition"):
            return Definition.parse(source)
        if not location:
            raise invalid("Either PipelineDefinition or PipelineDefinitionS3Location is required.")
        uri = f"s3://{text(location, 'Bucket')}/{text(location, 'ObjectKey')}"
        try:
            content = storage.read(
                self._roles.session(None).s3, uri, maybe_text(location, "VersionId")
            )
        except storage.StorageError as error:
            raise invalid(str(error)) from error
        return Definition.parse(content.decode())


def _refuse_versions(request: Json) -> None:
    for member in ("PipelineVersionId", "PipelineVersionAlias", "PipelineVersionAliases"):
        if request.get(member):
            raise not_covered(f"{member} of a pipeline")
