"""What Steward made goes, in the right order and only after asking; what looks alike stays."""

from typing import Any

import boto3
import pytest

from cli import destroy
from cli.local import target
from cli.publish import publish
from cli.target import Refused, Target
from local_aws.client import LocalAws
from tests.cli.conftest import Steward

OURS, ALIKE = "steward-mortgage-v1-0123abcd", "steward-mortgage-v2-v1-0123abcd"
BY_HAND = "steward-mortgage-v1-by-hand"
ROLE = "arn:aws:iam::123456789012:role/steward-execution-eu-west-1"
IMAGE = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/sagemaker-scikit-learn:1"


@pytest.fixture
def sagemaker(alone: LocalAws) -> Any:
    client = boto3.client("sagemaker")
    listed = client.list_models()["Models"]
    if not listed:
        furnish(client)
    return client


def furnish(client: Any) -> None:
    """A version that serves, and beside it what is not ours."""
    client.create_model_package_group(ModelPackageGroupName="steward-mortgage-v2")
    for group in ("steward-mortgage", "steward-mortgage-v2"):
        register(client, group)
    for name in (OURS, ALIKE, BY_HAND):
        make_servable(client, name)
    for endpoint, config in (("steward-mortgage", OURS), ("steward-mortgage-v2", ALIKE)):
        client.create_endpoint(EndpointName=endpoint, EndpointConfigName=config)


def register(client: Any, group: str) -> None:
    client.create_model_package(
        ModelPackageGroupName=group,
        InferenceSpecification={
            "Containers": [{"Image": IMAGE}],
            "SupportedContentTypes": ["text/csv"],
            "SupportedResponseMIMETypes": ["text/csv"],
        },
    )


def make_servable(client: Any, name: str) -> None:
    client.create_model(ModelName=name, PrimaryContainer={"Image": IMAGE}, ExecutionRoleArn=ROLE)
    variant = {
        "VariantName": "AllTraffic",
        "ModelName": name,
        "InitialInstanceCount": 1,
        "InstanceType": "ml.m7i.large",
    }
    client.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant])


def there(client: Any) -> dict[str, set[str]]:
    """Everything on SageMaker, by kind."""
    return {
        "endpoints": {one["EndpointName"] for one in client.list_endpoints()["Endpoints"]},
        "configs": {
            one["EndpointConfigName"] for one in client.list_endpoint_configs()["EndpointConfigs"]
        },
        "models": {one["ModelName"] for one in client.list_models()["Models"]},
        "pipelines": {one["PipelineName"] for one in client.list_pipelines()["PipelineSummaries"]},
        "groups": {
            one["ModelPackageGroupName"]
            for one in client.list_model_package_groups()["ModelPackageGroupSummaryList"]
        },
    }


def test_a_dry_run_tells_and_removes_nothing(sagemaker: Any, steward: Steward) -> None:
    before = there(sagemaker)
    ran = steward("destroy", "--dry-run")
    assert ran.code == 0
    assert f"delete endpoint config {OURS}" in ran.out
    assert "delete version 1 of steward-mortgage" in ran.out
    assert there(sagemaker) == before


def test_what_is_ours_goes_and_what_looks_alike_stays(
    alone: LocalAws, sagemaker: Any, steward: Steward
) -> None:
    alone.advance(600)  # the endpoints are made by then, or have failed
    ran = steward("destroy")
    assert (ran.code, ran.out.splitlines()[-1]) == (0, "6 things deleted")
    assert "`sam delete` removes the stack" in ran.err
    at_once = steward("destroy")  # SageMaker is deleting the endpoint still
    assert (at_once.code, at_once.out) == (0, "there is nothing of mortgage\n")
    alone.advance(600)
    assert there(sagemaker) == {
        "endpoints": {"steward-mortgage-v2"},
        "configs": {ALIKE, BY_HAND},
        "models": {ALIKE, BY_HAND},
        "pipelines": set(),
        "groups": {"steward-mortgage-v2"},
    }
    again = steward("destroy")
    assert (again.code, again.out) == (0, "there is nothing of mortgage\n")


