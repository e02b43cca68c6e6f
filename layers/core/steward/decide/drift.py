"""Drift: is what a monitor found in production worth a new training run?

One pure function: the first of `RULES` that has an answer gives it. docs/drift.md lists them.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from steward import times
from steward.decide.drift_facts import (
    REMIND,
    SCHEMA,
    DriftFacts,
    DriftPolicy,
    DriftReport,
    Finding,
    before,
    kinds,
    persistent,
)
from steward.decide.verdict import Verdict
from steward.spec.kinds import DATA_QUALITY

CONCERN = "drift"
BUDGET_WINDOW = timedelta(days=30)
_MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class Answer:
    """What a rule says. `waits`: the report is judged again later; `takes`: its window is done."""

    kind: str
    reason: str
    waits: bool = False
    takes: bool = True


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict, and what follows from it for what is remembered.

    `takes`: the window was judged; `whole`: it counts among the last n; `drifted`: what a run that
    is asked for now answers; `breaks`, `mends`: training is held because the schema is broken, or
    is no more.
    """

    verdict: Verdict
    waits: bool
    takes: bool
    whole: bool
    drifted: frozenset[str]
    breaks: bool
    mends: bool


@dataclass(frozen=True)
class Case:
    """Everything that one judgement rests on."""

    report: DriftReport
    facts: DriftFacts
    policy: DriftPolicy
    now: datetime

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """What was found; nothing, of a report that is gone."""
        return self.report.findings or ()

    @cached_property
    def told(self) -> str:
        """What was found, in words."""
        return _told(self.findings)

    @cached_property
    def persistent(self) -> dict[str, int]:
        """What was found, and in how many of the last windows."""
        return persistent(self.report, self.facts, self.policy.retrain)

    @cached_property
    def drifted(self) -> tuple[Finding, ...]:
        """What was found often enough."""
        enough = self.policy.retrain.flagged
        return tuple(one for one in self.findings if self.persistent[one.mark] >= enough)

    @cached_property
    def answered(self) -> frozenset[str]:
        """What a run that is asked for now answers: all of the last windows, often enough or not.

        While the same version serves, what was asked for before is still to be answered.
        """
        asked, live = self.facts.asked, self.facts.live
        open_yet = asked.drifted if asked and asked.version == live else frozenset()
        recent = before(self.report, self.facts, self.policy.retrain)
        return self.report.marks.union(open_yet, *(one.marks for one in recent))

    @property
    def is_whole(self) -> bool:
        """Whether the window had rows enough and no broken schema."""
        rows, told = self.report.rows, self.findings or not self.report.unmeasured
        enough = rows is not None and rows >= self.policy.min_rows
        return enough and bool(told) and not self.is_broken

    @property
    def is_broken(self) -> bool:
        """Whether the schema is broken."""
        return SCHEMA in kinds(self.findings)


type Rule = Callable[[Case], Answer | None]


def judge(report: DriftReport, facts: DriftFacts, policy: DriftPolicy, now: datetime) -> Judgement:
    """Retrain, page a person, hold, or ignore: with the reason in figures."""
    case = Case(report, facts, policy, now)
    name, answer = next((name, found) for name, rule in RULES.items() if (found := rule(case)))
    about = {
        "report": report.id,
        # Another reason to wait is another decision, though all else is the same.
        "rule": name,
        "live": facts.live,
        "run": facts.run.number if facts.run else None,
        "asked": facts.asked.number if facts.asked else None,
        "waits": answer.waits,
    }
    serves = report.version is not None and report.version == facts.live
    applies = serves and answer.takes
    # Without a window there is none to take: two such reports may be of the same second.
    took = applies and report.window is not None
    whole = took and case.is_whole
    return Judgement(
        verdict=Verdict(CONCERN, report.source, answer.kind, answer.reason, about),
        waits=answer.waits,
        takes=took,
        whole=whole,
        drifted=case.answered,
        breaks=applies and case.is_broken and policy.retrain.schema_break_blocks_training,
        # A window that is judged late says nothing about what came after it.
        mends=whole and report.kind == DATA_QUALITY and not _is_late(report, facts),
    )


