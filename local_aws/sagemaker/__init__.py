"""The embedded SageMaker: a registry, pipelines that really run, endpoints that really serve."""

from typing import TYPE_CHECKING

from local_aws.sagemaker.covered import COVERED

if TYPE_CHECKING:
    from local_aws.kernel import World
    from local_aws.sagemaker.service import Service

__all__ = ["COVERED", "install", "installed", "stop"]

_installed: "list[Service]" = []


def install(world: "World") -> None:
    """Answer SageMaker's calls in moto's place; before moto's application is made."""
    # The zygote and what it forks import this package too, and need none of the server's parts.
    from local_aws.sagemaker.service import Service

    service = Service(world)
    service.take_over()
    _installed.append(service)


def installed() -> "Service":
    """The one that was installed."""
    return _installed[-1]


def stop() -> None:
    """End what `install` started: fleets, jobs, the zygote."""
    while _installed:
        _installed.pop().stop()