def test_a_second_run_goes_on_where_one_was_stopped(
    alone: LocalAws, sagemaker: Any, steward: Steward
) -> None:
    alone.advance(600)
    steward("destroy")
    alone.advance(600)
    publish(target(alone), dry_run=False)
    register(sagemaker, "steward-mortgage")
    make_servable(sagemaker, OURS)
    sagemaker.create_endpoint(EndpointName="steward-mortgage", EndpointConfigName=OURS)
    alone.advance(600)
    everything = list(destroy.removals(target(alone), ["mortgage"]))
    for stopped_after in range(1, len(everything)):
        left = list(destroy.removals(target(alone), ["mortgage"]))
        assert [one.what for one in left] == [one.what for one in everything[stopped_after - 1 :]]
        left[0].make()
    assert steward("destroy").out.splitlines()[-1] == "1 things deleted"
    alone.advance(600)
    assert steward("destroy").out == "there is nothing of mortgage\n"


def be_watched(client: Any) -> None:
    """Model Monitor looks at the endpoint, by a schedule as Steward names it."""
    place = {"LocalPath": "/opt/ml/processing/output", "S3Uri": "s3://artifacts/monitoring"}
    cluster = {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 30}
    watched = {"EndpointName": "steward-mortgage", "LocalPath": "/opt/ml/processing/input"}
    client.create_data_quality_job_definition(
        JobDefinitionName="steward-mortgage-v1-dq-0123abcd",
        DataQualityAppSpecification={
            "ImageUri": "468650794304.dkr.ecr.eu-west-1.amazonaws.com/"
            "sagemaker-model-monitor-analyzer"
        },
        DataQualityJobInput={"EndpointInput": watched},
        DataQualityJobOutputConfig={"MonitoringOutputs": [{"S3Output": place}]},
        JobResources={"ClusterConfig": cluster},
        RoleArn=ROLE,
    )
    client.create_monitoring_schedule(
        MonitoringScheduleName="steward-mortgage-data-quality",
        MonitoringScheduleConfig={
            "ScheduleConfig": {"ScheduleExpression": "cron(0 * ? * * *)"},
            "MonitoringJobDefinitionName": "steward-mortgage-v1-dq-0123abcd",
            "MonitoringType": "DataQuality",
        },
    )


def test_schedules_of_model_monitor_go_before_their_endpoint(
    alone: LocalAws, sagemaker: Any, steward: Steward
) -> None:
    if "steward-mortgage" not in there(sagemaker)["endpoints"]:
        make_servable(sagemaker, OURS)
        sagemaker.create_endpoint(EndpointName="steward-mortgage", EndpointConfigName=OURS)
    alone.advance(600)
    be_watched(sagemaker)
    alone.advance(120)
    ran = steward("destroy")
    assert ran.code == 0
    assert [line.split(",")[0] for line in ran.out.splitlines()[:3]] == [
        "delete monitoring schedule steward-mortgage-data-quality",
        "delete job definition steward-mortgage-v1-dq-0123abcd",
        "delete endpoint steward-mortgage",
    ]
    alone.advance(600)
    assert steward("destroy").out == "there is nothing of mortgage\n"


ELSEWHERE = Target("steward", "111122223333", "eu-west-1", "https://sagemaker.amazonaws.com")


@pytest.mark.parametrize("said", ["", "y", "stewards"])
def test_on_a_real_account_it_wants_the_prefix(monkeypatch: pytest.MonkeyPatch, said: str) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", lambda _: said)
    with pytest.raises(Refused, match="Nothing was deleted"):
        destroy.confirm(ELSEWHERE, 3, yes=False)


def test_on_a_real_account_it_goes_on_with_the_prefix(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", lambda _: " steward ")
    destroy.confirm(ELSEWHERE, 3, yes=False)


def test_without_a_terminal_it_wants_to_be_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
    with pytest.raises(Refused, match="add --yes"):
        destroy.confirm(ELSEWHERE, 3, yes=False)
