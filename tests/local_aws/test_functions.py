"""How functions run: in a process of their own, as the role that the template gives them."""

import base64
import json
from datetime import datetime

import pytest


@pytest.fixture
def invoke(aws, client):
    def call(body, **options):
        answer = client("lambda").invoke(
            FunctionName=aws.outputs["Worker"], Payload=json.dumps(body), **options
        )
        return json.loads(answer["Payload"].read() or b"null"), answer

    return call


def test_a_function_sees_its_layers_its_role_and_the_embedded_clock(aws, invoke):
    aws.advance(3600)
    seen, answer = invoke({"do": "look"})
    assert "FunctionError" not in answer
    assert seen["file"] == "a layer's file"
    assert seen["caller"] == "arn:aws:sts::123456789012:assumed-role/tiny-worker/tiny-worker"
    assert seen["task_root"].endswith("tests/local_aws/app")
    assert datetime.fromisoformat(seen["now"]).timestamp() - seen["wall"] > 3500


def test_a_warm_process_is_used_again(invoke):
    assert invoke({"do": "look"})[0]["pid"] == invoke({"do": "look"})[0]["pid"]


def test_an_exception_is_the_answer_with_the_error_flag(invoke):
    error, answer = invoke({"do": "raise"})
    assert answer["FunctionError"] == "Unhandled"
    assert (error["errorType"], error["errorMessage"]) == ("ValueError", "as asked")


def test_a_process_that_ends_or_hangs_fails_its_event_and_is_replaced(invoke):
    before = invoke({"do": "look"})[0]["pid"]
    assert invoke({"do": "exit"})[1]["FunctionError"] == "Unhandled"
    hung, answer = invoke({"do": "hang"})
    assert answer["FunctionError"] == "Unhandled"
    assert "Task timed out after 2.00 seconds" in hung["errorMessage"]
    assert invoke({"do": "look"})[0]["pid"] != before


def test_the_log_is_in_the_answer_in_a_file_and_in_cloudwatch(aws, client, invoke):
    _, answer = invoke({}, LogType="Tail")
    assert b"nothing to do" in base64.b64decode(answer["LogResult"])
    assert "nothing to do" in (aws.root / "logs" / "function-tiny-worker.log").read_text()
    found = client("logs").filter_log_events(logGroupName="/aws/lambda/tiny-worker")
    assert any("nothing to do" in event["message"] for event in found["events"])


def test_an_event_that_fails_is_tried_again_on_the_clock_then_sent_to_its_destination(
    aws, client, receive
):
    accepted = client("lambda").invoke(
        FunctionName=aws.outputs["Ticker"], InvocationType="Event", Payload=b'{"do": "raise"}'
    )
    aws.settle()
    assert accepted["StatusCode"] == 202
    assert receive(aws.outputs["Failures"]) == []
    assert any("retry 1 of" in what for what in aws.advance(61))
    (letter,) = receive(aws.outputs["Failures"])
    record = json.loads(letter["Body"])
    assert record["requestPayload"] == {"do": "raise"}
    assert record["requestContext"]["approximateInvokeCount"] == 2
    assert record["responsePayload"]["errorType"] == "ValueError"