def _is_late(report: DriftReport, facts: DriftFacts) -> bool:
    return any(one.start > report.time for one in facts.history)


def _gone(case: Case) -> Answer | None:
    if case.report.findings is not None:
        return None
    reason = "the report does not exist any more: nobody knows what it found"
    # Another source may still report the same window.
    return Answer("page", reason, takes=False)


def _nameless(case: Case) -> Answer | None:
    if case.report.version is not None:
        return None
    kind = "page" if case.findings else "hold"
    return Answer(kind, f"{case.told}, but the report does not say which version it is about")


def _not_live(case: Case) -> Answer | None:
    version, live = case.report.version, case.facts.live
    if version == live:
        return None
    serves = f"version {live} serves" if live else "no version serves"
    return Answer("ignore", f"{case.told} of version {version}, and {serves}")


def _judged_before(case: Case) -> Answer | None:
    window = case.report.window
    same = [one for one in case.facts.history if window and one.start == window.start]
    if not same or same[0].report == case.report.id:
        return None
    return Answer(
        "ignore", f"the window from {_minute(same[0].start)} on was judged already", takes=False
    )


def _too_early(case: Case) -> Answer | None:
    window, lag = case.report.window, case.policy.lag
    if window is None or case.now >= window.end + lag:
        return None
    until = _minute(window.end + lag)
    reason = f"the window ended at {_minute(window.end)}, what was captured is complete at {until}"
    return Answer("hold", reason, waits=True, takes=False)


def _broken(case: Case) -> Answer | None:
    if not case.is_broken:
        return None
    reason = f"{case.told}; a broken schema is mended at its source, never by retraining"
    return _page(case, reason)


def _uncounted(case: Case) -> Answer | None:
    if case.report.rows is not None:
        return None
    reason = f"{case.told}, but the report does not say in how many rows"
    if not case.findings:
        return Answer("hold", reason, takes=False)
    # Another source may still report the same window, and count.
    answer = _page(case, f"{reason}, so a person must decide")
    return Answer(answer.kind, answer.reason, takes=False)


def _few(case: Case) -> Answer | None:
    rows, needed = case.report.rows, case.policy.min_rows
    if rows is None or rows >= needed:
        return None
    return Answer("hold", f"{rows} rows are too few to judge by, {needed} are needed")


def _unmeasured(case: Case) -> Answer | None:
    if case.findings or not case.report.unmeasured:
        return None
    reason = f"something that has a limit could not be measured in {case.report.rows} rows"
    return Answer("hold", reason)


def _clean(case: Case) -> Answer | None:
    if case.report.findings != ():
        return None
    return Answer("ignore", f"nothing was found in {case.report.rows} rows")


def _brief(case: Case) -> Answer | None:
    if case.drifted:
        return None
    policy = case.policy.retrain
    most = max(case.persistent.values(), default=0)
    reason = f"{case.told}: {most} of {policy.of} windows, {policy.flagged} are needed"
    return Answer("hold", reason)


def _unlisted(case: Case) -> Answer | None:
    on = case.policy.retrain.on
    if kinds(case.drifted) & set(on):
        return None
    allowed = f"retrains on {', '.join(on)}" if on else "retrains on nothing"
    return _page(case, f"{_lasting(case)}; the model's file {allowed}, so a person must decide")


def _in_flight(case: Case) -> Answer | None:
    run = case.facts.run
    if not run or not run.open:
        return None
    return Answer("hold", f"{_lasting(case)}, and run {run.number} is in flight", waits=True)


def _asked_already(case: Case) -> Answer | None:
    if not case.facts.asked or not case.facts.asked.waiting:
        return None
    reason = f"{_lasting(case)}, and a run was asked for already that has not begun"
    return Answer("hold", reason, waits=True)


