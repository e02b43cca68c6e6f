"""Model Monitor: definitions, schedules and executions that really look at what was captured."""

import json
from datetime import timedelta

import pytest
from botocore.exceptions import ClientError

from .conftest import BUCKET, Client, Get, Json, Local, Put
from .serving import Shop, adder
from .watching import (
    ANALYZER,
    CONFIG,
    KINDS,
    Watch,
    capture_config,
    categorical_baseline,
    columns,
    csv_record,
    numeric_baseline,
)  # fmt: skip


@pytest.fixture
def watch(local: Local, sm: Client, put: Put, get: Get, name: str) -> Watch:
    shop = Shop(local, sm, put, name)
    config = shop.config("one", adder(1), DataCaptureConfig=capture_config(name))
    shop.serve(config)
    return Watch(local, sm, put, get, name)


# ---- definitions


@pytest.mark.parametrize("kind", KINDS)
def test_a_definition_is_described_listed_and_deleted(
    watch: Watch, sm: Client, kind: str, name: str
) -> None:
    arn = watch.definition(kind, Tags=[{"Key": "team", "Value": "risk"}])

    described = watch.call("describe", kind, "job_definition")(JobDefinitionName=name)
    assert described["JobDefinitionArn"] == arn
    assert described[f"{kind}JobInput"]["EndpointInput"]["EndpointName"] == name
    listed = watch.call("list", kind, "job_definitions")(EndpointName=name)
    assert [one["MonitoringJobDefinitionArn"] for one in listed["JobDefinitionSummaries"]] == [arn]
    assert sm.list_tags(ResourceArn=arn)["Tags"] == [{"Key": "team", "Value": "risk"}]

    with pytest.raises(ClientError, match="ResourceInUse"):
        watch.definition(kind)
    watch.call("delete", kind, "job_definition")(JobDefinitionName=name)
    with pytest.raises(ClientError, match="ResourceNotFound"):
        watch.call("describe", kind, "job_definition")(JobDefinitionName=name)


