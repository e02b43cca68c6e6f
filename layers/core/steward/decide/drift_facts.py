"""What drift is judged by: a report on one window, and what is known besides it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from steward import digest
from steward.decide.training import Asked, Run
from steward.spec.model import RetrainSpec

SCHEMA, UNKNOWN = "schema", "unknown"
# A person who was told of something is not told of the same again before this.
REMIND = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Finding:
    """One constraint that production broke: the check, and the feature or metric it is about.

    `kind` is schema, a kind of monitor, or unknown. A figure that nobody told is None.
    """

    kind: str
    check: str
    about: str
    test: str = ""
    statistic: float | None = None
    p_value: float | None = None
    effect: float | None = None
    threshold: float | None = None
    direction: str = ""

    @property
    def mark(self) -> str:
        """By which it is known again in another window: the same thing, gone the same way."""
        return f"{self.kind}/{self.about} {self.direction}".rstrip()


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of time; `end` is no part of it."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class DriftReport:
    """What one monitor found in one window; `id` is its node's, by the bytes or by the content.

    No `version` or `window`: the report does not name it. No `rows`: it does not count them. No
    `findings`: the object does not exist any more. `unmeasured`: something that has a limit could
    not be measured, so that no finding is no good news.
    """

    id: str
    source: str
    at: datetime
    kind: str
    version: int | None
    window: Window | None
    rows: int | None
    findings: tuple[Finding, ...] | None
    unmeasured: bool = False

    @property
    def time(self) -> datetime:
        """When the window began; without one, when the report was made."""
        return self.window.start if self.window else self.at

    @property
    def marks(self) -> frozenset[str]:
        """Everything that was found."""
        return frozenset(finding.mark for finding in self.findings or ())

    @property
    def fingerprint(self) -> str:
        """The same for the same features and directions, in whatever order and by how much."""
        return digest.of(sorted(self.marks))[:12]


@dataclass(frozen=True, slots=True)
class Judged:
    """A window of the same version and kind that was judged before.

    `whole`: it had rows enough and no broken schema, so it counts.
    """

    start: datetime
    report: str
    whole: bool
    marks: frozenset[str]


@dataclass(frozen=True, slots=True)
class Told:
    """What a person was last told of a version and kind, and when."""

    marks: frozenset[str]
    at: datetime


@dataclass(frozen=True, slots=True)
class DriftFacts:
    """What a report is judged against. No `live`: nothing of ours serves. No `run`: never was one.

    `asked` is the last run that drift asked for; `history` holds the windows judged before, oldest
    first; `new_rows` are the rows that the live version was not trained on, None when they were not
    counted because nothing was found.
    """

    live: int | None
    run: Run | None
    asked: Asked | None
    history: tuple[Judged, ...] = ()
    new_rows: int | None = None
    told: Told | None = None


@dataclass(frozen=True, slots=True)
class DriftPolicy:
    """The parts of a model's file that drift is judged by; `lag` is how late captures arrive."""

    retrain: RetrainSpec
    min_rows: int
    lag: timedelta


def persistent(report: DriftReport, facts: DriftFacts, policy: RetrainSpec) -> dict[str, int]:
    """Everything found, and in how many of the last `of` windows that count it was."""
    last = before(report, facts, policy)
    return {mark: 1 + sum(mark in one.marks for one in last) for mark in sorted(report.marks)}


def before(report: DriftReport, facts: DriftFacts, policy: RetrainSpec) -> list[Judged]:
    """The windows that count with this one: those of the last `of` that are before it."""
    earlier = [one for one in facts.history if one.whole and one.start < report.time]
    return earlier[-(policy.of - 1) :] if policy.of > 1 else []


def kinds(findings: Iterable[Finding]) -> set[str]:
    """The kinds of some findings."""
    return {finding.kind for finding in findings}
