"""Reads what rollout decides on: registry, noted versions, the endpoint, the last rollout."""

from steward import times
from steward.aws import Aws
from steward.decide.rollout import EndpointFacts, Rollout, RolloutFacts
from steward.names import Names
from steward.observe.approval import observe_registry
from steward.observe.serving import Endpoint, observe_endpoint, read_versions
from steward.record.store import Store


def observe_rollout(aws: Aws, store: Store, names: Names) -> RolloutFacts:
    """Everything that one look at a model's endpoint rests on."""
    endpoint = observe_endpoint(aws, names.endpoint)
    registry = observe_registry(aws, names.group)
    return RolloutFacts(
        registry={number: listed.status for number, listed in registry.items()},
        versions=read_versions(store, names.model),
        endpoint=_endpoint_facts(endpoint, names) if endpoint else None,
        rollout=read_rollout(store, names.model),
    )


def _endpoint_facts(endpoint: Endpoint, names: Names) -> EndpointFacts:
    return EndpointFacts(
        status=endpoint.status,
        config=endpoint.config,
        version=names.version_of(endpoint.config),
        # As exact as it is stored, so that what is read can be compared with what was.
        modified_at=times.parse(times.iso(endpoint.modified_at)),
        failure=endpoint.failure,
    )


def read_rollout(store: Store, model: str) -> Rollout | None:
    """The last rollout of a model's endpoint."""
    row = store.get(store.work, model, "rollout")
    if row is None:
        return None
    return Rollout(
        number=int(str(row["number"])),
        state=str(row["state"]),
        version=int(str(row["version"])),
        direction=str(row["direction"]),
        approval=str(row["approval"]),
        decision=str(row["decision"]),
        config_name=str(row["config_name"]),
        opened_at=times.parse(str(row["opened_at"])),
        highest=int(str(row["highest"])),
        asks=int(str(row["asks"])),
        endpoint_at=times.parse(str(row["endpoint_at"])) if "endpoint_at" in row else None,
        called_at=times.parse(str(row["called_at"])) if "called_at" in row else None,
        stepped_back_at=times.parse(str(row["stepped_back_at"]))
        if "stepped_back_at" in row
        else None,
        outcome=str(row["outcome"]) if "outcome" in row else None,
    )
