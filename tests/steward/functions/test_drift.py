"""functions/drift asks for one run when that helps, pages when it does not, and says why."""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from steward.lineage.read import nodes
from steward.lineage.trace import upstream
from steward.lineage.whole import whole_facts
from tests.steward.builders import NOON
from tests.steward.functions.house import ARTIFACTS, LANDING, NAME, House, event
from tests.steward.ledger import decisions, faults

DRIFTED: dict[str, Any] = {
    "feature_name": "unem", "constraint_check_type": "baseline_drift_check", "description": "0.3",
    "test": "ks", "statistic": 0.3, "p_value": 1e-9, "effect": 0.3, "threshold": 0.1,
    "direction": "up",
}  # fmt: skip
BROKEN = {"feature_name": "self", "constraint_check_type": "missing_column_check"}
KEY = "monitoring/mortgage/v1/data_quality/2026/11/20/{:02}/constraint_violations.json"
HOUR = "2026/11/20/12/constraint_violations.json"


def report(
    house: House,
    *violations: Mapping[str, Any],
    hour: int = 11,
    rows: int = 500,
    version: int = 1,
    kind: str = "data_quality",
) -> dict[str, Any]:
    """Steward's own job writes what it found in an hour; the event that S3 sends."""
    start = NOON.replace(hour=hour)
    window = {
        "source": "steward",
        "model": "mortgage",
        "version": version,
        "kind": kind,
        "start": start.isoformat(),
        "end": (start + timedelta(hours=1)).isoformat(),
        "rows": rows,
    }
    key = KEY.format(hour).replace("/v1/data_quality/", f"/v{version}/{kind}/")
    return written(house, key, violations=list(violations), window=window)


def written(house: House, key: str, **content: object) -> dict[str, Any]:
    """Somebody writes a file of violations; the event that S3 sends."""
    return house.upload(key, json.dumps(content), bucket=ARTIFACTS)


def reported(house: House, *violations: Mapping[str, Any], **given: object) -> dict[str, Any]:
    """A monitor of the team's own says what it found."""
    detail: dict[str, Any] = {
        "model": "mortgage",
        "version": 1,
        "window": {"start": "2026-11-20T11:00:00Z", "end": "2026-11-20T12:00:00Z"},
        "rows": 500,
        "violations": list(violations),
    }
    return event("steward.drift", "Drift Report", house.clock, detail | given)


def alarm(house: House, endpoint: str = NAME) -> dict[str, Any]:
    """CloudWatch says that an alarm on a monitor's metric fired."""
    metric = {
        "namespace": "/aws/sagemaker/Endpoints/data-metric",
        "name": "feature_baseline_drift_unem",
        "dimensions": {"Endpoint": endpoint, "MonitoringSchedule": f"{NAME}-data-quality"},
    }
    detail = {
        "alarmName": "unem-drifts",
        "state": {
            "value": "ALARM",
            "reason": "0.4 > 0.1",
            "timestamp": house.clock.now().isoformat(),
        },
        "configuration": {"metrics": [{"id": "m", "metricStat": {"metric": metric, "period": 60}}]},
    }
    return event("aws.cloudwatch", "CloudWatch Alarm State Change", house.clock, detail)


def node_of(house: House) -> dict[str, Any]:
    """The only report's node."""
    (node,) = [
        item
        for item in house.tables()
        if item["pk"]["S"].startswith("drift-report") and item["sk"]["S"] == "node"
    ]
    return node


def kinds(house: House) -> list[str]:
    return [kind for _, kind in house.decisions("drift")]


@pytest.fixture
def serving(house: House) -> House:
    """Version 1 serves, and 200 rows have come that it was not trained on."""
    house.serving(1)
    house.deliver("training", house.upload("new.csv", house.rows(200)))
    house.said.clear()
    house.asked("training")
    return house


@pytest.fixture
def drifting(serving: House) -> House:
    """`unem` went up in two windows."""
    serving.deliver("drift", report(serving, DRIFTED, hour=9), report(serving, DRIFTED, hour=10))
    assert kinds(serving) == ["hold", "hold"]
    return serving


