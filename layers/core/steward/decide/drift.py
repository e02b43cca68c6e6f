"""Drift: is what a monitor found in production worth a new training run?"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from steward.decide.training import Asked, Run
from steward.decide.verdict import Verdict
from steward.spec.model import RetrainSpec

CONCERN = "drift"
SCHEMA = "schema"
# Model Monitor's checks, by what is wrong when they are violated.
_KINDS = {
    "data_type_check": SCHEMA,
    "completeness_check": SCHEMA,
    "missing_column_check": SCHEMA,
    "extra_column_check": SCHEMA,
    "baseline_drift_check": "data_quality",
    "categorical_values_check": "data_quality",
    "LessThanThreshold": "model_quality",
    "GreaterThanThreshold": "model_quality",
    "bias_drift_check": "bias",
    "feature_attribution_drift_check": "explainability",
}
_MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class Violation:
    """One constraint that production broke: the check, and the feature or metric it is about."""

    check: str
    about: str

    @property
    def kind(self) -> str:
        """What is wrong: schema, data_quality, model_quality, bias, explainability or unknown."""
        return _KINDS.get(self.check, "unknown")


@dataclass(frozen=True, slots=True)
class DriftReport:
    """What one monitor found in one window; `id` is its node's, by the bytes or by the content.

    No `version` or `window`: the report does not name it. No `rows`: it does not count them. No
    `violations`: the object does not exist any more.
    """

    id: str
    source: str
    at: datetime
    version: int | None
    window: tuple[datetime, datetime] | None
    rows: int | None
    violations: tuple[Violation, ...] | None


@dataclass(frozen=True, slots=True)
class DriftFacts:
    """What a report is judged against. No `live`: nothing of ours serves. No `run`: never was one.

    `asked` is the last run that drift asked for, None when there was none.
    """

    live: int | None
    run: Run | None
    asked: Asked | None


def judge(report: DriftReport, facts: DriftFacts, policy: RetrainSpec, now: datetime) -> Verdict:
    """Retrain, page a person, hold because a run is on its way or was just asked for, or ignore."""
    if report.violations is None:
        kind, reason = "page", "the report does not exist any more: nobody knows what it found"
    else:
        kind, reason = next(_answers(report, report.violations, facts, policy, now))
    told = {
        "report": report.id,
        "live": facts.live,
        "run": facts.run.number if facts.run else None,
        "asked": facts.asked.number if facts.asked else None,
    }
    return Verdict(CONCERN, report.source, kind, reason, told)


def _answers(
    report: DriftReport,
    violations: tuple[Violation, ...],
    facts: DriftFacts,
    policy: RetrainSpec,
    now: datetime,
) -> Iterator[tuple[str, str]]:
    """Every answer that fits, the one that counts first."""
    found = _told(violations)
    if not violations:
        yield "ignore", "the report holds no violation"
    if report.version is None:
        yield "page", f"{found}, but the report does not say which version it is about"
    if report.version != facts.live:
        serves = f"version {facts.live} serves" if facts.live else "no version serves"
        yield "ignore", f"{found} of version {report.version}, and {serves}"
    kinds = {violation.kind for violation in violations}
    if SCHEMA in kinds:
        yield "page", f"{found}; a broken schema is mended at its source, never by retraining"
    if not kinds & set(policy.on):
        allowed = f"retrains on {', '.join(policy.on)}" if policy.on else "retrains on nothing"
        yield "page", f"{found}; the model's file {allowed}, so a person must decide"
    if facts.run and facts.run.open:
        yield "hold", f"{found}, and run {facts.run.number} is in flight already"
    if facts.asked and facts.asked.waiting:
        yield "hold", f"{found}, and a run was asked for already that has not begun"
    if facts.asked and (since := now - facts.asked.at) < policy.cooldown:
        passed = f"{_length(since)} of {_length(policy.cooldown)} have passed"
        yield "hold", f"{found}, and {passed} since drift last asked for a run"
    yield "retrain", f"{found} of version {report.version}, which serves"


def _told(violations: tuple[Violation, ...]) -> str:
    """How many violations of which kind, about what, in words."""
    kinds = sorted({violation.kind for violation in violations})
    counts = [f"{sum(one.kind == kind for one in violations)} of {kind}" for kind in kinds]
    about = sorted({violation.about for violation in violations})
    more = f" and {len(about) - _MOST_NAMED} more" if len(about) > _MOST_NAMED else ""
    noun = "violation" if len(violations) == 1 else "violations"
    named = f"{', '.join(about[:_MOST_NAMED])}{more}"
    return f"{len(violations)} {noun} ({', '.join(counts)}) about {named}"


def _length(length: timedelta) -> str:
    """A length of time in its largest unit that is not below 1."""
    seconds = length.total_seconds()
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds:.3g} s"
