"""Processing and training jobs: created by a call, run on a thread, described while and after."""

import logging
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol

from local_aws.sagemaker import behind, names
from local_aws.sagemaker.core import Core, Operation
from local_aws.sagemaker.errors import in_use, invalid, not_found
from local_aws.sagemaker.job_views import announced, described, summary
from local_aws.sagemaker.listing import Row, listing
from local_aws.sagemaker.processes import Command, Process, Processes
from local_aws.sagemaker.processing import MESSAGE, Processing
from local_aws.sagemaker.roles import Roles
from local_aws.sagemaker.sandbox import RefusedError, Sandbox
from local_aws.sagemaker.storage import StorageError
from local_aws.sagemaker.training import Training
from local_aws.sagemaker.values import Json, text

AT_ONCE = 2
_LOG_NAME = re.compile(r"pipelines-([a-z0-9]{12})-(.+)-[a-z0-9]{10}")
_log = logging.getLogger(__name__)


class Work(Protocol):
    """What differs between the kinds of job."""

    kind: str

    def check(self, request: Json) -> None:
        """Refuse what cannot run here."""

    def image(self, request: Json) -> str:
        """The container's image."""

    def prepare(self, request: Json, sandbox: Sandbox) -> Command:
        """Copy what the script reads, and make its command."""

    def collect(self, request: Json, sandbox: Sandbox) -> Json:
        """Copy what the script wrote; returns members for the job's description."""

    def failure(self, code: int, sandbox: Sandbox) -> str:
        """The failure reason for an exit code."""

    def runtime(self, request: Json) -> int:
        """The longest time it may run, in seconds."""


class FailedError(Exception):
    """The job ends as failed, for this reason."""


@dataclass
class Job:
    """One job. `done` is set when its status is final and visible."""

    kind: str
    name: str
    request: Json
    created: datetime
    modified: datetime
    status: str = "InProgress"
    started: datetime | None = None
    ended: datetime | None = None
    failure: str | None = None
    exit_message: str | None = None
    results: Json = field(default_factory=dict)
    process: Process | None = None
    stopping: bool = False
    done: threading.Event = field(default_factory=threading.Event)

    @property
    def arn(self) -> str:
        """The job's ARN."""
        return names.arn(f"{self.kind.lower()}-job", self.name)


