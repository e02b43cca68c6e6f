"""Model Monitor: what has to happen to a kind's schedule, and what an execution's end means."""

from dataclasses import dataclass, replace
from datetime import datetime

from steward import times
from steward.decide.verdict import Verdict

CONCERN = "drift"
# What Model Monitor says of a window in which nobody asked the endpoint anything.
NO_DATA = "Job inputs had no data"
_FOUND = ("Completed", "CompletedWithViolations")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a kind's schedule should run. `problem`: why there can be no schedule; else empty."""

    version: int
    definition: str
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Schedule:
    """A schedule of ours as it is listed; `why` only when it failed."""

    name: str
    kind: str
    status: str
    definition: str
    why: str = ""

    @property
    def is_pending(self) -> bool:
        """Whether AWS is still making a change, and refuses any other."""
        return self.status == "Pending"


@dataclass(frozen=True, slots=True)
class Execution:
    """One run of a schedule. `job`: its processing job's name; empty if it never had one."""

    kind: str
    schedule: str
    definition: str
    status: str
    scheduled_at: datetime
    created_at: datetime
    job: str
    why: str

    @property
    def is_over(self) -> bool:
        """Whether it has ended."""
        return self.status not in ("Pending", "InProgress", "Stopping")

    @property
    def found(self) -> bool:
        """Whether it looked at its window to the end."""
        return self.status in _FOUND


@dataclass(frozen=True, slots=True)
class Means:
    """What a schedule needs: published code, the version's baseline, AWS's image in the region."""

    code: bool
    baseline: bool
    image: bool
    region: str


def why_not(kind: str, version: int, means: Means) -> str:
    """Why a kind can have no schedule; empty when it can."""
    if not means.image:
        return f"Steward knows no image of Model Monitor for {kind} in {means.region}"
    if not means.code:
        return "the monitor's code is not published; run `steward publish`"
    if not means.baseline:
        return (
            f"version {version} has no baseline: its training run wrote none, or it was "
            "registered by hand; it cannot be watched until a version with one serves"
        )
    return ""


def judge_schedule(kind: str, wanted: Wanted | None, schedule: Schedule | None) -> Verdict:
    """What to do for a kind: schedule, reschedule, unschedule, wait, hold, page or nothing."""
    if schedule and schedule.is_pending:
        return _verdict(kind, "wait", f"the schedule {schedule.name} is Pending", schedule)
    if wanted is None or wanted.problem:
        return _without(kind, wanted, schedule)
    if schedule is None:
        reason = f"version {wanted.version} serves and has no schedule"
        return _verdict(kind, "schedule", reason, None, wanted)
    if schedule.definition != wanted.definition:
        reason = (
            f"version {wanted.version} serves by {wanted.definition}, the schedule runs "
            f"{schedule.definition}"
        )
        return _verdict(kind, "reschedule", reason, schedule, wanted)
    return _kept(kind, wanted, schedule)


def _without(kind: str, wanted: Wanted | None, schedule: Schedule | None) -> Verdict:
    """Nothing can or shall watch the kind: a schedule would compare with what no longer serves."""
    reason = wanted.problem if wanted else f"{kind} is not to be watched by Model Monitor"
    if schedule:
        return _verdict(kind, "unschedule", reason, schedule, wanted)
    return _verdict(kind, "hold" if wanted else "nothing", reason, None, wanted)


def _kept(kind: str, wanted: Wanted, schedule: Schedule) -> Verdict:
    if schedule.status == "Failed":
        why = schedule.why or "no reason was given"
        return _verdict(kind, "page", f"the schedule {schedule.name} failed: {why}", schedule)
    if schedule.status == "Stopped":
        reason = f"the schedule {schedule.name} was stopped by somebody else"
        return _verdict(kind, "hold", reason, schedule)
    reason = f"the schedule {schedule.name} watches version {wanted.version}"
    return _verdict(kind, "nothing", reason, schedule)


def _verdict(
    kind: str, verdict: str, reason: str, schedule: Schedule | None, wanted: Wanted | None = None
) -> Verdict:
    facts = {
        "kind": kind,
        "why": reason,
        "wanted": wanted.definition if wanted else None,
        "version": wanted.version if wanted else None,
        "runs": schedule.definition if schedule else None,
        "status": schedule.status if schedule else None,
    }
    return Verdict(CONCERN, f"schedule of {kind}", verdict, reason, facts)


def again(verdict: Verdict) -> Verdict:
    """The verdict on a schedule that was to be changed for the same reasons before, and is not."""
    facts = dict(verdict.facts) | {"again": True}
    reason = f"{verdict.reason}; the same was decided before and is not so"
    return replace(verdict, reason=reason, facts=facts)


def refused(kind: str, definition: str, why: str) -> Verdict:
    """The verdict when AWS does not take a definition or its schedule: a person must look."""
    facts = {"kind": kind, "definition": definition}
    return Verdict(
        CONCERN, f"schedule of {kind}", "page", f"AWS refused {definition}: {why}", facts
    )


def judge_end(execution: Execution) -> Verdict | None:
    """What an execution without a report means; None for one that has looked at its window."""
    if execution.found:
        return None
    subject = f"{execution.kind} by {execution.definition}"
    if NO_DATA in execution.why:
        # The window is no fact: a quiet night is one decision, not one for each hour.
        return Verdict(CONCERN, subject, "hold", "nothing was captured", {"why": NO_DATA})
    return unread(execution, execution.why or "no reason was given")


def unread(execution: Execution, why: str) -> Verdict:
    """Nobody knows how an execution's window was."""
    hour = times.iso(execution.scheduled_at)[:16]
    reason = f"the execution of {execution.schedule} at {hour}Z ended as {execution.status}: {why}"
    facts = {"schedule": execution.schedule, "at": hour, "status": execution.status, "why": why}
    return Verdict(CONCERN, f"{execution.kind} by {execution.definition}", "page", reason, facts)
