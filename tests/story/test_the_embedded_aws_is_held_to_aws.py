"""What the embedded AWS answers and sends is what AWS documents, for everything Steward used."""

import json
from pathlib import Path

import pytest

from benchmarks.cold import CLIENTS
from tests.story.conftest import Played

EVENTS = Path(__file__).parent.parent.parent / "events"

# Documented examples by detail-type, and what the documentation calls optional in each.
EXAMPLES = {
    "Object Created": "training-upload.json",
    "SageMaker Model Building Pipeline Execution Status Change": "training-run-succeeded.json",
    "SageMaker Model Package State Change": "approval-version-approved.json",
    "SageMaker Endpoint State Change": "rollout-endpoint-in-service.json",
    "SageMaker Endpoint Deployment State Change": "rollout-endpoint-updating.json",
}
OPTIONAL = {
    "detail.bucket.aws-generated-tags",
    "detail.source-ip-address",
    "detail.UpdatedModelPackageFields",
    "detail.ModelLifeCycle",
    "detail.CustomerMetadataProperties",
    "detail.ApprovalDescription",
    "detail.executionEndTime",
    "detail.pipelineExecutionDescription",
    "detail.previousPipelineExecutionStatus",
    "detail.PendingDeploymentSummary",
    "detail.InferenceSpecification",
    "detail.ModelMetrics",
    "detail.MetadataProperties",
}


def test_every_answer_has_the_shape_that_botocore_describes(played: Played) -> None:
    assert played.stage.local.faults() == []


def test_the_functions_were_heard_on_every_service_they_use(played: Played) -> None:
    calls = played.stage.local.calls()
    services = {name.partition(":")[0] for name, call in calls.items() if call["functions"]}
    assert services >= {"dynamodb", "s3", "sagemaker", "sns", "sqs"}


def test_functions_use_the_clients_that_the_benchmark_measures(played: Played) -> None:
    calls = played.stage.local.calls()
    heard = {
        (function.removeprefix("steward-"), name.partition(":")[0])
        for name, call in calls.items()
        if isinstance(call["functions"], list)
        for function in call["functions"]
        if function.startswith("steward-")
    }
    measured = {(concern, client) for concern, clients in CLIENTS.items() for client in clients}
    assert heard
    assert heard <= measured


@pytest.mark.parametrize("kind", EXAMPLES)
def test_events_have_the_documented_fields(played: Played, kind: str) -> None:
    example = paths(json.loads((EVENTS / EXAMPLES[kind]).read_text()))
    sent = [
        entry["event"]
        for entry in played.stage.local.events()
        if isinstance(entry["event"], dict) and entry["event"]["detail-type"] == kind
    ]
    assert sent, f"no {kind} was sent"
    for event in sent:
        found = paths(event)
        assert found - example - OPTIONAL == set()
        assert example - found - OPTIONAL == set()


def paths(value: object, prefix: str = "") -> set[str]:
    """The path of each member; below an optional one only its own."""
    if prefix in OPTIONAL:
        return {prefix}
    if isinstance(value, list):
        return set().union(*(paths(item, prefix) for item in value)) if value else {prefix}
    if not isinstance(value, dict):
        return {prefix}
    return set().union(
        *(paths(item, f"{prefix}.{name}" if prefix else name) for name, item in value.items())
    ) or {prefix}


# Events that no rule of Steward's asks for. What a job was asked for differs from job to job, so
# only the members of `detail` are compared; these come and go with a job's fate and request.
OTHERS = {
    "CloudWatch Alarm State Change": "alarm.json",
    "SageMaker Model Building Pipeline Execution Step Status Change": "step.json",
    "SageMaker Processing Job State Change": "processing.json",
    "SageMaker Training Job State Change": "training.json",
}
PASSING = {
    "metadata",
    "previousStepStatus",
    "stepEndTime",
    "failureReason",
    "FailureReason",
    "NetworkConfig",
    "ModelArtifacts",
    "ProcessingStartTime",
    "ProcessingEndTime",
    "TrainingStartTime",
    "TrainingEndTime",
}


@pytest.mark.parametrize("kind", OTHERS)
def test_events_that_nobody_asked_for_are_as_documented_too(played: Played, kind: str) -> None:
    documented = Path(__file__).parent / "documented" / OTHERS[kind]
    example = set(json.loads(documented.read_text())["detail"])
    sent = [
        entry["event"]["detail"]
        for entry in played.stage.local.events()
        if isinstance(entry["event"], dict) and entry["event"]["detail-type"] == kind
    ]
    assert sent, f"no {kind} was sent"
    for detail in sent:
        assert set(detail) ^ example <= PASSING


def test_every_kind_of_event_that_was_sent_is_compared(played: Played) -> None:
    kinds = {
        str(entry["event"]["detail-type"])
        for entry in played.stage.local.events()
        if isinstance(entry["event"], dict)
    }
    # Scheduled events are EventBridge's own; objects are deleted only by the tests.
    assert kinds - {"Scheduled Event", "Object Deleted"} == {*EXAMPLES, *OTHERS}
