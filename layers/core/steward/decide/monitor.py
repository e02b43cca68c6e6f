"""Monitors: which windows of the version that serves are due, and can each be looked at?"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from steward import times
from steward.decide.drift_facts import REMIND, Told, Window
from steward.decide.verdict import Verdict
from steward.spec.kinds import NEED_OUTCOMES
from steward.spec.model import MonitorSpec

CONCERN = "drift"
# After a long silence no more windows than this are looked at: a month of jobs helps nobody.
MOST_DUE = 24
_MIDNIGHT = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Watched:
    """How far a kind was looked at: windows of `version` up to `until`, with `jobs` jobs so far."""

    version: int
    until: datetime
    jobs: int


@dataclass(frozen=True, slots=True)
class Due:
    """One window that has to be looked at, and what its job would be called."""

    kind: str
    version: int
    window: Window
    job: str

    @property
    def subject(self) -> str:
        """What is judged, in words."""
        return f"{self.kind} of version {self.version}"


@dataclass(frozen=True, slots=True)
class Readiness:
    """What a look at a window needs: the published code, the baseline, and captured requests."""

    code: bool
    baseline: bool
    captured: bool


def lag(kind: str, spec: MonitorSpec) -> timedelta:
    """How long after its end a window is complete."""
    return spec.capture_lag + (spec.outcome_delay if kind in NEED_OUTCOMES else timedelta(0))


def due_windows(
    kind: str,
    spec: MonitorSpec,
    version: int,
    served_at: datetime,
    watched: Watched | None,
    now: datetime,
) -> list[Window]:
    """The windows that are complete and that nobody has looked at, oldest first.

    They begin at full multiples of their length in UTC. A clock that jumps back finds none due.
    """
    begin = _floor(served_at, spec.every)
    if watched and watched.version == version:
        begin = max(begin, watched.until)
    end = _floor(now - lag(kind, spec), spec.every)
    begin = max(begin, end - MOST_DUE * spec.every)
    count = max(0, (end - begin) // spec.every)
    starts = [begin + number * spec.every for number in range(count)]
    return [Window(start, start + spec.every) for start in starts]


def _floor(when: datetime, length: timedelta) -> datetime:
    return _MIDNIGHT + (when - _MIDNIGHT) // length * length


def judge_due(due: Due, ready: Readiness, watched: Watched | None) -> Verdict:
    """Start the job, or hold because there is nothing to compare or to compare with."""
    jobs = after(due, watched, jobs=0).jobs
    facts: dict[str, object] = {"version": due.version, "kind": due.kind, "jobs": jobs}
    if not ready.code:
        return _hold(due, "the monitor's code is not published; run `steward publish`", facts)
    if not ready.baseline:
        reason = (
            f"version {due.version} has no baseline: its training run wrote none, or it was "
            "registered by hand; it cannot be watched until a version with one serves"
        )
        return _hold(due, reason, facts)
    if not ready.captured:
        # The window is no fact: a quiet night is one decision, not one for each hour.
        return _hold(due, "nothing was captured", facts)
    told = f"{times.iso(due.window.start)[:16]}Z to {times.iso(due.window.end)[:16]}Z"
    facts |= {"start": due.window.start, "end": due.window.end, "job": due.job}
    return Verdict(CONCERN, due.subject, "watch", f"the window from {told} is complete", facts)


def after(due: Due, watched: Watched | None, *, jobs: int) -> Watched:
    """How far a kind was looked at after this window, and with how many jobs in all."""
    before = watched.jobs if watched and watched.version == due.version else 0
    return Watched(due.version, due.window.end, before + jobs)


def _hold(due: Due, reason: str, facts: dict[str, object]) -> Verdict:
    return Verdict(CONCERN, due.subject, "hold", reason, facts | {"why": reason})


def failed(due: Due, status: str, why: str, told: Told | None, now: datetime) -> Verdict:
    """The verdict when a monitor's job did not end well: nobody knows how its window was.

    A person who was told of the same within a day is not told again.
    """
    reason = f"the job {due.job} ended as {status}: {why or 'no reason was given'}"
    known = told is not None and told.marks == {why} and now - told.at < REMIND
    kind = "hold" if known else "page"
    return Verdict(CONCERN, due.subject, kind, reason, {"job": due.job, "status": status})
