"""Operations on runs of pipelines."""

from local_aws.sagemaker.core import Caller, Core, Operation
from local_aws.sagemaker.errors import conflict, not_covered, not_found
from local_aws.sagemaker.executions import Execution
from local_aws.sagemaker.executor import Executor
from local_aws.sagemaker.listing import Row, listing, page
from local_aws.sagemaker.pipelines import Pipeline, Pipelines
from local_aws.sagemaker.values import Json, maybe_text, section, sections, text

_NOT_COVERED = (
    "SelectiveExecutionConfig", "PipelineVersionId", "PipelineVersionAlias",
    "MlflowExperimentName", "RoleArn",
)  # fmt: skip


class Runs:
    """Start, describe, list and stop runs."""

    def __init__(self, core: Core, pipelines: Pipelines, executor: Executor) -> None:
        self._core = core
        self._pipelines = pipelines
        self._executor = executor
        self._executions: dict[str, Execution] = {}
        self._tokens: dict[tuple[str, str], Execution] = {}

    def operations(self) -> dict[str, Operation]:
        """What this part answers."""
        return {
            "StartPipelineExecution": self.start,
            "DescribePipelineExecution": self.describe,
            "ListPipelineExecutions": self.list,
            "StopPipelineExecution": self.stop,
            "ListPipelineExecutionSteps": self.list_steps,
            "ListPipelineParametersForExecution": self.list_parameters,
            "DescribePipelineDefinitionForExecution": self.describe_definition,
        }

    def start(self, request: Json, caller: Caller) -> Json:
        if used := [member for member in _NOT_COVERED if member in request]:
            raise not_covered(f"{used[0]} of an execution")
        pipeline = self._pipelines.pipeline(text(request, "PipelineName"))
        token = (pipeline.arn, text(request, "ClientRequestToken"))
        if token not in self._tokens:
            execution = self._made(pipeline, request, caller)
            self._tokens[token] = self._executions[execution.arn] = execution
            pipeline.last_run = execution.created
            self._core.tags.by_arn[execution.arn] = {}
            self._executor.start(execution)
        return {"PipelineExecutionArn": self._tokens[token].arn}

    def _made(self, pipeline: Pipeline, request: Json, caller: Caller) -> Execution:
        given = {text(p, "Name"): text(p, "Value") for p in sections(request, "PipelineParameters")}
        now = self._core.now()
        return Execution(
            id=self._core.random_id(12),
            pipeline_name=pipeline.name,
            role=pipeline.role,
            definition=pipeline.definition,
            parameters=pipeline.definition.values(given),
            created=now,
            created_by=caller.user_context(),
            display_name=maybe_text(request, "PipelineExecutionDisplayName")
            or f"execution-{round(now.timestamp() * 1000)}",
            description=maybe_text(request, "PipelineExecutionDescription"),
            parallelism=section(request, "ParallelismConfiguration")
            or section(pipeline.settings, "ParallelismConfiguration"),
        )

    def describe(self, request: Json, _: Caller) -> Json:
        return self._named(request).described()

    def list(self, request: Json, _: Caller) -> Json:
        if "PipelineVersionAlias" in request:
            raise not_covered("PipelineVersionAlias of a listing")
        pipeline = self._pipelines.pipeline(text(request, "PipelineName"))
        rows = [
            Row(e.arn, e.created, e.summary(), number)
            for number, e in enumerate(self._executions.values())
            if e.pipeline_arn == pipeline.arn
        ]
        return listing(rows, request, "PipelineExecutionSummaries", newest_first=True)

    def stop(self, request: Json, _: Caller) -> Json:
        execution = self._named(request)
        if execution.status not in ("Executing", "Stopping"):
            raise conflict(
                f"Pipeline execution with ARN {execution.arn} status {execution.status}. "
                "Only pipelines with 'Executing' status can be stopped."
            )
        if execution.status == "Executing":
            self._executor.stop(execution)
        return {"PipelineExecutionArn": execution.arn}

    def list_steps(self, request: Json, _: Caller) -> Json:
        steps = [run.shown() for run in self._named(request).steps]
        if request.get("SortOrder", "Descending") == "Descending":
            steps.reverse()
        return page(steps, request, "PipelineExecutionSteps")

    def list_parameters(self, request: Json, _: Caller) -> Json:
        return page(self._named(request).shown_parameters(), request, "PipelineParameters")

    def describe_definition(self, request: Json, _: Caller) -> Json:
        execution = self._named(request)
        return {
            "PipelineDefinition": execution.definition.text,
            "CreationTime": execution.created,
        }

    def _named(self, request: Json) -> Execution:
        arn = text(request, "PipelineExecutionArn") if "PipelineExecutionArn" in request else ""
        if arn not in self._executions:
            raise not_found(f"Pipeline Execution with Arn ({arn}) does not exist.")
        return self._executions[arn]
