"""The embedded AWS is held to the truth: answers are checked, and what is missing is refused."""

import boto3
import pytest
from botocore.exceptions import ClientError

from local_aws.contract import faults
from local_aws.wire import Call, Response


@pytest.mark.parametrize(
    ("service", "operation", "parameters"),
    [
        ("dynamodb", "delete_table", {"TableName": "t"}),
        ("s3", "get_bucket_website", {"Bucket": "b"}),
        ("lambda", "list_aliases", {"FunctionName": "f"}),
        ("iam", "list_groups", {}),
        ("sqs", "list_queue_tags", {"QueueUrl": "http://127.0.0.1/1/q"}),
        ("ec2", "describe_instances", {}),
    ],
)
def test_what_is_not_covered_is_refused_by_name_and_not_tried_again(
    client, service, operation, parameters
):
    with pytest.raises(ClientError) as refused:
        getattr(client(service), operation)(**parameters)
    answer = refused.value.response
    assert answer["Error"]["Code"] == "NotImplemented"
    assert refused.value.operation_name in answer["Error"]["Message"]
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 501
    assert answer["ResponseMetadata"]["RetryAttempts"] == 0


def test_half_covered_operations_refuse_the_other_half(aws, client):
    with pytest.raises(ClientError, match="NotImplemented"):
        client("lambda").invoke(FunctionName=aws.outputs["Worker"], InvocationType="DryRun")
    with pytest.raises(ClientError, match=r"cron"):
        client("events").put_rule(Name="nightly", ScheduleExpression="cron(0 1 * * ? *)")


def test_a_pattern_with_an_operator_that_there_is_not_is_refused(client):
    rule = {"Name": "typo", "EventPattern": '{"source": [{"prefixx": "aws"}]}'}
    with pytest.raises(ClientError, match="Unrecognized match type prefixx"):
        client("events").put_rule(**rule)


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (b'{"TableNames": "t"}', ".TableNames is 't', not a list"),
        (b'{"Tables": []}', ".Tables is no member of ListTablesOutput"),
        (b'{"TableNames": [1]}', ".TableNames[0] is 1, not a string"),
        (b"<xml/>", "the body is no JSON: Expecting value: line 1 column 1 (char 0)"),
    ],
)
def test_an_answer_of_another_shape_is_a_fault(body, fault):
    answer = Response(200, [("Content-Type", "application/x-amz-json-1.0")], body)
    assert next(faults(Call("dynamodb", "ListTables", "json"), answer)) == fault


def test_a_required_member_that_is_missing_is_a_fault():
    call = Call("iam", "GetUser", "query")
    xml = b"<GetUserResponse><GetUserResult/></GetUserResponse>"
    assert list(faults(call, Response(200, [], xml))) == [".User is missing"]


def test_calls_are_counted_by_operation_and_function(aws, client):
    client("lambda").invoke(FunctionName=aws.outputs["Worker"], Payload=b'{"do": "look"}')
    call = aws.calls()["sts:GetCallerIdentity"]
    assert call["functions"] == ["tiny-worker"]
    assert call["count"] >= 1


def test_who_calls_is_a_user_a_session_or_the_root(aws, client):
    iam, sts = client("iam"), client("sts")
    assert sts.get_caller_identity()["Arn"] == "arn:aws:iam::123456789012:root"
    iam.create_user(UserName="ada")
    key = iam.create_access_key(UserName="ada")["AccessKey"]
    as_ada = same_client("sts", aws, key["AccessKeyId"], key["SecretAccessKey"])
    assert as_ada.get_caller_identity()["Arn"] == "arn:aws:iam::123456789012:user/ada"
    session = as_ada.assume_role(
        RoleArn="arn:aws:iam::123456789012:role/tiny-worker",
        RoleSessionName="trying",
        SourceIdentity="ada",
    )
    assert session["SourceIdentity"] == "ada"
    keys = session["Credentials"]
    as_role = same_client("sts", aws, keys["AccessKeyId"], keys["SecretAccessKey"])
    assert as_role.get_caller_identity()["Arn"].endswith(":assumed-role/tiny-worker/trying")


def same_client(service, aws, key, secret):
    return boto3.client(
        service,
        endpoint_url=aws.endpoint,
        region_name="eu-west-1",
        aws_access_key_id=key,
        aws_secret_access_key=secret,
    )


def test_nothing_in_these_tests_got_an_answer_of_the_wrong_shape(aws):
    assert aws.faults() == []
