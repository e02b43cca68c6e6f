"""functions/drift asks for one run when that helps, pages when it does not, and says why."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from steward.lineage.trace import upstream
from tests.steward.builders import SAGEMAKER
from tests.steward.functions.house import ARTIFACTS, LANDING, NAME, House, event
from tests.steward.ledger import decisions, faults

HOUR = "2026/11/20/12/constraint_violations.json"
KEY = f"monitoring/mortgage/v1/{HOUR}"
DRIFTED = {
    "feature_name": "unem", "constraint_check_type": "baseline_drift_check", "description": "0.3",
}  # fmt: skip
BROKEN = {"feature_name": "self", "constraint_check_type": "missing_column_check"}
RUN_2 = f"{SAGEMAKER}:pipeline/{NAME}/execution/r2"


def report(house: House, *violations: Mapping[str, str], key: str = KEY) -> dict[str, Any]:
    """A monitor writes what it found; the event that S3 sends."""
    return house.upload(key, json.dumps({"violations": list(violations)}), bucket=ARTIFACTS)


def reported(house: House, *violations: Mapping[str, str], **given: object) -> dict[str, Any]:
    """A monitor of the team's own says what it found."""
    detail: dict[str, Any] = {
        "model": "mortgage",
        "version": 1,
        "window": {"start": "2026-11-20T11:00:00Z", "end": "2026-11-20T12:00:00Z"},
        "rows": 500,
        "violations": list(violations),
    }
    return event("steward.drift", "Drift Report", house.clock, detail | given)


@pytest.fixture
def serving(house: House) -> House:
    """Version 1 serves."""
    house.serving(1)
    house.said.clear()
    house.asked("training")
    return house


class TestDrift:
    def test_asks_for_one_run_which_takes_all_that_waits(self, serving: House) -> None:
        serving.deliver("training", serving.upload("new.csv"))
        found = report(serving, DRIFTED)
        assert serving.deliver("drift", found, found) == 0
        assert serving.asked("training") == ['{"look_at":"mortgage"}']
        serving.look("training")
        assert list(serving.sagemaker.executions) == [RUN_2.replace("r2", "r1"), RUN_2]
        row = serving.row("run")
        assert row is not None
        assert row["reasons"] == ["uploads", "drift"]
        assert serving.store.query("work", "mortgage", "pending#") == []

    def test_needs_no_new_data_for_that(self, serving: House) -> None:
        serving.deliver("drift", report(serving, DRIFTED))
        serving.look("training")
        row = serving.row("run")
        assert row is not None
        assert (row["number"], row["reasons"]) == (2, ["drift"])

    def test_reaches_training_even_if_the_message_is_lost(self, serving: House) -> None:
        serving.deliver("drift", report(serving, DRIFTED))
        assert ("training", "mortgage") in serving.sweep()

    def test_tells_the_owner_that_it_asked_and_why(self, serving: House) -> None:
        serving.deliver("drift", report(serving, DRIFTED))
        (message,) = serving.said
        assert message["Subject"] == "[mortgage] drift asks for a training run"
        assert "1 violation (1 of data_quality) about unem of version 1" in message["Message"]

    def test_is_an_edge_of_the_run_in_the_lineage(self, serving: House) -> None:
        serving.deliver("drift", report(serving, DRIFTED))
        serving.look("training")
        run = upstream(serving.store, (f"run#{NAME}/r2",)).nodes[f"run#{NAME}/r2"]
        behind = {to.partition("#")[0] for term, to in run.links if term == "wasInfluencedBy"}
        assert behind == {"decision", "drift-report"}
        assert faults(serving.store) == []

    def test_asks_for_no_second_run_while_one_is_in_flight(self, serving: House) -> None:
        serving.deliver("drift", report(serving, DRIFTED))
        serving.look("training")
        serving.asked("training")
        serving.deliver("drift", report(serving, DRIFTED, key=KEY.replace("/12/", "/13/")))
        assert serving.asked("training") == []
        assert [kind for _, kind in serving.decisions("drift")] == ["retrain", "hold"]
        assert decisions(serving.store)[-1]["reason"].endswith("run 2 is in flight already")

    def test_asks_for_none_within_the_cooldown_and_for_one_after_it(self, serving: House) -> None:
        days = {"0": ["retrain"], "6": ["retrain", "hold"], "8": ["retrain", "hold", "retrain"]}
        for number, kinds in enumerate(days.values()):
            serving.deliver(
                "drift", report(serving, DRIFTED, key=KEY.replace("12/", f"1{number}/"))
            )
            assert [kind for _, kind in serving.decisions("drift")] == kinds
            if kinds[-1] == "retrain":
                serving.look("training")
                serving.sagemaker.end(list(serving.sagemaker.executions)[-1], "Succeeded")
                serving.look("training")
            serving.clock.pass_by(minutes=6 * 24 * 60)
        assert len(serving.sagemaker.executions) == 3

    def test_judged_while_a_run_is_being_opened_is_judged_again(self, serving: House) -> None:
        """Between reading and writing, uploads started a run of their own."""
        serving.deliver("training", serving.upload("new.csv"))
        serving.clock.pass_by(minutes=10)
        found, looked = report(serving, DRIFTED), list[bool]()
        publish = serving.aws.sns.meta.events

        def a_run_is_opened(**_: object) -> None:
            if not looked:
                looked.append(True)
                serving.look("training")

        publish.register("provide-client-params.sns.Publish", a_run_is_opened)
        try:
            assert serving.deliver("drift", found) == 0
        finally:
            publish.unregister("provide-client-params.sns.Publish", a_run_is_opened)
        assert looked == [True]
        assert [kind for _, kind in serving.decisions("drift")] == ["hold"]
        assert len(serving.sagemaker.executions) == 2

    def test_asked_for_with_nothing_left_to_learn_is_on_record_and_over(
        self, serving: House
    ) -> None:
        serving.aws.s3.delete_object(Bucket=LANDING, Key="mortgage/incoming/1.csv")
        serving.deliver("drift", report(serving, DRIFTED))
        serving.look("training")
        assert serving.decisions("training")[-1] == ("run 2", "hold")
        assert len(serving.sagemaker.executions) == 1
        row = serving.row("asked")
        assert row is not None
        assert row["state"] == "taken"

    def test_of_a_version_that_no_longer_serves_is_on_record_and_starts_nothing(
        self, serving: House
    ) -> None:
        serving.deliver("drift", report(serving, DRIFTED, key=KEY.replace("/v1/", "/v7/")))
        assert serving.decisions("drift")[-1][1] == "ignore"
        assert serving.said == []
        assert serving.asked("training") == []

    def test_before_anything_serves_starts_nothing(self, house: House) -> None:
        house.deliver("drift", report(house, DRIFTED))
        assert [kind for _, kind in house.decisions("drift")] == ["ignore"]

    def test_of_an_endpoint_that_answers_nobody_starts_nothing(self, serving: House) -> None:
        serving.sagemaker.endpoints[NAME]["EndpointStatus"] = "Failed"
        serving.deliver("drift", report(serving, DRIFTED))
        assert [kind for _, kind in serving.decisions("drift")] == ["ignore"]


