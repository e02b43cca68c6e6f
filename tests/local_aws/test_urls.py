"""A function's URL as documented: who may call it, what the function sees, what comes back."""

import base64
import json
from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError

from local_aws.client import ROOT_KEY, now
from tests import signed

ROOT = (ROOT_KEY, "local")
TEXT = {"Content-Type": "text/plain"}


@pytest.fixture(scope="module")
def ask(aws):
    def call(path="", key=ROOT, **options):
        return signed.ask(aws.outputs["WorkerUrl"] + path, key, **options)

    return call


@pytest.fixture(scope="module")
def event(ask):
    """The event that the function gets."""

    def call(path="", **options):
        return json.loads(ask(path, **options).body)

    return call


@pytest.fixture(scope="module")
def returned(ask):
    """The answer that comes of what the function returns."""

    def call(value):
        body = json.dumps(value).encode()
        return ask("return", method="POST", body=body, headers={"Content-Type": "application/json"})

    return call


def test_a_request_is_an_event_of_format_2(aws, event):
    path = "a%20path/x?one=1&two=a%26b&one=3&none="
    seen = event(path, headers={"X-Own": "y", "Cookie": "a=1; b=2", "User-Agent": "me"})
    assert seen["version"] == "2.0"
    assert seen["rawPath"] == "/a%20path/x"
    assert seen["rawQueryString"] == "one=1&two=a%26b&one=3&none="
    assert seen["queryStringParameters"] == {"one": "1,3", "two": "a&b", "none": ""}
    assert seen["headers"]["x-own"] == "y"
    assert seen["cookies"] == ["a=1", "b=2"]
    assert "body" not in seen
    context = seen["requestContext"]
    assert context["http"] == {
        "method": "GET",
        "path": "/a%20path/x",
        "protocol": "HTTP/1.1",
        "sourceIp": "127.0.0.1",
        "userAgent": "me",
    }
    assert context["apiId"] in aws.outputs["WorkerUrl"]
    told = datetime.fromtimestamp(context["timeEpoch"] / 1000, UTC)
    assert abs(told - now(aws.endpoint)) < timedelta(minutes=1)
    assert context["time"] == f"{told:%d/%b/%Y:%H:%M:%S} +0000"


def test_the_bare_url_has_a_path_and_no_parameters(event):
    seen = event()
    assert (seen["rawPath"], seen["rawQueryString"]) == ("/", "")
    assert "queryStringParameters" not in seen


@pytest.mark.parametrize(
    ("kind", "body", "seen"),
    [
        ("application/json", b'{"a": 1}', ('{"a": 1}', False)),
        ("text/csv; charset=utf-8", "ä".encode(), ("ä", False)),
        ("application/octet-stream", b"\xff", ("/w==", True)),
        ("application/x-www-form-urlencoded", b"a=1", ("YT0x", True)),
    ],
)
def test_a_body_is_text_or_base64(event, kind, body, seen):
    found = event(method="POST", body=body, headers={"Content-Type": kind})
    assert (found["body"], found["isBase64Encoded"]) == seen


def person(client, name, *statements):
    """A user with these statements; returns ARN, id and access key."""
    iam = client("iam")
    user = iam.create_user(UserName=name)["User"]
    if statements:
        text = json.dumps({"Version": "2012-10-17", "Statement": statements})
        policy = iam.create_policy(PolicyName=name, PolicyDocument=text)["Policy"]["Arn"]
        iam.attach_user_policy(UserName=name, PolicyArn=policy)
    made = iam.create_access_key(UserName=name)["AccessKey"]
    return user["Arn"], user["UserId"], (made["AccessKeyId"], made["SecretAccessKey"])


def allow(action, key, value, operator="StringEquals"):
    condition = {operator: {f"lambda:{key}": value}}
    action = f"lambda:{action}"
    return {"Effect": "Allow", "Action": action, "Resource": "*", "Condition": condition}


URL = allow("InvokeFunctionUrl", "FunctionUrlAuthType", "AWS_IAM")
BY_URL = allow("InvokeFunction", "InvokedViaFunctionUrl", "true", "Bool")


def test_the_function_is_told_who_calls_and_not_by_what_proof(client, event):
    arn, user_id, key = person(client, "url-reader", URL, BY_URL)
    seen = event(key=key)
    iam = seen["requestContext"]["authorizer"]["iam"]
    assert (iam["userArn"], iam["accessKey"]) == (arn, key[0])
    assert iam["callerId"] == iam["userId"] == user_id
    assert "authorization" not in seen["headers"]


def test_both_actions_have_to_be_allowed_and_only_by_way_of_the_url(aws, client, ask):
    _, _, both = person(client, "url-both", URL, BY_URL)
    _, _, url = person(client, "url-only", URL)
    _, _, function = person(client, "function-only", BY_URL)
    _, _, neither = person(client, "neither")
    statuses = [ask(key=key).status for key in (both, url, function, neither)]
    assert statuses == [200, 403, 403, 403]
    for who in ("url-both", "function-only"):
        denied = [
            call
            for call in aws.authorizations()
            if call["principal"].endswith(f":user/{who}") and not call["allowed"]
        ]
        assert {call["action"] for call in denied} <= {"lambda:InvokeFunctionUrl"}