def _known(case: Case) -> Answer | None:
    asked, live = case.facts.asked, case.facts.live
    marks = {one.mark for one in case.drifted}
    if not asked or asked.version != live or not marks <= asked.drifted:
        return None
    since = _minute(asked.at)
    return Answer(
        "hold",
        f"{_lasting(case)}, for which a run was asked at {since}; "
        f"version {live} still serves, with the baseline from before it",
    )


def _too_soon(case: Case) -> Answer | None:
    asked, cooldown = case.facts.asked, case.policy.retrain.cooldown
    if not asked or (since := case.now - asked.at) >= cooldown:
        return None
    passed = f"{_length(since)} of {_length(cooldown)} have passed"
    return Answer("hold", f"{_lasting(case)}, and {passed} since drift last asked for a run")


def _spent(case: Case) -> Answer | None:
    asked, budget = case.facts.asked, case.policy.retrain.budget
    earlier = asked.earlier if asked else ()
    recent = sum(case.now - at < BUDGET_WINDOW for at in earlier)
    if recent < budget:
        return None
    return Answer(
        "hold", f"{_lasting(case)}, and drift has had {recent} of {budget} runs in 30 days"
    )


def _nothing_new(case: Case) -> Answer | None:
    rows, needed = case.facts.new_rows or 0, case.policy.retrain.min_new_rows
    if rows >= needed:
        return None
    reason = f"{_lasting(case)}, and there are {rows} new rows to learn from, {needed} are needed"
    return Answer("hold", reason)


def _retrain(case: Case) -> Answer:
    return Answer("retrain", f"{_lasting(case)} of version {case.report.version}, which serves")


# The first that applies decides.
RULES: dict[str, Rule] = {
    "gone": _gone,
    "nameless": _nameless,
    "not live": _not_live,
    "judged before": _judged_before,
    "too early": _too_early,
    "broken schema": _broken,
    "uncounted": _uncounted,
    "too few rows": _few,
    "unmeasured": _unmeasured,
    "clean": _clean,
    "too brief": _brief,
    "not listed": _unlisted,
    "run in flight": _in_flight,
    "asked already": _asked_already,
    "known drift": _known,
    "cooldown": _too_soon,
    "budget": _spent,
    "no new data": _nothing_new,
    "retrain": _retrain,
}


def _page(case: Case, reason: str) -> Answer:
    """Tell a person, unless one was told of the very same within a day."""
    told = case.facts.told
    if told and case.report.marks <= told.marks and case.now - told.at < REMIND:
        return Answer("hold", f"{reason}; a person was told of it at {_minute(told.at)}")
    return Answer("page", reason)


def _lasting(case: Case) -> str:
    """What has drifted for long enough, and for how long."""
    policy = case.policy.retrain
    most = max((case.persistent[one.mark] for one in case.drifted), default=0)
    return f"{_told(case.drifted)}, in {most} of {policy.of} windows"


def _told(findings: Iterable[Finding]) -> str:
    """How many findings of which kind, about what, in words."""
    found = list(findings)
    if not found:
        return "no violation"
    counts = [
        f"{sum(one.kind == kind for one in found)} of {kind}" for kind in sorted(kinds(found))
    ]
    about = sorted({one.about for one in found})
    more = f" and {len(about) - _MOST_NAMED} more" if len(about) > _MOST_NAMED else ""
    noun = "violation" if len(found) == 1 else "violations"
    named = f"{', '.join(about[:_MOST_NAMED])}{more}"
    return f"{len(found)} {noun} ({', '.join(counts)}) about {named}"


def _minute(when: datetime) -> str:
    return f"{times.iso(when)[:16]}Z"


def _length(length: timedelta) -> str:
    """A length of time in its largest unit that is not below 1."""
    seconds = length.total_seconds()
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds:.3g} s"