class Jobs:
    """Operations on jobs, and the threads that run them."""

    def __init__(self, core: Core, roles: Roles, processes: Processes) -> None:
        self._core = core
        self._roles = roles
        self._processes = processes
        self._jobs: dict[str, Job] = {}
        self._slots = threading.BoundedSemaphore(AT_ONCE)

    def operations(self) -> dict[str, Operation]:
        """What this part answers."""
        found: dict[str, Operation] = {}
        for work in (Processing(), Training()):
            found |= self._operations_of(work)
        return found | {"ListProcessingJobs": lambda request, _: self._list("Processing", request)}

    def _operations_of(self, work: Work) -> dict[str, Operation]:
        kind = work.kind
        return {
            f"Create{kind}Job": lambda request, _: self.create(work, request),
            f"Describe{kind}Job": lambda request, _: self._describe(kind, request),
            f"Stop{kind}Job": lambda request, _: self._stop(kind, request),
        }

    def wait(self, arn: str) -> Job:
        """The job once it has ended."""
        job = self._jobs[arn]
        job.done.wait()
        return job

    def create(self, work: Work, request: Json) -> Json:
        """Begin a job; it goes on by itself."""
        now = self._core.now()
        job = Job(work.kind, text(request, f"{work.kind}JobName"), request, now, now)
        if job.arn in self._jobs:
            raise in_use(f"Job name must be unique within an AWS account and region: {job.name}")
        try:
            work.check(request)
        except RefusedError as refusal:
            raise invalid(f"The embedded SageMaker refuses {job.name}: {refusal}.") from refusal
        sandbox = self._sandbox(job)
        self._jobs[job.arn] = job
        self._core.tags.begin(job.arn, request)
        self._announce(job)
        self._core.in_background(
            f"{work.kind.lower()} job {job.name}", lambda: self._run(work, job, sandbox)
        )
        return {f"{work.kind}JobArn": job.arn}

    def _describe(self, kind: str, request: Json) -> Json:
        return described(self._named(kind, request))

    def _list(self, kind: str, request: Json) -> Json:
        rows = [
            Row(job.name, job.created, summary(job), order, job.modified, job.status)
            for order, job in enumerate(self._jobs.values())
            if job.kind == kind and request.get("StatusEquals", job.status) == job.status
        ]
        return listing(rows, request, f"{kind}JobSummaries", newest_first=False)

    def _stop(self, kind: str, request: Json) -> None:
        self.stop(self._named(kind, request).arn)

    def describe(self, arn: str) -> Json:
        """What a Describe call shows, for references from later steps."""
        with self._core.state():
            return described(self._jobs[arn])

    def stop(self, arn: str) -> None:
        """End a job that still runs; one that has ended stays as it is."""
        with self._core.state():
            job = self._jobs[arn]
            if job.status == "InProgress":
                job.status, job.stopping, job.modified = "Stopping", True, self._core.now()
                self._announce(job)
            if job.process:
                job.process.kill()

    def _named(self, kind: str, request: Json) -> Job:
        arn = names.arn(f"{kind.lower()}-job", text(request, f"{kind}JobName"))
        if arn not in self._jobs:
            raise not_found(f"Requested resource not found: {arn}")
        return self._jobs[arn]

    # On the job's own thread

    def _run(self, work: Work, job: Job, sandbox: Sandbox) -> None:
        failure: str | None = None
        try:
            with self._slots:
                self._attempt(work, job, sandbox)
        except FailedError as end:
            failure = str(end)
        except (StorageError, RefusedError, behind.PullError) as error:
            failure = f"ClientError: {error}"
        except Exception as fault:
            _log.exception("job %s broke", job.name)
            failure = f"InternalServerError: {fault!r}"
        job.exit_message = sandbox.left_message(MESSAGE) or None
        self._finish(job, failure)

    def _attempt(self, work: Work, job: Job, sandbox: Sandbox) -> None:
        world, role = self._core.world, text(job.request, "RoleArn")
        behind.pull(world, role, work.image(job.request))
        behind.observe(world, role, f"{work.kind}Jobs")
        command = work.prepare(job.request, sandbox)
        job.started = self._core.now()
        code = self._execute(job, command, work.runtime(job.request))
        if code is None:
            job.stopping = True
            raise FailedError("MaxRuntimeExceeded: the job ran longer than MaxRuntimeInSeconds")
        if code != 0:
            raise FailedError(work.failure(code, sandbox))
        job.results = work.collect(job.request, sandbox)

    def _execute(self, job: Job, command: Command, seconds: int) -> int | None:
        with self._core.state():
            if job.stopping:
                return -1
            process = job.process = self._processes.start(command)
        code = process.wait(seconds)
        if code is None:
            process.kill()
        return code

    def _finish(self, job: Job, failure: str | None) -> None:
        ended = "Stopped" if job.stopping else "Failed" if failure else "Completed"
        try:
            with self._core.state():
                job.status, job.failure, job.process = ended, failure and failure[:1024], None
                job.ended = job.modified = self._core.now()
                self._announce(job)
        finally:
            job.done.set()

    def _sandbox(self, job: Job) -> Sandbox:
        root = (self._core.world.root / "jobs" / job.name).resolve()
        root.mkdir(parents=True)
        role = self._roles.session(text(job.request, "RoleArn"))
        return Sandbox(job.name, root, role, self._log_of(job.name))

    def _log_of(self, name: str) -> Path:
        found = _LOG_NAME.fullmatch(name)
        file = f"step-{found[1]}-{found[2]}.log" if found else f"job-{name}.log"
        log = (self._core.world.root / "logs" / file).resolve()
        log.touch()
        return log

    def _announce(self, job: Job) -> None:
        detail: Mapping[str, object] = announced(job)
        self._core.announce(f"SageMaker {job.kind} Job State Change", detail, [job.arn])
