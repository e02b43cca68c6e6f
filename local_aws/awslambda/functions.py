"""The deployed functions: each is invoked in a warm process of its own, one event at a time."""

import os
import threading
from dataclasses import dataclass
from pathlib import Path

from moto.awslambda.models import LambdaFunction

from local_aws import identity
from local_aws.account import REGION
from local_aws.awslambda.folders import Layer, below, folder_of, merge_layers
from local_aws.awslambda.logs import FunctionLog
from local_aws.awslambda.process import Code, Process
from local_aws.awslambda.runtime_api import Outcome
from local_aws.kernel import Measurement, World

HOOK = Path(__file__).parent / "hook"
TAIL_BYTES = 4096


@dataclass(frozen=True)
class Result:
    """What an invocation came to, with its log."""

    outcome: Outcome
    lines: list[str]

    @property
    def tail(self) -> bytes:
        """The last 4 KB of the log, as Invoke returns it."""
        return "\n".join(self.lines).encode()[-TAIL_BYTES:]


class Function:
    """One deployed function; its process is started when it is first needed."""

    def __init__(self, world: World, function: LambdaFunction, layers: list[Layer]) -> None:
        self._world = world
        self._function = function
        self._layers = layers
        self._opt = world.root / "functions" / function.function_name / "opt"
        self._log = FunctionLog(world, function.function_name, str(function.role))
        self._process: Process | None = None
        self._lock = threading.Lock()

    def __reduce__(self) -> tuple[type["Function"], tuple[World, LambdaFunction, list[Layer]]]:
        """Kept as what it was made from; its process starts again when it is needed."""
        return Function, (self._world, self._function, self._layers)

    def invoke(self, payload: bytes) -> Result:
        """Run the function once, after those that came before."""
        name = self._function.function_name
        with self._world.busy(f"function {name}"), self._lock:
            if self._process is None or not self._process.alive:
                self._log.renew()
                self._process = Process(self._code())
            self._world.deaths.begun(name, self._process.end)
            self._world.misbehaviour.begun(name)
            outcome, lines = self._process.invoke(payload)
            if outcome.failed:
                lines = [*lines, f"[ERROR] {outcome.payload.decode(errors='replace')}"]
            self._log.write(lines)
            self._measure(failed=outcome.failed)
            self._trace()
            return Result(outcome, lines)

    @property
    def arn(self) -> str:
        """ARN of the function."""
        return str(self._function.function_arn)

    @property
    def role(self) -> str:
        """ARN of the role under which the function runs, and all that Lambda does for it."""
        return str(self._function.role)

    def _measure(self, *, failed: bool) -> None:
        """What Lambda tells CloudWatch; of errors only that there was one."""
        name = {"FunctionName": self._function.function_name}
        for metric in ("Invocations", "Errors") if failed else ("Invocations",):
            self._world.measure(Measurement("AWS/Lambda", metric, name, 1.0, "Count"))

    def _trace(self) -> None:
        """X-Ray gets nothing here; what Lambda would send it has to be allowed all the same."""
        if self._function.tracing_config["Mode"] == "Active":
            for action in ("xray:PutTraceSegments", "xray:PutTelemetryRecords"):
                self._world.permitted(self.role, action, "*")

    def end(self) -> None:
        """End the process, if there is one."""
        if self._process is not None:
            self._process.end()

    def _code(self) -> Code:
        folder = folder_of(self._function.code)
        merge_layers(self._layers, self._opt)
        return Code(
            arn=self._function.function_arn,
            folder=folder,
            handler=str(self._function.handler),
            environment=self._environment(folder),
            seconds=float(self._function.timeout),
        )

    def _environment(self, folder: Path) -> dict[str, str]:
        function = self._function
        variables = {k: below(self._opt, str(v)) for k, v in function.environment_vars.items()}
        python_path = [str(folder), str(self._opt / "python"), str(HOOK)]
        return {
            **variables,
            **identity.assume_role(function.role, function.function_name),
            "PATH": os.environ.get("PATH", os.defpath),
            "LANG": "en_US.UTF-8",
            "TZ": ":UTC",
            "PYTHONPATH": os.pathsep.join(python_path),
            "PYTHONUNBUFFERED": "1",
            "STEWARD_LOCAL_CLOCK": str(self._world.root / "clock"),
            "_HANDLER": str(function.handler),
            "LAMBDA_TASK_ROOT": str(folder),
            "AWS_EXECUTION_ENV": f"AWS_Lambda_{function.run_time}",
            "AWS_LAMBDA_FUNCTION_NAME": function.function_name,
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_size),
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "AWS_LAMBDA_LOG_GROUP_NAME": self._log.group,
            "AWS_LAMBDA_LOG_STREAM_NAME": self._log.stream,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ENDPOINT_URL": self._world.endpoint,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            "NO_PROXY": "127.0.0.1,localhost",
            "no_proxy": "127.0.0.1,localhost",
        }
