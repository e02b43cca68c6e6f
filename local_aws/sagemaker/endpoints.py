"""Endpoints: created, updated, scaled, deleted; each takes its time on the embedded clock."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import cast

from local_aws.account import ACCOUNT, REGION
from local_aws.sagemaker import names, shifting
from local_aws.sagemaker.core import Caller, Core, Operation
from local_aws.sagemaker.deployments import Deployments
from local_aws.sagemaker.endpoint_configs import EndpointConfig, EndpointConfigs
from local_aws.sagemaker.endpoint_state import Endpoint, Pending, Variant
from local_aws.sagemaker.errors import SageMakerError, invalid, not_covered
from local_aws.sagemaker.listing import Row, listing
from local_aws.sagemaker.models import Models
from local_aws.sagemaker.values import Json, section, sections, text, whole

DELETION = timedelta(minutes=1)
RESIZING = timedelta(minutes=1)
# An account's quotas are per instance type and small; here all types share one, and it is large.
MOST_INSTANCES = 100_000
IN_PROGRESS = ("Creating", "Updating", "SystemUpdating", "RollingBack", "Deleting")
STATUSES = (*IN_PROGRESS, "InService", "OutOfService", "Failed", "UpdateRollbackFailed")


def _no_monitors(_: str) -> frozenset[str]:
    """No endpoint is monitored before there are schedules."""
    return frozenset()


class Endpoints:
    """Operations on endpoints."""

    def __init__(
        self, core: Core, configs: EndpointConfigs, models: Models, deployments: Deployments
    ) -> None:
        self._core = core
        self._configs = configs
        self._models = models
        self._deployments = deployments
        self._endpoints: dict[str, Endpoint] = {}
        self.most_instances = MOST_INSTANCES
        self.monitors: Callable[[str], frozenset[str]] = _no_monitors
        core.world.scale, core.world.instances = self._scale, self._instances

    def operations(self) -> dict[str, Operation]:
        """What this part answers."""
        return {
            "CreateEndpoint": self.create,
            "UpdateEndpoint": self.update,
            "UpdateEndpointWeightsAndCapacities": self.update_weights,
            "DescribeEndpoint": self.describe,
            "ListEndpoints": self.list,
            "DeleteEndpoint": self.delete,
        }

    def create(self, request: Json, _: Caller) -> Json:
        name = text(request, "EndpointName")
        if name.lower() in self._endpoints:
            arn = names.arn("endpoint", name)
            raise invalid(f'Cannot create already existing endpoint "{arn}".')
        config, now = self._configs.config(text(request, "EndpointConfigName")), self._core.now()
        endpoint = Endpoint(name, config, now, now)
        endpoint.deployment = section(request, "DeploymentConfig")
        variants = self._variants(config)
        self._check_room(variants)
        self._endpoints[name.lower()] = endpoint
        self._core.tags.begin(endpoint.arn, request)
        self._deployments.create(endpoint, Pending(config, variants, now, now))
        return {"EndpointArn": endpoint.arn}

    def update(self, request: Json, _: Caller) -> Json:
        endpoint = self.endpoint(text(request, "EndpointName"))
        self._check_idle(endpoint)
        config = self._configs.config(text(request, "EndpointConfigName"))
        if config.name == endpoint.config.name:
            raise invalid(
                "Cannot update endpoint with the currently in use endpoint configuration "
                f'"{config.arn}".'
            )
        deployment = self._deployment(request, endpoint)
        variants = _retained(request, self._variants(config), endpoint)
        self._check_update(endpoint, deployment, variants)
        self._check_watching(config, deployment)
        endpoint.deployment, endpoint.failure = deployment, None
        instances = sum(variant.instances for variant in variants)
        stages = tuple(shifting.stages(deployment, max(1, instances)))
        now = self._core.now()
        self._deployments.update(endpoint, Pending(config, variants, now, now, stages=stages))
        return {"EndpointArn": endpoint.arn}

    def _deployment(self, request: Json, endpoint: Endpoint) -> Json:
        given = section(request, "DeploymentConfig")
        if given and request.get("RetainDeploymentConfig"):
            raise invalid("DeploymentConfig and RetainDeploymentConfig exclude each other.")
        return endpoint.deployment if request.get("RetainDeploymentConfig") else given

    def _check_update(
        self, endpoint: Endpoint, deployment: Json, variants: tuple[Variant, ...]
    ) -> None:
        former = {variant.name: variant for variant in endpoint.variants}
        _check_guardrails(deployment, former, variants)
        for name, variant in former.items():
            same = {new.name: new.instance_type for new in variants}.get(name)
            if self._core.world.scalable(endpoint.name, name) and same != variant.instance_type:
                raise invalid(
                    f"The variant {name} of endpoint {endpoint.name} has autoscaling: deregister "
                    "it before its instance type is changed or it is removed."
                )
        self._check_room(variants)

    def _check_watching(self, config: EndpointConfig, deployment: Json) -> None:
        """The execution role watches the alarms."""
        variant = config.variants[0]
        role = self._models.model(text(variant, "ModelName")).container.role
        for name in shifting.alarms(deployment):
            alarm = f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:{name}"
            if role and not self._core.world.permitted(role, "cloudwatch:DescribeAlarms", alarm):
                raise invalid(f"{role} is not authorized to perform cloudwatch:DescribeAlarms.")

    def _check_room(self, more: tuple[Variant, ...]) -> None:
        """While a fleet is replaced both count."""
        used = sum(
            variant.instances
            for endpoint in self._endpoints.values()
            for variant in (
                *endpoint.variants,
                *(endpoint.pending.variants if endpoint.pending else ()),
            )
        )
        wanted = sum(variant.instances for variant in more)
        if used + wanted > self.most_instances:
            raise SageMakerError(
                "ResourceLimitExceeded",
                "The account-level service limit for endpoint usage is "
                f"{self.most_instances} Instances, with current utilization of {used} Instances "
                f"and a request delta of {wanted} Instances.",
            )

    def update_weights(self, request: Json, _: Caller) -> Json:
        endpoint = self.endpoint(text(request, "EndpointName"))
        self._check_idle(endpoint)
        wanted = {
            text(one, "VariantName"): one
            for one in sections(request, "DesiredWeightsAndCapacities")
        }
        if unknown := set(wanted) - {variant.name for variant in endpoint.variants}:
            raise invalid(f"Variant {min(unknown)} not found for endpoint {endpoint.name}.")
        after = tuple(
            _resized(variant, wanted.get(variant.name, {})) for variant in endpoint.variants
        )
        self._deployments.move(endpoint, "Updating")
        self._deployments.later(
            RESIZING, endpoint, "new sizes", partial(self._resized, variants=after)
        )
        return {"EndpointArn": endpoint.arn}

    def _resized(self, endpoint: Endpoint, variants: tuple[Variant, ...]) -> None:
        with self._core.state():
            endpoint.variants = variants
            self._deployments.move(endpoint, "InService")

    def _instances(self, name: str, variant: str) -> int | None:
        """How many instances a variant should have; None if there is none of these names."""
        with self._core.state():
            endpoint = self._endpoints.get(name.lower())
            variants = endpoint.variants if endpoint else ()
            return next((one.instances for one in variants if one.name == variant), None)

    def _scale(self, name: str, variant: str, count: int) -> None:
        """What Application Auto Scaling asks for; nothing while an update is under way."""
        with self._core.state():
            if self.endpoint(name).status != "InService":
                return
            wanted: Json = {"VariantName": variant, "DesiredInstanceCount": count}
            request: Json = {"EndpointName": name, "DesiredWeightsAndCapacities": [wanted]}
            self.update_weights(request, Caller("arn:aws:iam::aws:autoscaling"))

    def force(self, name: str, status: str) -> None:
        """Bring an endpoint into a status as only AWS can, a moment after which it stays there."""
        if status not in STATUSES:
            raise invalid(f"status must be one of {list(STATUSES)}, not {status!r}")
        with self._core.state():
            self._deployments.force(self.endpoint(name), status)

    def describe(self, request: Json, _: Caller) -> Json:
        return self.endpoint(text(request, "EndpointName")).described()

    def list(self, request: Json, _: Caller) -> Json:
        rows = [
            Row(e.name, e.created, e.summary(), modified=e.modified)
            for e in self._endpoints.values()
            if request.get("StatusEquals", e.status) == e.status
        ]
        if request.get("SortBy") == "Status":
            raise not_covered("SortBy Status of ListEndpoints")
        return listing(rows, request, "Endpoints", newest_first=True)

    def delete(self, request: Json, _: Caller) -> None:
        endpoint = self.endpoint(text(request, "EndpointName"))
        if endpoint.status in IN_PROGRESS:
            raise invalid(f'Cannot update in-progress endpoint "{endpoint.arn}".')
        if schedules := self.monitors(endpoint.name):
            raise invalid(
                f'Cannot delete endpoint "{endpoint.arn}" before its monitoring schedules are '
                f"deleted: {', '.join(sorted(schedules))}."
            )
        fleet, endpoint.fleet = endpoint.fleet, None
        self._deployments.move(endpoint, "Deleting")
        if fleet:
            self._core.in_background(f"end of endpoint {endpoint.name}", fleet.stop)
        self._deployments.later(DELETION, endpoint, "deletion", self._deleted)

    def endpoint(self, name: str) -> Endpoint:
        """An endpoint by its name."""
        if name.lower() not in self._endpoints:
            raise invalid(f'Could not find endpoint "{names.arn("endpoint", name)}".')
        return self._endpoints[name.lower()]

    def start_again(self) -> None:
        """Start the fleets of endpoints that were kept; those in the making too."""
        for endpoint in self._endpoints.values():
            self._deployments.start_again(endpoint)

    def hang_up(self) -> None:
        """Close all connections to containers, which have ended with the zygote."""
        for endpoint in self._endpoints.values():
            for serving in endpoint.fleet.servings if endpoint.fleet else ():
                serving.hang_up()

    def _deleted(self, endpoint: Endpoint) -> None:
        with self._core.state():
            del self._endpoints[endpoint.name.lower()]
            self._core.tags.end(endpoint.arn)

    def _variants(self, config: EndpointConfig) -> tuple[Variant, ...]:
        now = self._core.now()
        return tuple(Variant.of(variant, self._models, now) for variant in config.variants)

    def _check_idle(self, endpoint: Endpoint) -> None:
        if endpoint.status in IN_PROGRESS:
            raise invalid(f'Cannot update in-progress endpoint "{endpoint.arn}".')
        if endpoint.status not in ("InService", "UpdateRollbackFailed"):
            raise invalid(f'Cannot update endpoint "{endpoint.arn}" in status {endpoint.status}.')


def _check_guardrails(
    deployment: Json, former: Mapping[str, Variant], variants: tuple[Variant, ...]
) -> None:
    new = {variant.name for variant in variants}
    if deployment and set(former) != new:
        raise invalid(
            f"A deployment with guardrails needs the variants {sorted(former)}, got {sorted(new)}."
        )
    if deployment and any(variant.serverless for variant in (*former.values(), *variants)):
        raise invalid("Serverless endpoints have no deployment guardrails.")
    if "RollingUpdatePolicy" in deployment and len(variants) > 1:
        raise invalid("A rolling deployment needs an endpoint with one variant.")
    for variant in variants:
        shifting.check(deployment, max(1, variant.instances))


def _resized(variant: Variant, wanted: Json) -> Variant:
    weight = float(cast(float, wanted.get("DesiredWeight", variant.weight)))
    return replace(
        variant, weight=weight, instances=whole(wanted, "DesiredInstanceCount", variant.instances)
    )


def _retained(
    request: Json, variants: tuple[Variant, ...], endpoint: Endpoint
) -> tuple[Variant, ...]:
    """The new variants, with the live counts and weights where the request retains them."""
    if not request.get("RetainAllVariantProperties"):
        return variants
    excluded = {
        text(entry, "VariantPropertyType")
        for entry in sections(request, "ExcludeRetainedVariantProperties")
    }
    live = {variant.name: variant for variant in endpoint.variants}
    kept = []
    for variant in variants:
        former = live.get(variant.name, variant)
        counts = variant if "DesiredInstanceCount" in excluded else former
        weights = variant if "DesiredWeight" in excluded else former
        kept.append(replace(variant, instances=counts.instances, weight=weights.weight))
    return tuple(kept)
