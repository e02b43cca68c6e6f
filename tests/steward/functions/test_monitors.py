"""functions/drift starts the jobs that look at what was captured, once each, and reads them."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.steward.functions.house import ARTIFACTS, LANDING, NAME, House, event
from tests.steward.functions.test_drift import DRIFTED
from tests.steward.ledger import decisions, faults

JOB = f"{NAME}-v1-dq-2026112012"
FOLDER = "monitoring/mortgage/v1/data_quality/2026/11/20/12"
CODE = {
    "image": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/sklearn:1",
    "files": {
        name: f"s3://{ARTIFACTS}/code/0/{name}"
        for name in ("watch.py", "tabular.zip", "monitor.zip")
    },
}


def publish(house: House) -> None:
    """`steward publish` has put the monitor's code."""
    body = json.dumps(CODE).encode()
    house.aws.s3.put_object(Bucket=ARTIFACTS, Key="published/monitor.json", Body=body)


def capture(house: House, version: int = 1) -> None:
    """The endpoint writes requests of this hour."""
    hour = f"{house.clock.now():%Y/%m/%d/%H}"
    key = f"capture/mortgage/v{version}/{NAME}/AllTraffic/{hour}/x.jsonl"
    house.aws.s3.put_object(Bucket=ARTIFACTS, Key=key, Body=b"{}")


def finish(house: House, job: str = JOB, *violations: dict[str, Any], rows: int = 500) -> Any:
    """A job writes its report and ends; returns the event that S3 sends."""
    plan = plan_of(house, job)
    window = plan["window"] | {"kind": plan["kind"], "version": plan["version"], "rows": rows}
    content = json.dumps({"violations": list(violations), "window": window})
    output = house.sagemaker.jobs[job]["ProcessingOutputConfig"]["Outputs"][0]["S3Output"]["S3Uri"]
    folder = output.removeprefix(f"s3://{ARTIFACTS}/")
    sent = house.upload(f"{folder}/constraint_violations.json", content, bucket=ARTIFACTS)
    house.sagemaker.jobs[job]["ProcessingJobStatus"] = "Completed"
    return sent


def plan_of(house: House, job: str = JOB) -> Any:
    inputs = {
        one["InputName"]: one["S3Input"]["S3Uri"]
        for one in house.sagemaker.jobs[job]["ProcessingInputs"]
    }
    key = inputs["plan"].removeprefix(f"s3://{ARTIFACTS}/")
    return json.loads(house.aws.s3.get_object(Bucket=ARTIFACTS, Key=key)["Body"].read())


def ended(house: House, job: str = JOB, status: str = "Completed") -> dict[str, Any]:
    detail = {"ProcessingJobName": job, "ProcessingJobStatus": status}
    return event("aws.sagemaker", "SageMaker Processing Job State Change", house.clock, detail)


def held(house: House) -> list[str]:
    found = [one for one in decisions(house.store) if one["concern"] == "drift"]
    return [f"{one['subject']}: {one['verdict']}" for one in found]


