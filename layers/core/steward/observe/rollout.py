"""Reads what rollout decides on: registry, noted versions, the endpoint, the last rollout."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime

from steward import times
from steward.aws import Aws
from steward.decide.rollout_facts import (
    EndpointFacts,
    Order,
    Rollout,
    RolloutFacts,
    brakes,
)
from steward.decide.verdict import Verdict
from steward.decide.versions import Version
from steward.names import Names
from steward.observe.approval import observe_registry
from steward.observe.canary import observe_alarms, observe_canary
from steward.observe.serving import (
    Endpoint,
    observe_endpoint,
    observe_known_endpoint,
    version_from,
)
from steward.record.store import Store
from steward.spec.model import ModelSpec, RolloutSpec

_TIMES = ("opened_at", "endpoint_at", "called_at", "stepped_back_at")
_NUMBERS = ("number", "version", "highest", "asks")


def observe_rollout(
    aws: Aws, store: Store, names: Names, spec: ModelSpec, now: datetime, *, watch: bool = True
) -> RolloutFacts:
    """Everything that one look at a model's endpoint rests on.

    Without `watch` neither alarms nor metrics of a rollout under way are read.
    """
    policy = spec.rollout
    # "run", too, stands between them.
    rows = store.between(store.work, names.model, "rollout", "version#~")
    named = {str(row["sk"]): row for row in rows}
    rollout = rollout_from(named["rollout"]) if "rollout" in named else None
    versions = _versions(named)
    existed = rollout and (rollout.live or rollout.endpoint_at)
    observe = observe_known_endpoint if existed else observe_endpoint
    endpoint = observe(aws, names.endpoint)
    registry = observe_registry(aws, names.group)
    watched = _watched(rollout, endpoint, policy) if watch else None
    return RolloutFacts(
        registry={number: listed.status for number, listed in registry.items()},
        versions=versions,
        endpoint=_endpoint_facts(endpoint, names, versions) if endpoint else None,
        rollout=rollout,
        now=now,
        policy=policy,
        gate=spec.gate,
        pause=_order(named.get("rollout#pause")),
        abort=_order(named.get("rollout#abort")),
        alarms=observe_alarms(aws, names, watched.number) if watched else (),
        judged=observe_canary(aws, names, watched, policy, now) if watched else None,
    )


def _watched(
    rollout: Rollout | None, endpoint: Endpoint | None, policy: RolloutSpec
) -> Rollout | None:
    """The rollout whose canary is to be looked at; None when there is none to see."""
    if rollout is None or not rollout.open or endpoint is None or not rollout.called_at:
        return None
    begun = times.parse(times.iso(endpoint.modified_at)) != rollout.endpoint_at
    return rollout if begun and brakes(rollout, policy) else None


def _versions(named: Mapping[str, dict[str, object]]) -> dict[int, Version]:
    found = (version_from(row) for sk, row in named.items() if sk.startswith("version#"))
    return {version.number: version for version in found}


def _endpoint_facts(
    endpoint: Endpoint, names: Names, versions: Mapping[int, Version]
) -> EndpointFacts:
    adopted = (one.number for one in versions.values() if one.adopted == endpoint.config)
    return EndpointFacts(
        status=endpoint.status,
        config=endpoint.config,
        version=names.version_of(endpoint.config) or next(adopted, None),
        # As exact as it is stored, so that what is read can be compared with what was.
        modified_at=times.parse(times.iso(endpoint.modified_at)),
        failure=endpoint.failure,
        variants=endpoint.variants,
        instances=endpoint.instances,
        pending=endpoint.pending,
        baking_since=endpoint.baking_since,
    )


def _order(row: Mapping[str, object] | None) -> Order | None:
    if row is None:
        return None
    return Order(str(row["kind"]), str(row["by"]), str(row["why"]), int(str(row["rollout"])))


def observe_served(aws: Aws, config: str) -> str:
    """What a config with one variant serves: a package's ARN, or an artifact's URI."""
    variants = aws.sagemaker.describe_endpoint_config(EndpointConfigName=config)[
        "ProductionVariants"
    ]
    container = aws.sagemaker.describe_model(ModelName=variants[0].get("ModelName", "")).get(
        "PrimaryContainer", {}
    )
    return container.get("ModelPackageName") or container.get("ModelDataUrl", "")


def read_rollout(store: Store, model: str) -> Rollout | None:
    """The last rollout of a model's endpoint."""
    row = store.get(store.work, model, "rollout")
    return rollout_from(row) if row else None


def read_start(store: Store, rollout: Rollout) -> Verdict:
    """The decision that opened a rollout."""
    found = store.get(store.lineage, rollout.decision, "node") or {}
    facts = found.get("facts")
    return Verdict(
        concern=str(found.get("concern")),
        subject=str(found.get("subject")),
        kind=str(found.get("verdict")),
        reason=str(found.get("reason")),
        facts=facts if isinstance(facts, Mapping) else {},
    )


def rollout_from(row: Mapping[str, object]) -> Rollout:
    """A rollout's row as a value."""
    given: dict[str, object] = {
        field.name: row[field.name] for field in fields(Rollout) if field.name in row
    }
    given |= {name: times.parse(str(given[name])) for name in _TIMES if name in given}
    given |= {name: int(str(given[name])) for name in _NUMBERS if name in given}
    return Rollout(**given)  # type: ignore[arg-type]  # each as record/rollout.py writes it