class TestDrift:
    def test_holds_twice_with_the_count_and_asks_the_third_time(self, drifting: House) -> None:
        drifting.deliver("drift", report(drifting, DRIFTED))
        reasons = [one["reason"] for one in decisions(drifting.store) if one["concern"] == "drift"]
        assert "1 of 3 windows, 3 are needed" in str(reasons[0])
        assert "2 of 3 windows, 3 are needed" in str(reasons[1])
        assert "in 3 of 3 windows of version 1, which serves" in str(reasons[2])
        assert drifting.asked("training") == ['{"look_at":"mortgage"}']

    def test_asks_for_one_run_which_takes_all_that_waits(self, drifting: House) -> None:
        found = report(drifting, DRIFTED)
        assert drifting.deliver("drift", found, found) == 0
        drifting.look("training")
        row = drifting.row("run")
        assert row is not None
        assert (row["number"], row["reasons"]) == (2, ["uploads", "drift"])
        assert drifting.store.query("work", "mortgage", "pending#") == []

    def test_reaches_training_even_if_the_message_is_lost(self, drifting: House) -> None:
        drifting.deliver("drift", report(drifting, DRIFTED))
        assert ("training", "mortgage") in drifting.sweep()

    def test_tells_the_owner_that_it_asked_and_why(self, drifting: House) -> None:
        drifting.deliver("drift", report(drifting, DRIFTED))
        (message,) = drifting.said
        assert message["Subject"] == "[mortgage] drift asks for a training run"
        assert "1 violation (1 of data_quality) about unem, in 3 of 3" in message["Message"]

    def test_is_an_edge_of_the_run_in_the_lineage(self, drifting: House) -> None:
        drifting.deliver("drift", report(drifting, DRIFTED))
        drifting.look("training")
        run = upstream(drifting.store, (f"run#{NAME}/r2",)).nodes[f"run#{NAME}/r2"]
        behind = {to.partition("#")[0] for term, to in run.links if term == "wasInfluencedBy"}
        assert behind == {"decision", "drift-report"}
        assert faults(drifting.store) == []

    def test_competes_on_what_the_serving_version_was_not_trained_on(self, drifting: House) -> None:
        drifting.deliver("drift", report(drifting, DRIFTED))
        drifting.look("training")
        first, second = (
            drifting.sagemaker.parameters(one) for one in drifting.sagemaker.executions
        )
        assert second["ChampionSnapshotUri"] == first["SnapshotUri"]
        assert first["ChampionSnapshotUri"] == ""

    def test_without_new_data_is_held(self, house: House) -> None:
        house.serving(1)
        for hour in (9, 10, 11):
            house.deliver("drift", report(house, DRIFTED, hour=hour))
        assert kinds(house) == ["hold"] * 3
        assert decisions(house.store)[-1]["reason"].endswith(
            "there are 0 new rows to learn from, 200 are needed"
        )

    def test_while_a_run_is_in_flight_is_looked_at_again_when_it_ends(
        self, drifting: House
    ) -> None:
        drifting.clock.pass_by(minutes=10)
        drifting.look("training")
        drifting.deliver("drift", report(drifting, DRIFTED))
        assert decisions(drifting.store)[-1]["reason"].endswith("and run 2 is in flight")
        assert ("drift", "mortgage") in drifting.sweep()
        before = drifting.tables()
        drifting.look("drift")
        assert drifting.tables() == before
        drifting.sagemaker.end(list(drifting.sagemaker.executions)[-1], "Failed")
        drifting.look("training")
        drifting.look("drift")
        assert kinds(drifting)[-2:] == ["hold", "retrain"]
        drifting.look("drift")
        assert ("drift", "mortgage") not in drifting.sweep()

    def test_that_is_known_asks_for_nothing_until_another_version_serves(
        self, drifting: House
    ) -> None:
        drifting.deliver("drift", report(drifting, DRIFTED))
        drifting.look("training")
        drifting.clock.pass_by(minutes=5)
        drifting.sagemaker.end(list(drifting.sagemaker.executions)[-1], "Succeeded")
        drifting.look("training")
        drifting.clock.pass_by(minutes=8 * 24 * 60)
        drifting.deliver("drift", report(drifting, DRIFTED, hour=12))
        assert kinds(drifting)[-1] == "hold"
        assert "version 1 still serves" in str(decisions(drifting.store)[-1]["reason"])

    def test_judged_while_a_run_is_being_opened_is_judged_again(self, drifting: House) -> None:
        """Between reading and writing, uploads started a run of their own."""
        drifting.clock.pass_by(minutes=10)
        found, looked = report(drifting, DRIFTED), list[bool]()
        publish = drifting.aws.sns.meta.events

        def a_run_is_opened(**_: object) -> None:
            if not looked:
                looked.append(True)
                drifting.look("training")

        publish.register("provide-client-params.sns.Publish", a_run_is_opened)
        try:
            assert drifting.deliver("drift", found) == 0
        finally:
            publish.unregister("provide-client-params.sns.Publish", a_run_is_opened)
        assert looked == [True]
        assert kinds(drifting)[-1] == "hold"
        assert len(drifting.sagemaker.executions) == 2

    def test_asked_for_with_nothing_left_to_learn_is_on_record_and_over(
        self, drifting: House
    ) -> None:
        drifting.deliver("drift", report(drifting, DRIFTED))
        for name in ("1.csv", "new.csv"):
            drifting.aws.s3.delete_object(Bucket=LANDING, Key=f"mortgage/incoming/{name}")
        drifting.look("training")
        assert drifting.decisions("training")[-1] == ("run 2", "hold")
        assert len(drifting.sagemaker.executions) == 1
        row = drifting.row("asked")
        assert row is not None
        assert row["state"] == "taken"

    def test_of_a_version_that_no_longer_serves_is_on_record_and_starts_nothing(
        self, serving: House
    ) -> None:
        serving.deliver("drift", report(serving, DRIFTED, version=7))
        assert kinds(serving) == ["ignore"]
        assert serving.said == []
        assert serving.asked("training") == []

    def test_before_anything_serves_starts_nothing(self, house: House) -> None:
        house.deliver("drift", report(house, DRIFTED))
        assert kinds(house) == ["ignore"]

    def test_of_an_endpoint_that_answers_nobody_starts_nothing(self, serving: House) -> None:
        serving.sagemaker.endpoints[NAME]["EndpointStatus"] = "Failed"
        serving.deliver("drift", report(serving, DRIFTED))
        assert kinds(serving) == ["ignore"]


