"""The Lambda Runtime API for one process of one function.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

import json
import queue
import threading
import time
import uuid
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ROOT = "/2018-06-01/runtime/"


@dataclass(frozen=True)
class Outcome:
    """What an invocation came to."""

    payload: bytes
    failed: bool


@dataclass(frozen=True)
class Job:
    """One invocation, and the place where its outcome is put."""

    payload: bytes
    seconds: float
    request_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    outcome: "queue.SimpleQueue[Outcome]" = field(default_factory=queue.SimpleQueue)


def failure(kind: str, message: str) -> Outcome:
    """An outcome in the words of Lambda itself."""
    return Outcome(json.dumps({"errorMessage": message, "errorType": kind}).encode(), True)


class RuntimeApi(ThreadingHTTPServer):
    """Hands invocations to the process that polls it, and takes back what they come to.

    Each process has its own: a poller left behind by a killed process would eat the next job.
    """

    daemon_threads = True

    def __init__(self, function_arn: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.address = f"127.0.0.1:{self.server_address[1]}"
        self.function_arn = function_arn
        self.jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self.ready = threading.Event()
        self._open: dict[str, Job] = {}
        self._over: Outcome | None = None
        self._lock = threading.Lock()
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    def give(self, job: Job) -> None:
        """Hand a job to the process; if it has ended, how it ended is the outcome."""
        with self._lock:
            if self._over:
                job.outcome.put(self._over)
                return
            self._open[job.request_id] = job
        self.jobs.put(job)

    def finish(self, request_id: str, outcome: Outcome) -> None:
        """Settle a job; the first outcome counts."""
        with self._lock:
            job = self._open.pop(request_id, None)
        if job:
            job.outcome.put(outcome)

    def over(self, outcome: Outcome) -> None:
        """The process has ended, or will not start: settle every job, and those to come."""
        with self._lock:
            self._over = self._over or outcome
            left = list(self._open)
        self.ready.set()
        for request_id in left:
            self.finish(request_id, outcome)

    def close(self) -> None:
        """Let go of a poller that still waits, and take no more connections."""
        self.jobs.put(None)
        self.shutdown()
        self.server_close()

    def handle_error(self, *_: object) -> None:
        """A killed process resets its connections; that is no news."""


class _Handler(BaseHTTPRequestHandler):
    server: RuntimeApi
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = (
        True  # together with the write buffer: 1 ms an invocation instead of 88
    )
    wbufsize = 65536

    def log_message(self, *_: object) -> None:
        """The function's own log is enough."""

    def _reply(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        # The runtime client's native half crashes on an answer without a content type.
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        self.server.ready.set()
        job = self.server.jobs.get()
        if job is None:
            self.close_connection = True
            return
        trace = f"Root=1-{uuid.uuid4().hex[:8]}-{uuid.uuid4().hex[:24]};Sampled=0"
        headers = {
            "Lambda-Runtime-Aws-Request-Id": job.request_id,
            "Lambda-Runtime-Deadline-Ms": str(int((time.time() + job.seconds) * 1000)),
            "Lambda-Runtime-Invoked-Function-Arn": self.server.function_arn,
            "Lambda-Runtime-Trace-Id": trace,
        }
        self._reply(200, job.payload, headers)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        match self.path.removeprefix(ROOT).split("/"):
            case ["init", "error"]:
                self.server.over(Outcome(body, True))
            case ["invocation", request_id, what]:
                self.server.finish(request_id, Outcome(body, what == "error"))
        self._reply(202, b"{}")
