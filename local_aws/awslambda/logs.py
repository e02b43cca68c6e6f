"""A function's log: its own file, and CloudWatch Logs."""

import uuid
from collections.abc import Iterator
from pathlib import Path

from moto.logs.models import LogsBackend, logs_backends

from local_aws.account import ACCOUNT, REGION
from local_aws.kernel import World


class FunctionLog:
    """Takes a function's lines; each process of the function has a stream of its own."""

    def __init__(self, world: World, function: str, role: str) -> None:
        self._world = world
        self._role = role
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
        if not all(self._permitted()):
            return
        timestamp = int(self._world.now().timestamp() * 1000)
        with self._world.lock("logs"):
            logs = _logs()
            if self.group not in logs.groups:
                logs.create_log_group(self.group, {})
            if self.stream not in logs.groups[self.group].streams:
                logs.create_log_stream(self.group, self.stream)
            entries = [{"timestamp": timestamp, "message": line} for line in lines]
            logs.put_log_events(self.group, self.stream, entries)

    def _permitted(self) -> Iterator[bool]:
        """The calls that Lambda makes as the function's role, to write its log."""
        where = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{self.group}"
        if self.group not in _logs().groups:
            yield self._world.permitted(self._role, "logs:CreateLogGroup", where)
        # The stream's name is another one for each process, and no policy speaks of it.
        for action in ("logs:CreateLogStream", "logs:PutLogEvents"):
            yield self._world.permitted(self._role, action, f"{where}:log-stream:*")


def _logs() -> LogsBackend:
    return logs_backends[ACCOUNT][REGION]