class TestWindow:
    def test_from_two_sources_counts_once(self, serving: House) -> None:
        serving.deliver("drift", report(serving, DRIFTED), reported(serving, DRIFTED))
        assert kinds(serving) == ["hold", "ignore"]
        assert "was judged already" in str(decisions(serving.store)[-1]["reason"])

    def test_from_two_sources_at_once_counts_once(self, serving: House) -> None:
        """While one of them is judged, the other one is, too."""
        one, other = report(serving, BROKEN), reported(serving, DRIFTED)
        publish, done = serving.aws.sns.meta.events, list[bool]()

        def meanwhile(**_: object) -> None:
            if not done:
                done.append(True)
                assert serving.deliver("drift", other) == 0

        publish.register("provide-client-params.sns.Publish", meanwhile)
        try:
            assert serving.deliver("drift", one) == 0
        finally:
            publish.unregister("provide-client-params.sns.Publish", meanwhile)
        assert sorted(kinds(serving)) == ["hold", "ignore"]

    def test_that_is_not_complete_waits_until_it_is(self, serving: House) -> None:
        """Captured requests arrive late: 15 minutes are allowed."""
        end = serving.clock.now()
        start = end - timedelta(hours=1)
        window = {"start": start.isoformat(), "end": end.isoformat()}
        serving.deliver("drift", reported(serving, window=window))
        assert kinds(serving) == ["hold"]
        serving.clock.pass_by(minutes=14)
        serving.look("drift")
        assert kinds(serving) == ["hold"]
        serving.clock.pass_by(minutes=1)
        assert ("drift", "mortgage") in serving.sweep()
        serving.look("drift")
        assert kinds(serving) == ["hold", "ignore"]

    def test_with_too_few_rows_does_not_count(self, drifting: House) -> None:
        drifting.deliver("drift", report(drifting, DRIFTED, rows=199))
        assert decisions(drifting.store)[-1]["reason"] == (
            "199 rows are too few to judge by, 200 are needed"
        )
        drifting.deliver("drift", report(drifting, DRIFTED, hour=12))
        drifting.clock.pass_by(minutes=60)
        drifting.look("drift")
        assert "retrain" in kinds(drifting)


