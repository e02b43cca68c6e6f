"""A function's log: its own file, and CloudWatch Logs."""

import uuid
from pathlib import Path

from moto.logs.models import LogsBackend, logs_backends

from local_aws.kernel import ACCOUNT, REGION, World


class FunctionLog:
    """Takes a function's lines; each process of the function has a stream of its own."""

    def __init__(self, world: World, function: str) -> None:
        self._world = world
        self._file = world.root / "logs" / f"function-{function}.log"
        self.group = f"/aws/lambda/{function}"
        self.stream = ""
        self.renew()

    @property
    def path(self) -> Path:
        """The file with every line so far."""
        return self._file

    def renew(self) -> None:
        """A new process begins."""
        day = self._world.now().strftime("%Y/%m/%d")
        self.stream = f"{day}/[$LATEST]{uuid.uuid4().hex}"

    def write(self, lines: list[str]) -> None:
        """Keep the lines of one invocation."""
        if not lines:
            return
        with self._file.open("a") as file:
            file.writelines(f"{line}\n" for line in lines)
        timestamp = int(self._world.now().timestamp() * 1000)
        with self._world.lock("logs"):
            logs = _logs()
            if self.group not in logs.groups:
                logs.create_log_group(self.group, {})
            if self.stream not in logs.groups[self.group].streams:
                logs.create_log_stream(self.group, self.stream)
            entries = [{"timestamp": timestamp, "message": line} for line in lines]
            logs.put_log_events(self.group, self.stream, entries)


def _logs() -> LogsBackend:
    return logs_backends[ACCOUNT][REGION]
