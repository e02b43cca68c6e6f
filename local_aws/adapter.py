"""The one place that knows how a backend or a response of moto is replaced from outside."""

import sys
from collections.abc import Callable, Mapping
from datetime import datetime
from types import ModuleType
from typing import Any, cast

from moto.backends import get_backend
from moto.core import utils as moto_utils
from moto.core.base_backend import BackendDict, BaseBackend

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


def backends() -> dict[tuple[str, str, str], BaseBackend]:
    """Every store that is in use, by service, account and region."""
    return {
        (service.service_name, account, region): backend
        for service in cast(Any, BackendDict)._instances
        for account, region, backend in service.iter_backends()
    }


def put_back(kept: Mapping[tuple[str, str, str], BaseBackend]) -> None:
    """Put stores that were kept in the place of the ones that are there."""
    for (name, account, region), backend in kept.items():
        cast(Any, get_backend)(name)[account][region] = backend


def use_clock(world: World) -> None:
    """Give moto the embedded clock; modules that are imported later find it under the same name."""
    original = moto_utils.utcnow

    def utcnow() -> datetime:
        return world.now().replace(tzinfo=None)

    for name, module in list(sys.modules.items()):
        if name.startswith("moto.") and getattr(module, "utcnow", None) is original:
            vars(module)["utcnow"] = utcnow
