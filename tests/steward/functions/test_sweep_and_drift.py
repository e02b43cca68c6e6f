"""functions/sweep asks for looks and decides nothing; functions/drift pages on violations."""

import json
from pathlib import Path

import pytest

from steward.record.agenda import on_agenda
from tests.steward.functions.house import ARTIFACTS, House
from tests.steward.ledger import decisions

KEY = "monitoring/mortgage/v1/2026/11/20/12/constraint_violations.json"
ALL = [("training", "mortgage"), ("approval", "mortgage"), ("rollout", "mortgage")]
DRIFTED = {
    "feature_name": "unem", "constraint_check_type": "baseline_drift_check", "description": "0.3",
}  # fmt: skip


class TestSweep:
    @pytest.mark.parametrize("minute", ["01", "14", "16", "59"])
    def test_asks_nobody_when_nothing_is_due(self, house: House, minute: str) -> None:
        assert house.sweep(f"2026-11-20T12:{minute}:00Z") == []

    @pytest.mark.parametrize("minute", ["00", "15", "30", "45"])
    def test_asks_everybody_every_quarter_of_an_hour(self, house: House, minute: str) -> None:
        assert house.sweep(f"2026-11-20T12:{minute}:00Z") == ALL

    def test_asks_everybody_when_the_time_is_not_known(self, house: House) -> None:
        assert house.sweep("") == ALL

    def test_asks_for_what_is_due(self, house: House) -> None:
        house.deliver("training", house.upload())
        assert house.sweep() == [("training", "mortgage")]

    def test_asks_twice_for_nothing_in_the_same_minute(self, house: House) -> None:
        house.deliver("training", house.upload())
        assert house.sweep("2026-11-20T12:15:00Z") == ALL

    def test_does_not_ask_for_a_model_whose_file_is_gone(self, house: House) -> None:
        """Each such message would become a dead letter, every minute."""
        house.store.transact([on_agenda(house.store, "training", "removed", "mark")])
        assert house.sweep() == []

    def test_changes_no_table(self, house: House) -> None:
        house.deliver("training", house.upload())
        before = house.tables()
        house.sweep("2026-11-20T12:15:00Z")
        assert house.tables() == before

    def test_reads_the_sample_event(self, house: House, root: Path) -> None:
        sample = json.loads((root / "events" / "sweep.json").read_text())
        assert house.sweep(sample["time"]) == ALL


class TestDrift:
    def report(self, house: House, content: object) -> dict:
        text = content if isinstance(content, str) else json.dumps(content)
        return house.upload(KEY, text, bucket=ARTIFACTS)

    def test_pages_a_person_once(self, house: House) -> None:
        event = self.report(house, {"violations": [DRIFTED]})
        assert house.deliver("drift", event, event) == 0
        assert house.deliver("drift", event) == 0
        (message,) = house.said
        assert message["Subject"] == "[mortgage] drift"
        assert "1 violations, 0 of them of the schema, about unem" in message["Message"]
        assert [kind for _, kind in house.decisions("drift")] == ["page"]

    def test_says_nothing_about_a_clean_report(self, house: House) -> None:
        house.deliver("drift", self.report(house, {"violations": []}))
        assert house.said == []
        assert [kind for _, kind in house.decisions("drift")] == ["ignore"]

    @pytest.mark.parametrize(
        ("violation", "about"),
        [
            ({"metric_name": "f1", "constraint_check_type": "LessThanThreshold"}, "f1"),
            ({"facet": "white", "metric_name": "DPPL"}, "DPPL"),
            ({"label": "0", "metric_name": "shap"}, "shap"),
            ({}, "unknown"),
        ],
    )
    def test_reads_every_documented_shape(
        self, house: House, violation: dict[str, str], about: str
    ) -> None:
        assert house.deliver("drift", self.report(house, {"violations": [violation]})) == 0
        assert f"about {about};" in house.said[0]["Message"]

    @pytest.mark.parametrize(
        "content", ["", "{", "[]", "{}", {"violations": None}, {"violations": ["x"]}, "\ufeff7"]
    )
    def test_never_reads_a_broken_report_as_clean(self, house: House, content: object) -> None:
        assert house.deliver("drift", self.report(house, content)) == 1
        assert house.decisions() == []

    def test_a_report_that_is_gone_is_on_record_as_gone(self, house: House) -> None:
        event = self.report(house, {"violations": []})
        version = event["detail"]["object"]["version-id"]
        house.aws.s3.delete_object(Bucket=ARTIFACTS, Key=KEY, VersionId=version)
        assert house.deliver("drift", event, event) == 0
        (found,) = decisions(house.store)
        assert found["reason"] == "the report does not exist any more"

    @pytest.mark.parametrize("paged", [False, True])
    def test_a_report_that_vanished_is_told_and_never_reads_as_all_well(
        self, house: House, paged: bool
    ) -> None:
        event = self.report(house, {"violations": [DRIFTED]})
        if paged:
            house.deliver("drift", event)
        version = event["detail"]["object"]["version-id"]
        house.aws.s3.delete_object(Bucket=ARTIFACTS, Key=KEY, VersionId=version)
        assert house.deliver("drift", event, event) == 0
        assert [kind for _, kind in house.decisions("drift")] == ["page"] * paged + ["hold"]
        assert len(house.said) == 1 + paged
        assert "the report does not exist any more" in house.said[-1]["Message"]

    def test_a_report_elsewhere_is_a_dead_letter(self, house: House) -> None:
        event = house.upload("runs/x/constraint_violations.json", "{}", bucket=ARTIFACTS)
        assert house.deliver("drift", event) == 1

    def test_a_report_that_is_written_again_is_judged_again(self, house: House) -> None:
        house.deliver("drift", self.report(house, {"violations": []}))
        house.deliver("drift", self.report(house, {"violations": [DRIFTED]}))
        assert [kind for _, kind in house.decisions("drift")] == ["ignore", "page"]
