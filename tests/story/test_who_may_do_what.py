"""Every call runs under its own role, and nothing in any policy could be left out.

The demo and what it leaves out are played; then the recorded calls are decided again, each time
without one action, resource or service that a statement names. Without each, a call that must be
possible is refused, or one that must not be is allowed.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import boto3
import pytest

from cli.demo.stage import Stage
from local_aws.authorization.policy import (
    Call,
    Policies,
    Statement,
    in_the_name_of,
    statements_of,
)
from tests.architecture.source import CONCERNS
from tests.architecture.test_template import QUEUES, template
from tests.privilege import needless
from tests.story import deeds
from tests.story.attempts import ANYTHING
from tests.story.conftest import Played

# Part of a policy by why no call of these tests needs it: AWS itself does what it is for, or
# another test, which is named.
UNSEEN = {
    "the demo's model is watched by Steward: tests/steward/functions/test_model_monitor_may.py": """
        drift#FindMonitorJobs sagemaker:ListDataQualityJobDefinitions
        drift#FindMonitorJobs sagemaker:ListModelBiasJobDefinitions
        drift#FindMonitorJobs sagemaker:ListModelExplainabilityJobDefinitions
        drift#FindMonitorJobs sagemaker:ListModelQualityJobDefinitions
        drift#FindMonitorJobs sagemaker:ListMonitoringExecutions
        drift#FindMonitorJobs sagemaker:ListMonitoringSchedules
        drift#KeepSchedules data-quality-job-definition/*
        drift#KeepSchedules model-bias-job-definition/*
        drift#KeepSchedules model-explainability-job-definition/*
        drift#KeepSchedules model-quality-job-definition/*
        drift#KeepSchedules monitoring-schedule/*
        drift#KeepSchedules sagemaker:CreateDataQualityJobDefinition
        drift#KeepSchedules sagemaker:CreateModelBiasJobDefinition
        drift#KeepSchedules sagemaker:CreateModelExplainabilityJobDefinition
        drift#KeepSchedules sagemaker:CreateModelQualityJobDefinition
        drift#KeepSchedules sagemaker:CreateMonitoringSchedule
        drift#KeepSchedules sagemaker:DeleteDataQualityJobDefinition
        drift#KeepSchedules sagemaker:DeleteModelBiasJobDefinition
        drift#KeepSchedules sagemaker:DeleteModelExplainabilityJobDefinition
        drift#KeepSchedules sagemaker:DeleteModelQualityJobDefinition
        drift#KeepSchedules sagemaker:DeleteMonitoringSchedule
        drift#KeepSchedules sagemaker:DescribeMonitoringSchedule
        drift#KeepSchedules sagemaker:UpdateMonitoringSchedule
        drift#PlanMonitors artifacts/monitoring/*/config-*.json
        drift#SeeExecutions processing-job/*
        drift#SeeExecutions sagemaker:DescribeProcessingJob
        rollout#FindEndpoint sagemaker:ListMonitoringSchedules
        rollout#RetireSchedules monitoring-schedule/*
        rollout#RetireSchedules sagemaker:DeleteMonitoringSchedule
        rollout#RetireSchedules sagemaker:DescribeMonitoringSchedule""",
    "Clarify asks a fleet of its own, and Model Monitor has images of its own; neither is here": """
        execution#ExplainInProduction endpoint-config/clarify-*
        execution#ExplainInProduction endpoint/clarify-*
        execution#ExplainInProduction model/*
        execution#ExplainInProduction sagemaker:CreateEndpoint
        execution#ExplainInProduction sagemaker:CreateEndpointConfig
        execution#ExplainInProduction sagemaker:DeleteEndpoint
        execution#ExplainInProduction sagemaker:DeleteEndpointConfig
        execution#ExplainInProduction sagemaker:DescribeEndpoint
        execution#ExplainInProduction sagemaker:DescribeModel
        execution#ExplainInProduction sagemaker:InvokeEndpoint
        execution#PullImage repository/sagemaker-clarify-processing
        execution#PullImage repository/sagemaker-model-monitor-analyzer""",
    "Pipelines tags what it makes, asks how it is, and stops it with its run": """
        execution#RegisterVersions sagemaker:AddTags
        execution#RegisterVersions sagemaker:DescribeModelPackage
        execution#RegisterVersions sagemaker:DescribeModelPackageGroup
        execution#RunSteps sagemaker:AddTags
        execution#RunSteps sagemaker:DescribeProcessingJob
        execution#RunSteps sagemaker:DescribeTrainingJob
        execution#RunSteps sagemaker:StopProcessingJob
        execution#RunSteps sagemaker:StopTrainingJob""",
    "SageMaker asks where a bucket is before it reads from it": """
        execution#ListBuckets s3:GetBucketLocation""",
    "a run whose data is gone can say so: tests/pipelines": """
        execution#ListBuckets landing""",
    "a landing bucket without versions: tests/bad_input/test_unversioned.py": """
        execution#ReadLandedData s3:GetObject""",
    "an endpoint that answers later: tests/local_aws/sagemaker": """
        execution#WriteResults artifacts/async/*""",
    "files of more than a few megabytes are uploaded in parts": """
        execution#WriteResults s3:AbortMultipartUpload
        trainer#UploadData s3:AbortMultipartUpload""",
    "a snapshot of more objects than its node has room for: tests/steward/functions": """
        lineage#ReadArtifacts artifacts/snapshots/*""",
    "CloudWatch Logs wants them before it takes a key": """
        alias/data#LogsAreKept kms:Describe*
        alias/data#LogsAreKept kms:Encrypt
        alias/data#LogsAreKept kms:ReEncrypt*""",
}
# What a parameter would make that the demo does not set.
NOT_MADE = ("AutomaticApproval",)


