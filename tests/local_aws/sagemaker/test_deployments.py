"""Deployments: two fleets share the traffic by the policy, and an alarm gives it back."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local_aws.kernel import Measurement
from local_aws.sagemaker import installed
from local_aws.sagemaker.endpoint_configs import EndpointConfig
from local_aws.sagemaker.fleets import Fleet, Fleets
from tests.processes import comes_true

from .conftest import BUCKET, ROLE, Calls, Client, Json, Local, Put
from .serving import Shop, adder
from .test_shifting import blue_green, count, rolling

DEPLOYMENT = "SageMaker Endpoint Deployment State Change"
ALARMS: Json = {"AutoRollbackConfiguration": {"Alarms": [{"AlarmName": "errors"}]}}


@pytest.fixture
def shop(local: Local, sm: Client, put: Put, name: str) -> Shop:
    return Shop(local, sm, put, name)


@pytest.fixture
def ask(runtime: Client, name: str) -> Calls:
    def ask(body: str = "1", **more: str) -> str:
        answer = runtime.invoke_endpoint(
            EndpointName=name, Body=body, ContentType="text/csv", Accept="text/csv", **more
        )
        return str(answer["Body"].read().decode())

    return ask


@pytest.fixture
def tripped(local: Local, monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The alarms that are in ALARM."""
    names: set[str] = set()
    monkeypatch.setattr(local.world, "alarm_state", lambda name: "ALARM" if name in names else "OK")
    return names


@pytest.fixture
def measured(local: Local, monkeypatch: pytest.MonkeyPatch) -> list[Measurement]:
    """What was published, oldest first."""
    found: list[Measurement] = []
    monkeypatch.setattr(local.world, "measure", found.append)
    return found


def shares(ask: Calls, requests: int = 200, clients: int = 8) -> Counter[str]:
    """Who answers how many of so many requests of concurrent clients."""
    with ThreadPoolExecutor(clients) as pool:
        return Counter(pool.map(lambda _: ask(), range(requests)))


def begin(shop: Shop, deployment: Json) -> None:
    """Version 1 serves on four instances, and version 10 is on its way."""
    shop.instances = 4
    shop.serve(shop.config("one", adder(1)))
    shop.update(shop.config("two", adder(10)), DeploymentConfig=deployment)


def statuses(shop: Shop) -> tuple[str, str]:
    described = shop.described()
    return described["EndpointStatus"], described["EndpointConfigName"].rpartition("-")[2]


@pytest.mark.parametrize(
    ("deployment", "expected"),
    [
        (blue_green("CANARY", count(1)), [50, 200]),
        (blue_green("LINEAR", count(1)), [50, 100, 150, 200]),
        (rolling(count(2)), [100, 200]),
        (blue_green("ALL_AT_ONCE"), [200]),
    ],
    ids=["canary", "linear", "rolling", "all at once"],
)
def test_the_new_fleet_takes_its_share_at_each_stage(
    local: Local, shop: Shop, ask: Calls, deployment: Json, expected: list[int]
) -> None:
    begin(shop, deployment)
    assert shares(ask) == {"2.0": 200}
    local.advance(300)
    for share in expected:
        assert statuses(shop) == ("Updating", "one")
        found = shares(ask)
        assert (found["11.0"], found["2.0"]) == (share, 200 - share)
        local.advance(300)
    local.advance(60)
    assert statuses(shop) == ("InService", "two")
    assert shares(ask) == {"11.0": 200}


def test_no_request_is_lost_while_fleets_change(local: Local, shop: Shop, ask: Calls) -> None:
    begin(shop, blue_green("CANARY", count(1)))
    with ThreadPoolExecutor(8) as pool:
        answers = [pool.submit(ask) for _ in range(100)]
        for _ in range(12):
            local.advance(60)
            answers += [pool.submit(ask) for _ in range(50)]
        found = Counter(answer.result() for answer in answers)
    assert sum(found.values()) == 700
    assert set(found) == {"2.0", "11.0"}