class TestSchema:
    def test_broken_pages_a_person_once_and_starts_nothing(self, serving: House) -> None:
        found = report(serving, DRIFTED, BROKEN)
        assert serving.deliver("drift", found, found) == 0
        assert serving.deliver("drift", found) == 0
        assert serving.subjects() == ["[mortgage] a monitor needs a person"]
        assert "never by retraining" in serving.said[0]["Message"]
        assert serving.asked("training") == []

    def test_broken_the_same_way_pages_once_a_day(self, serving: House) -> None:
        for hour in (9, 10, 11):
            serving.deliver("drift", report(serving, BROKEN, hour=hour))
        assert kinds(serving) == ["page", "hold", "hold"]
        assert len(serving.said) == 1

    def test_broken_holds_training_until_a_whole_window(self, serving: House) -> None:
        serving.deliver("drift", report(serving, BROKEN, hour=10))
        serving.clock.pass_by(minutes=10)
        serving.look("training")
        assert serving.decisions("training")[-1] == ("run 2", "wait")
        reason = str(decisions(serving.store)[-1]["reason"])
        assert "a broken schema is mended at its source" in reason
        serving.deliver("drift", report(serving))
        serving.look("training")
        assert len(serving.sagemaker.executions) == 2

    def test_broken_holds_training_until_a_person_resumes(self, serving: House) -> None:
        serving.deliver("drift", report(serving, BROKEN))
        serving.clock.pass_by(minutes=10)
        serving.deliver("rollout", serving.order("resume"))
        serving.look("training")
        assert len(serving.sagemaker.executions) == 2


class TestAlarm:
    def test_pages_and_leaves_the_window_to_whoever_counts_rows(self, serving: House) -> None:
        fired = alarm(serving)
        assert serving.deliver("drift", fired, fired) == 0
        assert serving.subjects() == ["[mortgage] a monitor needs a person"]
        assert "about feature_baseline_drift_unem" in serving.said[0]["Message"]
        assert "does not say in how many rows" in serving.said[0]["Message"]
        serving.deliver("drift", report(serving, DRIFTED))
        assert kinds(serving) == ["page", "hold"]

    def test_of_somebody_elses_endpoint_is_ignored(self, serving: House) -> None:
        before = serving.tables()
        assert serving.deliver("drift", alarm(serving, "steward-else")) == 0
        assert serving.tables() == before


