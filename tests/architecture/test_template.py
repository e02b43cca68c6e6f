"""What template.yaml promises about every function, queue, rule, table and bucket."""

import re
from collections.abc import Iterator
from dataclasses import fields
from functools import cache
from typing import Any

import pytest
from samtranslator.yaml_helper import yaml_parse

from steward import settings
from tests.architecture.source import CONCERNS, ROOT

# Actions that AWS offers for all resources only.
NO_RESOURCE = {
    "xray:PutTraceSegments", "xray:PutTelemetryRecords", "ecr:GetAuthorizationToken",
    "cloudwatch:PutMetricData", "cloudwatch:GetMetricData", "sagemaker:ListEndpoints",
    "sagemaker:ListEndpointConfigs", "sagemaker:ListProcessingJobs",
    "application-autoscaling:DescribeScalableTargets", "sagemaker:ListMonitoringExecutions",
    "sagemaker:ListMonitoringSchedules", "sagemaker:ListDataQualityJobDefinitions",
    "sagemaker:ListModelQualityJobDefinitions", "sagemaker:ListModelBiasJobDefinitions",
    "sagemaker:ListModelExplainabilityJobDefinitions",
}  # fmt: skip
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
# Policies by type, and the property that says what they hang on.
HANG_ON = {
    "AWS::S3::BucketPolicy": "Bucket",
    "AWS::SQS::QueuePolicy": "Queues",
    "AWS::SNS::TopicPolicy": "Topics",
}

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


def statements(role: Resource) -> list[Resource]:
    return [
        statement
        for policy in role["Policies"]
        for statement in policy["PolicyDocument"]["Statement"]
    ]


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


def test_no_two_functions_share_a_role() -> None:
    roles = [target_of(function["Role"]) for function in FUNCTIONS.values()]
    assert len(set(roles)) == len(roles)


def test_roles_hold_only_what_the_template_shows() -> None:
    assert [logical for logical, role in ROLES.items() if "ManagedPolicyArns" in role] == []
    assert [logical for logical, function in FUNCTIONS.items() if "Policies" in function] == []


@pytest.mark.parametrize("logical", ROLES)
def test_no_role_allows_every_action_of_a_service(logical: str) -> None:
    allowed = [
        action
        for statement in statements(ROLES[logical])
        if statement["Effect"] == "Allow"
        for action in listed(statement["Action"])
    ]
    assert [action for action in allowed if "*" in action] == []


@pytest.mark.parametrize("logical", ROLES)
def test_a_role_names_the_resources_of_every_action_that_has_some(logical: str) -> None:
    unbounded = {
        action
        for statement in statements(ROLES[logical])
        if statement["Effect"] == "Allow" and "*" in listed(statement["Resource"])
        for action in listed(statement["Action"])
    }
    assert unbounded <= NO_RESOURCE


def test_no_function_can_change_or_remove_what_the_lineage_holds() -> None:
    changing = {"dynamodb:UpdateItem", "dynamodb:DeleteItem", "dynamodb:BatchWriteItem"}
    allowed = [
        logical
        for logical, role in ROLES.items()
        for statement in statements(role)
        if {"Fn::GetAtt": ["LineageTable", "Arn"]} in listed(statement["Resource"])
        and changing & set(listed(statement["Action"]))
    ]
    assert allowed == []


def test_the_training_role_can_neither_approve_nor_update_a_version() -> None:
    denied = {
        statement["Action"]: statement.get("Condition")
        for statement in statements(ROLES["ExecutionRole"])
        if statement["Effect"] == "Deny" and statement["Resource"] == "*"
    }
    assert denied == {
        "sagemaker:UpdateModelPackage": None,
        "sagemaker:CreateModelPackage": {
            "StringEquals": {"sagemaker:ModelApprovalStatus": "Approved"}
        },
    }


def test_steward_itself_approves_only_where_the_stack_parameter_allows_it() -> None:
    approving = [
        logical
        for logical, role in ROLES.items()
        for statement in statements(role)
        if statement["Effect"] == "Allow"
        and "sagemaker:UpdateModelPackage" in listed(statement["Action"])
    ]
    assert approving == []
    policy = template()["Resources"]["AutomaticApprovalPolicy"]
    assert policy["Condition"] == "AutomaticApproval"
    assert template()["Parameters"]["AllowAutomaticApproval"]["Default"] == "false"
    assert policy["Properties"]["Roles"] == [{"Ref": "ApprovalRole"}]
    (statement,) = policy["Properties"]["PolicyDocument"]["Statement"]
    assert statement["Condition"] == {"StringEquals": {"sagemaker:ModelApprovalStatus": "Approved"}}
    assert statement["Resource"]["Fn::Sub"].endswith(":model-package/${Prefix}-*/*")


