"""Definitions and schedules as Steward makes them, run by the embedded Model Monitor."""

import json
import runpy
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from steward.act.model_monitor import Place, define, make_definition, make_schedule
from steward.act.model_monitor_images import image_of
from steward.aws import Aws
from steward.decide.drift_facts import Window
from steward.names import Names
from steward.observe.model_monitor import (
    in_its_window,
    observe_definitions,
    observe_executions,
    observe_result,
    observe_schedules,
)
from steward.observe.monitor import Watchable
from steward.observe.reports import observe_file
from steward.spec.model import ModelSpec
from steward.spec.read import read

from .conftest import BUCKET, ROLE, Client, Get, Json, Local, Put
from .serving import Shop, adder
from .watching import ANALYZER, CONFIG, Watch, capture_config, columns, csv_record, numeric_baseline

SCRIPT = Path("pipelines/monitor/preprocess.py")
HANDLER = "def preprocess_handler(inference_record):\n    "


class Clients:
    """The clients that Steward uses here."""

    def __init__(self, sm: Client, s3: Client) -> None:
        self.sagemaker, self.s3 = sm, s3


@pytest.fixture
def watch(local: Local, sm: Client, put: Put, get: Get, name: str) -> Watch:
    shop = Shop(local, sm, put, name)
    shop.serve(shop.config("one", adder(1), DataCaptureConfig=capture_config(name)))
    return Watch(local, sm, put, get, name)


@pytest.fixture
def spec(root: Path) -> ModelSpec:
    """A model with two features, of which Model Monitor watches the data."""
    found = read(root / "models" / "mortgage.toml")
    return replace(
        found,
        data=replace(found.data, features={"unem": "number", "hrat": "number"}),
        monitor=replace(found.monitor, source="model-monitor", kinds=("data_quality",)),
    )


def baseline(put: Put) -> Watchable:
    """The files that a version's training run left."""
    constraints: Json = {
        "version": 0,
        "features": columns(unem="Fractional", hrat="Fractional"),
        "monitoring_config": CONFIG,
    }
    described = [numeric_baseline(name, [1, 2, 3, 4, 5]) for name in ("unem", "hrat")]
    put("run/baseline/constraints.json", json.dumps(constraints))
    statistics = {"version": 0, "dataset": {"item_count": 5}, "features": described}
    uri = put("run/baseline/statistics.json", json.dumps(statistics))
    folder = uri.removesuffix("baseline/statistics.json")
    return Watchable(1, None, "", folder, "")  # type: ignore[arg-type]  # when is not asked


def test_a_schedule_that_steward_makes_runs_and_its_report_is_read(
    watch: Watch, spec: ModelSpec, s3: Client, root: Path
) -> None:
    aws = cast(Aws, Clients(watch.sm, s3))
    prefix, _, model = watch.name.partition("-")
    names = Names(prefix, model)
    script = watch.put("code/preprocess.py", (root / SCRIPT).read_bytes())
    definition = define(
        names,
        spec,
        "data_quality",
        baseline(watch.put),
        model="",
        image=image_of("data_quality", "eu-west-1"),
        preprocess=script,
        place=Place(BUCKET, BUCKET, ROLE),
    )
    make_definition(aws, BUCKET, definition)
    make_definition(aws, BUCKET, definition)
    assert observe_definitions(aws, names, "data_quality") == [definition.name]

    hour = watch.to_the_hour()
    make_schedule(aws, names.schedule("data_quality"), definition)
    assert observe_schedules(aws, names)["data_quality"].is_pending
    # Without the preprocessor the answer would be a third column, and no name would fit.
    watch.captured(hour, [csv_record("0.9", f"{value},90", str(value)) for value in range(1, 6)])
    watch.local.advance(3600 + 900)

    (execution,) = observe_executions(aws, names, hour)
    assert execution.status == "CompletedWithViolations"
    _, written = observe_result(aws, execution)
    assert written is not None
    report = observe_file(aws, written)
    report = in_its_window(names, spec.monitor, written.key, report)
    assert (report.kind, report.version, report.rows) == ("data_quality", 1, 5)
    assert report.window == Window(hour, execution.scheduled_at)
    assert [(one.check, one.about) for one in report.findings or ()] == [
        ("baseline_drift_check", "hrat")
    ]


@pytest.mark.parametrize(
    ("body", "rows"),
    [
        ("return {'a': inference_record.endpoint_input.data}", 2),
        ("return [{'a': 1}, {'a': 2}]", 4),
        ("return []", 0),
    ],
)
def test_a_preprocessor_makes_one_row_some_or_none_of_a_record(
    watch: Watch, body: str, rows: int
) -> None:
    execution = preprocessed(watch, HANDLER + body)
    assert watch.written(execution, "statistics")["dataset"]["item_count"] == rows


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("pass", "has no function preprocess_handler"),
        (HANDLER + "return 'text'", "returns a dict or a list of them"),
    ],
)
def test_a_preprocessor_that_is_none_fails_the_execution(
    watch: Watch, script: str, reason: str
) -> None:
    execution = preprocessed(watch, script)
    assert execution["MonitoringExecutionStatus"] == "Failed"
    assert reason in execution["FailureReason"]


def preprocessed(watch: Watch, script: str) -> Json:
    """An execution whose definition names a preprocessor, on two records."""
    uri = watch.put("preprocessor.py", script)
    app = {"ImageUri": ANALYZER, "RecordPreprocessorSourceUri": uri}
    watch.definition(DataQualityAppSpecification=app)
    return watch.run([csv_record("1", "2", "a"), csv_record("1", "3", "b")])


def test_the_published_preprocessor_keeps_the_order_of_a_row_that_it_cannot_name(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    handler = runpy.run_path(str(root / SCRIPT))["preprocess_handler"]
    monkeypatch.setenv("features_0", "unem,hrat")
    monkeypatch.setenv("features_1", "term")

    def of(data: str) -> object:
        return handler(SimpleNamespace(endpoint_input=SimpleNamespace(data=data)))

    assert of("1,,3\n") == {"unem": "1", "hrat": "", "term": "3"}
    assert of("1,2,3\n4,5,6") == [
        {"unem": "1", "hrat": "2", "term": "3"}, {"unem": "4", "hrat": "5", "term": "6"},
    ]  # fmt: skip
    assert of("1,2") == {"0" * 20: "1", "0" * 19 + "1": "2"}
