"""Repair: what the sweep mends, because no event has led to it in time."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from steward.decide.verdict import Verdict

# Who asks for a look: the sweep for what is on the agenda, or for every model.
SWEEP, FULL_SWEEP = "sweep", "full sweep"
ASKERS = ("", SWEEP, FULL_SWEEP)
# An event leads to its look within seconds, and the sweep to what is on the agenda in a minute.
LATE = timedelta(minutes=2)
LONG_AGO = datetime.min.replace(tzinfo=UTC)


def mended(verdict: Verdict, asked_by: str, since: datetime | None, now: datetime) -> Verdict:
    """The verdict, marked as a repair if it answers what has been so for long before the sweep.

    `since` is when it came to be so; None: it is time that has passed, and nothing was missed.
    """
    if not asked_by or since is None or now - since < LATE:
        return verdict
    return replace(verdict, repair=f"nothing had led to it; the {asked_by} found it")
