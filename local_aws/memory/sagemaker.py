"""SageMaker in memory: the embedded one's own parts, but for what runs in processes there.

Pipelines, jobs and fleets are run by a `Stage`, which says how each of them ends.
"""

from collections.abc import Callable, Mapping
from typing import Protocol
from zlib import crc32

from local_aws.memory.client import as_json, copied
from local_aws.memory.errors import error
from local_aws.memory.items import Json
from local_aws.memory.world import InMemoryCore, InMemoryWorld
from local_aws.sagemaker.core import Caller, Core, Operation
from local_aws.sagemaker.deployments import Deployments
from local_aws.sagemaker.endpoint_configs import EndpointConfig, EndpointConfigs
from local_aws.sagemaker.endpoints import Endpoints
from local_aws.sagemaker.errors import SageMakerError, in_use
from local_aws.sagemaker.executions import Chronicle
from local_aws.sagemaker.executions import Execution as Run
from local_aws.sagemaker.executor import Executor
from local_aws.sagemaker.fleets import Fleet, FleetFailedError, Fleets
from local_aws.sagemaker.jobs import Job, Jobs, Work
from local_aws.sagemaker.models import Models
from local_aws.sagemaker.monitoring.definitions import JobDefinitions
from local_aws.sagemaker.monitoring.executions import Execution, Executions, status_of
from local_aws.sagemaker.monitoring.job import Monitoring, Occasion, request_of
from local_aws.sagemaker.monitoring.schedules import Schedules
from local_aws.sagemaker.pipelines import Pipelines
from local_aws.sagemaker.registry import Registry
from local_aws.sagemaker.roles import Roles
from local_aws.sagemaker.runs import Runs
from local_aws.sagemaker.tagging import Tagging
from local_aws.sagemaker.values import text


class Stage(Protocol):
    """What would run in processes: it is told that something begins, and ends it when it likes."""

    def pipeline(self, execution: Run) -> None:
        """A pipeline's execution has begun."""

    def job(self, job: Job) -> None:
        """A processing or training job has begun."""

    def fleet(self, endpoint: str, config: str) -> str | None:
        """Why the containers of an endpoint's config cannot serve; None if they can."""


class InMemorySageMaker:
    """The SageMaker of one in-memory world."""

    def __init__(self, world: InMemoryWorld, stage: Stage) -> None:
        core = InMemoryCore(world)
        self._stage = stage
        self.chronicle = Chronicle(core)
        self.registry, pipelines = Registry(core), Pipelines(core, Roles(world))
        self.jobs = _Jobs(core, stage)
        self.runs = Runs(core, pipelines, _Executor(core, stage))
        models = Models(core, self.registry)
        configs = EndpointConfigs(core, models)
        self.endpoints = Endpoints(core, configs, models, Deployments(core, _Fleets(stage)))
        definitions = JobDefinitions(core)
        executions = _Executions(core, self.jobs, self.endpoints)
        schedules = Schedules(core, definitions, executions, self.endpoints)
        self._core = core
        self._operations: dict[str, Operation] = {}
        for part in (
            self.registry, pipelines, self.runs, self.jobs, models, configs, self.endpoints,
            Tagging(core), definitions, executions, schedules,
        ):  # fmt: skip
            self._operations |= part.operations()

    def operations(self, caller: Caller) -> Mapping[str, Callable[[Json], Json]]:
        """What is covered, as somebody calls it."""
        return {name: self._answering(run, caller) for name, run in self._operations.items()}

    def _answering(self, run: Operation, caller: Caller) -> Callable[[Json], Json]:
        def answer(request: Json) -> Json:
            try:
                with self._core.state():
                    return copied(run(as_json(request), caller) or {})
            except SageMakerError as refused:
                raise error(refused.code, refused.message, refused.status) from None

        return answer


class _Executor(Executor):
    """Tells the stage that a run has begun."""

    def __init__(self, core: Core, stage: Stage) -> None:
        self._core = core
        self._chronicle = Chronicle(core)
        self._stage = stage

    def start(self, execution: Run) -> None:
        """Let a run begin."""
        self._chronicle.begin(execution)
        self._stage.pipeline(execution)

    def stop(self, execution: Run) -> None:
        """End a run at once."""
        self._chronicle.move(execution, "Stopped")


class _Jobs(Jobs):
    """Jobs that run on the stage."""

    def __init__(self, core: Core, stage: Stage) -> None:
        self._core = core
        self._stage = stage
        self._jobs: dict[str, Job] = {}
        self._waiting: dict[str, Callable[[Job], None]] = {}

    def create(self, work: Work, request: Json) -> Json:
        """Begin a job."""
        now = self._core.now()
        job = Job(work.kind, text(request, f"{work.kind}JobName"), request, now, now, started=now)
        if job.arn in self._jobs:
            raise in_use(f"Job name must be unique within an AWS account and region: {job.name}")
        self._jobs[job.arn] = job
        self._core.tags.begin(job.arn, request)
        self._announce(job)
        self._stage.job(job)
        return {f"{work.kind}JobArn": job.arn}

    def end(self, job: Job, failure: str | None = None, message: str | None = None) -> None:
        """A job ends, and perhaps leaves a message."""
        job.exit_message = message
        self._finish(job, failure)
        if tell := self._waiting.pop(job.arn, None):
            tell(job)

    def then(self, arn: str, tell: Callable[[Job], None]) -> None:
        """Have somebody told when a job ends."""
        self._waiting[arn] = tell


class _Executions(Executions):
    """Monitoring executions, whose jobs run on the stage."""

    def __init__(self, core: Core, jobs: _Jobs, endpoints: Endpoints) -> None:
        self._core = core
        self._running = jobs
        self._endpoints = endpoints
        self._executions: dict[int, Execution] = {}

    def begin(self, occasion: Occasion) -> None:
        """Begin an execution with its job; both end together."""
        now = self._core.now()
        execution = Execution(occasion, now, now, "InProgress")
        self._executions[len(self._executions)] = execution
        endpoint = self._endpoints.endpoint(occasion.definition.endpoint)
        # A number of its own for each schedule, whichever of them happens to run first.
        number = f"{crc32(occasion.schedule.encode()):012d}"
        request = request_of(occasion, endpoint, number)
        execution.job = str(self._running.create(Monitoring({}), request)["ProcessingJobArn"])
        self._running.then(
            execution.job, lambda job: self._move(execution, status_of(job), job.failure)
        )


class _Fleets(Fleets):
    """Fleets without containers: they serve if the stage lets them."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    def start(self, endpoint: str, config: EndpointConfig) -> Fleet:
        """Let a fleet stand, or FleetFailedError."""
        if why_not := self._stage.fleet(endpoint, config.name):
            raise FleetFailedError(why_not)
        return Fleet(())
