"""Loaded by Python when a function's process starts: Steward's clock, and an end with the parent.

Only `steward.clock.now` is replaced, and only when the function imports it; `time` stays as it is.
"""

import ctypes
import os
import signal
import sys
import time
from datetime import UTC, datetime
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

CLOCK_MODULE = "steward.clock"
PR_SET_PDEATHSIG = 1


def now() -> datetime:
    """The embedded clock, as `local_aws.kernel.Clock` writes it down."""
    figures = Path(os.environ["STEWARD_LOCAL_CLOCK"]).read_text().split()
    since, embedded, rate = map(float, figures)
    return datetime.fromtimestamp(embedded + (time.time() - since) * rate, UTC)


class _ClockLoader(Loader):
    """Runs a module as usual, then replaces its `now`."""

    def __init__(self, loader: Loader) -> None:
        self._loader = loader

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        self._loader.exec_module(module)
        vars(module)["now"] = now


class _ClockFinder(MetaPathFinder):
    """Finds one module, once; every other import passes by."""

    def find_spec(self, fullname: str, *_: object) -> ModuleSpec | None:
        if fullname != CLOCK_MODULE:
            return None
        sys.meta_path.remove(self)
        spec = find_spec(fullname)
        if spec is not None and spec.loader is not None:
            spec.loader = _ClockLoader(spec.loader)
        return spec


def _end_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


_end_with_parent()
if "STEWARD_LOCAL_CLOCK" in os.environ:
    sys.meta_path.insert(0, _ClockFinder())
