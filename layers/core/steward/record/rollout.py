"""Writes down rollouts, how they ended, and what serves since when."""

from dataclasses import asdict, replace

from steward import clock
from steward.decide.rollout_facts import BACK, EndpointFacts, Rollout
from steward.decide.verdict import Verdict
from steward.decide.versions import Version
from steward.lineage.nodes import (
    USED,
    WAS_INFORMED_BY,
    End,
    Link,
    Node,
    Serving,
    Shift,
    rollout_id,
    version_id,
)
from steward.names import Names
from steward.observe.serving import version_key
from steward.record.agenda import on_agenda
from steward.record.approval import version_write
from steward.record.decisions import record
from steward.record.lineage import end_writes, serving_writes, shift_writes
from steward.record.store import ABSENT, Store, Write, check, put


def open_rollout(
    store: Store, names: Names, verdict: Verdict, rollout: Rollout, last: Rollout | None
) -> bool:
    """Open the rollout row with its decision and node; False when another look was first."""
    node = Node(
        id=rollout_id(names.endpoint, rollout.number),
        at=rollout.opened_at,
        facts={"direction": rollout.direction, "config": rollout.config_name},
        links=(
            Link(USED, version_id(names.group, rollout.version)),
            Link(WAS_INFORMED_BY, rollout.approval),
            Link(WAS_INFORMED_BY, rollout.decision),
        ),
    )
    condition = {"number": last.number, "state": "closed"} if last else ABSENT
    work = [
        put(store.work, _row(names.model, rollout), condition),
        on_agenda(store, "rollout", names.model, node.id),
        *shift_writes(store, Shift(names.endpoint, rollout.opened_at, rollout.version, node.id)),
    ]
    return record(store, names.model, verdict, [node], work)


def record_asking(
    store: Store, model: str, rollout: Rollout, version: Version, endpoint: EndpointFacts | None
) -> Rollout | None:
    """Note, just before, that SageMaker is asked; None when another look was first.

    None too when the version's row changed since it was read: somebody said a word on it. From
    then on traffic may be shifted.
    """
    asking = replace(
        rollout,
        asks=rollout.asks + 1,
        called_at=rollout.called_at or clock.now(),
        endpoint_at=endpoint.modified_at if endpoint else None,
    )
    noted = store.transact(
        [
            put(store.work, _row(model, asking), _open(rollout)),
            check(store.work, model, version_key(version.number), {"revision": version.revision}),
        ]
    )
    return asking if noted else None


def record_not_asked(store: Store, model: str, asking: Rollout, before: Rollout) -> None:
    """Take back that SageMaker was asked: it answered that nothing was begun."""
    store.transact([put(store.work, _row(model, before), _open(asking))])


def record_end_wanted(
    store: Store, names: Names, verdict: Verdict, rollout: Rollout, by: str
) -> bool:
    """Note who or what wants the end of a rollout that is under way, and why."""
    ending = replace(rollout, ended_by=by, cause=verdict.reason)
    work = [put(store.work, _row(names.model, ending), _open(rollout))]
    return record(store, names.model, verdict, work=work)


def record_served(
    store: Store,
    names: Names,
    verdict: Verdict,
    rollout: Rollout,
    version: Version,
    endpoint: EndpointFacts,
) -> bool:
    """Close the rollout and write what serves from now on, all at once.

    A version whose rollout was to end has failed, though it serves.
    """
    served = replace(
        version,
        served_at=version.served_at or endpoint.modified_at,
        failed_under=rollout.approval if rollout.cause else version.failed_under,
    )
    back = endpoint.modified_at if rollout.direction == BACK else rollout.stepped_back_at
    ended = replace(
        rollout,
        stepped_back_at=back,
        highest=max(rollout.highest, rollout.version),
        live=rollout.config_name,
    )
    work = [
        *_close(store, names, ended, "served", verdict, endpoint),
        version_write(store, names.model, version, served),
        *serving_writes(store, _serving(names, ended, endpoint)),
    ]
    return record(store, names.model, verdict, work=work)