@dataclass
class Seen:
    """Every call that was decided, the policies it was decided by, and the forbidden attempts."""

    calls: dict[Call, bool]
    policies: Policies
    attempts: dict[str, str]


@pytest.fixture(scope="module")
def seen(played: Played) -> Seen:
    stage = played.stage
    with deeds.environment(stage.local.environment()):
        attempts = deeds.done(stage)
        calls = {_call(entry): bool(entry["allowed"]) for entry in stage.local.authorizations()}
        shown = stage.local.policies()
        calls |= dict.fromkeys(wired(stage), True)
        calls |= dict.fromkeys(over_a_checkpoint(calls), False)
    policies = Policies(_statements(shown["identity"]), _statements(shown["resource"]))
    policies, forbidden = with_everything_allowed(policies, stage)
    return Seen(calls | dict.fromkeys(forbidden, False), policies, attempts)


def _call(entry: Mapping[str, Any]) -> Call:
    context = tuple((str(key), str(value)) for key, value in entry["context"])
    return Call(entry["principal"], entry["action"], entry["resource"], context)


def _statements(shown: object) -> dict[str, tuple[Statement, ...]]:
    assert isinstance(shown, dict)
    return {
        owner: tuple(Statement(one["id"], one["document"]) for one in held)
        for owner, held in shown.items()
    }


def over_a_checkpoint(calls: Iterable[Call]) -> list[Call]:
    """What the sweep may not even do: put a checkpoint without asking that none is there."""
    return [
        replace(call, context=tuple(one for one in call.context if one[0] != "s3:if-none-match"))
        for call in calls
        if call.action == "s3:PutObject" and "-ledger-" in call.resource
    ]


def wired(stage: Stage) -> list[Call]:
    """What AWS itself does where something fails, read off what is deployed.

    Rules bury events in the queues of their targets, and Lambda sends what a function failed on to
    its destination.
    """
    events, functions = boto3.client("events"), boto3.client("lambda")
    found: list[Call] = []
    for rule in events.list_rules()["Rules"]:
        for target in events.list_targets_by_rule(Rule=rule["Name"])["Targets"]:
            source = in_the_name_of(rule["Arn"])
            queue = target["DeadLetterConfig"]["Arn"]
            found.append(Call("events.amazonaws.com", "sqs:SendMessage", queue, source))
    name = stage.target.function("sweep")
    config = functions.get_function_event_invoke_config(FunctionName=name)
    role = functions.get_function_configuration(FunctionName=name)["Role"]
    queue = config["DestinationConfig"]["OnFailure"]["Destination"]
    return [*found, Call(role, "sqs:SendMessage", queue)]


def with_everything_allowed(policies: Policies, stage: Stage) -> tuple[Policies, list[Call]]:
    """A role like the one for execution that may do anything else, and what it still may not."""
    execution = stage.target.execution_role
    role = execution.replace("execution", "almighty-execution")
    anything = statements_of("anything", ANYTHING)
    identity = {**policies.identity, role: policies.identity[execution] + anything}
    arn = f"arn:aws:sagemaker:{stage.target.region}:{stage.target.account}"
    approved = (("sagemaker:ModelApprovalStatus", "Approved"),)
    group, version = f"model-package-group/{stage.names.group}", f"{stage.names.group}/3"
    return Policies(identity, policies.resource), [
        Call(role, "sagemaker:UpdateModelPackage", f"{arn}:model-package/{version}", approved),
        Call(role, "sagemaker:CreateModelPackage", f"{arn}:{group}", approved),
    ]


