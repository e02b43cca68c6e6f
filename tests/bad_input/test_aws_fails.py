"""AWS throttles, times out or denies: the queue delivers again, and nothing reads as absence."""

import re

import pytest

from cli.demo import acts
from cli.demo.stage import MODEL
from tests.bad_input.house import CONCERNS, House, Json
from tests.bad_input.told import FAILED, LOST, REPORTS, Told

# What each function does at AWS; it was denied all of it.
CALLS = {
    "training": """dynamodb:BatchGetItem dynamodb:GetItem dynamodb:Query
        dynamodb:TransactWriteItems s3:GetObject
        s3:ListObjectVersions s3:PutObject sagemaker:DescribeEndpoint
        sagemaker:DescribePipeline sagemaker:DescribePipelineDefinitionForExecution
        sagemaker:DescribePipelineExecution sagemaker:ListEndpoints
        sagemaker:ListPipelineExecutionSteps sagemaker:ListPipelineExecutions
        sagemaker:StartPipelineExecution sns:Publish""",
    "approval": """dynamodb:BatchGetItem dynamodb:GetItem dynamodb:Query
        dynamodb:TransactWriteItems s3:GetObject
        s3:HeadObject s3:PutObject sagemaker:DescribeEndpoint sagemaker:DescribeModelPackage
        sagemaker:DescribePipelineExecution sagemaker:ListEndpoints
        sagemaker:ListModelPackages sagemaker:ListPipelineExecutionSteps sns:Publish
        sqs:SendMessage""",
    "rollout": """application-autoscaling:PutScalingPolicy
        application-autoscaling:RegisterScalableTarget dynamodb:GetItem dynamodb:Query
        dynamodb:TransactWriteItems s3:HeadObject
        sagemaker:CreateEndpoint sagemaker:CreateEndpointConfig sagemaker:CreateModel
        sagemaker:DescribeEndpoint sagemaker:DescribeEndpointConfig sagemaker:DescribeModel
        sagemaker:DescribeModelPackage sagemaker:ListEndpointConfigs sagemaker:ListEndpoints
        sagemaker:ListModelPackages sns:Publish""",
    "drift": """dynamodb:BatchGetItem dynamodb:GetItem dynamodb:Query
        dynamodb:TransactWriteItems s3:GetObject
        s3:HeadObject s3:ListObjectsV2 s3:PutObject sagemaker:CreateProcessingJob
        sagemaker:DescribeEndpoint sagemaker:ListEndpoints sagemaker:ListProcessingJobs
        sns:Publish sqs:SendMessage""",
    "sweep": """dynamodb:Query dynamodb:TransactWriteItems kms:Sign s3:GetObject s3:PutObject
        sqs:SendMessage""",
}
ARTIFACTS = "s3://steward-artifacts-123456789012-eu-west-1"
# The others need outcomes, which are known a day later.
WATCHED = ("data_quality", "prediction_drift")
# Everything that was decided in the story by which something was done, or is waited for.
DECIDED = {
    ("training", "run 1", "wait"),
    ("training", "run 1", "start"),
    ("training", "run 1", "started"),
    ("training", "run 1", "finish"),
    ("training", "run 2", "wait"),
    ("training", "run 2", "start"),
    ("training", "run 2", "started"),
    ("training", "run 2", "finish"),
    ("training", "run 3", "start"),
    ("training", "run 3", "started"),
    ("training", "run 3", "wait"),
    ("training", "run 3", "finish"),
    *(
        ("drift", f"{ARTIFACTS}/{key}", verdict)
        for key, verdict in zip(REPORTS, ("hold", "hold", "retrain"), strict=True)
    ),
    *(("drift", f"{kind} of version 1", "watch") for kind in WATCHED),
    # Of the hour in which twenty requests were captured: too few to judge by.
    *(("drift", f"{ARTIFACTS}/monitoring/{MODEL}/v1/{kind}/*", "hold") for kind in WATCHED),
    ("approval", "version 1", "passed"),
    ("approval", "version 1", "approved"),
    ("approval", "version 2", "passed"),
    ("rollout", "version 1", "start"),
    ("rollout", "rollout 1", "wait"),
    ("rollout", "rollout 1", "finish"),
}


def now(subject: str) -> str:
    """A report's place without the hour in which the story was told."""
    hours = re.sub(r"(?<=/)20\d\d/\d\d/\d\d/\d\d/constraint_violations.json", "*", subject)
    return subject if "/2026/01/01/" in subject else hours


