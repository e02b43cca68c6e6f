"""Starts the embedded AWS as a process, and talks to its admin API. Standard library only."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import IO, Self, cast

REGION = "eu-west-1"
ROOT_KEY = "AKIALOCALLOCALLOCAL0"
BOOT_SECONDS = 60
STOP_SECONDS = 10

type Json = dict[str, object]


class LocalAwsError(Exception):
    """The embedded AWS did not start, or refused what was asked; one sentence says why."""


class NotIdle(LocalAwsError):
    """The embedded AWS did not come to rest in time; the sentence says what is still under way."""


def environment(endpoint: str, base: Mapping[str, str] | None = None) -> dict[str, str]:
    """Environment of a process that must see the embedded AWS, and never a real account."""
    kept = {k: v for k, v in (base or os.environ).items() if not k.startswith("AWS_")}
    return kept | {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": ROOT_KEY,
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": "127.0.0.1,localhost",
        "no_proxy": "127.0.0.1,localhost",
    }


@dataclass(frozen=True, slots=True)
class Way:
    """How it runs: port (0: any free one), and what becomes of its clock and its state."""

    port: int = 0
    hold: bool = True  # what is due later waits until it is asked for
    clock_rate: float = 1.0  # embedded seconds in a second of the wall clock
    keep: bool = False  # the state stays in its folder, and one that is there goes on


type Tell = Callable[[str], object]


def _silent(line: str) -> None:
    del line


def _ready(process: subprocess.Popen[str], errors: IO[str], tell: Tell) -> Json:
    """What the server says when it is ready. Raises LocalAwsError with what it says otherwise."""
    while line := process.stdout.readline() if process.stdout else "":
        said = cast(Json, json.loads(line))
        if "progress" not in said:
            return said
        tell(str(said["progress"]))
    process.wait(STOP_SECONDS)
    errors.seek(0)
    why = errors.read().strip() or f"it ended with {process.returncode}"
    raise LocalAwsError(f"the embedded AWS did not start: {why}")


class LocalAws:
    """A running embedded AWS; leaving the context stops it."""

    def __init__(
        self,
        process: subprocess.Popen[str],
        root: Path,
        endpoint: str,
        outputs: dict[str, str],
        resumed: bool,
    ) -> None:
        self._process = process
        self.root = root
        self.endpoint = endpoint
        self.outputs = outputs
        self.resumed = resumed  # a state that was kept goes on

    @classmethod
    def start(
        cls,
        root: Path,
        template: Path,
        parameters: Mapping[str, str] | None = None,
        *,
        way: Way | None = None,
        tell: Tell = _silent,
    ) -> Self:
        """Boot from `template`, with files below `root`; returns when it is deployed and ready.

        `tell` is told how far it is.
        """
        way = way or Way()
        if sys.platform != "linux":
            raise LocalAwsError(
                f"the embedded AWS runs on Linux and on WSL2, and this is {sys.platform}"
            )
        errors = os.fdopen(os.memfd_create("errors"), "w+")  # readable even if the disk is full
        command = [sys.executable, "-m", "local_aws", "--template", str(template.resolve())]
        command += ["--root", str(root.resolve()), "--port", str(way.port)]
        command += ["--clock-rate", str(way.clock_rate)]
        command += ["--hold"] * way.hold + ["--keep"] * way.keep
        for key, value in (parameters or {}).items():
            command += ["--parameter", f"{key}={value}"]
        process = subprocess.Popen(
            command,
            cwd=Path(__file__).resolve().parent.parent,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            start_new_session=True,
        )
        try:
            with errors:
                ready = _ready(process, errors, tell)
        except BaseException:  # Ctrl-C too: nothing may stay behind
            process.kill()
            process.communicate()
            raise
        outputs = cast(dict[str, str], ready["outputs"])
        return cls(process, root, str(ready["endpoint"]), outputs, bool(ready["resumed"]))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        """The server's process id."""
        return self._process.pid

    def environment(self) -> dict[str, str]:
        """This process's environment, pointed at the embedded AWS."""
        return environment(self.endpoint)

    def status(self) -> Json:
        """Time, what is busy, what is due next."""
        return cast(Json, self._ask("GET", "status"))

    def settle(self, seconds: float = 300) -> None:
        """Wait until nothing runs or waits. Raises NotIdle."""
        self._ask("POST", "settle", {"seconds": seconds}, seconds + 30)

    def jump(self) -> list[str]:
        """Move the clock to the next thing that is due, let it happen; returns what happened."""
        answer = cast(dict[str, list[str]], self._ask("POST", "jump", {}, 3600))
        return answer["fired"]

    def advance(self, seconds: float) -> list[str]:
        """Let everything happen that is due in the next `seconds`; returns what happened."""
        return advance(self.endpoint, seconds)

    def events(self) -> list[Json]:
        """Every event on the bus, in order: `{"event": ..., "matched": [rule, ...]}`."""
        return cast(list[Json], self._ask("GET", "events"))

    def faults(self) -> list[Json]:
        """Every answer that was not as botocore describes it."""
        return cast(list[Json], self._ask("GET", "faults"))

    def calls(self) -> dict[str, Json]:
        """Every operation that was called: how often, and by which functions."""
        return cast(dict[str, Json], self._ask("GET", "calls"))

    def authorizations(self) -> list[Json]:
        """Every distinct call so far, with the decision on it and the statements that made it."""
        return cast(list[Json], self._ask("GET", "authorizations"))

    def policies(self) -> Json:
        """Every policy that is deployed now, by principal and by resource."""
        return cast(Json, self._ask("GET", "policies"))

    def let_functions_die(self, after: Mapping[str, Sequence[int]]) -> None:
        """Kill each function (SIGKILL) right after these of its calls to AWS, counted from now."""
        self._ask("POST", "deaths", dict(after))

    def deaths(self) -> list[Json]:
        """Every death so far: the function, the call that was its last, the number of that."""
        return cast(list[Json], self._ask("GET", "deaths"))

    def misbehave(
        self, kind: str, call: str, *, function: str | None = None, times: int = 1
    ) -> None:
        """Answer the next calls of `service:Operation` badly, those of a function or anybody's.

        `kind`: denied, throttle, error, or timeout, which is carried out and never answered.
        """
        service, _, operation = call.partition(":")
        body: Json = {"kind": kind, "service": service, "operation": operation}
        self._ask("POST", "misbehave", body | {"function": function, "times": times})

    def deny_everywhere(self, *, on: bool) -> None:
        """Deny functions each of their calls, once for each way to get there."""
        self._ask("POST", "deny-everywhere", {"on": on})

    def misbehaviours(self) -> dict[str, list[Json]]:
        """What was answered badly, as `done`, and what is still to be, as `left`."""
        return cast(dict[str, list[Json]], self._ask("GET", "misbehave"))

    def _ask(self, method: str, what: str, body: Json | None = None, timeout: float = 60) -> object:
        return ask(self.endpoint, method, what, body, timeout)

    def wait(self) -> int:
        """Wait until it has ended by itself; returns its exit status."""
        return self._process.wait()

    def stop(self) -> str:
        """End the embedded AWS and everything that it started; returns what it said at the end."""
        if self._process.stdout is None or self._process.stdout.closed:
            return ""
        if self._process.poll() is None:
            self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        except KeyboardInterrupt:  # whoever presses ctrl-C twice does not want to wait
            self._process.kill()
            self._process.wait()
            raise
        last = self._process.stdout.read()
        self._process.communicate()
        return str(json.loads(last)["lost"]) if last else ""


