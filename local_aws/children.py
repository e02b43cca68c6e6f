"""Processes that the embedded AWS starts, from one thread that lives as long as it does.

The kernel ends a child with the *thread* that started it: one that answers a request must not.
"""

import contextlib
import subprocess
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

_starter = ThreadPoolExecutor(1, "children")
_children: set["subprocess.Popen[bytes]"] = set()
_lock = threading.Lock()


def start(
    command: Sequence[str], folder: Path, env: Mapping[str, str]
) -> "subprocess.Popen[bytes]":
    """Start a child whose output, errors too, is on its `stdout`."""

    def popen() -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            list(command),
            cwd=folder,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            bufsize=0,
        )

    child = _starter.submit(popen).result()
    with _lock:
        _children.add(child)
    return child


def end(child: "subprocess.Popen[bytes]") -> None:
    """End a child at once, with all that it leaves behind in the process table."""
    with contextlib.suppress(ProcessLookupError):
        child.kill()
    child.wait()
    with _lock:
        _children.discard(child)


def end_all() -> None:
    """End every child that is left."""
    with _lock:
        left = list(_children)
    for child in left:
        end(child)