class TestReport:
    def test_that_is_clean_is_on_record_and_nobody_is_told(self, serving: House) -> None:
        serving.deliver("drift", report(serving))
        assert serving.said == []
        assert kinds(serving) == ["ignore"]

    @pytest.mark.parametrize(
        ("violation", "about"),
        [
            ({"feature_name": "age", "constraint_check_type": "data_type_check"}, "age"),
            ({"metric_name": "f1", "constraint_check_type": "LessThanThreshold"}, "f1"),
            ({"facet": "white", "metric_name": "DPPL"}, "DPPL"),
            ({"label": "0", "metric_name": "shap"}, "shap"),
            ({}, "unknown"),
        ],
    )
    def test_is_read_in_every_shape_that_model_monitor_documents(
        self, serving: House, violation: dict[str, str], about: str
    ) -> None:
        """Without statistics.json beside it nobody knows the number of rows: a person is told."""
        serving.clock.pass_by(minutes=60)
        key = f"monitoring/mortgage/v1/{HOUR}"
        assert serving.deliver("drift", written(serving, key, violations=[violation])) == 0
        assert f"about {about}" in serving.said[0]["Message"]

    def test_of_model_monitor_is_about_the_hour_before_and_counted_beside(
        self, serving: House
    ) -> None:
        folder = f"monitoring/mortgage/v1/data_quality/{NAME}/{NAME}-data-quality/2026/11/20/12"
        written(serving, f"{folder}/statistics.json", dataset={"item_count": 512})
        plain = {name: DRIFTED[name] for name in ("feature_name", "constraint_check_type")}
        serving.deliver(
            "drift", written(serving, f"{folder}/constraint_violations.json", violations=[plain])
        )
        node = node_of(serving)
        assert node["facts"]["M"]["rows"] == {"N": "512"}
        hours = [one["S"] for one in node["facts"]["M"]["window"]["L"]]
        assert hours == ["2026-11-20T11:00:00.000Z", "2026-11-20T12:00:00.000Z"]
        assert kinds(serving) == ["hold"]

    @pytest.mark.parametrize(
        "content",
        ["", "{", "[]", "{}", '{"violations": null}', '{"violations": ["x"]}', "\ufeff7"],
    )
    def test_that_is_broken_never_reads_as_clean(self, serving: House, content: str) -> None:
        before = serving.tables()
        key = KEY.format(11)
        assert serving.deliver("drift", serving.upload(key, content, bucket=ARTIFACTS)) == 1
        assert serving.tables() == before

    @pytest.mark.parametrize(
        "window",
        [
            {"kind": "vibes"},
            {"version": 2},
            {"rows": "many"},
            {"rows": True},
            {"start": "yesterday"},
            {"end": None},
        ],
    )
    def test_of_steward_that_contradicts_itself_becomes_a_dead_letter(
        self, serving: House, window: dict[str, object]
    ) -> None:
        usual = {
            "kind": "data_quality", "version": 1, "rows": 500,
            "start": "2026-11-20T11:00:00Z", "end": "2026-11-20T12:00:00Z",
        }  # fmt: skip
        before = serving.tables()
        found = written(serving, KEY.format(11), violations=[], window=usual | window)
        assert serving.deliver("drift", found) == 1
        assert serving.tables() == before

    def test_of_ten_thousand_violations_is_on_record_in_short(self, serving: House) -> None:
        many = [DRIFTED | {"feature_name": f"f{number}"} for number in range(10_000)]
        assert serving.deliver("drift", report(serving, *many)) == 0
        node = node_of(serving)
        assert node["facts"]["M"]["violations"] == {"N": "10000"}
        assert len(node["facts"]["M"]["listed"]["L"]) == 4
        (found,) = nodes(serving.store, [node["pk"]["S"]]).values()
        listed = whole_facts(serving.store, found)["listed"]
        assert isinstance(listed, list)
        assert len(listed) == 20

    def test_with_figures_that_no_table_can_hold_is_on_record(self, serving: House) -> None:
        wild = DRIFTED | {"p_value": 1e-300, "statistic": 1e300, "effect": float("nan")}
        assert serving.deliver("drift", report(serving, wild)) == 0
        assert kinds(serving) == ["hold"]

    def test_that_is_gone_pages_and_is_on_record_as_gone(self, serving: House) -> None:
        found = report(serving)
        version = found["detail"]["object"]["version-id"]
        serving.aws.s3.delete_object(Bucket=ARTIFACTS, Key=KEY.format(11), VersionId=version)
        assert serving.deliver("drift", found, found) == 0
        assert kinds(serving) == ["page"]
        assert "does not exist any more" in serving.said[0]["Message"]

    def test_that_was_taken_is_not_read_again(self, serving: House) -> None:
        found, reads = report(serving, BROKEN), list[object]()
        serving.deliver("drift", found)
        events = serving.aws.s3.meta.events
        events.register("before-call.s3.GetObject", note := lambda **_: reads.append(None))
        serving.deliver("drift", found)
        events.unregister("before-call.s3.GetObject", note)
        assert reads == []

    def test_that_vanished_after_it_was_judged_changes_nothing(self, serving: House) -> None:
        found = report(serving, BROKEN)
        serving.deliver("drift", found)
        before = serving.tables()
        version = found["detail"]["object"]["version-id"]
        serving.aws.s3.delete_object(Bucket=ARTIFACTS, Key=KEY.format(11), VersionId=version)
        assert serving.deliver("drift", found) == 0
        assert serving.tables() == before

    def test_elsewhere_is_a_dead_letter(self, serving: House) -> None:
        key = "runs/x/constraint_violations.json"
        assert serving.deliver("drift", serving.upload(key, "{}", bucket=ARTIFACTS)) == 1

    @pytest.mark.parametrize(
        "key", [f"monitoring/mortgage/{HOUR}", f"monitoring/mortgage/vx/{HOUR}"]
    )
    def test_that_names_no_version_pages(self, serving: House, key: str) -> None:
        assert serving.deliver("drift", written(serving, key, violations=[DRIFTED])) == 0
        assert "does not say which version" in serving.said[0]["Message"]

    @pytest.mark.parametrize(
        ("key", "start"),
        [
            (f"monitoring/mortgage/v1/{HOUR}", "2026-11-20T12:00:00.000Z"),
            ("monitoring/mortgage/v1/x.json", None),
            (f"monitoring/mortgage/v1/{HOUR}".replace("/12/", "/99/"), None),
        ],
    )
    def test_names_its_window_by_the_hour_in_its_key(
        self, serving: House, key: str, start: str | None
    ) -> None:
        serving.clock.pass_by(minutes=120)
        serving.deliver("drift", written(serving, key, violations=[DRIFTED]))
        node = node_of(serving)
        hours = [one["S"] for one in node["facts"]["M"]["window"].get("L", [])]
        assert hours[:1] == ([start] if start else [])

    def test_of_an_unversioned_bucket_that_was_overwritten_counts_as_gone(
        self, serving: House
    ) -> None:
        found = report(serving)
        del found["detail"]["object"]["version-id"]
        report(serving, DRIFTED)
        serving.deliver("drift", found)
        assert kinds(serving) == ["page"]


