"""Review: what was done by way of exception, and who else has looked at it since."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from steward.decide.verdict import Verdict
from steward.events.types import Ordered

CONCERN = "review"
BREAK_GLASS, AUTOMATIC, STALE, NO_EVIDENCE = (
    "break-glass",
    "automatic approval",
    "stale evidence, allowed",
    "promoted without evidence",
)


@dataclass(frozen=True, slots=True)
class Exceptional:
    """A decision by way of exception; `by` whose word led to it, which is not enough of one."""

    decision: str
    model: str
    at: datetime
    subject: str
    exception: str
    by: str
    reason: str


def exception(kind: str, by: str) -> dict[str, object]:
    """Facts of a decision that somebody else than `by` is to sign."""
    return {"exception": kind, "by": by}


def unsigned(found: Iterable[Exceptional], signed: Collection[str]) -> list[Exceptional]:
    """What nobody has signed, in order."""
    return [one for one in found if one.decision not in signed]


def sign_off(order: Ordered, found: Exceptional | None) -> Verdict:
    """Whether a person's sign-off of a decision counts: `sign-off`, or `refuse`."""
    why_not = _why_not(order, found)
    subject = found.subject if found else "sign-off"
    reason = f"{order.by} signs off {order.decision}: {order.why}"
    facts = {"order": order.id, "by": order.by, "why": order.why, "signs": order.decision}
    kind = "refuse" if why_not else "sign-off"
    return Verdict(CONCERN, subject, kind, why_not or reason, facts)


def _why_not(order: Ordered, found: Exceptional | None) -> str | None:
    if found is None or found.model != order.model:
        return (
            f"{order.decision} is none of {order.model} that needs a sign-off; `steward review` "
            "lists these"
        )
    if not order.by or order.by.startswith("arn:"):
        return f"the sign-off does not count: {order.by or 'the signer'} is no person with a name"
    if order.by.casefold() == found.by.casefold():
        return f"the sign-off does not count: {found.subject} was {order.by}'s own exception"
    return None
