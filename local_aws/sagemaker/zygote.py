"""One warm interpreter that forks: importing scikit-learn takes seconds, a fork milliseconds.

Run as `python -m local_aws.sagemaker.zygote FD`. On the socket FD it takes one JSON request a line,
`{"id", "run": {"script" | "module", "arguments", "cwd", "env", "log", "listening"}}`, or
`{"id", "kill": true}`. If `listening` is true, a file descriptor comes beside the line, and the
child finds its number as LISTENING_FD. It answers
`{"id", "pid"}` when the child runs and `{"id", "exit"}` when it has ended, negative for a signal.

It has one thread, so that a fork is safe. When the other end of the socket closes, it ends all
children and itself; if it is killed, the kernel ends the children.
"""

import atexit
import contextlib
import ctypes
import importlib
import io
import json
import os
import runpy
import selectors
import signal
import socket
import sys
import threading
import traceback
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

WARM = (
    "numpy", "pandas", "sklearn.ensemble", "sklearn.metrics", "sklearn.inspection",
    "sklearn.pipeline", "sklearn.linear_model", "joblib", "boto3", "http.server",
)  # fmt: skip
LARGEST_LINE = 1 << 20
_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True)
class Run:
    """What a child is to do."""

    target: str
    is_module: bool
    arguments: list[str]
    cwd: str
    env: dict[str, str]
    log: str
    listening: bool

    @classmethod
    def parse(cls, value: dict[str, object]) -> "Run":
        """Read the `run` member of a request."""
        return cls(
            target=cast(str, value.get("module") or value["script"]),
            is_module="module" in value,
            arguments=cast("list[str]", value["arguments"]),
            cwd=cast(str, value["cwd"]),
            env=cast("dict[str, str]", value["env"]),
            log=cast(str, value["log"]),
            listening=bool(value["listening"]),
        )


class Zygote:
    """Forks children on request and reports their ends."""

    def __init__(self, line: socket.socket) -> None:
        self._line = line
        self._selector = selectors.DefaultSelector()
        self._selector.register(line, selectors.EVENT_READ)
        self._children: dict[int, tuple[int, int]] = {}
        self._unread = b""
        # A descriptor arrives with the first byte of its line, maybe together with former lines.
        self._descriptors: list[int] = []

    def serve(self) -> Run | None:
        """Serve until the other side goes away; in a child, return what the child is to run."""
        while True:
            for key, _ in self._selector.select():
                if key.fileobj is not self._line:
                    self._reap(key.fd, cast(int, key.data))
                    continue
                received, descriptors, *_ = socket.recv_fds(self._line, LARGEST_LINE, 1)
                if not received:
                    self._end_all()
                    return None
                self._descriptors += descriptors
                if run := self._take(received):
                    return run

    def _take(self, received: bytes) -> Run | None:
        *lines, self._unread = (self._unread + received).split(b"\n")
        for line in lines:
            request = json.loads(line)
            if "kill" in request:
                self._kill(request["id"])
            elif run := self._fork(request["id"], Run.parse(request["run"])):
                return run
        return None

    def _fork(self, number: int, run: Run) -> Run | None:
        listening = self._descriptors.pop(0) if run.listening else None
        parent = os.getpid()
        pid = os.fork()
        if pid == 0:
            self._leave(parent)
            known = {} if listening is None else {"LISTENING_FD": str(listening)}
            return replace(run, env=run.env | known)
        if listening is not None:
            os.close(listening)
        # The child does this too: whoever comes first, the group is there before it is killed.
        with contextlib.suppress(PermissionError, ProcessLookupError):
            os.setpgid(pid, pid)
        watch = os.pidfd_open(pid)
        self._children[number] = (pid, watch)
        self._selector.register(watch, selectors.EVENT_READ, number)
        self._say({"id": number, "pid": pid})
        return None

    def _leave(self, parent: int) -> None:
        """Let go of everything that is the zygote's."""
        os.setpgid(0, 0)
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)
        for _, watch in self._children.values():
            os.close(watch)
        self._selector.close()
        self._line.close()

    def _kill(self, number: int) -> None:
        if number in self._children:
            # The child leads its own process group, with whatever it started.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._children[number][0], signal.SIGKILL)

    def _reap(self, watch: int, number: int) -> None:
        pid, _ = self._children.pop(number)
        self._selector.unregister(watch)
        os.close(watch)
        _, status = os.waitpid(pid, 0)
        self._say({"id": number, "exit": os.waitstatus_to_exitcode(status)})

    def _end_all(self) -> None:
        for number, (pid, _) in self._children.items():
            self._kill(number)
            os.waitpid(pid, 0)

    def _say(self, message: dict[str, object]) -> None:
        with contextlib.suppress(BrokenPipeError):
            self._line.sendall(json.dumps(message).encode() + b"\n")


def warm_up() -> None:
    """Import what steps and models use; what is missing is for the script to miss."""
    for name in WARM:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)


def become(run: Run) -> int:
    """Be the process that `run` describes, and return its exit code."""
    _redirect(run.log)
    os.chdir(run.cwd)
    os.environ.clear()
    os.environ.update(run.env)
    if numpy := sys.modules.get("numpy"):
        # Every child would draw the same numbers otherwise.
        numpy.random.seed()
    try:
        _execute(run)
    except SystemExit as end:
        return _exit_code(end.code)
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


def _execute(run: Run) -> None:
    sys.argv = [run.target, *run.arguments]
    if run.is_module:
        runpy.run_module(run.target, run_name="__main__", alter_sys=True)
        return
    # A script sees its own folder first and, unlike the zygote, not this repository.
    sys.path[0] = str(Path(run.target).resolve().parent)
    # An interpreter reads this when it starts; here it has started long ago.
    sys.path[1:1] = filter(None, run.env.get("PYTHONPATH", "").split(os.pathsep))
    runpy.run_path(run.target, run_name="__main__")


def _exit_code(code: object) -> int:
    if code is None or isinstance(code, int):
        return int(code or 0)
    print(code, file=sys.stderr)
    return 1


def _redirect(log: str) -> None:
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (output, 1), (output, 2)):
        os.dup2(source, target)
        os.set_inheritable(target, True)
    cast(io.TextIOWrapper, sys.stdout).reconfigure(line_buffering=True)


def leave(code: int) -> None:
    """End the process as the interpreter does, but without taking apart all that was imported.

    That alone takes 0.4 s with scikit-learn and pandas loaded.
    """
    for thread in threading.enumerate():
        if thread is not threading.current_thread() and not thread.daemon:
            thread.join()
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def main() -> None:
    """Serve as the zygote; in a child, become what was asked for."""
    line = socket.socket(fileno=int(sys.argv[1]))
    warm_up()
    run = Zygote(line).serve()
    leave(become(run) if run else 0)


if __name__ == "__main__":
    main()