class TestAnAlarm:
    def test_gives_all_traffic_back(
        self, local: Local, shop: Shop, ask: Calls, tripped: set[str]
    ) -> None:
        begin(shop, blue_green("CANARY", count(1)) | ALARMS)
        local.advance(360)
        tripped.add("errors")
        local.advance(30)
        assert statuses(shop) == ("RollingBack", "one")
        assert shares(ask) == {"2.0": 200}
        local.advance(60)
        described = shop.described()
        assert statuses(shop) == ("InService", "one")
        assert "errors" in described["FailureReason"]
        assert "PendingDeploymentSummary" not in described

    def test_counts_also_while_the_old_fleet_waits_for_its_end(
        self, local: Local, shop: Shop, tripped: set[str]
    ) -> None:
        begin(shop, blue_green("CANARY", count(1)) | ALARMS)
        local.advance(620)
        tripped.add("errors")
        local.advance(100)
        assert statuses(shop) == ("InService", "one")

    def test_that_is_not_named_changes_nothing(
        self, local: Local, shop: Shop, tripped: set[str]
    ) -> None:
        tripped.add("errors")
        begin(shop, blue_green("CANARY", count(1)))
        local.advance(700)
        assert statuses(shop) == ("InService", "two")

    def test_before_traffic_is_shifted_is_not_looked_at(
        self, local: Local, shop: Shop, tripped: set[str]
    ) -> None:
        begin(shop, blue_green("CANARY", count(1)) | ALARMS)
        tripped.add("errors")
        local.advance(290)
        assert statuses(shop) == ("Updating", "one")


def test_a_deployment_that_takes_too_long_is_rolled_back(local: Local, shop: Shop) -> None:
    """At once, in the middle of a bake: the fleet took five minutes, and the waits ten more."""
    deployment = blue_green("CANARY", count(1), wait=570, last=20)
    deployment["BlueGreenUpdatePolicy"]["MaximumExecutionTimeoutInSeconds"] = 600
    begin(shop, deployment)
    local.advance(595)
    assert statuses(shop) == ("Updating", "one")
    local.advance(10)
    assert statuses(shop) == ("RollingBack", "one")
    local.advance(60)
    assert statuses(shop) == ("InService", "one")
    assert "timeout" in shop.described()["FailureReason"]


