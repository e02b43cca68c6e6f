"""The server's side of the zygote: start, wait for, and end forked processes."""

import itertools
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import local_aws

QUIET = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
GONE = -1
_START_TIMEOUT = 60


@dataclass
class Process:
    """A child of the zygote."""

    number: int
    _zygote: "Processes"
    pid: int | None = None
    exit_code: int | None = None
    _started: threading.Event = field(default_factory=threading.Event)
    _ended: threading.Event = field(default_factory=threading.Event)

    def wait(self, timeout: float | None = None) -> int | None:
        """The exit code, negative for a signal; None if it still runs after `timeout` seconds."""
        return self.exit_code if self._ended.wait(timeout) else None

    def started(self) -> int | None:
        """The process id, once it is known."""
        self._started.wait(_START_TIMEOUT)
        return self.pid

    def kill(self) -> None:
        """End it at once, with all that it started."""
        self._zygote.kill(self.number)

    def note(self, message: Mapping[str, int]) -> None:
        """Take in what the zygote says about it."""
        if "pid" in message:
            self.pid = message["pid"]
        else:
            self.exit_code = message["exit"]
            self._ended.set()
        self._started.set()


@dataclass(frozen=True)
class Command:
    """A Python script or module, and what surrounds it."""

    target: str
    arguments: Sequence[str]
    cwd: Path
    env: Mapping[str, str]
    log: Path
    is_module: bool = False

    def request(self) -> dict[str, object]:
        """As the zygote wants it."""
        return {
            "module" if self.is_module else "script": self.target,
            "arguments": list(self.arguments),
            "cwd": str(self.cwd),
            "env": dict(self.env),
            "log": str(self.log),
        }


class Processes:
    """Starts the zygote and speaks with it."""

    def __init__(self, log: Path) -> None:
        self._line, theirs = socket.socketpair()
        with theirs, log.open("ab") as output:
            self._zygote = subprocess.Popen(
                [sys.executable, "-m", "local_aws.sagemaker.zygote", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                cwd=Path(local_aws.__file__).parents[1],
                env={**os.environ, **QUIET},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                # Ctrl-C is for the server, which then ends the zygote in order.
                start_new_session=True,
            )
        self._numbers = itertools.count(1)
        self._running: dict[int, Process] = {}
        self._lock = threading.Lock()
        threading.Thread(target=self._listen, name="zygote", daemon=True).start()

    def start(self, command: Command, listening: socket.socket | None = None) -> Process:
        """Start a process; `listening` is handed over to it."""
        with self._lock:
            process = Process(next(self._numbers), self)
            self._running[process.number] = process
            descriptors = [listening.fileno()] if listening else []
            run = {**command.request(), "listening": bool(descriptors)}
            line = json.dumps({"id": process.number, "run": run}).encode() + b"\n"
            sent = socket.send_fds(self._line, [line], descriptors)
            self._line.sendall(line[sent:])
        return process

    def kill(self, number: int) -> None:
        """End the process with this number, if it still runs."""
        with self._lock:
            if number in self._running:
                self._line.sendall(json.dumps({"id": number, "kill": True}).encode() + b"\n")

    def stop(self) -> None:
        """End the zygote and, through it, all its children."""
        self._line.shutdown(socket.SHUT_RDWR)
        try:
            self._zygote.wait(timeout=3)
        except subprocess.TimeoutExpired:
            self._zygote.kill()
            self._zygote.wait()
        self._line.close()

    def _listen(self) -> None:
        with self._line.makefile("rb") as lines:
            for line in lines:
                self._note(json.loads(line))
        # The zygote has gone, and its children with it.
        for process in list(self._running.values()):
            process.note({"exit": GONE})

    def _note(self, message: dict[str, int]) -> None:
        process = self._running[message["id"]]
        if "exit" in message:
            with self._lock:
                del self._running[message["id"]]
        process.note(message)
