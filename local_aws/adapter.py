"""The one place that knows how a backend or a response of moto is replaced from outside."""

import sys
from collections.abc import Callable
from datetime import datetime
from types import ModuleType
from typing import Any

from moto.core import utils as moto_utils
from moto.core.base_backend import BackendDict

from local_aws.kernel import World


def replace(
    backends: "BackendDict[Any]",
    backend: type[Any],
    urls: ModuleType,
    dispatch: Callable[..., object] | None = None,
) -> None:
    """Let `backend` keep a service's state, and `dispatch` answer requests; before first use."""
    backend._url_module = urls
    backends.backend = backend
    for account in backends.values():
        account.backend = backend
        account.clear()
    if dispatch is not None:
        vars(urls)["url_paths"] = dict.fromkeys(vars(urls)["url_paths"], dispatch)


def use_clock(world: World) -> None:
    """Give moto the embedded clock; modules that are imported later find it under the same name."""
    original = moto_utils.utcnow

    def utcnow() -> datetime:
        return world.now().replace(tzinfo=None)

    for name, module in list(sys.modules.items()):
        if name.startswith("moto.") and getattr(module, "utcnow", None) is original:
            vars(module)["utcnow"] = utcnow