class TestSchema:
    def test_broken_pages_a_person_once_and_starts_nothing(self, serving: House) -> None:
        found = report(serving, DRIFTED, BROKEN)
        assert serving.deliver("drift", found, found) == 0
        assert serving.deliver("drift", found) == 0
        assert serving.subjects() == ["[mortgage] a monitor needs a person"]
        assert "never by retraining" in serving.said[0]["Message"]
        assert serving.asked("training") == []


class TestReport:
    def test_that_is_clean_is_on_record_and_nobody_is_told(self, serving: House) -> None:
        serving.deliver("drift", report(serving))
        assert serving.said == []
        assert [kind for _, kind in serving.decisions("drift")] == ["ignore"]

    @pytest.mark.parametrize(
        ("violation", "about"),
        [
            ({"metric_name": "f1", "constraint_check_type": "LessThanThreshold"}, "f1"),
            ({"facet": "white", "metric_name": "DPPL"}, "DPPL"),
            ({"label": "0", "metric_name": "shap"}, "shap"),
            ({}, "unknown"),
        ],
    )
    def test_is_read_in_every_documented_shape(
        self, serving: House, violation: dict[str, str], about: str
    ) -> None:
        assert serving.deliver("drift", report(serving, violation)) == 0
        assert f"about {about}" in serving.said[0]["Message"]

    @pytest.mark.parametrize(
        "content",
        ["", "{", "[]", "{}", '{"violations": null}', '{"violations": ["x"]}', "\ufeff7"],
    )
    def test_that_is_broken_never_reads_as_clean(self, serving: House, content: str) -> None:
        before = serving.tables()
        assert serving.deliver("drift", serving.upload(KEY, content, bucket=ARTIFACTS)) == 1
        assert serving.tables() == before

    def test_of_ten_thousand_violations_is_on_record_in_short(self, serving: House) -> None:
        many = [DRIFTED | {"feature_name": f"f{number}"} for number in range(10_000)]
        assert serving.deliver("drift", report(serving, *many)) == 0
        (node,) = [item for item in serving.tables() if item["pk"]["S"].startswith("drift-report")]
        assert node["facts"]["M"]["violations"] == {"N": "10000"}
        assert len(node["facts"]["M"]["listed"]["L"]) == 20

    def test_that_is_gone_pages_and_is_on_record_as_gone(self, serving: House) -> None:
        found = report(serving)
        version = found["detail"]["object"]["version-id"]
        serving.aws.s3.delete_object(Bucket=ARTIFACTS, Key=KEY, VersionId=version)
        assert serving.deliver("drift", found, found) == 0
        assert [kind for _, kind in serving.decisions("drift")] == ["page"]
        assert "does not exist any more" in serving.said[0]["Message"]

    def test_that_vanished_after_it_was_judged_changes_nothing(self, serving: House) -> None:
        found = report(serving, BROKEN)
        serving.deliver("drift", found)
        before = serving.tables()
        version = found["detail"]["object"]["version-id"]
        serving.aws.s3.delete_object(Bucket=ARTIFACTS, Key=KEY, VersionId=version)
        assert serving.deliver("drift", found) == 0
        assert serving.tables() == before

    def test_elsewhere_is_a_dead_letter(self, serving: House) -> None:
        key = "runs/x/constraint_violations.json"
        assert serving.deliver("drift", serving.upload(key, "{}", bucket=ARTIFACTS)) == 1

    @pytest.mark.parametrize(
        "key", [f"monitoring/mortgage/{HOUR}", f"monitoring/mortgage/vx/{HOUR}"]
    )
    def test_that_names_no_version_pages(self, serving: House, key: str) -> None:
        assert serving.deliver("drift", report(serving, DRIFTED, key=key)) == 0
        assert "does not say which version" in serving.said[0]["Message"]

    @pytest.mark.parametrize(
        "key", [KEY, "monitoring/mortgage/v1/x.json", KEY.replace("/12/", "/99/")]
    )
    def test_names_its_window_by_the_hour_in_its_key(self, serving: House, key: str) -> None:
        serving.deliver("drift", report(serving, DRIFTED, key=key))
        (node,) = [item for item in serving.tables() if item["pk"]["S"].startswith("drift-report")]
        window = node["facts"]["M"]["window"]
        hours = [one["S"] for one in window.get("L", [])]
        expected = ["2026-11-20T12:00:00.000Z", "2026-11-20T13:00:00.000Z"] if key == KEY else []
        assert hours == expected

    def test_that_is_written_again_is_judged_again(self, serving: House) -> None:
        serving.deliver("drift", report(serving))
        serving.deliver("drift", report(serving, BROKEN))
        assert [kind for _, kind in serving.decisions("drift")] == ["ignore", "page"]

    def test_of_an_unversioned_bucket_that_was_overwritten_counts_as_gone(
        self, serving: House
    ) -> None:
        found = report(serving)
        del found["detail"]["object"]["version-id"]
        report(serving, DRIFTED)
        serving.deliver("drift", found)
        assert [kind for _, kind in serving.decisions("drift")] == ["page"]


