"""A private folder that stands for a container's root, so that `/opt/ml` needs no rights."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from local_aws.sagemaker.processes import QUIET, Command
from local_aws.sagemaker.roles import RoleSession
from local_aws.sagemaker.values import Json

PATH = "/usr/local/bin:/usr/bin:/bin"
_OPT_ML = re.compile(r"(?<![\w.-])/opt/ml(?![\w.-])")


class RefusedError(Exception):
    """The job asks for something that cannot run here; the message says what."""


@dataclass(frozen=True)
class Sandbox:
    """One job's container: its name, its root folder, its role, its log."""

    name: str
    root: Path
    role: RoleSession
    log: Path

    def local(self, value: str) -> str:
        """The text with every `/opt/ml` path moved below the private root."""
        return _OPT_ML.sub(lambda _: f"{self.root}/opt/ml", value)

    def path(self, container_path: str) -> Path:
        """Where a path of the container is on this machine."""
        return self.root / container_path.lstrip("/")

    def folder(self, container_path: str) -> Path:
        """The same, for a folder that is to be there."""
        folder = self.path(container_path)
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def environment(self, given: Mapping[str, str]) -> dict[str, str]:
        """The whole environment of the process: nothing of the server's leaks in."""
        moved = {key: self.local(value) for key, value in given.items()}
        fixed = {"PATH": PATH, "HOME": str(self.root), "LANG": "C.UTF-8", "PYTHONUNBUFFERED": "1"}
        return {**QUIET, **fixed, **moved, **self.role.environment()}

    def python(self, words: Sequence[str], given: Mapping[str, str], cwd: Path) -> Command:
        """The command for `python script.py arguments...`; nothing else can be forked."""
        match words:
            case [interpreter, script, *arguments] if script.endswith(".py"):
                runs = interpreter.rpartition("/")[2].startswith("python")
            case _:
                runs = False
        if not runs:
            raise RefusedError(
                f"only `python3 <script>.py ...` can run without a container, not {list(words)}"
            )
        return Command(
            target=self.local(script),
            arguments=[self.local(word) for word in arguments],
            cwd=cwd,
            env=self.environment(given),
            log=self.log,
        )

    def left_message(self, container_path: str) -> str:
        """What the job wrote down for people when it ended, at most 1,024 characters."""
        file = self.path(container_path)
        return file.read_text(errors="replace").strip()[:1024] if file.is_file() else ""


def refuse_unless(supported: Mapping[str, object], source: Json, where: str) -> None:
    """Refuse a member that is there with another value than the one that is supported."""
    for member, value in supported.items():
        if source.get(member, value) != value:
            raise RefusedError(f"{where}.{member} = {source[member]} is not covered, only {value}")
