"""The logs of an embedded AWS: of functions, of steps and jobs, of endpoints."""

import time
from collections.abc import Iterator
from pathlib import Path

from cli.target import Refused

LOOK_SECONDS = 0.2
# Steps: step-<12 characters of the run>-<name of the step>.log
_RUN_LENGTH = 13


def find(folder: Path, name: str, prefix: str) -> Path:
    """The log of a function, with or without the prefix, of a step, a job or an endpoint."""
    known = names(folder)
    found = known.get(name) or known.get(f"{prefix}-{name}")
    if found is None:
        there = ", ".join(sorted(known)) or "nothing yet"
        raise Refused(f"There is no log of {name}; there is: {there}.")
    return found


def names(folder: Path) -> dict[str, Path]:
    """What can be asked for, with the file of each; a step's name leads to its latest run."""
    found: dict[str, Path] = {}
    for path in sorted(folder.glob("*-*.log"), key=lambda log: log.stat().st_mtime):
        kind, _, name = path.stem.partition("-")
        found[name[_RUN_LENGTH:] if kind == "step" else name] = path
    return found


def listing(folder: Path) -> list[str]:
    """One line for each log, with its kind."""
    return [
        f"{path.name.partition('-')[0]:8} {name:24} {path.stat().st_size:>8} bytes"
        for name, path in sorted(names(folder).items(), key=lambda found: found[1].name)
    ]


def follow(path: Path) -> Iterator[str]:
    """What is in a log, and what is written to it from now on, for ever."""
    with path.open(errors="replace") as log:
        while True:
            if text := log.read():
                yield text
            else:
                time.sleep(LOOK_SECONDS)


def last_lines(folder: Path, since: float = 0.0, count: int = 20) -> list[str]:
    """The end of the log that was written last: the most likely place to look."""
    logs = [log for log in folder.glob("*.log") if log.stat().st_mtime >= since]
    newest = max(logs, key=lambda log: log.stat().st_mtime, default=None)
    if newest is None:
        return []
    lines = newest.read_text(errors="replace").splitlines()[-count:]
    return [f"{newest.name}:", *(f"  {line}" for line in lines)]
