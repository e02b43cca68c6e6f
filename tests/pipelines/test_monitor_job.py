"""The job as a whole: its plan, what it leaves behind, and how it ends."""

import json
import math
import re
from pathlib import Path
from time import perf_counter

import boto3
import numpy as np
import pytest

from monitor.fetch import S3
from monitor.found import Found
from monitor.write import write_files
from pipelines.monitor.watch import main
from tabular.failing import StepFailed
from tests.pipelines.monitored import (
    PLAN,
    SPEC,
    Production,
    applicants,
    asked,
)


@pytest.mark.parametrize(
    ("income", "words"),
    [
        (0.0, "Completed: Job completed successfully with no violations."),
        (1.0, "CompletedWithViolations: Job completed successfully with 1 violations."),
    ],
)
def test_its_last_words_are_those_of_model_monitor(
    production: Production,
    income: float,
    words: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    place = production.root / "output" / "message"
    monkeypatch.setenv("EXIT_MESSAGE_FILE", str(place))
    production.capture(asked(applicants(2, 400, income)))
    production.watch("data_quality")
    assert capsys.readouterr().out.strip().endswith(words)
    assert place.read_text() == words


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        ({"kind": "data"}, "The plan's kind is data; allowed are data_quality, prediction_drift"),
        ({"window": {"start": "2026-11-20"}}, "The plan has no end."),
        ({"window": {"start": "soon", "end": "later"}}, "The plan cannot be read"),
        ({"window": {"start": "2026-11-20", "end": "2026-11-20"}}, "before it starts"),
    ],
)
def test_a_plan_that_cannot_be_done_is_refused_in_words(
    production: Production, changed: dict[str, object], complaint: str
) -> None:
    with pytest.raises(StepFailed, match=re.escape(complaint)):
        production.plan(**changed)


def test_the_page_loads_nothing_and_says_the_verdict(production: Production) -> None:
    production.capture(asked(applicants(2, 400, income=1)))
    production.watch("data_quality")
    page = (production.root / "out" / "report.html").read_text()
    assert "Data quality of loans version 2: 1 violation." in page
    assert page.count("<svg") == 3
    assert page.index("<h3>income</h3>") < page.index("<h3>city</h3>")
    assert not re.search(r"<script|https?://|url\(|src=|href=", page)


def test_metrics_are_stamped_with_the_window_s_end(production: Production) -> None:
    production.capture(asked(applicants(2, 400)))
    production.watch("data_quality")
    (data,) = production.ledger.put_data.values()
    assert {datum["Timestamp"] for datum in data} == {production.plan().window.end}
    assert data[0]["Dimensions"] == [
        {"Name": "Endpoint", "Value": "dev-loans"},
        {"Name": "MonitoringSchedule", "Value": "dev-loans-data-quality"},
    ]


def test_files_are_written_before_refused_metrics_fail_the_job(production: Production) -> None:
    class Refusing:
        def put(self, namespace: str, data: object) -> None:  # noqa: ARG002  as a meter
            raise StepFailed(f"CloudWatch refused metrics for {namespace}.")

    production.capture(asked(applicants(2, 400)))
    production.ledger = Refusing()
    with pytest.raises(StepFailed, match="refused"):
        production.watch("data_quality")
    assert production.read("constraint_violations.json")["violations"] == []


def test_a_figure_that_no_json_can_hold_is_null(production: Production) -> None:
    found = Found(1, documents={"analysis.json": {"features": [{"psi": math.inf}]}})
    write_files(production.plan(), found, production.root)
    assert json.loads((production.root / "analysis.json").read_text())["features"] == [
        {"psi": None}
    ]


def test_an_hour_of_twenty_features_takes_less_than_two_seconds(production: Production) -> None:
    features = {f"x{place}": "number" for place in range(20)}
    random = np.random.default_rng(1)
    rows = [
        {name: f"{value:.4f}" for name, value in zip(features, line, strict=True)}
        for line in random.normal(size=(1800, 20))
    ]
    data = SPEC["data"] | {"features": features}
    production.shelf.lay("s3://artifact/specs/spec.json", SPEC | {"data": data})
    production.shelf.lay_rows("baseline/rows.csv", rows[500:])
    production.capture(asked(rows[:500]))
    start = perf_counter()
    production.watch("data_quality")
    assert perf_counter() - start < 2


def test_the_job_reads_s3_and_writes_cloudwatch(aws: None, tmp_path: Path) -> None:
    s3 = boto3.client("s3")
    s3.create_bucket(
        Bucket="artifact", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    production = Production(tmp_path)
    production.capture(asked(applicants(2, 250)))
    for uri, body in production.shelf.objects.items():
        s3.put_object(Bucket="artifact", Key=uri.removeprefix("s3://artifact/"), Body=body)
    (tmp_path / "plan").mkdir()
    (tmp_path / "plan" / "plan.json").write_text(json.dumps(PLAN))
    main([f"--plan={tmp_path / 'plan'}", f"--out={tmp_path / 'out'}"])
    assert production.read("constraint_violations.json")["window"]["rows"] == 250
    names = boto3.client("cloudwatch").list_metrics(
        Namespace="/aws/sagemaker/Endpoints/data-metric"
    )
    assert len(names["Metrics"]) == 6


def test_an_object_that_cannot_be_read_is_named(aws: None) -> None:
    with pytest.raises(StepFailed, match="s3://nowhere/file cannot be read: NoSuchBucket"):
        S3().read("s3://nowhere/file")
    with pytest.raises(StepFailed, match="s3://nowhere/ cannot be listed: NoSuchBucket"):
        S3().below("s3://nowhere/")
