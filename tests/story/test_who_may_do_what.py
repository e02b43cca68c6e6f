"""Every call runs under its own role, and no statement of any policy could be left out.

The demo and what it leaves out are played; then each recorded call is decided again without one
statement at a time. Without each, a call that must be possible is refused, or one that must not be
is allowed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import boto3
import pytest

from cli.demo.stage import Stage
from local_aws.authorization.policy import Call, Policies, Statement, statements_of
from tests.architecture.source import CONCERNS
from tests.architecture.test_template import listed, template
from tests.story import deeds
from tests.story.conftest import Played

_MODEL_MONITOR = "the demo's model is watched by Steward: tests/steward/functions"
# Never seen here, and needed on AWS all the same.
UNSEEN = {
    "s3:GetBucketLocation": "SageMaker asks before it reads from a bucket",
    "s3:AbortMultipartUpload": "files of more than a few megabytes are uploaded in parts",
    "sagemaker:AddTags": "Pipelines tags the jobs and versions that it makes",
    "sagemaker:DescribeProcessingJob": "Pipelines asks how its jobs are",
    "sagemaker:DescribeTrainingJob": "Pipelines asks how its jobs are",
    "sagemaker:StopProcessingJob": "Pipelines stops the jobs of a run that is stopped",
    "sagemaker:StopTrainingJob": "Pipelines stops the jobs of a run that is stopped",
    "sagemaker:DescribeModelPackage": "RegisterModel reads what it has made",
    "sagemaker:DescribeModelPackageGroup": "RegisterModel looks whether the group is there",
    "sagemaker:ListPipelineExecutionSteps": "read when a run has failed: tests/bad_input",
    "sagemaker:InvokeEndpointAsync": "the demo's endpoint answers at once",
    "sagemaker:CreateModelPackage": "a deny of two actions is tried by one of them",
    "sagemaker:ListMonitoringSchedules": _MODEL_MONITOR,
    "sagemaker:ListMonitoringExecutions": _MODEL_MONITOR,
    "sagemaker:ListDataQualityJobDefinitions": _MODEL_MONITOR,
    "sagemaker:ListModelQualityJobDefinitions": _MODEL_MONITOR,
    "sagemaker:ListModelBiasJobDefinitions": _MODEL_MONITOR,
    "sagemaker:ListModelExplainabilityJobDefinitions": _MODEL_MONITOR,
}
# What a parameter would make that the demo does not set.
NOT_MADE = ("AutomaticApproval",)
# Whole statements that nothing in the demo needs.
UNPLAYED = {
    "KeepSchedules": _MODEL_MONITOR,
    "SeeExecutions": _MODEL_MONITOR,
    "RetireSchedules": _MODEL_MONITOR,
    "KeepLargeFacts": "facts of more than 1 KB: tests/steward/functions/test_drift.py",
    "ReadCheckpoint": "after a sweep that died when it had signed: tests/steward/functions",
    "ExplainInProduction": "there is no Clarify here, which makes a fleet to explain a version",
}


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

    Rules bury events in the queues of their targets, alarms write to the topic, and Lambda sends
    what a function failed on to its destination.
    """
    events, functions = boto3.client("events"), boto3.client("lambda")
    found: list[Call] = []
    for rule in events.list_rules()["Rules"]:
        for target in events.list_targets_by_rule(Rule=rule["Name"])["Targets"]:
            source = (("aws:SourceArn", rule["Arn"]),)
            queue = target["DeadLetterConfig"]["Arn"]
            found.append(Call("events.amazonaws.com", "sqs:SendMessage", queue, source))
    for alarm in boto3.client("cloudwatch").describe_alarms()["MetricAlarms"]:
        source = (("aws:SourceArn", alarm["AlarmArn"]),)
        found += [
            Call("cloudwatch.amazonaws.com", "sns:Publish", topic, source)
            for topic in alarm["AlarmActions"]
            if topic.split(":")[2] == "sns"
        ]
    name = stage.target.function("sweep")
    config = functions.get_function_event_invoke_config(FunctionName=name)
    role = functions.get_function_configuration(FunctionName=name)["Role"]
    queue = config["DestinationConfig"]["OnFailure"]["Destination"]
    return [*found, Call(role, "sqs:SendMessage", queue)]


def with_everything_allowed(policies: Policies, stage: Stage) -> tuple[Policies, list[Call]]:
    """A role like the one for execution that may do anything else, and what it still may not."""
    execution = stage.target.execution_role
    role = execution.replace("execution", "almighty-execution")
    anything = statements_of("anything", deeds.ANYTHING)
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
    assert len(seen.attempts) == 9
    assert refusals == {"AccessDenied", "AccessDeniedException"}, seen.attempts


def test_no_statement_can_be_left_out(seen: Seen) -> None:
    """Each is tried. One that has decided no call cannot change any."""
    decided: dict[str, list[Call]] = {}
    for call in seen.calls:
        for statement in seen.policies.decide(call).by:
            decided.setdefault(statement, []).append(call)
    of_template = {
        one.id
        for one in seen.policies.statements()
        if not one.id.startswith(("anything", "almighty", "alias/aws/"))
    }
    assert len(of_template) == count_of_template()
    needless = [
        one
        for one in sorted(of_template)
        if one.rpartition("#")[2] not in UNPLAYED
        if not decided_wrongly(seen, seen.policies.without(one), decided.get(one, []))
    ]
    assert not needless, needless


def test_no_action_can_be_left_out_but_for_what_is_never_seen_here(seen: Seen) -> None:
    used = {(call.principal, call.action.lower()) for call in seen.calls}
    idle = {
        action
        for owner, held in seen.policies.identity.items()
        for one in held
        for action in listed(one.document["Action"])
        if one.document["Effect"] == "Allow" and action != "*" and "almighty" not in owner
        if one.id.rpartition("#")[2] not in UNPLAYED
        if (owner, action.lower()) not in used
    }
    assert idle <= set(UNSEEN), sorted(idle - set(UNSEEN))
    assert set(UNSEEN) - idle <= {"sagemaker:CreateModelPackage"}, "seen after all"


def count_of_template() -> int:
    """How many statements the template has, those of trust and of permissions too."""
    count = 0
    made = [one for one in template()["Resources"].values() if one.get("Condition") not in NOT_MADE]
    for resource in made:
        properties = resource.get("Properties", {})
        kinds = ("PolicyDocument", "AssumeRolePolicyDocument", "KeyPolicy")
        documents = [properties.get(kind) for kind in kinds]
        documents += [policy["PolicyDocument"] for policy in properties.get("Policies", [])]
        count += sum(len(document["Statement"]) for document in documents if document)
        count += resource["Type"] == "AWS::Lambda::Permission"
    return count
