"""Runs a definition: which steps can start, what each does, how the run ends."""

import logging
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from botocore.exceptions import BotoCoreError, ClientError

from local_aws.sagemaker import storage
from local_aws.sagemaker.core import Core
from local_aws.sagemaker.definition import Step
from local_aws.sagemaker.executions import Chronicle, Execution, StepRun
from local_aws.sagemaker.expressions import BadExpressionError, Scope
from local_aws.sagemaker.jobs import Jobs
from local_aws.sagemaker.roles import Roles
from local_aws.sagemaker.steps import StepFailedError, StepWork
from local_aws.sagemaker.values import whole

AT_ONCE = 2
STEP_FAILURE = "Step failure: One or multiple steps failed."
_log = logging.getLogger(__name__)


@dataclass
class _Progress:
    """What of a run waits, runs and has ended."""

    scope: Scope
    waiting: list[Step]
    ended: set[str] = field(default_factory=set)
    failed: bool = False
    halted: bool = False

    def next_ready(self) -> Step | None:
        """A step whose needs have all succeeded; taken off the waiting ones."""
        for step in self.waiting:
            if step.needs <= self.ended:
                self.waiting.remove(step)
                return step
        return None


class Executor:
    """Runs executions, each on a thread of its own."""

    def __init__(self, core: Core, roles: Roles, jobs: Jobs, has_group: Callable[[str], bool]):
        self._core = core
        self._roles = roles
        self._jobs = jobs
        self._chronicle = Chronicle(core)
        self._has_group = has_group

    def start(self, execution: Execution) -> None:
        """Let a run begin."""
        self._chronicle.begin(execution)
        what = f"pipeline execution {execution.arn}"
        self._core.in_background(what, lambda: self._run(execution))

    def stop(self, execution: Execution) -> None:
        """End a run: no step starts any more, and jobs that run are ended."""
        with self._core.state():
            execution.stopping.set()
            self._chronicle.move(execution, "Stopping")
            for run in execution.steps:
                if run.job_arn and run.status == "Executing":
                    self._chronicle.move_step(execution, run, "Stopping")
                    self._jobs.stop(run.job_arn)

    def _run(self, execution: Execution) -> None:
        scope = Scope(
            execution.parameters,
            execution.variables(),
            lambda uri: storage.read(self._roles.session(execution.role).s3, uri),
        )
        progress = _Progress(scope, list(execution.definition.steps))
        try:
            self._run_steps(execution, progress)
        except Exception:
            _log.exception("the execution %s broke", execution.arn)
            progress.failed = True
        if execution.stopping.is_set():
            self._chronicle.move(execution, "Stopped")
        elif progress.failed:
            self._chronicle.move(execution, "Failed", STEP_FAILURE)
        else:
            self._chronicle.move(execution, "Succeeded")

    def _run_steps(self, execution: Execution, progress: _Progress) -> None:
        limit = min(AT_ONCE, whole(execution.parallelism, "MaxParallelExecutionSteps", AT_ONCE))
        running, over = 0, queue.SimpleQueue[str]()

        def run(step: Step) -> None:
            try:
                self._run_step(execution, progress, step)
            except Exception:
                _log.exception("step %s of %s broke", step.name, execution.arn)
                progress.failed = True
            finally:
                over.put(step.name)

        while True:
            while running < limit and (step := self._startable(execution, progress)):
                # Not a pool: its threads would keep a server alive that is told to end.
                threading.Thread(target=run, args=(step,), name=step.name, daemon=True).start()
                running += 1
            if not running:
                return
            over.get()
            running -= 1

    def _startable(self, execution: Execution, progress: _Progress) -> Step | None:
        if progress.halted or execution.stopping.is_set():
            return None
        with self._core.state():
            return progress.next_ready()

    def _run_step(self, execution: Execution, progress: _Progress, step: Step) -> None:
        run = self._chronicle.begin_step(execution, step)
        work = StepWork(
            execution, run, progress.scope, self._roles.session(execution.role), self._jobs
        )
        failure = self._attempt(work, execution, run)
        status = "Failed" if failure else "Succeeded"
        if failure and execution.stopping.is_set():
            status, failure = "Stopped", None
        self._chronicle.move_step(execution, run, status, failure)
        with self._core.state():
            if status == "Succeeded":
                progress.ended.add(step.name)
                progress.waiting += work.chosen
            else:
                progress.failed = True
                progress.halted = progress.halted or step.type == "Fail"

    def _attempt(self, work: StepWork, execution: Execution, run: StepRun) -> str | None:
        try:
            arguments = work.arguments()
            self._chronicle.move_step(execution, run, "Executing")
            work.run(arguments, self._has_group)
        except StepFailedError as failure:
            return str(failure)
        except (BadExpressionError, storage.StorageError) as error:
            return f"ClientError: {error}"
        except (ClientError, BotoCoreError) as error:
            return f"ClientError: {error}"
        except Exception as fault:
            _log.exception("step %s of %s broke", run.step.name, execution.arn)
            return f"InternalServerError: {fault!r}"
        return None