@pytest.mark.parametrize(
    ("app", "what"),
    [
        ({"PostAnalyticsProcessorSourceUri": "s3://b/k.py"}, "PostAnalyticsProcessorSourceUri"),
        ({"ImageUri": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/mine:1"}, "the image mine"),
        ({"Environment": {"publish_cloudwatch_metrics": "Enabled"}}, "publish_cloudwatch_metrics"),
    ],
)
def test_what_the_embedded_analyzer_cannot_do_is_refused(
    watch: Watch, app: Json, what: str
) -> None:
    with pytest.raises(ClientError, match=f"does not cover.*{what}"):
        watch.definition(DataQualityAppSpecification={"ImageUri": ANALYZER} | app)


def test_a_definition_that_a_schedule_uses_stays(watch: Watch, sm: Client, name: str) -> None:
    watch.definition()
    watch.schedule()

    with pytest.raises(ClientError, match=f"used by the monitoring schedules.*{name}"):
        sm.delete_data_quality_job_definition(JobDefinitionName=name)


# ---- schedules


def test_a_schedule_is_pending_for_a_while_and_not_changed_then(
    watch: Watch, local: Local, sm: Client, name: str
) -> None:
    def status() -> str:
        described = sm.describe_monitoring_schedule(MonitoringScheduleName=name)
        return str(described["MonitoringScheduleStatus"])

    watch.definition()
    watch.schedule()
    assert status() == "Pending"
    with pytest.raises(ClientError, match="is Pending"):
        sm.stop_monitoring_schedule(MonitoringScheduleName=name)

    local.advance(60)
    assert status() == "Scheduled"
    sm.stop_monitoring_schedule(MonitoringScheduleName=name)
    local.advance(60)
    assert status() == "Stopped"
    sm.start_monitoring_schedule(MonitoringScheduleName=name)
    local.advance(60)
    assert status() == "Scheduled"


def test_schedules_are_listed_by_what_they_watch(
    watch: Watch, local: Local, sm: Client, name: str
) -> None:
    watch.definition()
    arn = watch.schedule()

    def listed(**filters: str) -> list[str]:
        found = sm.list_monitoring_schedules(EndpointName=name, **filters)
        return [one["MonitoringScheduleArn"] for one in found["MonitoringScheduleSummaries"]]

    assert listed() == [arn]
    assert listed(StatusEquals="Pending", MonitoringTypeEquals="DataQuality") == [arn]
    assert listed(StatusEquals="Scheduled") == []
    assert listed(MonitoringJobDefinitionName="other") == []
    with pytest.raises(ClientError, match="ResourceInUse"):
        watch.schedule()


@pytest.mark.parametrize(
    ("times", "why"),
    [
        ({"ScheduleExpression": "cron(30 * ? * * *)"}, "is none of"),
        ({"ScheduleExpression": "cron(0 24 ? * * *)"}, "is none of"),
        ({"ScheduleExpression": "rate(1 hour)"}, "is none of"),
        ({"ScheduleExpression": "NOW"}, "required if ScheduleExpression is NOW"),
        ({"DataAnalysisStartTime": "-P2D", "DataAnalysisEndTime": "-PT0H"}, "24 hours at most"),
        ({"DataAnalysisStartTime": "an hour", "DataAnalysisEndTime": "-PT0H"}, "ISO 8601"),
    ],
)
def test_times_that_make_no_sense_are_refused(
    watch: Watch, times: dict[str, str], why: str
) -> None:
    watch.definition()
    with pytest.raises(ClientError, match=why):
        watch.schedule(**times)


def test_an_endpoint_is_there_before_its_schedule_and_after_it(
    watch: Watch, local: Local, sm: Client, name: str
) -> None:
    watch.definition()
    watch.schedule()
    local.advance(60)

    with pytest.raises(ClientError, match="before its monitoring schedules are deleted"):
        sm.delete_endpoint(EndpointName=name)
    sm.delete_monitoring_schedule(MonitoringScheduleName=name)
    sm.delete_endpoint(EndpointName=name)
    local.advance(60)
    with pytest.raises(ClientError, match="Could not find endpoint"):
        watch.schedule()


def test_a_job_may_not_take_longer_than_the_hour_leaves(watch: Watch) -> None:
    watch.definition("ModelQuality", StoppingCondition={"MaxRuntimeInSeconds": 3600})
    with pytest.raises(ClientError, match="MaxRuntimeInSeconds of 1800 at most"):
        watch.schedule("ModelQuality")


# ---- executions


def test_what_clients_send_is_looked_at_in_the_next_hour(
    watch: Watch, local: Local, runtime: Client, name: str
) -> None:
    watch.against(
        {
            "version": 0,
            "features": columns(sum="Fractional", first="Integral", second="Integral"),
            "monitoring_config": CONFIG,
        }
    )
    hour = watch.to_the_hour()
    arn = watch.schedule()
    for row in range(3):
        runtime.invoke_endpoint(
            EndpointName=name, Body=f"{row},7", ContentType="text/csv", Accept="text/csv"
        )
    local.advance(3600 + 900)

    execution = watch.last()
    assert execution["MonitoringExecutionStatus"] == "Completed"
    assert execution["ScheduledTime"] == hour + timedelta(hours=1)
    assert hour + timedelta(hours=1) < execution["CreationTime"] < hour + timedelta(minutes=80)
    job = watch.job(execution)
    assert job["MonitoringScheduleArn"] == arn
    assert job["ExitMessage"] == "Completed: Job completed successfully with no violations."
    output = job["ProcessingOutputConfig"]["Outputs"][0]["S3Output"]["S3Uri"]
    folder = f"{hour + timedelta(hours=1):%Y/%m/%d/%H}"
    assert output == f"s3://{BUCKET}/{name}/reports/{name}/{name}/{folder}"
    assert watch.written(execution, "constraint_violations") == {"violations": []}
    assert watch.written(execution, "constraints")["features"][0]["name"] == "sum"
    statistics = watch.written(execution, "statistics")
    assert statistics["dataset"]["item_count"] == 3
    answer, request = statistics["features"][:2]
    assert (answer["name"], answer["numerical_statistics"]["mean"]) == ("sum", 2.0)
    assert (request["name"], request["numerical_statistics"]["mean"]) == ("first", 1.0)
    began, ended = local.announced(
        "SageMaker Processing Job State Change", execution["ProcessingJobArn"]
    )
    assert (began["ProcessingJobStatus"], ended["ProcessingJobStatus"]) == (
        "InProgress",
        "Completed",
    )
    assert "MonitoringScheduleArn" not in ended


def test_every_check_finds_what_it_is_for(watch: Watch) -> None:
    domain = {"string_constraints": {"domains": ["a", "b"]}}
    features = columns(score="Fractional", age="Integral", size="Integral", plan="String")
    features[3] |= domain
    watch.against(
        {"version": 0, "features": features, "monitoring_config": CONFIG},
        [
            numeric_baseline("score", [row / 100 for row in range(100)]),
            numeric_baseline("age", range(100)),
            categorical_baseline("plan", {"a": 80, "b": 20}),
        ],
    )
    rows = [
        csv_record(
            f"{row / 100}", f"{row / 2},{'' if row < 5 else 1},{'c' if row else 'a'}", str(row)
        )
        for row in range(100)
    ]

    execution = watch.run(rows)

    assert execution["MonitoringExecutionStatus"] == "CompletedWithViolations"
    assert watch.violations(execution) == [
        ("age", "data_type_check"),
        ("age", "baseline_drift_check"),
        ("size", "completeness_check"),
        ("plan", "categorical_values_check"),
        ("plan", "baseline_drift_check"),
    ]
    found = watch.written(execution, "constraint_violations")["violations"]
    assert found[1]["description"] == "Baseline drift distance: 0.5 exceeds threshold: 0.1"
    assert watch.job(execution)["ExitMessage"] == (
        "CompletedWithViolations: Job completed successfully with 5 violations."
    )


@pytest.mark.parametrize(
    ("request_row", "found"),
    [("1,2", "extra_column_check"), ("", "missing_column_check")],
)
def test_columns_are_counted(watch: Watch, request_row: str, found: str) -> None:
    known = columns(score="Fractional", age="Integral")
    watch.against({"version": 0, "features": known, "monitoring_config": CONFIG})
    record = csv_record("0.5", request_row, "1")
    if not request_row:
        del record["captureData"]["endpointInput"]

    execution = watch.run([record])

    assert [check for _, check in watch.violations(execution)] == [found]


@pytest.mark.parametrize(
    ("method", "rows", "drifts"),
    [("Simple", 20, True), ("Robust", 20, False), ("Robust", 400, True)],
)
def test_robust_takes_off_what_small_samples_differ_by_chance(
    watch: Watch, method: str, rows: int, drifts: bool
) -> None:
    limits = CONFIG["distribution_constraints"] | {"comparison_method": method}
    watch.against(
        {
            "version": 0,
            "features": columns(score="Fractional"),
            "monitoring_config": CONFIG | {"distribution_constraints": limits},
        },
        [numeric_baseline("score", [row / 400 for row in range(400)])],
    )
    records = [csv_record(f"{0.4 + row / rows}", "", str(row)) for row in range(rows)]
    for record in records:
        del record["captureData"]["endpointInput"]

    assert bool(watch.violations(watch.run(records))) == drifts


@pytest.mark.parametrize(("share", "drifts"), [(80, False), (50, True)])
def test_categories_may_be_compared_by_chi_squared(watch: Watch, share: int, drifts: bool) -> None:
    limits = CONFIG["distribution_constraints"] | {"categorical_drift_method": "ChiSquared"}
    watch.against(
        {
            "version": 0,
            "features": columns(plan="String"),
            "monitoring_config": CONFIG | {"distribution_constraints": limits},
        },
        [categorical_baseline("plan", {"a": 790, "b": 210})],
    )
    records = [csv_record("a" if row < share else "b", "", str(row)) for row in range(100)]
    for record in records:
        del record["captureData"]["endpointInput"]

    assert bool(watch.violations(watch.run(records))) == drifts


def test_a_baseline_without_a_sketch_is_known_by_its_buckets(watch: Watch) -> None:
    kll = {
        "buckets": [{"lower_bound": low, "upper_bound": low + 5, "count": 50} for low in (0.0, 5.0)]
    }
    baseline = [
        {"name": name, "numerical_statistics": {"distribution": {"kll": kll}}}
        for name in ("same", "moved")
    ]
    watch.against(
        {
            "version": 0,
            "features": columns(same="Integral", moved="Integral"),
            "monitoring_config": CONFIG,
        },
        baseline,
    )

    execution = watch.run([csv_record(str(row), str(row + 3), str(row)) for row in range(10)])

    assert watch.violations(execution) == [("moved", "baseline_drift_check")]


def test_a_feature_may_have_limits_of_its_own(watch: Watch) -> None:
    strict, loose = columns(strict="Integral", loose="Integral")
    loose["monitoringConfigOverrides"] = {"distribution_constraints": {"comparison_threshold": 0.9}}
    watch.against(
        {"version": 0, "features": [strict, loose], "monitoring_config": CONFIG},
        [numeric_baseline("strict", range(10)), numeric_baseline("loose", range(10))],
    )

    execution = watch.run([csv_record(str(row + 5), str(row + 5), str(row)) for row in range(10)])

    assert watch.violations(execution) == [("strict", "baseline_drift_check")]


def test_json_objects_are_columns_by_their_names(watch: Watch) -> None:
    features = columns(score="Fractional", age="Integral", plan="String")
    watch.against({"version": 0, "features": features, "monitoring_config": CONFIG})
    record = csv_record('[{"score": 0.5}, {"score": 0.25}]', "", "1")
    record["captureData"]["endpointInput"]["data"] = (
        '[{"age": 41, "plan": "a"}, {"age": null, "plan": "b"}]'
    )
    for side in record["captureData"].values():
        side["encoding"] = "JSON"

    execution = watch.run([record])

    assert watch.violations(execution) == [("age", "completeness_check")]
    found = watch.written(execution, "statistics")["features"]
    assert [(one["name"], one["inferred_type"]) for one in found] == [
        ("score", "Fractional"),
        ("age", "Integral"),
        ("plan", "String"),
    ]


def test_an_hour_without_data_fails_without_a_job(watch: Watch, local: Local) -> None:
    watch.definition()
    watch.schedule()
    local.advance(2 * 3600)

    execution = watch.last()
    assert execution["MonitoringExecutionStatus"] == "Failed"
    assert execution["FailureReason"] == "Job inputs had no data"
    assert "ProcessingJobArn" not in execution


def test_data_that_cannot_be_read_fails_the_job(watch: Watch) -> None:
    watch.definition()
    record = csv_record("1", "2", "1")
    record["captureData"]["endpointInput"] |= {"encoding": "JSON", "data": "{}"}

    execution = watch.run([record])

    assert execution["MonitoringExecutionStatus"] == "Failed"
    assert "Encoding mismatch" in execution["FailureReason"]


@pytest.mark.parametrize("kind", ["ModelBias", "ModelExplainability"])
def test_bias_and_explanations_fail_for_want_of_clarify(watch: Watch, kind: str) -> None:
    watch.definition(kind)

    execution = watch.run([csv_record("1", "2", "1")], kind)

    assert execution["MonitoringExecutionStatus"] == "Failed"
    assert "no SageMaker Clarify" in execution["FailureReason"]


def test_model_quality_joins_the_truth_that_came_later(watch: Watch, name: str) -> None:
    limit = {"threshold": 0.9, "comparison_operator": "LessThanThreshold"}
    constraints = {"binary_classification_constraints": {"accuracy": limit, "recall": limit}}
    uri = watch.put("baseline/constraints.json", json.dumps(constraints))
    watch.definition(
        "ModelQuality", ModelQualityBaselineConfig={"ConstraintsResource": {"S3Uri": uri}}
    )
    hour = watch.to_the_hour()
    watch.truth(hour, {"a": "1", "b": "0", "c": "0", "elsewhere": "1"})
    watch.captured(
        hour,
        [
            csv_record(guess, "5", event)
            for event, guess in (("a", "1.0"), ("b", "0"), ("c", "1"), ("d", "1"))
        ],
    )
    watch.schedule("ModelQuality")
    watch.local.advance(3600 + 900)

    execution = watch.last()
    assert execution["MonitoringExecutionStatus"] == "CompletedWithViolations"
    statistics = watch.written(execution, "statistics")
    assert statistics["dataset"]["item_count"] == 3
    metrics = statistics["binary_classification_metrics"]
    assert metrics["recall"] == {"value": 1.0, "standard_deviation": "NaN"}
    assert metrics["confusion_matrix"] == {"0": {"0": 1, "1": 1}, "1": {"0": 0, "1": 1}}
    (broken,) = watch.written(execution, "constraint_violations")["violations"]
    assert (broken["metric_name"], broken["constraint_check_type"]) == (
        "accuracy",
        "LessThanThreshold",
    )


@pytest.mark.parametrize(
    ("problem", "attribute", "group", "names"),
    [
        ("Regression", "InferenceAttribute", "regression", {"mae", "mse", "rmse", "r2"}),
        (
            "BinaryClassification",
            "ProbabilityAttribute",
            "binary_classification",
            {"auc", "f1", "accuracy"},
        ),
        (
            "MulticlassClassification",
            "InferenceAttribute",
            "multiclass_classification",
            {"accuracy", "weighted_f1", "weighted_recall"},
        ),
    ],
)
def test_every_kind_of_problem_has_its_metrics(
    watch: Watch, problem: str, attribute: str, group: str, names: set[str]
) -> None:
    data = {
        "EndpointInput": {
            "EndpointName": watch.name,
            "LocalPath": "/opt/ml/processing/input/endpoint",
            attribute: "0",
        },
        "GroundTruthS3Input": {"S3Uri": f"s3://{BUCKET}/{watch.name}/truth"},
    }
    app = {"ImageUri": ANALYZER, "ProblemType": problem}
    watch.definition("ModelQuality", ModelQualityAppSpecification=app, ModelQualityJobInput=data)
    hour = watch.to_the_hour()
    watch.truth(hour, {str(row): str(row % 2) for row in range(250)})
    watch.captured(
        hour, [csv_record("0.9" if row % 10 else "0.1", "5", str(row)) for row in range(250)]
    )
    watch.schedule("ModelQuality")
    watch.local.advance(3600 + 900)

    metrics = watch.written(watch.last(), "statistics")[f"{group}_metrics"]
    assert names <= set(metrics)
    assert all(metrics[name]["standard_deviation"] >= 0 for name in names)


def test_now_looks_once_at_the_window_that_it_is_given(
    watch: Watch, local: Local, sm: Client
) -> None:
    watch.definition()
    hour = watch.to_the_hour()
    watch.captured(hour, [csv_record("1", "2", "1")])
    watch.schedule(
        ScheduleExpression="NOW", DataAnalysisStartTime="-PT1H", DataAnalysisEndTime="-PT0H"
    )
    local.advance(4 * 3600)

    found = sm.list_monitoring_executions(EndpointName=watch.name)
    assert [one["MonitoringExecutionStatus"] for one in found["MonitoringExecutionSummaries"]] == [
        "Completed"
    ]


def test_a_schedule_of_every_six_hours_reads_six_hours(watch: Watch, local: Local) -> None:
    watch.definition()
    hour = watch.to_the_hour()
    watch.schedule(ScheduleExpression=f"cron(0 {hour.hour % 6}/6 ? * * *)")
    for back in (1, 2):
        watch.captured(hour + timedelta(hours=6 - back), [csv_record("1", "2", "1")])
    local.advance(6 * 3600 + 900)

    execution = watch.last()
    assert execution["ScheduledTime"] == hour + timedelta(hours=6)
    assert watch.written(execution, "statistics")["dataset"]["item_count"] == 2


def test_a_stopped_schedule_rests_and_its_executions_stay_listed(
    watch: Watch, local: Local, sm: Client, name: str
) -> None:
    watch.definition()
    first = watch.run([csv_record("1", "2", "1")])
    sm.stop_monitoring_schedule(MonitoringScheduleName=name)
    local.advance(3 * 3600)
    sm.delete_monitoring_schedule(MonitoringScheduleName=name)

    def listed(**filters: object) -> list[Json]:
        found = sm.list_monitoring_executions(MonitoringScheduleName=name, **filters)
        return list(found["MonitoringExecutionSummaries"])

    assert listed() == [first]
    assert listed(StatusEquals="Completed", MonitoringTypeEquals="DataQuality") == [first]
    assert listed(ScheduledTimeAfter=first["ScheduledTime"]) == []
    assert listed(ScheduledTimeBefore=first["CreationTime"], SortBy="ScheduledTime") == [first]


def test_executions_are_done_with_the_role_of_the_definition(
    watch: Watch, local: Local, name: str, put: Put
) -> None:
    iam = local.client("iam")
    trust = json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Action": "sts:AssumeRole",
                    "Principal": {"Service": "ec2.amazonaws.com"},
                }
            ],
        }
    )
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    watch.definition(RoleArn=role)

    execution = watch.run([csv_record("1", "2", "1")])

    assert execution["MonitoringExecutionStatus"] == "Failed"
    assert f"Could not assume role {role}" in execution["FailureReason"]
