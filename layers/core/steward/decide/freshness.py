"""Freshness: do a version's approval and evidence still speak for it when a rollout is to start?

Nothing here is asked of what serves, or of the way back.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from steward import times
from steward.decide.versions import Version
from steward.spec.model import GateSpec


@dataclass(frozen=True, slots=True)
class Late:
    """Why it is too late for a start; `now` apart, so that the same lateness is one decision."""

    why: str
    now: str


def too_late(version: Version, gate: GateSpec, now: datetime) -> Late | None:
    """Why approval or evidence are too old for a start; None when they are not.

    What has served under its approval was started in time, and may come back.
    """
    approval = version.approval
    if approval is None or (version.served_at and version.served_at >= approval.at):
        return None
    why = _expired(version.number, approval.at, gate.approval_expires, now)
    if why is None and not version.overridden:
        why = _outdated(version, gate.max_evidence_age, now)
    return Late(why, f"now it is {times.minute(now)}") if why else None


def _expired(number: int, at: datetime, most: timedelta | None, now: datetime) -> str | None:
    if most is None or now <= at + most:
        return None
    return (
        f"the approval of version {number} has expired: given at {times.minute(at)}, it was good "
        f"for {times.short(most)}, until {times.minute(at + most)}; approve it again, or with the "
        "words 'retry: <reason>'"
    )


def _outdated(version: Version, most: timedelta | None, now: datetime) -> str | None:
    if most is None:
        return None
    again = "train anew, or approve it again with 'override: <reason>'"
    if version.evidence_at is None:
        return f"nobody knows how old the evidence of version {version.number} is; {again}"
    if now <= version.evidence_at + most:
        return None
    return (
        f"the evidence of version {version.number} is too old: it is of "
        f"{times.minute(version.evidence_at)}, and {times.short(most)} are allowed, until "
        f"{times.minute(version.evidence_at + most)}; {again}"
    )