def ask(
    endpoint: str, method: str, what: str, body: Json | None = None, timeout: float = 60
) -> object:
    """One request to the admin API of the embedded AWS at `endpoint`."""
    connection = HTTPConnection(endpoint.removeprefix("http://"), timeout=timeout)
    try:
        connection.request(method, f"/_local/{what}", json.dumps(body or {}))
        answer = connection.getresponse()
        said = json.load(answer)
    except (OSError, HTTPException, ValueError) as lost:
        raise LocalAwsError(f"the embedded AWS at {endpoint} does not answer: {lost!r}") from None
    finally:
        connection.close()
    if answer.status == 504:
        raise NotIdle("still under way: " + ", ".join(said["busy"]))
    if answer.status != 200:
        raise LocalAwsError(f"the embedded AWS refused {what}: {said['error']}")
    return said


def function_credentials(endpoint: str, function: str) -> dict[str, str]:
    """The variables with which Lambda gives a function a new session of its role."""
    answer = ask(endpoint, "POST", "credentials", {"function": function})
    return cast(dict[str, str], answer)


def now(endpoint: str) -> datetime:
    """The time on the clock of the embedded AWS at `endpoint`."""
    status = cast(dict[str, str], ask(endpoint, "GET", "status"))
    return datetime.fromisoformat(status["now"])


def advance(endpoint: str, seconds: float) -> list[str]:
    """Let everything happen that is due in the next `seconds`; returns what happened."""
    answer = ask(endpoint, "POST", "advance", {"seconds": seconds}, 3600)
    return cast(dict[str, list[str]], answer)["fired"]


def logs_folder(endpoint: str) -> Path:
    """Where the embedded AWS at `endpoint` keeps its logs, on this machine."""
    status = cast(dict[str, str], ask(endpoint, "GET", "status"))
    return Path(status["root"]) / "logs"
