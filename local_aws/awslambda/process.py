"""One execution environment of a function: a process, kept warm until it ends or is too slow."""

import os
import queue
import select
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from local_aws import children
from local_aws.awslambda.runtime_api import Job, Outcome, RuntimeApi, failure

INIT_SECONDS = 30


@dataclass(frozen=True)
class Code:
    """What is run: where, which handler, with which environment, for how long at most."""

    arn: str
    folder: Path
    handler: str
    environment: dict[str, str]
    seconds: float


class Process:
    """A running function process under the real runtime client."""

    def __init__(self, code: Code) -> None:
        self._seconds = code.seconds
        self._api = RuntimeApi(code.arn)
        environment = code.environment | {"AWS_LAMBDA_RUNTIME_API": self._api.address}
        command = [sys.executable, "-m", "awslambdaric", code.handler]
        self._child = children.start(command, code.folder, environment)
        self._output = _Output(self._child)
        threading.Thread(target=self._watch, name=f"watch {code.arn}", daemon=True).start()

    @property
    def alive(self) -> bool:
        """Whether it can take an invocation."""
        return self._child.poll() is None

    def invoke(self, payload: bytes) -> tuple[Outcome, list[str]]:
        """Run one invocation; returns what it came to, and the lines it wrote."""
        self._api.ready.wait(INIT_SECONDS)
        job = Job(payload, self._seconds)
        self._api.give(job)
        try:
            outcome = job.outcome.get(timeout=self._seconds)
        except queue.Empty:
            outcome = self._too_slow(job)
        return outcome, [
            f"START RequestId: {job.request_id}",
            *self._output.take(),
            f"END RequestId: {job.request_id}",
        ]

    def _too_slow(self, job: Job) -> Outcome:
        self.end()
        said = (
            f"RequestId: {job.request_id} Error: Task timed out after {self._seconds:.2f} seconds"
        )
        return failure("Sandbox.Timedout", said)

    def _watch(self) -> None:
        """The process is over when its output is; whatever it had not answered has failed."""
        self._output.pump()
        status = self._child.wait()
        said = f"RequestId: unknown Error: Runtime exited with error: exit status {status}"
        self._api.over(failure("Runtime.ExitError", said))
        self._api.close()

    def end(self) -> None:
        """End it at once."""
        children.end(self._child)


class _Output:
    """Collects the child's lines without ever letting the pipe fill."""

    def __init__(self, child: "subprocess.Popen[bytes]") -> None:
        assert child.stdout is not None
        self._pipe = child.stdout.fileno()
        os.set_blocking(self._pipe, False)
        self._close: Callable[[], None] = child.stdout.close
        self._lock = threading.Lock()
        self._text = b""
        self._closed = False

    def pump(self) -> None:
        """Read until the child has closed its end."""
        while not self._closed:
            select.select([self._pipe], [], [])
            self._read()
        self._close()

    def _read(self) -> None:
        with self._lock, suppress(BlockingIOError):
            while not self._closed:
                chunk = os.read(self._pipe, 65536)
                self._closed = not chunk
                self._text += chunk

    def take(self) -> list[str]:
        """The lines so far; what was written before an answer is in the pipe before that answer."""
        if not self._closed:
            self._read()
        with self._lock:
            text, self._text = self._text, b""
        return text.decode(errors="replace").splitlines()
