"""Drift: a clean report is ignored, any violation pages a person, nothing retrains by itself."""

from dataclasses import replace

from steward.decide.drift import DriftReport, judge

URI = "s3://artifacts/monitoring/mortgage/v1/2026/11/20/12/constraint_violations.json"


def report(*violations: tuple[str, str]) -> DriftReport:
    return DriftReport(
        URI, "v-1", [{"check": check, "about": about} for check, about in violations]
    )


def test_a_report_without_violations_is_ignored() -> None:
    verdict = judge(report())
    assert (verdict.kind, verdict.subject) == ("ignore", URI)


def test_a_report_that_is_gone_is_told_apart_from_a_clean_one() -> None:
    gone = judge(replace(report(), violations=None))
    assert (gone.kind, gone.reason) == ("hold", "the report does not exist any more")
    assert gone.id("mortgage") != judge(report()).id("mortgage")


def test_violations_page_a_person_with_their_numbers() -> None:
    verdict = judge(
        report(
            ("baseline_drift_check", "unem"),
            ("baseline_drift_check", "obrat"),
            ("missing_column_check", "self"),
        )
    )
    assert verdict.kind == "page"
    assert "3 violations, 1 of them of the schema, about obrat, self, unem" in verdict.reason


def test_a_long_list_is_cut_after_five_names() -> None:
    verdict = judge(report(*[("baseline_drift_check", name) for name in "gfedcba"]))
    assert "about a, b, c, d, e;" in verdict.reason


def test_a_window_is_judged_once_however_often_its_file_is_read() -> None:
    found = report(("baseline_drift_check", "unem"))
    assert judge(found).id("mortgage") == judge(found).id("mortgage")
