"""What template.yaml promises about every function, queue, rule, table and bucket."""

import json
import re
from dataclasses import fields
from functools import cache
from typing import Any

import pytest
from samtranslator.yaml_helper import yaml_parse

from steward import settings
from tests.architecture.source import CONCERNS, ROOT, files

SETTINGS = {
    "training": settings.TrainingSettings,
    "approval": settings.ApprovalSettings,
    "rollout": settings.RolloutSettings,
    "drift": settings.DriftSettings,
    "sweep": settings.SweepSettings,
    "lineage": settings.LineageSettings,
}
# Set by Lambda itself on every function.
GIVEN_BY_LAMBDA = {"AWS_REGION"}
DATA_KEY = {"Fn::GetAtt": ["DataKey", "Arn"]}

type Resource = dict[str, Any]


@cache
def template() -> Resource:
    return yaml_parse((ROOT / "template.yaml").read_text(encoding="utf-8"))


def of_type(kind: str) -> dict[str, Resource]:
    """Logical id -> properties of every resource of this type; none: a mistake in the test."""
    found = {
        logical: resource.get("Properties", {})
        for logical, resource in template()["Resources"].items()
        if resource["Type"] == kind
    }
    assert found, f"no {kind} in the template"
    return found


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def target_of(reference: Any) -> str:
    """The logical id behind a Ref or a GetAtt of an ARN."""
    if "Ref" in reference:
        return reference["Ref"]
    return listed(reference["Fn::GetAtt"])[0].removesuffix(".Arn")


FUNCTIONS = of_type("AWS::Serverless::Function")
QUEUES = of_type("AWS::SQS::Queue")
RULES = of_type("AWS::Events::Rule")
ROLES = of_type("AWS::IAM::Role")
each_concern = pytest.mark.parametrize("concern", CONCERNS)
each_rule = pytest.mark.parametrize("rule", RULES)


def function_of(concern: str) -> Resource:
    return FUNCTIONS[f"{concern.title()}Function"]


def test_there_is_one_function_per_concern_from_its_own_folder() -> None:
    assert {function["CodeUri"] for function in FUNCTIONS.values()} == {
        f"functions/{concern}" for concern in CONCERNS
    }


def test_every_alarm_names_its_runbook_and_the_command_for_it() -> None:
    named = re.compile(r"Runbook: docs/runbooks/([a-z]+)\.md\. .*\b(aws \w+|steward) ", re.DOTALL)
    alarms = of_type("AWS::CloudWatch::Alarm")
    told = {
        one["AlarmName"]["Fn::Sub"]: one["AlarmDescription"]["Fn::Sub"] for one in alarms.values()
    }
    found = {name: named.search(text) for name, text in told.items()}
    assert [name for name, match in found.items() if not match] == []
    # The last word of an alarm's name is its kind, and its runbook.
    kinds = {name: match[1] for name, match in found.items() if match}
    assert [name for name, kind in kinds.items() if not name.endswith(f"-{kind}")] == []
    pages = {page.stem for page in (ROOT / "docs" / "runbooks").glob("*.md")}
    assert pages == set(kinds.values())
    assert max(len(text) for text in told.values()) < 700


def test_every_function_has_alarms_that_say_that_it_does_not_run() -> None:
    watched = {
        (target_of(alarm["Dimensions"][0]["Value"]), alarm["MetricName"])
        for alarm in of_type("AWS::CloudWatch::Alarm").values()
        if alarm["Namespace"] == "AWS/Lambda"
    }
    each = {(function, metric) for function in FUNCTIONS for metric in ("Errors", "Throttles")}
    assert watched == each | {("SweepFunction", "Invocations")}


def test_every_alarm_tells_people() -> None:
    alarms = of_type("AWS::CloudWatch::Alarm").values()
    assert [one for one in alarms if one["AlarmActions"] != [{"Ref": "PeopleTopic"}]] == []