def test_whoever_may_only_use_the_url_may_not_invoke_the_function(aws, client):
    _, _, key = person(client, "not-directly", URL, BY_URL)
    name = aws.outputs["Worker"]
    address = f"{aws.endpoint}/2015-03-31/functions/{name}/invocations"
    assert signed.ask(address, key, "POST", b"{}").status == 403


@pytest.mark.parametrize("key", [None, ("AKIASOMEBODY00000000", "x")], ids=["nobody", "unknown"])
def test_nobody_and_strangers_are_forbidden(ask, key):
    answer = ask(key=key)
    assert answer.status == 403
    assert json.loads(answer.body)["Message"].startswith("Forbidden")


def test_a_url_of_no_function_is_forbidden(aws):
    assert signed.ask(f"{aws.endpoint}/_lambda-url/nothing/", ROOT).status == 403


def test_what_a_function_returns_is_the_answer(returned):
    answer = returned(
        {
            "statusCode": 404,
            "headers": {"Content-Type": "text/plain", "X-Own": "1"},
            "cookies": ["a=1", "b=2"],
            "body": "nothing here",
        }
    )
    assert (answer.status, answer.body) == (404, b"nothing here")
    named = [(name.lower(), value) for name, value in answer.headers]
    assert ("content-type", "text/plain") in named
    assert [value for name, value in named if name == "set-cookie"] == ["a=1", "b=2"]


def test_bytes_come_in_base64(returned):
    body = base64.b64encode(b"\xff\x00").decode()
    assert returned({"statusCode": 200, "body": body, "isBase64Encoded": True}).body == b"\xff\x00"


@pytest.mark.parametrize("value", [{"a": 1}, [1], "text", None])
def test_without_a_status_what_is_returned_is_the_body_as_json(returned, value):
    answer = returned(value)
    assert (answer.status, json.loads(answer.body)) == (200, value)
    assert dict(answer.headers)["Content-Type"] == "application/json"


def test_without_a_body_the_answer_is_empty(returned):
    answer = returned({"statusCode": 204})
    assert (answer.status, answer.body) == (204, b"")


@pytest.mark.parametrize("path", ["raise", "exit", "hang"])
def test_a_function_that_fails_is_a_502_without_a_word_of_why(ask, path):
    answer = ask(path)
    assert (answer.status, answer.body) == (502, b"Internal Server Error")


@pytest.mark.parametrize(
    "value",
    [
        {"statusCode": "soon"},
        {"statusCode": 9},
        {"statusCode": 200, "body": {"a": 1}},
        {"statusCode": 200, "body": "?", "isBase64Encoded": True},
        {"statusCode": 200, "headers": ["a"]},
        {"statusCode": None},
    ],
)
def test_what_is_no_answer_is_a_502(returned, value):
    assert returned(value).status == 502


def test_six_megabytes_are_the_most(ask):
    answer = ask(method="POST", body=b"x" * (6 * 1024 * 1024), headers=TEXT)
    assert answer.status == 413


def test_a_functions_url_is_told_and_there_is_one(aws, client):
    functions, name = client("lambda"), aws.outputs["Worker"]
    told = functions.get_function_url_config(FunctionName=name)
    assert told["FunctionUrl"] == aws.outputs["WorkerUrl"]
    assert (told["AuthType"], told["InvokeMode"]) == ("AWS_IAM", "BUFFERED")
    assert told["FunctionArn"].endswith(":function:tiny-worker")
    with pytest.raises(functions.exceptions.ResourceConflictException):
        functions.create_function_url_config(FunctionName=name, AuthType="AWS_IAM")
    with pytest.raises(functions.exceptions.ResourceNotFoundException):
        functions.get_function_url_config(FunctionName=aws.outputs["Ticker"])


@pytest.mark.parametrize(
    "given",
    [
        {"AuthType": "NONE"},
        {"AuthType": "AWS_IAM", "InvokeMode": "RESPONSE_STREAM"},
        {"AuthType": "AWS_IAM", "Cors": {"AllowOrigins": ["*"]}},
        {"AuthType": "AWS_IAM", "Qualifier": "live"},
    ],
    ids=["open to all", "streams", "for browsers", "of an alias"],
)
def test_other_urls_are_refused(aws, client, given):
    with pytest.raises(ClientError, match="NotImplemented"):
        client("lambda").create_function_url_config(FunctionName=aws.outputs["Ticker"], **given)


def test_a_functions_own_policy_cannot_open_its_url(aws, client):
    with pytest.raises(ClientError, match="NotImplemented"):
        client("lambda").add_permission(
            FunctionName=aws.outputs["Worker"],
            StatementId="open",
            Action="lambda:InvokeFunctionUrl",
            Principal="*",
            FunctionUrlAuthType="NONE",
        )


def test_nothing_in_these_tests_got_an_answer_of_the_wrong_shape(aws):
    assert aws.faults() == []
