"""Runs of pipelines: what they are, and how they are shown and told of."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from local_aws.sagemaker import names
from local_aws.sagemaker.core import Core
from local_aws.sagemaker.definition import Definition, Step
from local_aws.sagemaker.values import Json, given, iso

EXECUTION_EVENT = "SageMaker Model Building Pipeline Execution Status Change"
STEP_EVENT = "SageMaker Model Building Pipeline Execution Step Status Change"
RUNNING = ("Executing", "Stopping")


@dataclass
class StepRun:
    """A step that has been started in a run."""

    step: Step
    started: datetime
    status: str = "Starting"
    ended: datetime | None = None
    failure: str | None = None
    metadata: Json = field(default_factory=dict)
    job_arn: str | None = None

    def shown(self) -> Json:
        """One line of ListPipelineExecutionSteps."""
        return given(
            StepName=self.step.name,
            StepDisplayName=self.step.display_name,
            StartTime=self.started,
            EndTime=self.ended,
            StepStatus=self.status,
            FailureReason=self.failure,
            Metadata=self.metadata,
            AttemptCount=1,
        )


@dataclass
class Execution:
    """One run of a pipeline."""

    id: str
    pipeline_name: str
    role: str
    definition: Definition
    parameters: Mapping[str, object]
    created: datetime
    created_by: Json
    display_name: str
    description: str | None
    parallelism: Json
    status: str = "Executing"
    modified: datetime | None = None
    failure: str | None = None
    steps: list[StepRun] = field(default_factory=list)
    stopping: threading.Event = field(default_factory=threading.Event)

    @property
    def pipeline_arn(self) -> str:
        """The ARN of the pipeline that runs."""
        return names.arn("pipeline", self.pipeline_name)

    @property
    def arn(self) -> str:
        """The run's ARN."""
        return f"{self.pipeline_arn}/execution/{self.id}"

    def described(self) -> Json:
        """DescribePipelineExecution's answer."""
        return given(
            PipelineArn=self.pipeline_arn,
            PipelineExecutionArn=self.arn,
            PipelineExecutionDisplayName=self.display_name,
            PipelineExecutionStatus=self.status,
            PipelineExecutionDescription=self.description,
            FailureReason=self.failure,
            CreationTime=self.created,
            LastModifiedTime=self.modified or self.created,
            CreatedBy=self.created_by,
            LastModifiedBy=self.created_by,
            ParallelismConfiguration=self.parallelism or None,
        )

    def summary(self) -> Json:
        """One line of ListPipelineExecutions."""
        return given(
            PipelineExecutionArn=self.arn,
            StartTime=self.created,
            PipelineExecutionStatus=self.status,
            PipelineExecutionDescription=self.description,
            PipelineExecutionDisplayName=self.display_name,
            PipelineExecutionFailureReason=self.failure,
        )

    def shown_parameters(self) -> list[Json]:
        """Every parameter with the value that it has in this run, as text."""
        return [{"Name": name, "Value": str(value)} for name, value in self.parameters.items()]

    def variables(self) -> dict[str, object]:
        """What `Execution.` means in the definition."""
        start = self.created.isoformat()
        return {
            "PipelineName": self.pipeline_name,
            "PipelineArn": self.pipeline_arn,
            "PipelineExecutionId": self.id,
            "PipelineExecutionArn": self.arn,
            "StartDateTime": start,
            "CurrentDateTime": start,
        }


class Chronicle:
    """Changes the status of runs and steps, and announces each change."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def begin(self, execution: Execution) -> None:
        """Tell of a run that has begun."""
        self._announce_execution(execution, None)

    def move(self, execution: Execution, status: str, failure: str | None = None) -> None:
        """Bring a run to another status."""
        with self._core.state():
            former, execution.status = execution.status, status
            execution.failure = failure
            execution.modified = self._core.now()
            self._announce_execution(execution, former)

    def begin_step(self, execution: Execution, step: Step) -> StepRun:
        """Note that a step starts."""
        with self._core.state():
            run = StepRun(step, self._core.now())
            execution.steps.append(run)
            self._announce_step(execution, run, None)
            return run

    def move_step(
        self, execution: Execution, run: StepRun, status: str, failure: str | None = None
    ) -> None:
        """Bring a step to another status."""
        with self._core.state():
            former, run.status = run.status, status
            run.failure = failure and failure[:1024]
            if status not in ("Executing", "Stopping"):
                run.ended = self._core.now()
            self._announce_step(execution, run, former)

    def _announce_execution(self, execution: Execution, former: str | None) -> None:
        over = execution.status not in RUNNING
        detail = given(
            pipelineExecutionDisplayName=execution.display_name,
            currentPipelineExecutionStatus=execution.status,
            previousPipelineExecutionStatus=former,
            executionStartTime=iso(execution.created),
            executionEndTime=iso(self._core.now()) if over else None,
            pipelineExecutionDescription=execution.description,
            pipelineArn=execution.pipeline_arn,
            pipelineExecutionArn=execution.arn,
        )
        self._core.announce(EXECUTION_EVENT, detail, [execution.pipeline_arn, execution.arn])

    def _announce_step(self, execution: Execution, run: StepRun, former: str | None) -> None:
        detail = given(
            metadata=_camel(run.metadata),
            stepStartTime=iso(run.started),
            stepEndTime=iso(run.ended) if run.ended else None,
            stepName=run.step.name,
            stepType=run.step.type,
            previousStepStatus=former,
            currentStepStatus=run.status,
            failureReason=run.failure,
            pipelineArn=execution.pipeline_arn,
            pipelineExecutionArn=execution.arn,
        )
        self._core.announce(STEP_EVENT, detail, [execution.pipeline_arn, execution.arn])


def _camel(value: object) -> object:
    """The same structure with member names as the pipeline events spell them."""
    if not isinstance(value, dict):
        return value
    return {name[0].lower() + name[1:]: _camel(member) for name, member in value.items()}
