"""Endpoints: created, updated all at once, deleted; each takes its time on the embedded clock."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial

from local_aws.sagemaker import names
from local_aws.sagemaker.core import Caller, Core, Operation
from local_aws.sagemaker.endpoint_configs import EndpointConfig, EndpointConfigs
from local_aws.sagemaker.endpoint_state import (
    DEPLOYMENT_EVENT,
    STATE_EVENT,
    Endpoint,
    Pending,
    Variant,
)
from local_aws.sagemaker.errors import SageMakerError, invalid, not_covered
from local_aws.sagemaker.fleets import Fleet, FleetFailedError, Fleets
from local_aws.sagemaker.listing import Row, listing
from local_aws.sagemaker.models import Models
from local_aws.sagemaker.values import Json, section, sections, text

CREATION = timedelta(minutes=3)
UPDATE = timedelta(minutes=5)
DELETION = timedelta(minutes=1)
IN_PROGRESS = ("Creating", "Updating", "SystemUpdating", "RollingBack", "Deleting")
_log = logging.getLogger(__name__)


@dataclass
class _Launch:
    """A fleet that starts on its own thread."""

    fleet: Fleet | None = None
    failure: str | None = None
    over: threading.Event = field(default_factory=threading.Event)

    def __reduce__(self) -> tuple[type["_Launch"], tuple[()]]:
        """A state that is kept keeps no process; whoever takes it up launches again."""
        return _Launch, ()

    def result(self) -> tuple[Fleet | None, str | None]:
        """The fleet, or why there is none."""
        self.over.wait()
        return self.fleet, self.failure


class Endpoints:
    """Operations on endpoints."""

    def __init__(
        self, core: Core, configs: EndpointConfigs, models: Models, fleets: Fleets
    ) -> None:
        self._core = core
        self._configs = configs
        self._models = models
        self._fleets = fleets
        self._endpoints: dict[str, Endpoint] = {}
        self._launches: dict[str, _Launch] = {}

    def operations(self) -> dict[str, Operation]:
        """What this part answers."""
        return {
            "CreateEndpoint": self.create,
            "UpdateEndpoint": self.update,
            "DescribeEndpoint": self.describe,
            "ListEndpoints": self.list,
            "DeleteEndpoint": self.delete,
        }

    def create(self, request: Json, _: Caller) -> Json:
        name = text(request, "EndpointName")
        if name.lower() in self._endpoints:
            arn = names.arn("endpoint", name)
            raise invalid(f'Cannot create already existing endpoint "{arn}".')
        _refuse_shifting(section(request, "DeploymentConfig"))
        config, now = self._configs.config(text(request, "EndpointConfigName")), self._core.now()
        endpoint = Endpoint(name, config, now, now)
        endpoint.deployment = section(request, "DeploymentConfig")
        endpoint.pending = Pending(config, self._variants(config), now)
        self._endpoints[name.lower()] = endpoint
        self._core.tags.begin(endpoint.arn, request)
        self._core.announce(STATE_EVENT, endpoint.state_event(), [endpoint.arn])
        self._launch(endpoint, config)
        self._later(CREATION, endpoint, "creation", self._created)
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
        _check_same_variants(deployment, variants, endpoint)
        endpoint.deployment, endpoint.failure = deployment, None
        endpoint.pending = Pending(config, variants, self._core.now())
        self._move(endpoint, "Updating")
        self._core.announce(DEPLOYMENT_EVENT, endpoint.deployment_event(), [endpoint.arn])
        self._launch(endpoint, config)
        self._later(UPDATE, endpoint, "update", self._updated)
        return {"EndpointArn": endpoint.arn}

    def _deployment(self, request: Json, endpoint: Endpoint) -> Json:
        given = section(request, "DeploymentConfig")
        if given and request.get("RetainDeploymentConfig"):
            raise invalid("DeploymentConfig and RetainDeploymentConfig exclude each other.")
        _refuse_shifting(given)
        return endpoint.deployment if request.get("RetainDeploymentConfig") else given

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
        fleet, endpoint.fleet = endpoint.fleet, None
        self._move(endpoint, "Deleting")
        if fleet:
            self._core.in_background(f"end of endpoint {endpoint.name}", fleet.stop)
        self._later(DELETION, endpoint, "deletion", self._deleted)

    def endpoint(self, name: str) -> Endpoint:
        """An endpoint by its name."""
        if name.lower() not in self._endpoints:
            raise invalid(f'Could not find endpoint "{names.arn("endpoint", name)}".')
        return self._endpoints[name.lower()]

    def start_again(self) -> None:
        """Start the fleets of endpoints that were kept; those in the making too."""
        for endpoint in self._endpoints.values():
            if endpoint.pending:
                self._launch(endpoint, endpoint.pending.config)
            if endpoint.status in ("InService", "Updating"):
                self._core.in_background(
                    f"start of endpoint {endpoint.name}", partial(self._serve_again, endpoint)
                )

    def _serve_again(self, endpoint: Endpoint) -> None:
        try:
            endpoint.fleet = self._fleets.start(endpoint.name, endpoint.config)
        except (FleetFailedError, SageMakerError) as failure:
            endpoint.failure = str(failure)[:1024]

    def hang_up(self) -> None:
        """Close all connections to containers, which have ended with the zygote."""
        for endpoint in self._endpoints.values():
            for serving in endpoint.fleet.servings if endpoint.fleet else ():
                serving.hang_up()

    # What happens later

    def _launch(self, endpoint: Endpoint, config: EndpointConfig) -> None:
        launch = self._launches[endpoint.name] = _Launch()

        def start() -> None:
            try:
                launch.fleet = self._fleets.start(endpoint.name, config)
            except (FleetFailedError, SageMakerError) as failure:
                launch.failure = str(failure)
            except Exception as fault:
                _log.exception("the fleet of %s broke", endpoint.name)
                launch.failure = f"InternalServerError: {fault!r}"
            finally:
                launch.over.set()

        self._core.in_background(f"start of a fleet of {endpoint.name}", start)

    def _created(self, endpoint: Endpoint) -> None:
        fleet, failure = self._launches.pop(endpoint.name).result()
        with self._core.state():
            pending, endpoint.pending = endpoint.pending, None
            assert pending
            endpoint.variants = pending.variants
            endpoint.fleet, endpoint.failure = fleet, failure and failure[:1024]
            self._move(endpoint, "InService" if fleet else "Failed")

    def _updated(self, endpoint: Endpoint) -> None:
        fleet, failure = self._launches.pop(endpoint.name).result()
        former = None
        with self._core.state():
            assert endpoint.pending
            if fleet:
                former = endpoint.fleet
                endpoint.pending = replace(endpoint.pending, status="ActivatingTraffic")
                self._core.announce(DEPLOYMENT_EVENT, endpoint.deployment_event(), [endpoint.arn])
                endpoint.fleet, endpoint.config = fleet, endpoint.pending.config
                endpoint.variants = endpoint.pending.variants
            endpoint.pending, endpoint.failure = None, failure and failure[:1024]
            self._move(endpoint, "InService")
        if former:
            former.stop()

    def _deleted(self, endpoint: Endpoint) -> None:
        with self._core.state():
            del self._endpoints[endpoint.name.lower()]
            self._core.tags.end(endpoint.arn)

    def _later(
        self, delay: timedelta, endpoint: Endpoint, what: str, action: Callable[[Endpoint], None]
    ) -> None:
        what = f"{what} of endpoint {endpoint.name}"
        self._core.world.after(delay, what, partial(action, endpoint))

    def _move(self, endpoint: Endpoint, status: str) -> None:
        endpoint.status, endpoint.modified = status, self._core.now()
        self._core.announce(STATE_EVENT, endpoint.state_event(), [endpoint.arn])

    def _variants(self, config: EndpointConfig) -> tuple[Variant, ...]:
        now = self._core.now()
        return tuple(Variant.of(variant, self._models, now) for variant in config.variants)

    def _check_idle(self, endpoint: Endpoint) -> None:
        if endpoint.status in IN_PROGRESS:
            raise invalid(f'Cannot update in-progress endpoint "{endpoint.arn}".')
        if endpoint.status != "InService":
            raise invalid(f'Cannot update endpoint "{endpoint.arn}" in status {endpoint.status}.')


def _refuse_shifting(deployment: Json) -> None:
    """Only all at once can be played; any other way of shifting would be a false promise."""
    if "RollingUpdatePolicy" in deployment:
        raise not_covered("RollingUpdatePolicy of a deployment yet")
    policy = section(deployment, "BlueGreenUpdatePolicy")
    routing = section(policy, "TrafficRoutingConfiguration")
    if (kind := routing.get("Type", "ALL_AT_ONCE")) != "ALL_AT_ONCE":
        raise not_covered(f"{kind} traffic shifting of a deployment yet")


def _check_same_variants(
    deployment: Json, variants: tuple[Variant, ...], endpoint: Endpoint
) -> None:
    former, new = {v.name for v in endpoint.variants}, {v.name for v in variants}
    if deployment and former != new:
        raise invalid(
            f"A deployment with guardrails needs the variants {sorted(former)}, got {sorted(new)}."
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
