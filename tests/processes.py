"""Which processes there are, to see that none stays behind."""

import subprocess
import time
from collections.abc import Callable
from pathlib import Path


def descendants(pid: int) -> list[int]:
    """The processes below `pid`, itself too."""
    table = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True)
    children: dict[int, list[int]] = {}
    for line in table.stdout.splitlines():
        child, parent = map(int, line.split())
        children.setdefault(parent, []).append(child)
    found = [pid]
    for parent in found:
        found += children.get(parent, [])
    return found


def left(pids: list[int], seconds: float = 5.0) -> list[int]:
    """Those that still run after `seconds`; a zombie that nobody has waited for has ended."""
    comes_true(lambda: not any(map(running, pids)), seconds)
    return [pid for pid in pids if running(pid)]


def comes_true(truth: Callable[[], object], seconds: float = 30.0) -> bool:
    """Whether another process makes something true within `seconds`; looked at often."""
    end = time.monotonic() + seconds
    while not truth():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def running(pid: int) -> bool:
    """Whether there is such a process, and it is no zombie."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"