class TestEventOfTheTeamsOwnMonitor:
    def test_goes_the_same_way_once(self, serving: House) -> None:
        assert serving.deliver("drift", reported(serving, DRIFTED)) == 0
        serving.clock.pass_by(minutes=1)
        assert serving.deliver("drift", reported(serving, DRIFTED)) == 0
        assert kinds(serving) == ["hold"]

    def test_of_another_window_is_another_report(self, serving: House) -> None:
        serving.deliver("drift", reported(serving, DRIFTED))
        window = {"start": "2026-11-20T10:00:00Z", "end": "2026-11-20T11:00:00Z"}
        serving.deliver("drift", reported(serving, DRIFTED, window=window))
        assert kinds(serving) == ["hold", "hold"]

    def test_of_its_own_kind_has_windows_of_its_own(self, serving: House) -> None:
        worse = {"metric_name": "auc", "constraint_check_type": "LessThanThreshold"}
        serving.deliver("drift", report(serving, DRIFTED), reported(serving, worse, kind="bias"))
        assert kinds(serving) == ["hold", "hold"]

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
            {"kind": "vibes"},
            {"window": {"start": "2026-11-20T12:00:00Z", "end": "2036-11-20T12:00:00Z"}},
        ],
    )
    def test_not_in_its_shape_becomes_a_dead_letter(
        self, serving: House, given: dict[str, object]
    ) -> None:
        before = serving.tables()
        assert serving.deliver("drift", reported(serving, DRIFTED, **given)) == 1
        assert serving.tables() == before