def test_alarms_and_the_dashboard_watch_only_what_the_code_counts() -> None:
    code = "".join(path.read_text(encoding="utf-8") for path in files("functions", "layers/core"))
    counted = set(re.findall(r'count\("(\w+)"\)', code))
    alarms = of_type("AWS::CloudWatch::Alarm").values()
    watched = {one["MetricName"] for one in alarms if one["Namespace"] == "Steward"}
    body = template()["Resources"]["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
    shown = set(re.findall(r'"Steward", "(\w+)"', body))
    assert watched == {"SweepRepaired", "RolloutStuck", "LedgerBroken"}
    assert watched | shown <= counted
    assert {widget["type"] for widget in json.loads(body)["widgets"]} == {"metric"}


@each_concern
def test_every_variable_is_read_by_the_functions_settings_and_the_reverse(concern: str) -> None:
    declared = set(function_of(concern)["Environment"]["Variables"])
    read = {field.name.upper() for field in fields(SETTINGS[concern])}
    assert {one for one in declared if not one.startswith("POWERTOOLS_")} == read - GIVEN_BY_LAMBDA


@each_concern
def test_every_function_keeps_its_logs_for_a_stated_time(concern: str) -> None:
    group = function_of(concern)["LoggingConfig"]["LogGroup"]["Ref"]
    assert of_type("AWS::Logs::LogGroup")[group]["RetentionInDays"] > 0


def test_every_log_group_has_a_retention() -> None:
    groups = of_type("AWS::Logs::LogGroup")
    assert [logical for logical, group in groups.items() if "RetentionInDays" not in group] == []


@pytest.mark.parametrize("concern", ["training", "approval", "rollout", "drift"])
def test_a_message_is_tried_five_times_and_then_kept(concern: str) -> None:
    source = function_of(concern)["Events"]["Messages"]["Properties"]
    queue = QUEUES[target_of(source["Queue"])]
    assert source["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert queue["RedrivePolicy"]["maxReceiveCount"] >= 5
    kept = QUEUES[target_of(queue["RedrivePolicy"]["deadLetterTargetArn"])]
    assert kept["MessageRetentionPeriod"] == 14 * 24 * 3600


@pytest.mark.parametrize("concern", ["training", "approval", "rollout", "drift"])
def test_a_message_stays_hidden_for_six_timeouts_and_the_batching_window(concern: str) -> None:
    function = function_of(concern)
    timeout = function.get("Timeout", template()["Globals"]["Function"]["Timeout"])
    source = function["Events"]["Messages"]["Properties"]
    window = source.get("MaximumBatchingWindowInSeconds", 0)
    queue = QUEUES[target_of(source["Queue"])]
    assert queue["VisibilityTimeout"] >= 6 * timeout + window


def test_a_sweep_that_fails_is_kept() -> None:
    failed = FUNCTIONS["SweepFunction"]["EventInvokeConfig"]["DestinationConfig"]["OnFailure"]
    assert target_of(failed["Destination"]) in QUEUES


@each_rule
def test_every_rule_target_has_a_queue_for_what_cannot_be_delivered(rule: str) -> None:
    for target in RULES[rule]["Targets"]:
        undelivered = target_of(target["DeadLetterConfig"]["Arn"])
        assert admitted(undelivered, rule)


@each_rule
def test_every_queue_that_a_rule_feeds_admits_that_rule_alone(rule: str) -> None:
    queues = {target_of(target["Arn"]) for target in RULES[rule]["Targets"]} & set(QUEUES)
    assert [queue for queue in queues if not admitted(queue, rule)] == []


def admitted(queue: str, rule: str) -> bool:
    """Whether the queue lets EventBridge send for this rule, named by its full ARN."""
    name = RULES[rule]["Name"]["Fn::Sub"]
    arn = "arn:${AWS::Partition}:events:${AWS::Region}:${AWS::AccountId}:rule/" + name
    [statement] = [
        statement
        for policy in of_type("AWS::SQS::QueuePolicy").values()
        if {"Ref": queue} in policy["Queues"]
        for statement in policy["PolicyDocument"]["Statement"]
        if statement["Effect"] == "Allow"
    ]
    assert statement["Principal"] == {"Service": "events.amazonaws.com"}
    return {"Fn::Sub": arn} in listed(statement["Condition"]["ArnEquals"]["aws:SourceArn"])


def test_every_queue_of_lost_messages_has_an_alarm_that_tells_people() -> None:
    watched = {
        target_of({"Fn::GetAtt": dimension["Value"]["Fn::GetAtt"][0]}): alarm["AlarmActions"]
        for alarm in of_type("AWS::CloudWatch::Alarm").values()
        for dimension in alarm["Dimensions"]
        if alarm["Namespace"] == "AWS/SQS"
    }
    assert set(watched) == set(QUEUES)
    assert [actions for actions in watched.values() if actions != [{"Ref": "PeopleTopic"}]] == []


def test_versions_are_watched_by_their_group_alone() -> None:
    assert list(RULES["VersionRule"]["EventPattern"]["detail"]) == ["ModelPackageGroupName"]


@pytest.mark.parametrize("logical", of_type("AWS::DynamoDB::Table"))
def test_tables_outlive_the_stack_and_can_be_taken_back_in_time(logical: str) -> None:
    table = template()["Resources"][logical]
    properties = table["Properties"]
    assert (table["DeletionPolicy"], table["UpdateReplacePolicy"]) == ("Retain", "Retain")
    assert properties["DeletionProtectionEnabled"]
    assert properties["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"]
    assert properties["SSESpecification"]["SSEEnabled"]


@pytest.mark.parametrize("logical", of_type("AWS::S3::Bucket"))
def test_buckets_are_private_encrypted_and_versioned(logical: str) -> None:
    bucket = template()["Resources"][logical]
    properties = bucket["Properties"]
    assert (bucket["DeletionPolicy"], bucket["UpdateReplacePolicy"]) == ("Retain", "Retain")
    assert set(properties["PublicAccessBlockConfiguration"].values()) == {True}
    assert properties["VersioningConfiguration"] == {"Status": "Enabled"}
    (encryption,) = properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    # What Object Lock keeps must not be lost with a key that somebody may delete.
    ours = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": DATA_KEY}
    default = {"SSEAlgorithm": "AES256"} if logical == "LedgerBucket" else ours
    assert encryption["ServerSideEncryptionByDefault"] == default


@pytest.mark.parametrize("logical", ["LandingBucket", "ArtifactBucket"])
def test_buckets_that_functions_react_to_send_events(logical: str) -> None:
    properties = of_type("AWS::S3::Bucket")[logical]
    assert properties["NotificationConfiguration"]["EventBridgeConfiguration"]["EventBridgeEnabled"]


def test_what_is_in_the_ledger_bucket_can_be_deleted_by_nobody_before_its_time() -> None:
    bucket = of_type("AWS::S3::Bucket")["LedgerBucket"]
    assert bucket["ObjectLockEnabled"]
    retention = bucket["ObjectLockConfiguration"]["Rule"]["DefaultRetention"]
    assert retention == {"Mode": "COMPLIANCE", "Days": {"Ref": "LedgerRetentionDays"}}
