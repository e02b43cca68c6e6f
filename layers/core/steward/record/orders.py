"""Writes down what people order, and what is held because of it."""

from dataclasses import asdict, replace

from steward.decide.rollout_facts import EndpointFacts, Order
from steward.decide.verdict import Verdict
from steward.decide.versions import Version
from steward.events.types import Ordered
from steward.lineage.nodes import WAS_INFLUENCED_BY, Link, Node
from steward.observe.training import SCHEMA_BREAK
from steward.record.agenda import on_agenda
from steward.record.approval import version_write
from steward.record.decisions import record
from steward.record.store import Store, Write, delete, put

PAUSE, ABORT = "rollout#pause", "rollout#abort"


def record_order(
    store: Store, model: str, order: Ordered, verdict: Verdict, holds: Order | None
) -> bool:
    """Write an order once: a message that comes again changes nothing."""
    work: list[Write] = [on_agenda(store, "rollout", model, verdict.id(model))]
    if holds:
        sk = ABORT if holds.kind == "abort" else PAUSE
        work.append(put(store.work, {"pk": model, "sk": sk} | asdict(holds)))
    elif verdict.kind == "resume":
        work.append(delete(store.work, model, PAUSE))
        # Training is held by a broken schema too: whoever says that it is mended says it here.
        work.append(delete(store.work, model, SCHEMA_BREAK))
    return record(store, model, verdict, [_node(order)], work)


def record_adopted(
    store: Store,
    order: Ordered,
    verdict: Verdict,
    before: Version,
    adopted: Version,
    endpoint: EndpointFacts,
) -> bool:
    """Write that a version serves under somebody else's config; a look finds it serving then."""
    served = replace(adopted, served_at=adopted.served_at or endpoint.modified_at)
    work = [
        version_write(store, order.model, before, served),
        on_agenda(store, "rollout", order.model, verdict.id(order.model)),
    ]
    return record(store, order.model, verdict, [_node(order)], work)


def record_signed(store: Store, order: Ordered, verdict: Verdict) -> bool:
    """Write once that somebody else has looked at a decision."""
    return record(
        store, order.model, verdict, [_node(order, Link(WAS_INFLUENCED_BY, order.decision))]
    )


def _node(order: Ordered, *links: Link) -> Node:
    facts = {"order": order.order, "by": order.by, "why": order.why}
    return Node(f"order#{order.id}", order.at, facts, links)