def decided_wrongly(seen: Seen, policies: Policies, calls: list[Call]) -> list[Call]:
    return [call for call in calls if policies.decide(call).allowed != seen.calls[call]]


def test_every_call_is_decided_again_as_it_was(seen: Seen) -> None:
    assert decided_wrongly(seen, seen.policies, list(seen.calls)) == []


def test_every_function_calls_under_its_own_role(seen: Seen) -> None:
    roles = {call.principal for call in seen.calls if ":role/" in call.principal}
    called = {role.rpartition("/")[2] for role in roles if "almighty" not in role}
    mine = {f"steward-{concern}-eu-west-1" for concern in (*CONCERNS, "execution")}
    assert called == mine


def test_forbidden_attempts_are_refused(seen: Seen) -> None:
    refusals = set(seen.attempts.values())
    by_http = [what for what in seen.attempts if what.endswith("without TLS")]
    assert len(by_http) == 3 + 3 + len(QUEUES) + 1 + 2, "buckets, objects, queues, topic, keys"
    assert len(seen.attempts) == len(by_http) + 13
    codes = {"AccessDenied", "AccessDeniedException", "AuthorizationError"}
    assert refusals == codes, seen.attempts


def approving_itself(seen: Seen) -> list[Call]:
    """What the code of a model tried, as the role that trains."""
    approved = ("sagemaker:ModelApprovalStatus", "Approved")
    role = ":role/steward-execution-"
    return [call for call in seen.calls if role in call.principal and approved in call.context]


def test_the_role_that_trains_tries_to_approve_and_is_refused(seen: Seen) -> None:
    tried = {call.action: seen.calls[call] for call in approving_itself(seen)}
    assert tried == {
        "sagemaker:UpdateModelPackage": False,
        "sagemaker:CreateModelPackage": False,
    }


def test_no_call_of_a_role_is_refused(seen: Seen) -> None:
    """Nothing is missing. What is forbidden was tried by people, a model, or is made up here."""
    forbidden = {*over_a_checkpoint(seen.calls), *approving_itself(seen)}
    refused = {call for call, allowed in seen.calls.items() if not allowed} - forbidden
    roles = {f":role/steward-{concern}-" for concern in (*CONCERNS, "execution")}
    assert [call for call in refused if any(role in call.principal for role in roles)] == []


def test_nothing_that_a_policy_holds_can_be_left_out(seen: Seen) -> None:
    """Nothing is too much: no action, no resource, no service; what is not seen here is listed."""
    idle = {named(part) for part in needless(seen.policies, seen.calls) if is_of_template(part)}
    listed = {one.strip() for parts in UNSEEN.values() for one in parts.strip().splitlines()}
    assert idle - listed == set(), "needed by nothing"
    assert listed - idle == set(), "needed after all"


def test_every_statement_of_the_template_was_looked_at(seen: Seen) -> None:
    known = {one.id for one in seen.policies.statements() if is_of_template(one.id)}
    assert len(known) == count_of_template()


def is_of_template(statement: str) -> bool:
    return not statement.startswith(("anything", "almighty", "alias/aws/"))


def named(part: str) -> str:
    """A part of a policy, without what names have in common; roles have one policy each."""
    common = r"arn:aws:\w+:[\w-]*:[\d*]*:|steward-|-123456789012|-eu-west-1"
    return re.sub(r"^(\w+)/\1#", r"\1#", re.sub(common, "", part))


def count_of_template() -> int:
    """How many statements the template has, those of trust and of permissions too."""
    count = 0
    made = [one for one in template()["Resources"].values() if one.get("Condition") not in NOT_MADE]
    for resource in made:
        properties = resource.get("Properties", {})
        kinds = ("PolicyDocument", "AssumeRolePolicyDocument", "KeyPolicy")
        documents = [properties.get(kind) for kind in kinds]
        documents += [policy["PolicyDocument"] for policy in properties.get("Policies", [])]
        # One policy may hang on several queues.
        times = len(properties.get("Queues", [resource]))
        count += times * sum(len(document["Statement"]) for document in documents if document)
        count += resource["Type"] == "AWS::Lambda::Permission"
    return count