class TestAForcedStatus:
    """`/_local/endpoint` ends whatever is under way; what was to come does not come any more."""

    @pytest.mark.parametrize("seconds", [10, 310], ids=["creating", "baking"])
    def test_ends_an_update(self, local: Local, shop: Shop, ask: Calls, seconds: float) -> None:
        begin(shop, blue_green("CANARY", count(1)))
        local.advance(seconds)
        installed().force(shop.name, "UpdateRollbackFailed")
        assert "PendingDeploymentSummary" not in shop.described()
        local.advance(1000)
        assert statuses(shop) == ("UpdateRollbackFailed", "one")
        assert ask() == "2.0"

    def test_leaves_nothing_to_the_next_update(self, local: Local, shop: Shop) -> None:
        begin(shop, blue_green("CANARY", count(1), wait=600))
        local.advance(310)
        installed().force(shop.name, "UpdateRollbackFailed")
        shop.update(shop.config("three", adder(100)), DeploymentConfig=blue_green("ALL_AT_ONCE"))
        local.advance(590)
        assert statuses(shop) == ("Updating", "one")
        local.advance(80)
        assert statuses(shop) == ("InService", "three")

    def test_ends_a_creation(self, local: Local, shop: Shop) -> None:
        shop.create(shop.config("one", adder(1)))
        installed().force(shop.name, "Failed")
        local.advance(180)
        assert statuses(shop) == ("Failed", "one")

    def test_ends_an_update_whose_fleet_is_waited_for(
        self, local: Local, shop: Shop, ask: Calls, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A clock that goes at its own pace gets there before the fleet stands."""
        stands, start = threading.Event(), Fleets.start

        def slow(fleets: Fleets, name: str, config: EndpointConfig) -> Fleet:
            stands.wait(20)
            return start(fleets, name, config)

        shop.serve(shop.config("one", adder(1)))
        monkeypatch.setattr(Fleets, "start", slow)
        shop.update(shop.config("two", adder(10)))
        due = local.world.next_due()
        assert due is not None
        with ThreadPoolExecutor(1) as pool:
            waits = pool.submit(local.world.fire_next, due.at)
            assert comes_true(lambda: due not in local.world.agenda())
            installed().force(shop.name, "UpdateRollbackFailed")
            stands.set()
            waits.result()
        local.settle()
        assert statuses(shop) == ("UpdateRollbackFailed", "one")
        assert ask() == "2.0"

    def test_out_of_service_answers_nobody(self, shop: Shop, ask: Calls) -> None:
        shop.serve(shop.config("one", adder(1)))
        installed().force(shop.name, "OutOfService")
        with pytest.raises(ClientError, match="not in service"):
            ask()


def test_a_deployment_tells_how_far_it_is(local: Local, shop: Shop) -> None:
    begin(shop, blue_green("CANARY", count(1)))
    local.advance(310)
    pending = shop.described()["PendingDeploymentSummary"]
    (variant,) = pending["ProductionVariants"]
    (status,) = variant["VariantStatus"]
    assert pending["EndpointConfigName"].endswith("-two")
    assert (status["Status"], variant["CurrentInstanceCount"]) == ("Baking", 4)
    assert (local.world.now() - status["StartTime"]).total_seconds() == pytest.approx(10, abs=2)
    told = [
        event["PendingDeploymentSummary"]["ProductionVariants"][0]["VariantStatus"][0]["Status"]
        for event in local.announced(DEPLOYMENT, shop.described()["EndpointArn"])
    ]
    assert told == ["Creating", "ActivatingTraffic", "Baking"]


class TestMetrics:
    def test_name_the_fleet_that_answered(
        self, shop: Shop, ask: Calls, measured: list[Measurement]
    ) -> None:
        shop.serve(shop.config("one", adder(1)))
        ask()
        of_fleet = {"EndpointName": shop.name, "VariantName": "AllTraffic"}
        with_config = of_fleet | {"EndpointConfigName": f"{shop.name}-one"}
        found = {(one.name, len(one.dimensions)): one for one in measured}
        assert found["Invocations", 2].dimensions == of_fleet
        assert found["Invocations", 3].dimensions == with_config
        assert found["InvocationModelErrors", 3].value == 0
        assert found["InvocationsPerInstance", 2].value == 0.5
        assert 0 < found["ModelLatency", 3].value < 60e6
        assert found["ModelLatency", 3].unit == "Microseconds"

    def test_count_what_the_model_failed(
        self, shop: Shop, ask: Calls, measured: list[Measurement]
    ) -> None:
        shop.serve(shop.config("one", adder(1)))
        with pytest.raises(ClientError):
            ask("-1")
        found = {one.name: one.value for one in measured if len(one.dimensions) == 3}
        assert found["InvocationModelErrors"] == found["Invocation5XXErrors"] == 1
        assert (found["Invocation4XXErrors"], found["Invocations"]) == (0, 1)
        assert "ModelLatency" not in found


class TestRefusals:
    def update(self, shop: Shop, **more: Any) -> str:
        with pytest.raises(ClientError) as refused:
            shop.update(f"{shop.name}-two", **more)
        return str(refused.value.response["Error"]["Code"])

    @pytest.fixture
    def two(self, shop: Shop) -> Shop:
        shop.instances = 4
        shop.serve(shop.config("one", adder(1)))
        shop.config("two", adder(2))
        return shop

    def test_a_policy_out_of_bounds(self, two: Shop) -> None:
        policy = blue_green("CANARY", count(3))
        assert self.update(two, DeploymentConfig=policy) == "ValidationException"

    @pytest.mark.parametrize("status", ["SystemUpdating", "RollingBack", "Failed", "OutOfService"])
    def test_an_endpoint_that_cannot_be_updated_now(self, two: Shop, status: str) -> None:
        installed().force(two.name, status)
        assert two.described()["EndpointStatus"] == status
        assert self.update(two) == "ValidationException"

    def test_none_after_a_failed_rollback(self, two: Shop) -> None:
        installed().force(two.name, "UpdateRollbackFailed")
        two.update(f"{two.name}-two")
        assert two.described()["EndpointStatus"] == "Updating"

    def test_more_instances_than_the_account_may_have(self, two: Shop) -> None:
        installed().limit(5)
        try:
            assert self.update(two) == "ResourceLimitExceeded"
        finally:
            installed().limit(100_000)

    def test_another_type_of_what_is_scaled(
        self, local: Local, two: Shop, sm: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(local.world, "scalable", lambda *_: True)
        other = {
            "VariantName": "AllTraffic", "ModelName": f"{two.name}-two",
            "InstanceType": "ml.c5.large", "InitialInstanceCount": 4,
        }  # fmt: skip
        sm.create_endpoint_config(EndpointConfigName=f"{two.name}-c5", ProductionVariants=[other])
        with pytest.raises(ClientError, match="autoscaling"):
            two.update(f"{two.name}-c5")
        two.update(f"{two.name}-two")


def test_sizes_and_weights_change_in_place(local: Local, shop: Shop, sm: Client) -> None:
    shop.serve(shop.config("one", adder(1)))
    sm.update_endpoint_weights_and_capacities(
        EndpointName=shop.name,
        DesiredWeightsAndCapacities=[{"VariantName": "AllTraffic", "DesiredInstanceCount": 7}],
    )
    assert shop.described()["EndpointStatus"] == "Updating"
    local.advance(60)
    described = shop.described()
    assert described["EndpointStatus"] == "InService"
    assert described["ProductionVariants"][0]["DesiredInstanceCount"] == 7


class TestServerless:
    @pytest.fixture
    def serverless(self, shop: Shop, sm: Client) -> Shop:
        for label in ("one", "two"):
            model = shop.model(label, adder(len(label)))
            size = {"MemorySizeInMB": 2048, "MaxConcurrency": 2}
            variant = {"VariantName": "AllTraffic", "ModelName": model, "ServerlessConfig": size}
            sm.create_endpoint_config(EndpointConfigName=model, ProductionVariants=[variant])
        shop.serve(f"{shop.name}-one")
        return shop

    def test_serves_and_changes_at_once(self, local: Local, serverless: Shop, ask: Calls) -> None:
        (variant,) = serverless.described()["ProductionVariants"]
        assert variant["CurrentServerlessConfig"]["MemorySizeInMB"] == 2048
        assert "CurrentInstanceCount" not in variant
        assert ask() == "4.0"
        serverless.update(f"{serverless.name}-two")
        local.advance(300)
        assert statuses(serverless) == ("InService", "two")

    def test_has_no_guardrails(self, serverless: Shop) -> None:
        with pytest.raises(ClientError, match="no deployment guardrails"):
            serverless.update(
                f"{serverless.name}-two", DeploymentConfig=blue_green("ALL_AT_ONCE", wait=0)
            )

    def test_captures_nothing(self, shop: Shop, sm: Client) -> None:
        size = {"MemorySizeInMB": 2048, "MaxConcurrency": 2}
        model = shop.model("one", adder(1))
        variant = {"VariantName": "AllTraffic", "ModelName": model, "ServerlessConfig": size}
        with pytest.raises(ClientError, match="DataCaptureConfig is not supported"):
            sm.create_endpoint_config(
                EndpointConfigName=model,
                ProductionVariants=[variant],
                DataCaptureConfig={
                    "InitialSamplingPercentage": 100,
                    "DestinationS3Uri": f"s3://{BUCKET}/x",
                    "CaptureOptions": [{"CaptureMode": "Input"}],
                },
            )


class TestAsynchronous:
    @pytest.fixture
    def later(self, shop: Shop, name: str) -> Shop:
        output = {"OutputConfig": {"S3OutputPath": f"s3://{BUCKET}/{name}/out"}}
        shop.serve(shop.config("one", adder(1), AsyncInferenceConfig=output))
        return shop

    def asked(self, runtime: Client, name: str, source: str) -> Json:
        answer: Json = runtime.invoke_endpoint_async(
            EndpointName=name, InputLocation=source, ContentType="text/csv", Accept="text/csv"
        )
        return answer

    def test_answers_in_s3(
        self, local: Local, later: Shop, runtime: Client, put: Put, get: Calls
    ) -> None:
        answer = self.asked(runtime, later.name, put("in.csv", "1\n2"))
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == 202
        local.settle()
        assert get(answer["OutputLocation"]) == b"2.0\n3.0"

    def test_failures_are_told_in_s3_too(
        self, local: Local, later: Shop, runtime: Client, put: Put, get: Calls
    ) -> None:
        answer = self.asked(runtime, later.name, put("in.csv", "-1"))
        missing = self.asked(runtime, later.name, f"s3://{BUCKET}/{later.name}/nothing")
        local.settle()
        assert b"negative" in get(answer["FailureLocation"])
        assert b"could not be read" in get(missing["FailureLocation"])

    def test_each_way_of_asking_has_its_endpoints(
        self, later: Shop, runtime: Client, ask: Calls
    ) -> None:
        assert later.described()["EndpointStatus"] == "InService"
        with pytest.raises(ClientError, match="not found"):
            self.asked(runtime, "nothing", "s3://bucket/key")
        with pytest.raises(ClientError, match="InvokeEndpointAsync"):
            ask()


def test_the_execution_role_watches_the_alarms(
    local: Local, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, str, str]] = []

    def permitted(principal: str, action: str, resource: str, *_: object) -> bool:
        asked.append((principal, action, resource))
        return action != "cloudwatch:DescribeAlarms"

    shop.instances = 4
    shop.serve(shop.config("one", adder(1)))
    two = shop.config("two", adder(2))
    monkeypatch.setattr(local.world, "permitted", permitted)
    with pytest.raises(ClientError, match="not authorized to perform cloudwatch:DescribeAlarms"):
        shop.update(two, DeploymentConfig=blue_green("CANARY", count(1)) | ALARMS)
    assert asked[0][0] == ROLE
    assert asked[0][2].endswith(":alarm:errors")