def test_every_alarm_names_the_command_for_it() -> None:
    named = re.compile(r"\b(aws sqs|aws logs|steward) ")
    told = {
        logical: alarm["AlarmDescription"]["Fn::Sub"]
        for logical, alarm in of_type("AWS::CloudWatch::Alarm").items()
    }
    assert [logical for logical, text in told.items() if not named.search(text)] == []
    given_up = {text for logical, text in told.items() if logical.endswith("DeadLettersAlarm")}
    moves = "aws sqs start-message-move-task --source-arn arn:"
    assert [text for text in given_up if moves not in text and "sweep" not in text] == []
    assert max(len(text) for text in told.values()) < 700


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
def test_a_message_stays_hidden_for_six_times_the_functions_timeout(concern: str) -> None:
    function = function_of(concern)
    timeout = function.get("Timeout", template()["Globals"]["Function"]["Timeout"])
    queue = QUEUES[target_of(function["Events"]["Messages"]["Properties"]["Queue"])]
    assert queue["VisibilityTimeout"] >= 6 * timeout


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


@pytest.mark.parametrize("logical", of_type("AWS::KMS::Key"))
def test_keys_stay_when_the_stack_goes(logical: str) -> None:
    key = template()["Resources"][logical]
    assert (key["DeletionPolicy"], key["UpdateReplacePolicy"]) == ("Retain", "Retain")


def test_the_key_that_encrypts_is_ours_and_becomes_a_new_one_every_year() -> None:
    key = of_type("AWS::KMS::Key")["DataKey"]
    assert key["EnableKeyRotation"]
    assert "KeySpec" not in key, "a symmetric one"


def test_messages_secrets_and_logs_lie_under_our_key() -> None:
    under = [queue["KmsMasterKeyId"] for queue in QUEUES.values()]
    under += [topic["KmsMasterKeyId"] for topic in of_type("AWS::SNS::Topic").values()]
    under += [secret["KmsKeyId"] for secret in of_type("AWS::SecretsManager::Secret").values()]
    under += [group["KmsKeyId"] for group in of_type("AWS::Logs::LogGroup").values()]
    assert under == [DATA_KEY] * len(under)


def resource_policies() -> Iterator[tuple[str, list[Resource]]]:
    """What each policy hangs on, and its statements."""
    for kind, on in HANG_ON.items():
        for policy in of_type(kind).values():
            for reference in listed(policy[on]):
                yield target_of(reference), policy["PolicyDocument"]["Statement"]
    for logical, key in of_type("AWS::KMS::Key").items():
        yield logical, key["KeyPolicy"]["Statement"]


def test_every_bucket_queue_topic_and_key_refuses_who_comes_without_tls() -> None:
    refusing = {
        logical
        for logical, held in resource_policies()
        for statement in held
        if statement["Effect"] == "Deny"
        and statement["Principal"] == "*"
        and statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
        # A topic's policy may hold few actions; publishing is the one that carries data.
        if statement["Action"] in ("s3:*", "sqs:*", "kms:*", "sns:Publish")
    }
    kinds = ("S3::Bucket", "SQS::Queue", "SNS::Topic", "KMS::Key")
    assert refusing == {logical for kind in kinds for logical in of_type(f"AWS::{kind}")}


def test_a_service_is_let_in_only_in_the_name_of_something_of_ours() -> None:
    conditions = [
        statement.get("Condition", {})
        for _, held in resource_policies()
        for statement in held
        if "Service" in statement["Principal"]
    ]
    named = [{key for keys in one.values() for key in keys} for one in conditions]
    allowed = {"aws:SourceArn", "aws:SourceAccount", "kms:EncryptionContext:aws:logs:arn"}
    assert len(named) > len(QUEUES) / 2
    assert [keys for keys in named if not keys & allowed] == []


@pytest.mark.parametrize("logical", [*ROLES, *of_type("AWS::IAM::ManagedPolicy")])
def test_our_key_is_used_only_by_way_of_named_services(logical: str) -> None:
    properties = template()["Resources"][logical]["Properties"]
    policies = properties.get("Policies", [properties])
    by_way_of = [
        statement.get("Condition", {}).get("StringEquals", {}).get("kms:ViaService")
        for policy in policies
        for statement in policy["PolicyDocument"]["Statement"]
        if DATA_KEY in listed(statement["Resource"])
    ]
    assert None not in by_way_of
