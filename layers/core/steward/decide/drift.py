"""Drift: what to do about the violations that a monitor found in production."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from steward.decide.verdict import Verdict

CONCERN = "drift"
SCHEMA_CHECKS = ("missing_column_check", "extra_column_check", "data_type_check")


@dataclass(frozen=True, slots=True)
class DriftReport:
    """A violation file: which object it is, and the check and subject of each violation.

    No `violations`: the object does not exist any more.
    """

    uri: str
    version_id: str | None
    violations: Sequence[Mapping[str, str]] | None


def judge(report: DriftReport) -> Verdict:
    """Page when something was violated, ignore a clean report.

    Nothing retrains by itself on a violation yet: a person decides.
    """
    if report.violations is None:
        told = {"report": report.uri, "version": report.version_id}
        return Verdict(CONCERN, report.uri, "hold", "the report does not exist any more", told)
    facts = {"report": report.uri, "version": report.version_id, "count": len(report.violations)}
    if not report.violations:
        return Verdict(CONCERN, report.uri, "ignore", "the report holds no violation", facts)
    broken = sum(one["check"] in SCHEMA_CHECKS for one in report.violations)
    about = sorted({one["about"] for one in report.violations})[:5]
    reason = (
        f"{len(report.violations)} violations, {broken} of them of the schema, "
        f"about {', '.join(about)}; a person must decide whether to retrain"
    )
    return Verdict(CONCERN, report.uri, "page", reason, facts)
