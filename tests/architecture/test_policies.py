"""Who may do what, and what lies under which key; docs/iam.md tells it."""

import re
from collections.abc import Iterator

import pytest

from tests.architecture.iam import PAGE, page
from tests.architecture.source import ROOT
from tests.architecture.test_template import (
    DATA_KEY,
    FUNCTIONS,
    QUEUES,
    ROLES,
    Resource,
    listed,
    of_type,
    target_of,
    template,
)  # fmt: skip

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
# Roles, and policies of people: whoever may do something.
HOLDERS = ROLES | of_type("AWS::IAM::ManagedPolicy")
# Policies by type, and the property that says what they hang on.
HANG_ON = {
    "AWS::S3::BucketPolicy": "Bucket",
    "AWS::SQS::QueuePolicy": "Queues",
    "AWS::SNS::TopicPolicy": "Topics",
}


def statements(role: Resource) -> list[Resource]:
    return [
        statement
        for policy in role.get("Policies", [role])
        for statement in policy["PolicyDocument"]["Statement"]
    ]


def test_no_two_functions_share_a_role() -> None:
    roles = [target_of(function["Role"]) for function in FUNCTIONS.values()]
    assert len(set(roles)) == len(roles)


def test_roles_hold_only_what_the_template_shows() -> None:
    assert [logical for logical, role in ROLES.items() if "ManagedPolicyArns" in role] == []
    assert [logical for logical, function in FUNCTIONS.items() if "Policies" in function] == []


@pytest.mark.parametrize("logical", HOLDERS)
def test_no_role_allows_every_action_of_a_service(logical: str) -> None:
    allowed = [
        action
        for statement in statements(HOLDERS[logical])
        if statement["Effect"] == "Allow"
        for action in listed(statement["Action"])
    ]
    assert [action for action in allowed if "*" in action] == []


@pytest.mark.parametrize("logical", HOLDERS)
def test_a_role_names_the_resources_of_every_action_that_has_some(logical: str) -> None:
    unbounded = {
        action
        for statement in statements(HOLDERS[logical])
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


@pytest.mark.parametrize("logical", HOLDERS)
def test_our_key_is_used_only_by_way_of_named_services(logical: str) -> None:
    by_way_of = [
        statement.get("Condition", {}).get("StringEquals", {}).get("kms:ViaService")
        for statement in statements(HOLDERS[logical])
        if DATA_KEY in listed(statement["Resource"])
    ]
    assert None not in by_way_of


def test_every_resource_that_is_all_there_is_has_its_reason_behind_it() -> None:
    text = (ROOT / "template.yaml").read_text(encoding="utf-8")
    assert re.findall(r'(?m)^ *(?:- |Resource: )"\*"$', text) == []


def test_the_page_is_what_the_template_says() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run `make docs`"
