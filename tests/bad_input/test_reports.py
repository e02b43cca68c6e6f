"""A violation file that says nothing, or nothing of use, starts no run; a broken one is kept."""

import json
from collections.abc import Mapping

import pytest

from cli.demo.stage import MODEL
from tests.bad_input.house import House

DRIFTED = {"feature_name": "unem", "constraint_check_type": "baseline_drift_check"}
BROKEN = {
    "empty": b"",
    "cut off": b'{"violations": [{"feature_name": "une',
    "no list": b'{"violations": "none"}',
    "no objects": b'{"violations": ["unem"]}',
}


def report(house: House, body: bytes, version: int, hour: str) -> str:
    """A monitor writes what it found of a version; returns the file's URI."""
    key = f"monitoring/{MODEL}/v{version}/2026/01/01/{hour}/constraint_violations.json"
    bucket = house.stage.target.artifact_bucket
    house.s3.put_object(Bucket=bucket, Key=key, Body=body)
    house.local.settle()
    return f"s3://{bucket}/{key}"


def found(*violations: Mapping[str, str]) -> bytes:
    return json.dumps({"violations": list(violations)}).encode()


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_file_becomes_a_dead_letter_and_no_decision(house: House, what: str) -> None:
    runs, hour = house.runs(), f"{[*BROKEN].index(what):02}"
    uri = report(house, BROKEN[what], 1, hour)
    letters = house.dead_letters("drift")
    (message_id,) = letters
    assert json.loads(letters[message_id])["detail"]["object"]["key"] in uri
    assert any(f"message refused: {uri}" in line for line in house.log("drift", message_id))
    assert house.waiting("drift") == 0
    assert house.decided(uri) == []
    assert house.runs() == runs


@pytest.mark.parametrize(
    ("version", "body", "reason"),
    [
        (7, found(DRIFTED), "1 violation (1 of data_quality) about unem of version 7, and version"),
    ],
    ids=["a version that does not serve"],
)
def test_a_file_of_no_use_is_on_record_and_starts_nothing(
    house: House, version: int, body: bytes, reason: str
) -> None:
    runs, mail = house.runs(), len(house.mail())
    uri = report(house, body, version, "12")
    (decision,) = house.decided(uri)
    assert (decision["verdict"], str(decision["reason"]).startswith(reason)) == ("ignore", True)
    assert house.dead_letters("drift") == {}
    assert (house.runs(), len(house.mail())) == (runs, mail)


def test_an_alarm_on_a_monitors_metric_pages(house: House) -> None:
    """It says that a limit was passed, and not in how many rows."""
    cloudwatch, name = house.stage.aws.cloudwatch, "unem-is-far-away"
    runs, names = house.runs(), house.stage.names
    metric = {
        "MetricName": "feature_baseline_drift_unem",
        "Dimensions": [
            {"Name": "Endpoint", "Value": names.endpoint},
            {"Name": "MonitoringSchedule", "Value": names.schedule("data_quality")},
        ],
    }
    space = "/aws/sagemaker/Endpoints/data-metric"
    cloudwatch.put_metric_alarm(
        AlarmName=name,
        Namespace=space,
        Statistic="Maximum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=0.1,
        ComparisonOperator="GreaterThanThreshold",
        **metric,  # type: ignore[arg-type]
    )
    cloudwatch.put_metric_data(Namespace=space, MetricData=[{**metric, "Value": 0.4}])  # type: ignore[typeddict-item]
    house.stage.until("the alarm was judged", lambda: bool(house.decided(f"alarm {name}")))
    cloudwatch.delete_alarms(AlarmNames=[name])
    assert house.verdicts(f"alarm {name}") == ["page"]
    assert "about feature_baseline_drift_unem" in house.told(f"alarm {name}")[0]["Message"]
    assert house.runs() == runs


def test_a_broken_schema_pages_and_starts_nothing(house: House) -> None:
    runs = house.runs()
    missing = {"feature_name": "self", "constraint_check_type": "missing_column_check"}
    uri = report(house, found(DRIFTED, missing), 1, "13")
    assert house.verdicts(uri) == ["page"]
    assert {one["Subject"] for one in house.told(uri)} == {f"[{MODEL}] a monitor needs a person"}
    assert house.runs() == runs
