"""With `source = "model-monitor"`, functions/drift keeps AWS's schedules and reads their files."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from steward.record.items import from_item
from tests.steward.functions.house import ARTIFACTS, LANDING, NAME, House, arn
from tests.steward.functions.test_monitors import CODE
from tests.steward.ledger import faults
from tests.steward.standin import Json

SCHEDULE = f"{NAME}-data-quality"
SCRIPT = f"s3://{ARTIFACTS}/code/0/preprocess.py"
FOLDER = "monitoring/mortgage/v1/data_quality"
UNEM: Json = {
    "feature_name": "unem",
    "constraint_check_type": "baseline_drift_check",
    "description": "Baseline drift distance: 0.3 exceeds threshold: 0.1",
}
KINDS = '"data_quality", "model_quality", "bias", "explainability"'

type Configure = Callable[..., None]


def publish(house: House) -> None:
    code = CODE | {"files": {**CODE["files"], "preprocess.py": SCRIPT}}  # type: ignore[dict-item]
    body = json.dumps(code).encode()
    house.aws.s3.put_object(Bucket=ARTIFACTS, Key="published/monitor.json", Body=body)


@pytest.fixture
def configure(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Configure:
    """Writes the model's file, with other values in [monitor]."""
    monkeypatch.setenv("STEWARD_MODELS", str(tmp_path))
    usual = (root / "models" / "mortgage.toml").read_text(encoding="utf-8")

    def configure(
        source: str = "model-monitor", kinds: str = '"data_quality"', every: str = "1h"
    ) -> None:
        text = re.sub(r"(?m)^kinds = .*$", f"kinds = [{kinds}]", usual)
        text = re.sub(r'(?m)^source = "steward"', f'source = "{source}"', text)
        text = re.sub(r'(?m)^every = "1h"', f'every = "{every}"', text)
        (tmp_path / "mortgage.toml").write_text(text, encoding="utf-8")

    return configure


@pytest.fixture
def serving(house: House, configure: Configure) -> Iterator[House]:
    """Version 1 serves, and only data quality is watched."""
    configure()
    publish(house)
    house.serving(1)
    house.said.clear()
    yield house
    assert faults(house.store) == []


@pytest.fixture
def scheduled(serving: House) -> House:
    """The schedule is made and settled."""
    serving.look("drift")
    serving.sagemaker.settle_schedules()
    serving.look("drift")
    return serving


def definitions(house: House) -> list[str]:
    return [name for _, name in house.sagemaker.definitions]


def runs(house: House, name: str = SCHEDULE) -> str:
    found: str = house.sagemaker.schedules[name]["MonitoringJobDefinitionName"]
    return found


def next_serves(house: House) -> None:
    """Version 2 replaces version 1."""
    house.clock.pass_by(minutes=60)
    house.judged(2, against=1)
    house.deliver("approval", house.says(2))
    house.look("rollout")
    house.clock.pass_by(minutes=4)
    house.sagemaker.settle()
    house.deliver("rollout", house.endpoint_event())
    house.said.clear()


def executed(house: House, *violations: Json, rows: int = 500, status: str = "") -> Json:
    """The schedule looks at the last hour and writes its report; returns the event of S3."""
    house.clock.pass_by(minutes=61)
    hour = f"{house.clock.now():%Y/%m/%d/%H}"
    folder = f"{FOLDER}/{NAME}/{SCHEDULE}/{hour}"
    beside = json.dumps({"dataset": {"item_count": rows}})
    house.upload(f"{folder}/statistics.json", beside, bucket=ARTIFACTS)
    content = json.dumps({"violations": list(violations)})
    event = house.upload(f"{folder}/constraint_violations.json", content, bucket=ARTIFACTS)
    ran(house, folder, status or ("CompletedWithViolations" if violations else "Completed"))
    return event


def ran(house: House, folder: str, status: str) -> None:
    job = f"model-monitoring-{len(house.sagemaker.monitored)}"
    output = {"S3Output": {"S3Uri": f"s3://{ARTIFACTS}/{folder}"}}
    house.sagemaker.jobs[job] = {
        "ProcessingJobName": job,
        "ProcessingJobStatus": "Completed",
        "CreationTime": house.clock.now(),
        "ProcessingOutputConfig": {"Outputs": [output]},
    }
    house.sagemaker.executed(SCHEDULE, status, job)