def record_failed(
    store: Store,
    names: Names,
    verdict: Verdict,
    rollout: Rollout,
    version: Version,
    endpoint: EndpointFacts,
) -> bool:
    """Close the rollout; the version is not tried again under this approval."""
    failed = replace(version, failed_under=rollout.approval)
    highest = max(rollout.highest, rollout.version)
    ended = replace(rollout, stepped_back_at=endpoint.modified_at, highest=highest)
    outcome = "revoked" if rollout.ended_by == "revoked" else "failed"
    work = [
        *_close(store, names, ended, outcome, verdict, endpoint),
        version_write(store, names.model, version, failed),
    ]
    return record(store, names.model, verdict, work=work)


def record_withdrawn(store: Store, names: Names, verdict: Verdict, rollout: Rollout) -> bool:
    """Close a rollout that was never asked for."""
    work = _close(store, names, rollout, "withdrawn", verdict, None)
    return record(store, names.model, verdict, work=work)


def record_gone(store: Store, names: Names, verdict: Verdict, rollout: Rollout) -> bool:
    """Write that the endpoint serves nothing any more, as far as is known from now on."""
    nothing = replace(rollout, live=None)
    if rollout.open:
        closing = _close(store, names, nothing, "deleted", verdict, None)
    else:
        condition = {"number": rollout.number, "state": "closed", "live": rollout.live}
        closing = [put(store.work, _row(names.model, nothing), condition)]
    serving = Serving(names.endpoint, clock.now(), {}, rollout_id(names.endpoint, rollout.number))
    return record(store, names.model, verdict, work=[*closing, *serving_writes(store, serving)])


def record_found(
    store: Store,
    names: Names,
    verdict: Verdict,
    last: Rollout | None,
    endpoint: EndpointFacts,
) -> bool:
    """Write that a config of ours serves which no rollout of ours brought there."""
    if endpoint.version is None:
        raise ValueError(f"{endpoint.config} serves no version of ours")
    found = Rollout(
        number=last.number + 1 if last else 1,
        state="closed",
        version=endpoint.version,
        direction="found",
        approval="",
        decision=verdict.id(names.model),
        config_name=endpoint.config,
        opened_at=endpoint.modified_at,
        highest=max(last.highest if last else 0, endpoint.version),
        stepped_back_at=last.stepped_back_at if last else None,
        outcome="found",
        live=endpoint.config,
        variant=endpoint.variants[0],
    )
    node = Node(
        id=rollout_id(names.endpoint, found.number),
        at=endpoint.modified_at,
        facts={"direction": "found", "config": endpoint.config},
        links=(Link(WAS_INFORMED_BY, found.decision), *_version_link(store, names, found)),
    )
    condition = {"number": last.number, "state": "closed"} if last else ABSENT
    work = [
        put(store.work, _row(names.model, found), condition),
        *serving_writes(store, _serving(names, found, endpoint)),
    ]
    return record(store, names.model, verdict, [node], work)


def _version_link(store: Store, names: Names, found: Rollout) -> tuple[Link, ...]:
    """To the version that was found, if it was ever registered and judged."""
    version = version_id(names.group, found.version)
    return (Link(USED, version),) if store.get(store.lineage, version, "node") else ()


def _serving(names: Names, rollout: Rollout, endpoint: EndpointFacts) -> Serving:
    return Serving(
        endpoint=names.endpoint,
        since=endpoint.modified_at,
        versions={str(rollout.version): 100},
        rollout=rollout_id(names.endpoint, rollout.number),
    )


def _close(
    store: Store,
    names: Names,
    rollout: Rollout,
    outcome: str,
    verdict: Verdict,
    endpoint: EndpointFacts | None,
) -> list[Write]:
    closed = replace(rollout, state="closed", outcome=outcome)
    end = End(
        id=rollout_id(names.endpoint, rollout.number),
        at=endpoint.modified_at if endpoint else clock.now(),
        facts={
            "outcome": outcome,
            "reason": verdict.reason,
            "asked_at": rollout.called_at,
            "observed_at": clock.now(),
        },
    )
    return [
        put(store.work, _row(names.model, closed), _open(rollout)),
        *end_writes(store, end),
    ]


def _row(model: str, rollout: Rollout) -> dict[str, object]:
    return {"pk": model, "sk": "rollout"} | asdict(rollout)


def _open(rollout: Rollout) -> dict[str, object]:
    # As it was read: a look that does not know that another one has asked must not close it.
    return {"number": rollout.number, "state": "open", "asks": rollout.asks}
