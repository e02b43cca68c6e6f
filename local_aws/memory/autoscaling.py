"""Application Auto Scaling in memory: which variants are scaled, within which bounds."""

from collections.abc import Callable, Mapping

from local_aws.kernel import World
from local_aws.memory.client import copied
from local_aws.memory.errors import error, invalid
from local_aws.memory.items import Json


class InMemoryAutoScaling:
    """The scalable targets of an account and their policies; nothing is scaled by a load."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.targets: dict[str, Json] = {}
        self.policies: dict[str, Json] = {}
        world.scalable = lambda endpoint, variant: (
            f"endpoint/{endpoint}/variant/{variant}" in self.targets
        )

    def operations(self) -> Mapping[str, Callable[[Json], Json]]:
        """What is covered."""
        return {
            "DescribeScalableTargets": self.describe,
            "RegisterScalableTarget": self.register,
            "DeregisterScalableTarget": self.deregister,
            "PutScalingPolicy": self.put_policy,
        }

    def describe(self, request: Json) -> Json:
        """The targets among the named resources."""
        found = [one for name, one in self.targets.items() if name in request["ResourceIds"]]
        return copied({"ScalableTargets": found})

    def register(self, request: Json) -> Json:
        """Make a variant a target, or change its bounds, and bring it within them at once."""
        resource = request["ResourceId"]
        _, endpoint, _, variant = resource.split("/")
        now = self._world.instances(endpoint, variant)
        if now is None:
            raise invalid(f"Variant not found: {resource}")
        self.targets[resource] = self.targets.get(resource, {}) | request
        target = self.targets[resource]
        wanted = max(target["MinCapacity"], min(now, target["MaxCapacity"]))
        if wanted != now:
            self._world.scale(endpoint, variant, wanted)
        return {}

    def deregister(self, request: Json) -> Json:
        """A variant is no target any more; its policy goes with it."""
        if self.targets.pop(request["ResourceId"], None) is None:
            raise error("ObjectNotFoundException", f"no target {request['ResourceId']}")
        self.policies.pop(request["ResourceId"], None)
        return {}

    def put_policy(self, request: Json) -> Json:
        """By which measure a target is scaled."""
        if request["ResourceId"] not in self.targets:
            raise error("ObjectNotFoundException", f"no target {request['ResourceId']}")
        self.policies[request["ResourceId"]] = request
        return {"PolicyARN": request["PolicyName"], "Alarms": []}