def kept(house: House) -> list[Json]:
    """Both tables, without how far was read and what is to be looked at soon."""
    passing = ("schedules", "drift#mortgage")
    return [item for item in house.tables() if item["sk"]["S"] not in passing]


def judged(house: House) -> list[tuple[str, str]]:
    return [one for one in house.decisions("drift") if "constraint_violations" in one[0]]


class TestSchedule:
    def test_is_made_for_each_kind_when_a_version_serves(
        self, serving: House, configure: Configure
    ) -> None:
        configure(kinds=KINDS)
        serving.look("drift")
        assert sorted(serving.sagemaker.schedules) == [
            f"{NAME}-bias", f"{NAME}-data-quality", f"{NAME}-explainability",
            f"{NAME}-model-quality",
        ]  # fmt: skip
        names = [re.sub(r"-[0-9a-f]{8}$", "", name) for name in definitions(serving)]
        assert names == [f"{NAME}-v1-{kind}" for kind in ("dq", "mq", "bi", "ex")]
        assert serving.sagemaker.jobs == {}

    def test_is_not_made_before_anything_serves(self, house: House, configure: Configure) -> None:
        configure()
        publish(house)
        before = house.tables()
        house.look("drift")
        assert house.tables() == before
        assert house.sagemaker.schedules == {}

    def test_is_left_alone_when_it_is_as_it_should_be(self, scheduled: House) -> None:
        before = scheduled.tables()
        scheduled.look("drift")
        assert scheduled.tables() == before
        assert scheduled.decisions("drift") == [("schedule of data_quality", "schedule")]
        assert ("drift", "mortgage") not in scheduled.sweep()

    def test_that_somebody_deleted_is_made_again_by_the_full_sweep(self, scheduled: House) -> None:
        before = dict(scheduled.sagemaker.schedules)
        scheduled.sagemaker.schedules.clear()
        scheduled.look("drift", asked_by="full sweep")
        assert list(scheduled.sagemaker.schedules) == list(before)
        assert scheduled.repairs() == [("schedule of data_quality", "schedule")]

    def test_is_looked_at_again_while_it_is_pending(self, serving: House) -> None:
        serving.look("drift")
        serving.look("drift")
        assert ("drift", "mortgage") in serving.sweep()

    def test_is_given_to_the_next_version_and_the_old_definition_goes(
        self, scheduled: House
    ) -> None:
        (old,) = definitions(scheduled)
        next_serves(scheduled)
        scheduled.look("drift")
        assert old in definitions(scheduled)
        assert runs(scheduled).startswith(f"{NAME}-v2-dq-")
        scheduled.sagemaker.settle_schedules()
        scheduled.look("drift")
        assert definitions(scheduled) == [runs(scheduled)]
        assert scheduled.decisions("drift")[-1] == ("schedule of data_quality", "reschedule")

    def test_runs_at_other_hours_when_the_file_says_so(
        self, scheduled: House, configure: Configure
    ) -> None:
        configure(every="6h")
        scheduled.look("drift")
        config = scheduled.sagemaker.schedules[SCHEDULE]
        assert config["ScheduleConfig"] == {"ScheduleExpression": "cron(0 0/6 ? * * *)"}

    def test_that_was_changed_though_the_answer_was_lost_pages_nobody(
        self, scheduled: House, configure: Configure, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        update = scheduled.sagemaker.update_monitoring_schedule

        def asked_twice(**request: Any) -> Json:
            update(**request)
            return update(**request)

        monkeypatch.setattr(scheduled.sagemaker, "update_monitoring_schedule", asked_twice)
        configure(every="6h")
        assert scheduled.look("drift") == 0
        config = scheduled.sagemaker.schedules[SCHEDULE]
        assert config["ScheduleConfig"] == {"ScheduleExpression": "cron(0 0/6 ? * * *)"}
        assert scheduled.said == []

    def test_goes_when_its_kind_is_not_watched_any_more(
        self, serving: House, configure: Configure
    ) -> None:
        configure(kinds='"data_quality", "explainability"')
        serving.look("drift")
        serving.sagemaker.settle_schedules()
        configure()
        serving.look("drift")
        serving.look("drift")
        assert list(serving.sagemaker.schedules) == [SCHEDULE]
        assert definitions(serving) == [runs(serving)]

    def test_goes_when_steward_watches_again(self, scheduled: House, configure: Configure) -> None:
        configure(source="steward")
        for _ in range(3):
            scheduled.look("drift")
        assert scheduled.sagemaker.schedules == {}
        assert definitions(scheduled) == []
        assert scheduled.row("schedules") is None

    def test_that_failed_pages_once(self, scheduled: House) -> None:
        scheduled.sagemaker.settle_schedules("Failed", "no such role")
        scheduled.look("drift")
        scheduled.look("drift")
        assert scheduled.subjects() == ["[mortgage] data_quality is not watched"]
        assert f"the schedule {SCHEDULE} failed: no such role" in scheduled.said[0]["Message"]

    def test_waits_for_room_in_the_account(self, serving: House) -> None:
        serving.sagemaker.has_room_for_schedules = False
        assert serving.look("drift") == 0
        assert serving.sagemaker.schedules == {}
        assert ("drift", "mortgage") in serving.sweep()
        serving.sagemaker.has_room_for_schedules = True
        serving.look("drift")
        assert list(serving.sagemaker.schedules) == [SCHEDULE]

    def test_that_aws_refuses_pages_once_and_is_tried_again_now_and_then(
        self, serving: House
    ) -> None:
        serving.sagemaker.is_open = False
        for _ in range(3):
            assert serving.look("drift") == 0
        assert serving.subjects() == ["[mortgage] data_quality is not watched"]
        assert "Model Monitor is closed to this account" in serving.said[0]["Message"]
        assert ("drift", "mortgage") not in serving.sweep()
        serving.sagemaker.is_open = True
        serving.look("drift")
        assert list(serving.sagemaker.schedules) == [SCHEDULE]

    @pytest.mark.parametrize(
        ("missing", "reason"),
        [
            ("published/monitor.json", "run `steward publish`"),
            ("runs/mortgage/r1/baseline/rows.csv", "version 1 has no baseline"),
        ],
    )
    def test_without_what_it_needs_is_held_once(
        self, serving: House, missing: str, reason: str
    ) -> None:
        serving.aws.s3.delete_object(Bucket=ARTIFACTS, Key=missing)
        serving.look("drift")
        serving.look("drift")
        assert serving.subjects() == ["[mortgage] data_quality is not watched"]
        assert reason in serving.said[0]["Message"]

    def test_in_a_region_without_an_image_is_held(
        self, serving: House, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("AWS_REGION", "mx-central-1")
        serving.look("drift")
        assert "no image of Model Monitor" in serving.said[0]["Message"]
        assert serving.sagemaker.schedules == {}


class TestExecution:
    def test_is_judged_as_the_event_of_its_file_is(self, scheduled: House) -> None:
        event = executed(scheduled, UNEM)
        scheduled.clock.pass_by(minutes=15)
        assert scheduled.deliver("drift", event) == 0
        before = kept(scheduled)
        scheduled.look("drift")
        assert kept(scheduled) == before
        assert len(judged(scheduled)) == 1

    def test_whose_event_was_lost_is_found_by_the_sweep(self, scheduled: House) -> None:
        executed(scheduled, UNEM)
        scheduled.clock.pass_by(minutes=15)
        scheduled.look("drift")
        ((subject, verdict),) = judged(scheduled)
        assert f"{FOLDER}/{NAME}/{SCHEDULE}" in subject
        assert verdict == "hold"

    def test_that_found_nothing_and_wrote_no_file_is_a_clean_window(self, scheduled: House) -> None:
        scheduled.clock.pass_by(minutes=61)
        ran(scheduled, f"{FOLDER}/{NAME}/{SCHEDULE}/x", "Completed")
        scheduled.clock.pass_by(minutes=15)
        scheduled.look("drift")
        assert len(judged(scheduled)) == 1

    def test_that_says_violations_and_wrote_none_pages(self, scheduled: House) -> None:
        scheduled.clock.pass_by(minutes=61)
        ran(scheduled, f"{FOLDER}/{NAME}/{SCHEDULE}/x", "CompletedWithViolations")
        scheduled.look("drift")
        assert "it wrote no report" in scheduled.said[0]["Message"]

    def test_with_a_report_that_is_none_pages(self, scheduled: House) -> None:
        scheduled.clock.pass_by(minutes=61)
        key = f"{FOLDER}/{NAME}/{SCHEDULE}/x/constraint_violations.json"
        scheduled.upload(key, "[]", bucket=ARTIFACTS)
        ran(scheduled, key.rpartition("/")[0], "Completed")
        assert scheduled.look("drift") == 0
        assert "a JSON object is needed" in scheduled.said[0]["Message"]

    def test_that_failed_pages_once(self, scheduled: House) -> None:
        scheduled.clock.pass_by(minutes=61)
        scheduled.sagemaker.executed(SCHEDULE, "Failed", why="out of memory")
        scheduled.look("drift")
        scheduled.look("drift")
        assert scheduled.subjects() == ["[mortgage] an execution of Model Monitor failed"]
        assert "ended as Failed: out of memory" in scheduled.said[0]["Message"]

    def test_of_a_quiet_night_is_one_quiet_decision(self, scheduled: House) -> None:
        for _ in range(3):
            scheduled.clock.pass_by(minutes=60)
            scheduled.sagemaker.executed(SCHEDULE, "Failed", why="Job inputs had no data")
            scheduled.look("drift")
        assert scheduled.said == []
        assert [verdict for _, verdict in scheduled.decisions("drift")] == ["schedule", "hold"]

    def test_that_still_runs_is_waited_for(self, scheduled: House) -> None:
        scheduled.clock.pass_by(minutes=61)
        scheduled.sagemaker.executed(SCHEDULE, "InProgress")
        scheduled.look("drift")
        until = scheduled.row("schedules")
        scheduled.clock.pass_by(minutes=61)
        scheduled.sagemaker.executed(SCHEDULE, "Failed", why="disk")
        scheduled.look("drift")
        assert scheduled.row("schedules") == until
        scheduled.sagemaker.monitored[0] |= {
            "MonitoringExecutionStatus": "Failed", "FailureReason": "disk",
        }  # fmt: skip
        scheduled.look("drift")
        assert len(scheduled.said) == 2
        assert scheduled.row("schedules") != until

    def test_looks_at_as_many_hours_as_lie_between_two(
        self, scheduled: House, configure: Configure
    ) -> None:
        configure(every="2h")
        event = executed(scheduled)
        scheduled.clock.pass_by(minutes=15)
        scheduled.deliver("drift", event)
        (report,) = [one for one in nodes(scheduled) if one["pk"].startswith("drift-report#")]
        assert report["facts"]["window"] == [
            "2026-11-20T11:00:00.000Z", "2026-11-20T13:00:00.000Z",
        ]  # fmt: skip


def nodes(house: House) -> list[Any]:
    return [from_item(item) for item in house.tables() if item["sk"]["S"] == "node"]


class TestRetirement:
    def test_takes_the_schedules_down_before_the_endpoint(self, scheduled: House) -> None:
        scheduled.deliver("rollout", scheduled.order("retire"))
        assert scheduled.sagemaker.schedules == {}
        assert scheduled.sagemaker.endpoints[NAME]["EndpointStatus"] == "InService"
        assert ("rollout", "mortgage") in scheduled.sweep()
        scheduled.look("drift")
        assert scheduled.sagemaker.schedules == {}
        scheduled.look("rollout")
        assert scheduled.sagemaker.endpoints[NAME]["EndpointStatus"] == "Deleting"

    def test_waits_while_a_schedule_is_pending(self, serving: House) -> None:
        serving.look("drift")
        serving.deliver("rollout", serving.order("retire"))
        serving.look("rollout")
        assert serving.sagemaker.endpoints[NAME]["EndpointStatus"] == "InService"
        serving.sagemaker.settle_schedules()
        serving.look("rollout")
        serving.look("rollout")
        assert serving.sagemaker.endpoints[NAME]["EndpointStatus"] == "Deleting"

    def test_leaves_no_definition(self, scheduled: House) -> None:
        scheduled.deliver("rollout", scheduled.order("retire"))
        scheduled.look("rollout")
        scheduled.look("drift")
        scheduled.look("drift")
        assert definitions(scheduled) == []
        assert scheduled.row("schedules") is None


def test_captures_lie_together_whatever_version_serves(scheduled: House) -> None:
    next_serves(scheduled)
    prefixes = {
        config["DataCaptureConfig"]["DestinationS3Uri"]
        for config in scheduled.sagemaker.configs.values()
    }
    assert prefixes == {f"s3://{ARTIFACTS}/capture/mortgage/shared"}
    assert arn(2) in {model["PrimaryContainer"]["ModelPackageName"] for model in models(scheduled)}


def models(house: House) -> list[Json]:
    return list(house.sagemaker.models.values())


def test_a_definition_names_baseline_outcomes_and_what_only_its_kind_needs(
    serving: House, configure: Configure
) -> None:
    configure(kinds=KINDS)
    serving.look("drift")
    found = {kind: request for (kind, _), request in serving.sagemaker.definitions.items()}
    data, quality = found["DataQuality"], found["ModelQuality"]
    run = f"s3://{ARTIFACTS}/runs/mortgage/r1"
    assert data["DataQualityBaselineConfig"] == {
        "ConstraintsResource": {"S3Uri": f"{run}/baseline/constraints.json"},
        "StatisticsResource": {"S3Uri": f"{run}/baseline/statistics.json"},
    }
    assert data["DataQualityAppSpecification"]["RecordPreprocessorSourceUri"] == SCRIPT
    assert data["DataQualityAppSpecification"]["Environment"]["features_0"].startswith("loanamt,")
    (output,) = data["DataQualityJobOutputConfig"]["MonitoringOutputs"]
    assert output["S3Output"]["S3Uri"] == f"s3://{ARTIFACTS}/{FOLDER}"
    assert quality["ModelQualityJobInput"]["GroundTruthS3Input"] == {
        "S3Uri": f"s3://{LANDING}/mortgage/outcomes"
    }
    assert quality["ModelQualityJobInput"]["EndpointInput"]["StartTimeOffset"] == "-PT25H"
    assert quality["ModelQualityJobInput"]["EndpointInput"]["EndTimeOffset"] == "-PT24H"
    assert quality["StoppingCondition"] == {"MaxRuntimeInSeconds": 1800}
    for kind in ("ModelBias", "ModelExplainability"):
        uri = found[kind][f"{kind}AppSpecification"]["ConfigUri"]
        key = uri.removeprefix(f"s3://{ARTIFACTS}/")
        config = json.loads(serving.aws.s3.get_object(Bucket=ARTIFACTS, Key=key)["Body"].read())
        assert ("facet" in config) == (kind == "ModelBias")
        assert ("predictor" in config) == (kind == "ModelExplainability")
    endpoint = serving.sagemaker.endpoints[NAME]
    assert config["predictor"]["model_name"] == endpoint["EndpointConfigName"]


@pytest.mark.parametrize("hours", [1, 2, 3, 4, 6, 8, 12, 24])
def test_every_kind_at_every_rhythm_is_a_request_that_aws_documents(
    serving: House, configure: Configure, hours: int
) -> None:
    """The client checks each request against AWS's model; its patterns are checked here."""
    configure(kinds=KINDS, every=f"{hours}h")
    assert serving.look("drift") == 0
    assert len(serving.sagemaker.schedules) == 4
    for schedule in serving.sagemaker.schedules.values():
        cron = schedule["ScheduleConfig"]["ScheduleExpression"]
        form = r"cron\(0 (\*|([01]?\d|2[0-3])(/([01]?\d|2[0-4]))?) \? \* \* \*\)"
        assert re.fullmatch(form, cron)
    for (kind, name), request in serving.sagemaker.definitions.items():
        assert len(name) <= 63
        environment = request[f"{kind}AppSpecification"]["Environment"]
        assert all(len(value) <= 256 for value in environment.values())
        source = request[f"{kind}JobInput"]["EndpointInput"]
        offsets = [source[name] for name in ("StartTimeOffset", "EndTimeOffset") if name in source]
        assert all(re.fullmatch(r"-PT\d{1,5}H", offset) for offset in offsets)
