"""CloudWatch: what is measured can be read again, and alarms follow it in AWS's own rules."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ClientError

from local_aws.cloudwatch import CloudWatch
from local_aws.kernel import Event, Measurement, World

type Client = Any
FLEET = {"EndpointName": "e", "VariantName": "v"}


class Local:
    """A CloudWatch whose time moves when a test moves it; boto3 talks to it without a port."""

    def __init__(self, root: Path) -> None:
        self.world = World(root)
        self.world.clock.jump_to(datetime(2100, 1, 1, tzinfo=UTC))
        self.events: list[Event] = []
        self.world.publish = self.events.append
        self.cloudwatch = CloudWatch(self.world)
        self.client: Client = boto3.client(
            "cloudwatch",
            region_name="eu-west-1",
            aws_access_key_id="a",
            aws_secret_access_key="s",
        )
        self.client.meta.events.register("before-send.cloudwatch", self._answer)

    def _answer(self, request: Any, **_: object) -> AWSResponse:
        body = request.body

        class Got:
            def get_data(self) -> bytes:
                return body if isinstance(body, bytes) else body.encode()

        headers = {k: v.decode() if isinstance(v, bytes) else v for k, v in request.headers.items()}
        status, answered, text = self.cloudwatch.answer(Got(), request.url, headers)
        response = AWSResponse(request.url, status, answered, None)
        response._content = text.encode()  # type: ignore[attr-defined]
        return response

    def measure(self, *values: float, name: str = "Errors", **dimensions: str) -> None:
        for value in values:
            measured = Measurement("AWS/SageMaker", name, dimensions or FLEET, value)
            self.cloudwatch.measure(measured)

    def advance(self, seconds: float) -> int:
        """Let happen what is due; returns how much was."""
        end, fired = self.world.now() + timedelta(seconds=seconds), 0
        while self.world.fire_next(end):
            fired += 1
        self.world.clock.jump_to(end)
        return fired

    def alarm(self, **given: object) -> None:
        usual = {
            "AlarmName": "errors",
            "Namespace": "AWS/SageMaker",
            "MetricName": "Errors",
            "Dimensions": [{"Name": name, "Value": value} for name, value in FLEET.items()],
            "Statistic": "Average",
            "Period": 60,
            "EvaluationPeriods": 1,
            "Threshold": 0.05,
            "ComparisonOperator": "GreaterThanThreshold",
            "TreatMissingData": "ignore",
        }
        wanted = {k: v for k, v in (usual | given).items() if v is not None}
        self.client.put_metric_alarm(**wanted)

    def state(self) -> str:
        (found,) = self.client.describe_alarms(AlarmNames=["errors"])["MetricAlarms"]
        return str(found["StateValue"])

    def read(self, stat: str, name: str = "Errors") -> list[float]:
        metric = {
            "Namespace": "AWS/SageMaker",
            "MetricName": name,
            "Dimensions": [{"Name": n, "Value": v} for n, v in FLEET.items()],
        }
        answer = self.client.get_metric_data(
            MetricDataQueries=[
                {"Id": "m", "MetricStat": {"Metric": metric, "Period": 60, "Stat": stat}}
            ],
            StartTime=self.world.now() - timedelta(hours=1),
            EndTime=self.world.now() + timedelta(minutes=1),
            ScanBy="TimestampAscending",
        )
        return list(answer["MetricDataResults"][0]["Values"])


@pytest.fixture
def local(tmp_path: Path) -> Local:
    return Local(tmp_path)


class TestMetrics:
    @pytest.mark.parametrize(
        ("stat", "expected"),
        [
            ("Average", 2.5), ("Sum", 10.0), ("Minimum", 1.0), ("Maximum", 4.0),
            ("SampleCount", 4.0), ("p50", 2.0), ("p99", 4.0), ("p100", 4.0),
        ],
    )  # fmt: skip
    def test_have_every_statistic(self, local: Local, stat: str, expected: float) -> None:
        local.measure(1, 2, 3, 4)
        assert local.read(stat) == [expected]

    def test_are_told_minute_by_minute(self, local: Local) -> None:
        local.measure(1)
        local.advance(120)
        local.measure(2, 3)
        assert local.read("Sum") == [1, 5]

    def test_of_other_dimensions_are_others(self, local: Local) -> None:
        local.measure(1, EndpointName="e", VariantName="v", EndpointConfigName="c")
        assert local.read("Sum") == []

    def test_of_ones_own_are_put_and_listed(self, local: Local) -> None:
        local.client.put_metric_data(
            Namespace="Steward",
            MetricData=[
                {"MetricName": "Aborted", "Dimensions": [{"Name": "a", "Value": "b"}], "Value": 1},
                {"MetricName": "Sizes", "Values": [1, 2], "Counts": [3, 1]},
            ],
        )
        (listed,) = local.client.list_metrics(Namespace="Steward", MetricName="Aborted")["Metrics"]
        assert listed["Dimensions"] == [{"Name": "a", "Value": "b"}]
        answer = local.client.get_metric_statistics(
            Namespace="Steward", MetricName="Sizes", Period=60, Statistics=["Sum", "SampleCount"],
            StartTime=local.world.now() - timedelta(hours=1), EndTime=local.world.now(),
        )  # fmt: skip
        (point,) = answer["Datapoints"]
        assert (point["Sum"], point["SampleCount"]) == (5, 4)

    def test_in_the_name_of_aws_are_refused(self, local: Local) -> None:
        with pytest.raises(ClientError, match="reserved") as refused:
            local.client.put_metric_data(
                Namespace="AWS/SageMaker", MetricData=[{"MetricName": "x", "Value": 1}]
            )
        assert refused.value.response["Error"]["Code"] == "InvalidParameterValue"

    def test_that_are_computed_are_refused_loudly(self, local: Local) -> None:
        with pytest.raises(ClientError, match="not covered"):
            local.client.get_metric_data(
                MetricDataQueries=[{"Id": "m", "Expression": "1 + 1"}],
                StartTime=local.world.now(), EndTime=local.world.now(),
            )  # fmt: skip


class TestAlarms:
    def test_begin_without_data(self, local: Local) -> None:
        local.alarm()
        assert local.state() == "INSUFFICIENT_DATA"

    def test_fire_at_the_end_of_the_minute_that_breaks_the_threshold(self, local: Local) -> None:
        local.alarm()
        local.measure(0, 0, 0, 1)
        local.advance(59)
        assert local.state() == "INSUFFICIENT_DATA"
        local.advance(10)
        assert local.state() == "ALARM"
        (alarm,) = local.client.describe_alarms(AlarmNamePrefix="err")["MetricAlarms"]
        assert alarm["StateReason"].startswith(
            "Threshold Crossed: 1 out of the last 1 datapoints ["
        )
        assert "0.25" in alarm["StateReason"]

    def test_are_ok_within_the_threshold(self, local: Local) -> None:
        local.alarm()
        local.measure(0, 0)
        local.advance(70)
        assert local.state() == "OK"

    def test_on_a_percentile(self, local: Local) -> None:
        local.alarm(Statistic=None, ExtendedStatistic="p99", Threshold=500)
        local.measure(*[1.0] * 98, 600, 700)
        local.advance(70)
        assert local.state() == "ALARM"

    @pytest.mark.parametrize(
        ("missing", "then"),
        [
            ("ignore", "ALARM"), ("missing", "INSUFFICIENT_DATA"),
            ("breaching", "ALARM"), ("notBreaching", "OK"),
        ],
    )  # fmt: skip
    def test_when_data_end(self, local: Local, missing: str, then: str) -> None:
        """`ignore` latches: that is what Steward's abort rests on."""
        local.alarm(TreatMissingData=missing)
        local.measure(1)
        local.advance(70)
        assert local.state() == "ALARM"
        local.advance(3600)
        assert local.state() == then

    @pytest.mark.parametrize(
        ("missing", "then"), [("ignore", "INSUFFICIENT_DATA"), ("breaching", "ALARM")]
    )
    def test_that_never_see_data(self, local: Local, missing: str, then: str) -> None:
        local.alarm(TreatMissingData=missing)
        assert local.state() == "INSUFFICIENT_DATA"
        local.advance(130)
        assert local.state() == then

    def test_that_must_see_data_fire_when_they_end(self, local: Local) -> None:
        local.alarm(TreatMissingData="breaching", EvaluationPeriods=2)
        for _ in range(3):
            local.measure(0)
            local.advance(60)
        assert local.state() == "OK"
        local.advance(60)
        assert local.state() == "OK"
        local.advance(120)
        assert local.state() == "ALARM"

    def test_go_back_when_the_next_minute_is_good(self, local: Local) -> None:
        local.alarm()
        local.measure(1)
        local.advance(70)
        local.measure(0)
        local.advance(70)
        assert local.state() == "OK"

    def test_need_as_many_periods_as_they_say(self, local: Local) -> None:
        local.alarm(EvaluationPeriods=3, DatapointsToAlarm=2)
        local.measure(1)
        local.advance(70)
        assert local.state() == "OK"
        local.measure(1)
        local.advance(60)
        assert local.state() == "ALARM"

    def test_cost_nothing_where_nothing_is_measured(self, local: Local) -> None:
        for number in range(15):
            local.alarm(AlarmName=f"quiet-{number}", TreatMissingData="notBreaching")
        assert local.advance(86400) == 0

    def test_are_evaluated_once_a_minute_however_much_is_measured(self, local: Local) -> None:
        local.alarm()
        local.measure(*[0.0] * 500)
        assert local.advance(86400) == 2

    def test_are_told_of_as_aws_tells(self, local: Local) -> None:
        local.alarm(AlarmDescription="too many")
        local.measure(1)
        local.advance(70)
        (event,) = local.events
        assert (event["source"], event["detail-type"]) == (
            "aws.cloudwatch", "CloudWatch Alarm State Change",
        )  # fmt: skip
        detail: Any = event["detail"]
        assert detail["alarmName"] == "errors"
        assert detail["previousState"]["value"] == "INSUFFICIENT_DATA"
        assert detail["state"]["value"] == "ALARM"
        assert json.loads(detail["state"]["reasonData"])["recentDatapoints"] == [1.0]
        (metric,) = detail["configuration"]["metrics"]
        assert metric["metricStat"]["metric"]["dimensions"] == FLEET

    def test_can_be_set_and_deleted(self, local: Local) -> None:
        local.alarm()
        local.client.set_alarm_state(AlarmName="errors", StateValue="ALARM", StateReason="a test")
        assert local.cloudwatch.alarm_state("errors") == "ALARM"
        local.client.delete_alarms(AlarmNames=["errors", "another"])
        assert local.cloudwatch.alarm_state("errors") is None

    def test_that_do_not_exist_cannot_be_set(self, local: Local) -> None:
        with pytest.raises(ClientError) as refused:
            local.client.set_alarm_state(AlarmName="x", StateValue="OK", StateReason="")
        assert refused.value.response["Error"]["Code"] in (
            "ResourceNotFound",
            "ResourceNotFoundException",
        )

    def test_are_listed_in_pages(self, local: Local) -> None:
        for number in range(5):
            local.alarm(AlarmName=f"a{number}")
        pages = local.client.get_paginator("describe_alarms").paginate(
            PaginationConfig={"PageSize": 2}
        )
        names = [alarm["AlarmName"] for page in pages for alarm in page["MetricAlarms"]]
        assert names == [f"a{number}" for number in range(5)]

    def test_of_computed_metrics_are_refused_loudly(self, local: Local) -> None:
        with pytest.raises(ClientError, match="not covered"):
            local.alarm(
                Namespace=None, MetricName=None, Dimensions=None, Statistic=None, Period=None,
                Metrics=[{"Id": "m", "Expression": "1"}],
            )  # fmt: skip

    def test_go_on_where_they_were_kept(self, local: Local, tmp_path: Path) -> None:
        local.alarm()
        local.measure(1)
        local.advance(70)
        other = Local(tmp_path / "other")
        other.cloudwatch.resume(local.cloudwatch.state())
        assert other.state() == "ALARM"
        assert other.read("Sum") == [1]


class TestDashboards:
    def test_are_kept_as_they_are_put(self, local: Local) -> None:
        body = '{"widgets": []}'
        local.client.put_dashboard(DashboardName="all", DashboardBody=body)
        assert local.client.get_dashboard(DashboardName="all")["DashboardBody"] == body

    @pytest.mark.parametrize("body", ["no JSON", "[]", '{"widgets": 7}'])
    def test_of_anything_else_are_refused(self, local: Local, body: str) -> None:
        with pytest.raises(ClientError, match="no widgets"):
            local.client.put_dashboard(DashboardName="all", DashboardBody=body)

    def test_that_are_not_there_are_told_as_that(self, local: Local) -> None:
        with pytest.raises(ClientError, match="does not exist"):
            local.client.get_dashboard(DashboardName="none")
