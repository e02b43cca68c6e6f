"""Orders: what a person asks for that no word in the registry can say."""

from dataclasses import replace

from steward.decide.rollout_facts import Order, Rollout
from steward.decide.verdict import Verdict
from steward.decide.versions import Version
from steward.events.types import Ordered

CONCERN = "rollout"


def weigh(order: Ordered, last: Rollout | None) -> tuple[Verdict, Order | None]:
    """What an order leads to, and what is held from now on because of it.

    An abort means the rollout that was open when it was given, and no later one.
    """
    aborts = order.order == "abort"
    meant = last if aborts and last and last.open and last.opened_at <= order.at else None
    number = meant.number if meant else 0
    reason = f"{order.by} orders {order.order}: {order.why}"
    kind = order.order
    if kind == "abort" and not number:
        kind, reason = "nothing", f"{reason}; no rollout was open"
    facts = {"order": order.id, "by": order.by, "why": order.why, "rollout": number}
    holds = (
        Order(kind, order.by, order.why, number) if kind in ("pause", "retire", "abort") else None
    )
    return Verdict(CONCERN, order.order, kind, reason, facts), holds


def adopted(
    order: Ordered, version: Version, live: str | None, serves: str
) -> tuple[Verdict, Version | None]:
    """Whether a config of somebody else's, `live` now, serves this version's artifact."""
    facts = {"order": order.id, "by": order.by, "version": version.number, "config": order.config}

    def verdict(kind: str, reason: str) -> Verdict:
        return Verdict(CONCERN, "adopt", kind, reason, facts)

    if live != order.config:
        return verdict(
            "hold", f"the endpoint serves {live}, {order.config} was to be adopted"
        ), None
    if serves not in (version.artifact.uri, version.arn):
        was = f"{order.config} serves {serves}, version {version.number} is {version.artifact.uri}"
        return verdict("hold", was), None
    reason = f"{order.by} adopts {order.config} as version {version.number}: {order.why}"
    return verdict("adopt", reason), replace(version, adopted=order.config)