class TestEventOfTheTeamsOwnMonitor:
    def test_goes_the_same_way_once(self, serving: House) -> None:
        assert serving.deliver("drift", reported(serving, DRIFTED)) == 0
        serving.clock.pass_by(minutes=1)
        assert serving.deliver("drift", reported(serving, DRIFTED)) == 0
        assert [kind for _, kind in serving.decisions("drift")] == ["retrain"]
        assert len(serving.asked("training")) == 1

    def test_of_another_window_is_another_report(self, serving: House) -> None:
        serving.deliver("drift", reported(serving, BROKEN))
        window = {"start": "2026-11-20T12:00:00Z", "end": "2026-11-20T13:00:00Z"}
        serving.deliver("drift", reported(serving, BROKEN, window=window))
        assert [kind for _, kind in serving.decisions("drift")] == ["page", "page"]

    @pytest.mark.parametrize(
        "given",
        [
            {"model": "churn"},
            {"model": None},
            {"version": "1"},
            {"window": None},
            {"window": {"start": "2026-11-20T12:00:00Z", "end": "2026-11-20T12:00:00Z"}},
            {"rows": -1},
            {"violations": None},
            {"violations": [1]},
        ],
    )
    def test_not_in_its_shape_becomes_a_dead_letter(
        self, serving: House, given: dict[str, object]
    ) -> None:
        before = serving.tables()
        assert serving.deliver("drift", reported(serving, DRIFTED, **given)) == 1
        assert serving.tables() == before