@pytest.fixture
def house(house: House, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    """A model of which only data quality is watched."""
    text = (root / "models" / "mortgage.toml").read_text(encoding="utf-8")
    text = re.sub(r"(?m)^kinds = .*$", 'kinds = ["data_quality"]', text)
    (tmp_path / "mortgage.toml").write_text(text, encoding="utf-8")
    monkeypatch.setenv("STEWARD_MODELS", str(tmp_path))
    return house


@pytest.fixture
def watched(house: House) -> Iterator[House]:
    """Version 1 has served since noon, the hour was captured and is complete."""
    house.serving(1)
    publish(house)
    capture(house)
    house.said.clear()
    house.clock.pass_by(minutes=60)
    yield house
    assert faults(house.store) == []


class TestJob:
    def test_is_started_when_the_window_is_complete_and_not_before(self, house: House) -> None:
        house.serving(1)
        publish(house)
        capture(house)
        minutes = (75 * 60 - (house.clock.now().minute * 60)) / 60
        house.clock.pass_by(minutes=minutes - 1)
        house.look("drift")
        assert house.sagemaker.jobs == {}
        house.clock.pass_by(minutes=1)
        house.look("drift")
        assert list(house.sagemaker.jobs) == [JOB]

    def test_is_told_everything_in_a_plan(self, watched: House) -> None:
        watched.look("drift")
        plan = plan_of(watched)
        assert plan["window"] == {
            "start": "2026-11-20T12:00:00.000Z", "end": "2026-11-20T13:00:00.000Z",
        }  # fmt: skip
        assert plan["captures"] == f"s3://{ARTIFACTS}/capture/mortgage/v1/{NAME}/AllTraffic/"
        assert plan["baseline"] == f"s3://{ARTIFACTS}/runs/mortgage/r1/"
        assert plan["outcomes"] is None
        (execution,) = watched.sagemaker.executions
        assert plan["spec"] == watched.sagemaker.parameters(execution)["SpecUri"]
        assert (plan["min_rows"], plan["alpha"]) == (200, 0.01)
        assert plan["bias"] == {
            "white": {"disadvantaged": 0, "group": None, "max_abs": {"DPPL": 0.15}}
        }

    def test_writes_where_reports_lie(self, watched: House) -> None:
        watched.look("drift")
        (output,) = watched.sagemaker.jobs[JOB]["ProcessingOutputConfig"]["Outputs"]
        assert output["S3Output"]["S3Uri"] == f"s3://{ARTIFACTS}/{FOLDER}"

    def test_is_started_once_however_often_is_looked(self, watched: House) -> None:
        watched.look("drift")
        before = watched.tables()
        watched.look("drift")
        assert watched.tables() == before
        assert len(watched.sagemaker.jobs) == 1

    def test_is_remembered_until_it_was_read(self, watched: House) -> None:
        watched.look("drift")
        assert ("drift", "mortgage") in watched.sweep()
        watched.deliver("drift", finish(watched), ended(watched))
        watched.look("drift")
        assert ("drift", "mortgage") not in watched.sweep()
        assert held(watched)[-1].endswith("constraint_violations.json: ignore")

    def test_of_a_kind_that_needs_outcomes_starts_when_they_are_known(
        self, watched: House, root: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("STEWARD_MODELS", str(root / "models"))
        watched.look("drift")
        names = {name.split("-")[3] for name in watched.sagemaker.jobs}
        assert names == {"dq", "pd"}
        watched.clock.pass_by(minutes=24 * 60)
        watched.look("drift")
        names = {name.split("-")[3] for name in watched.sagemaker.jobs}
        assert names == {"dq", "pd", "mq", "bi"}
        plan = plan_of(watched, f"{NAME}-v1-mq-2026112012")
        assert plan["outcomes"] == f"s3://{LANDING}/mortgage/outcomes/"
        assert plan["outcomes_until"] == "2026-11-21T14:00:00.000Z"

    def test_is_started_again_when_the_account_has_room(self, watched: House) -> None:
        watched.sagemaker.is_full = True
        assert watched.look("drift") == 0
        assert watched.sagemaker.jobs == {}
        watched.sagemaker.is_full = False
        assert ("drift", "mortgage") in watched.sweep()
        watched.look("drift")
        assert list(watched.sagemaker.jobs) == [JOB]

    def test_that_failed_pages_and_is_over(self, watched: House) -> None:
        watched.look("drift")
        watched.sagemaker.jobs[JOB] |= {"ProcessingJobStatus": "Failed", "ExitMessage": "no rows"}
        watched.deliver("drift", ended(watched, status="Failed"))
        assert watched.subjects() == ["[mortgage] a monitor's job failed"]
        assert f"the job {JOB} ended as Failed: no rows" in watched.said[0]["Message"]
        before = watched.tables()
        watched.look("drift")
        assert watched.tables() == before

    def test_that_wrote_nothing_never_reads_as_clean(self, watched: House) -> None:
        watched.look("drift")
        watched.sagemaker.jobs[JOB]["ProcessingJobStatus"] = "Completed"
        watched.look("drift")
        assert held(watched)[-1] == "data_quality of version 1: page"
        assert "it wrote no report" in watched.said[0]["Message"]

    def test_of_a_version_that_no_longer_serves_is_given_up(self, watched: House) -> None:
        watched.sagemaker.is_full = True
        watched.look("drift")
        watched.sagemaker.is_full = False
        watched.sagemaker.endpoints[NAME]["EndpointStatus"] = "Failed"
        watched.look("drift")
        assert watched.sagemaker.jobs == {}
        assert "its version no longer serves" in watched.said[0]["Message"]

    def test_whose_code_is_gone_is_given_up(self, watched: House) -> None:
        watched.sagemaker.is_full = True
        watched.look("drift")
        watched.sagemaker.is_full = False
        watched.aws.s3.delete_object(Bucket=ARTIFACTS, Key="published/monitor.json")
        watched.look("drift")
        assert watched.sagemaker.jobs == {}
        assert "the monitor's code is not published any more" in watched.said[0]["Message"]


class TestLostEvent:
    def test_of_the_report_is_made_up_for_by_the_sweep(self, watched: House) -> None:
        watched.look("drift")
        finish(watched, JOB, DRIFTED)
        watched.look("drift")
        assert held(watched)[-1].endswith("constraint_violations.json: hold")

    def test_of_a_job_that_failed_is_on_record_as_found_by_the_sweep(self, watched: House) -> None:
        watched.look("drift")
        failed = {"ProcessingJobStatus": "Failed", "ProcessingEndTime": watched.clock.now()}
        watched.sagemaker.jobs[JOB] |= failed
        watched.clock.pass_by(minutes=5)
        watched.look("drift", asked_by="sweep")
        assert watched.repairs() == [("data_quality of version 1", "page")]

    def test_that_comes_after_all_changes_nothing(self, watched: House) -> None:
        watched.look("drift")
        late = finish(watched, JOB, DRIFTED)
        watched.look("drift")
        watched.look("drift")
        before = watched.tables()
        assert watched.deliver("drift", late, ended(watched)) == 0
        assert watched.tables() == before


class TestNothingToLookAt:
    def test_without_captured_requests_is_one_decision(self, watched: House) -> None:
        watched.look("drift")
        watched.deliver("drift", finish(watched))
        for _ in range(3):
            watched.clock.pass_by(minutes=60)
            watched.look("drift")
        assert held(watched).count("data_quality of version 1: hold") == 1
        assert len(watched.sagemaker.jobs) == 1

    def test_without_published_code_holds_and_says_so_once(self, watched: House) -> None:
        watched.aws.s3.delete_object(Bucket=ARTIFACTS, Key="published/monitor.json")
        watched.look("drift")
        watched.look("drift")
        assert watched.subjects() == ["[mortgage] data_quality of version 1 is not watched"]
        assert "steward publish" in watched.said[0]["Message"]
        publish(watched)
        watched.look("drift")
        assert list(watched.sagemaker.jobs) == [JOB]

    def test_without_a_baseline_holds_and_says_so_once(self, watched: House) -> None:
        watched.aws.s3.delete_object(Bucket=ARTIFACTS, Key="runs/mortgage/r1/baseline/rows.csv")
        watched.look("drift")
        watched.clock.pass_by(minutes=60)
        watched.look("drift")
        assert watched.subjects() == ["[mortgage] data_quality of version 1 is not watched"]
        assert "version 1 has no baseline" in watched.said[0]["Message"]

    def test_before_anything_serves_watches_nothing(self, house: House) -> None:
        publish(house)
        before = house.tables()
        house.look("drift")
        assert house.tables() == before


def test_a_job_of_somebody_else_is_no_business_of_ours(watched: House) -> None:
    before = watched.tables()
    others = [
        ended(watched, job) for job in ("pipelines-x-Prepare", "steward-else-v1-dq-2026112012")
    ]
    assert watched.deliver("drift", *others) == 0
    assert watched.tables() == before
