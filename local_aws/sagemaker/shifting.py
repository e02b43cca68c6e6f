"""How a deployment shifts traffic: its stages by the policy, and what a policy may say.

https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails.html
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import floor

from local_aws.sagemaker.errors import invalid
from local_aws.sagemaker.values import Json, section, sections, text, whole

MOST_ALARMS = 10
_LONGEST_WAIT = 3600
_TIMEOUTS = (600, 28800)
# Least and most percentage of the instances that are shifted at once.
_SIZES = {"CanarySize": (0, 50), "LinearStepSize": (10, 50), "MaximumBatchSize": (5, 50)}


@dataclass(frozen=True)
class Stage:
    """From here on the new fleet takes `share` of the traffic, and bakes for so many seconds."""

    share: float
    seconds: int


def stages(deployment: Json, instances: int) -> list[Stage]:
    """The stages of an update of so many instances; without a policy, all at once."""
    if rolling := section(deployment, "RollingUpdatePolicy"):
        wait = whole(rolling, "WaitIntervalInSeconds", 0)
        return [Stage(one, wait) for one in _shares(rolling, "MaximumBatchSize", instances)]
    policy = section(deployment, "BlueGreenUpdatePolicy")
    routing = section(policy, "TrafficRoutingConfiguration")
    wait = whole(routing, "WaitIntervalInSeconds", 0)
    last = whole(policy, "TerminationWaitInSeconds", 0)
    kind = routing.get("Type", "ALL_AT_ONCE")
    if kind == "CANARY":
        return [Stage(_share(routing, "CanarySize", instances), wait), Stage(1.0, last)]
    if kind == "LINEAR":
        shares = _shares(routing, "LinearStepSize", instances)
        return [*(Stage(one, wait) for one in shares[:-1]), Stage(1.0, last)]
    return [Stage(1.0, wait + last)]


def timeout(deployment: Json) -> int:
    """Seconds until a deployment is given up."""
    name = (
        "BlueGreenUpdatePolicy" if "BlueGreenUpdatePolicy" in deployment else "RollingUpdatePolicy"
    )
    return whole(section(deployment, name), "MaximumExecutionTimeoutInSeconds", _TIMEOUTS[1])


def alarms(deployment: Json) -> list[str]:
    """The alarms that roll a deployment back."""
    given = sections(section(deployment, "AutoRollbackConfiguration"), "Alarms")
    return [text(alarm, "AlarmName") for alarm in given]


def check(deployment: Json, instances: int) -> None:
    """Refuse a policy that breaks a documented bound, as UpdateEndpoint does."""
    for fault in _faults(deployment, instances):
        raise invalid(f"Invalid deployment configuration: {fault}")


def _faults(deployment: Json, instances: int) -> Iterator[str]:
    blue_green = section(deployment, "BlueGreenUpdatePolicy")
    rolling = section(deployment, "RollingUpdatePolicy")
    if blue_green and rolling:
        yield "only one of BlueGreenUpdatePolicy and RollingUpdatePolicy can be given."
    if len(found := alarms(deployment)) > MOST_ALARMS:
        yield f"{len(found)} alarms, at most {MOST_ALARMS} are allowed."
    routing = section(blue_green, "TrafficRoutingConfiguration") or rolling
    kind = {"CANARY": "CanarySize", "LINEAR": "LinearStepSize"}.get(str(routing.get("Type")))
    kind = "MaximumBatchSize" if rolling else kind
    if kind is not None:
        if kind not in routing:
            yield f"{kind} is required."
        else:
            yield from _size_faults(routing, kind, instances)
    waits = [
        whole(routing, "WaitIntervalInSeconds", 0),
        whole(blue_green, "TerminationWaitInSeconds", 0),
    ]
    if any(not 0 <= wait <= _LONGEST_WAIT for wait in waits):
        yield f"waits of {waits} seconds, allowed are 0 to {_LONGEST_WAIT}."
    if blue_green or rolling:
        yield from _timeout_faults(deployment, sum(waits))


def _size_faults(routing: Json, kind: str, instances: int) -> Iterator[str]:
    least, most = _SIZES[kind]
    percent = _percent(section(routing, kind), instances)
    if not least <= percent <= most:
        yield f"{kind} is {percent:g} % of {instances} instances, allowed is {least} to {most} %."


def _timeout_faults(deployment: Json, waits: int) -> Iterator[str]:
    seconds, (least, most) = timeout(deployment), _TIMEOUTS
    if not least <= seconds <= most:
        yield f"MaximumExecutionTimeoutInSeconds is {seconds}, allowed are {least} to {most}."
    if seconds <= waits:
        yield f"MaximumExecutionTimeoutInSeconds is {seconds}, the waits are {waits} seconds."


def _share(routing: Json, kind: str, instances: int) -> float:
    return _count(section(routing, kind), instances) / instances


def _percent(size: Json, instances: int) -> float:
    """What is asked for; of one instance, even the smallest part is all of it."""
    if size.get("Type") == "CAPACITY_PERCENT" and instances > 1:
        return whole(size, "Value", 1)
    return 100 * _count(size, instances) / instances


def _shares(routing: Json, kind: str, instances: int) -> list[float]:
    step = _count(section(routing, kind), instances)
    return [min(instances, at + step) / instances for at in range(0, instances, step)]


def _count(size: Json, instances: int) -> int:
    """Whole instances; AWS does not say how it rounds a percentage: down, but at least to one."""
    value = whole(size, "Value", 1)
    if size.get("Type") == "CAPACITY_PERCENT":
        return max(1, floor(instances * value / 100))
    return value