class TestDenied:
    @pytest.mark.parametrize("concern", CALLS)
    def test_is_every_call_of_a_function(self, told: Told, concern: str) -> None:
        name, calls = f"steward-{concern}", set(CALLS[concern].split())
        assert {call for function, call in told.called if function == name} == calls
        assert {call for function, call in told.denied if function == name} == calls

    @pytest.mark.parametrize("concern", CONCERNS)
    def test_brings_the_message_back_each_time(self, told: Told, concern: str) -> None:
        refusals = [call for function, call in told.denied if function == f"steward-{concern}"]
        assert len(refusals) > 5
        assert told.came_back[concern] == len(refusals)

    def test_is_never_read_as_absence(self, house: House, told: Told) -> None:
        """A refusal that was read as "nothing there" would have left a decision that says so."""
        found = {
            (str(one["concern"]), now(str(one["subject"])), str(one["verdict"]))
            for one in told.decided
            if not str(one["subject"]).startswith(house.prefix)
        }
        assert found - {("rollout", "endpoint", "nothing")} == DECIDED

    def test_changes_nothing_about_how_it_ends(self, house: House, told: Told) -> None:
        assert acts.serving(house.stage) == 1
        assert told.dead == {concern: {} for concern in CONCERNS}
        assert house.local.faults() == []


class TestLost:
    """What was carried out and not answered is not done twice."""

    def test_is_each_kind_of_change(self, house: House) -> None:
        done = house.local.misbehaviours()["done"]
        lost = {(one["function"], one["call"]) for one in done if one["kind"] == "timeout"}
        assert {(f"steward-{concern}", call) for concern, call in LOST} <= lost

    def test_run_version_and_endpoint_are_there_once(self, house: House) -> None:
        sagemaker = house.stage.aws.sagemaker
        assert [name for name, _ in house.runs()][:2] == [
            "steward-mortgage-run-1",
            "steward-mortgage-run-2",
        ]
        assert len(sagemaker.list_models()["Models"]) == 1
        assert len(sagemaker.list_endpoint_configs()["EndpointConfigs"]) == 1


# How often the SDK tries by itself.
ATTEMPTS = {"dynamodb": 4}


@pytest.mark.parametrize(
    ("kind", "concern", "call"),
    [
        ("throttle", "training", "dynamodb:Query"),
        ("throttle", "approval", "sagemaker:ListModelPackages"),
        ("throttle", "rollout", "sagemaker:ListModelPackages"),
        ("error", "approval", "dynamodb:Query"),
        ("timeout", "rollout", "sagemaker:DescribeEndpoint"),
        ("timeout", "training", "dynamodb:GetItem"),
    ],
)
def test_what_outlasts_the_sdks_own_retries_is_delivered_again(
    house: House, kind: str, concern: str, call: str
) -> None:
    before, attempts = house.record(), ATTEMPTS.get(call.partition(":")[0], 3)
    house.local.misbehave(kind, call, function=f"steward-{concern}", times=attempts)
    (message,) = house.deliver(concern, {"look_at": "mortgage"})
    house.local.settle()
    assert house.local.misbehaviours()["left"] == []
    assert house.log(concern, message).count(FAILED) == 1
    assert house.waiting(concern) == 0
    assert house.dead_letters(concern) == {}
    assert house.record() == before


def test_what_is_denied_for_good_becomes_a_dead_letter_and_nothing_else(house: House) -> None:
    """Each function is refused its first read for as long as its queue tries."""
    before, sent = house.record(), {}
    for concern in CONCERNS:
        call = "dynamodb:Query" if concern == "approval" else "dynamodb:GetItem"
        house.local.misbehave("denied", call, function=f"steward-{concern}", times=5)
        (sent[concern],) = house.deliver(concern, message_for(house, concern))
    house.local.settle()
    assert house.local.misbehaviours()["left"] == []
    for concern, message in sent.items():
        assert list(house.dead_letters(concern)) == [message]
        assert house.log(concern, message) == [FAILED] * 5
    assert house.record() == before


def message_for(house: House, concern: str) -> Json:
    """Something to do."""
    if concern != "drift":
        return {"look_at": MODEL}
    window = {"start": "2026-01-01T00:00:00Z", "end": "2026-01-01T01:00:00Z"}
    detail = {"model": MODEL, "version": 1, "window": window, "rows": 100, "violations": []}
    return house.event("steward.drift", "Drift Report", detail)
