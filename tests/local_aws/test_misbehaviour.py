"""On request the embedded AWS answers badly: in each service's own words, as often as asked for."""

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError

from local_aws.client import ROOT_KEY, LocalAws, LocalAwsError


@pytest.fixture
def once(aws: LocalAws):
    """Makes a call once, without the SDK's own retries."""

    def call(name, **options):
        service, operation = name.split(":")
        client = boto3.client(
            service,
            endpoint_url=aws.endpoint,
            aws_access_key_id=ROOT_KEY,
            aws_secret_access_key="local",
            config=Config(retries={"total_max_attempts": 1}),
        )
        python_name = "".join(f"_{c.lower()}" if c.isupper() else c for c in operation)[1:]
        return getattr(client, python_name)(**options)

    return call


@pytest.mark.parametrize(
    ("kind", "call", "status", "code"),
    [
        ("denied", "dynamodb:ListTables", 400, "AccessDeniedException"),
        ("denied", "s3:ListBuckets", 403, "AccessDenied"),
        ("denied", "sagemaker:ListEndpoints", 400, "AccessDeniedException"),
        ("denied", "sns:ListTopics", 403, "AuthorizationError"),
        ("denied", "sqs:ListQueues", 400, "AccessDeniedException"),
        ("throttle", "dynamodb:ListTables", 400, "ProvisionedThroughputExceededException"),
        ("throttle", "s3:ListBuckets", 503, "SlowDown"),
        ("throttle", "sagemaker:ListEndpoints", 400, "ThrottlingException"),
        ("throttle", "sns:ListTopics", 400, "Throttling"),
        ("throttle", "sqs:ListQueues", 400, "RequestThrottled"),
        ("error", "dynamodb:ListTables", 500, "InternalServerError"),
        ("error", "s3:ListBuckets", 500, "InternalError"),
        ("error", "sagemaker:ListEndpoints", 500, "InternalFailure"),
    ],
)
def test_a_bad_answer_has_the_services_own_words(
    aws: LocalAws, once, kind: str, call: str, status: int, code: str
) -> None:
    aws.misbehave(kind, call)
    with pytest.raises(ClientError) as failed:
        once(call)
    answer = failed.value.response
    assert (answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Code"]) == (status, code)
    once(call)


def test_a_timeout_is_carried_out_and_never_answered(aws: LocalAws, once) -> None:
    aws.misbehave("timeout", "sns:CreateTopic")
    with pytest.raises(ConnectionClosedError):
        once("sns:CreateTopic", Name="made-in-silence")
    topics = [topic["TopicArn"] for topic in once("sns:ListTopics")["Topics"]]
    assert any(topic.endswith(":made-in-silence") for topic in topics)


def test_an_order_is_about_one_operation_and_so_many_calls(aws: LocalAws, once) -> None:
    aws.misbehave("error", "s3:ListBuckets", times=2)
    once("sns:ListTopics")
    for _ in range(2):
        with pytest.raises(ClientError):
            once("s3:ListBuckets")
    once("s3:ListBuckets")
    assert aws.misbehaviours()["left"] == []


def test_an_order_for_a_function_is_not_about_anybody_else(aws: LocalAws, once) -> None:
    before = len(aws.misbehaviours()["done"])
    aws.misbehave("denied", "dynamodb:PutItem", function="tiny-worker")
    once("dynamodb:ListTables")
    assert [one["function"] for one in aws.misbehaviours()["left"]] == ["tiny-worker"]
    message = '{"do": "write", "name": "denied-once"}'
    once("sqs:SendMessage", QueueUrl=aws.outputs["Queue"], MessageBody=message)
    aws.settle()
    assert aws.misbehaviours()["left"] == []
    done = aws.misbehaviours()["done"][before:]
    assert done == [{"kind": "denied", "call": "dynamodb:PutItem", "function": "tiny-worker"}]
    rows = once("dynamodb:Scan", TableName=aws.outputs["Table"])["Items"]
    assert {"pk": {"S": "message"}, "sk": {"S": "denied-once"}} in rows


@pytest.mark.parametrize(
    ("wrong", "told"),
    [({"kind": "sulk"}, "kind: found 'sulk'"), ({"times": 0}, "times: found 0")],
)
def test_an_order_that_makes_no_sense_is_refused(aws: LocalAws, wrong: dict, told: str) -> None:
    with pytest.raises(LocalAwsError, match=told):
        aws.misbehave(**({"kind": "denied", "call": "s3:ListBuckets"} | wrong))
