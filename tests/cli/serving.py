"""`steward up` as a process of its own, as somebody runs it in a terminal."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cli import repository

STEWARD = "import sys; from cli.main import main; sys.exit(main())"
LAST_LINE = "The whole tour"
_EXPORT = re.compile(r"^  export (.*)$", re.MULTILINE)


@dataclass(frozen=True)
class Up:
    """A `steward up` that serves: its process, what it printed, where its stderr goes."""

    process: "subprocess.Popen[str]"
    printed: str
    errors: Path

    @property
    def endpoint(self) -> str:
        return self.exports["AWS_ENDPOINT_URL"]

    @property
    def exports(self) -> dict[str, str]:
        """What is the same for both people."""
        return _variables(_EXPORT.findall(self.printed)[:-4])

    def keys(self, who: str) -> dict[str, str]:
        """The access key of the trainer or the approver."""
        first = {"trainer": -4, "approver": -2}[who]
        return _variables(_EXPORT.findall(self.printed)[first:][:2])

    def run(self, who: str, command: str) -> str:
        """Run a command in a shell with one person's exports; returns what it prints."""
        own = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
        path = f"{repository.ROOT / '.venv' / 'bin'}{os.pathsep}{own['PATH']}"
        done = subprocess.run(
            ["bash", "-c", command],
            env=own | {"PATH": path} | self.exports | self.keys(who),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return done.stdout

    def interrupt(self) -> None:
        """Press ctrl-C."""
        self.process.send_signal(signal.SIGINT)

    def wait(self) -> int:
        """Wait for its end; returns the exit status."""
        return self.process.wait(60)

    def said(self) -> str:
        """What it said on stderr so far."""
        return self.errors.read_text()


def _variables(exports: list[str]) -> dict[str, str]:
    words = [word for line in exports for word in line.split()]
    return dict(word.split("=", 1) for word in words)


@contextmanager
def up(folder: Path, *options: str) -> Iterator[Up]:
    """`steward up`, ready; ended with ctrl-C when left, if it still runs."""
    errors, code = folder / "up.err", (repository.ROOT, repository.ROOT / "layers" / "core")
    with (
        errors.open("w") as said,
        subprocess.Popen(
            [sys.executable, "-c", STEWARD, "up", *options],
            cwd=repository.ROOT,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, code))},
            stdout=subprocess.PIPE,
            stderr=said,
            text=True,
        ) as process,
    ):
        assert process.stdout
        printed = ""
        while LAST_LINE not in printed and (line := process.stdout.readline()):
            printed += line
        try:
            yield Up(process, printed, errors)
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
