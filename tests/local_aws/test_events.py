"""What happens on the bus: from an upload to a row, from a failure to a dead letter."""

import json
import re

import pytest


def rows(client, aws, kind):
    found = client("dynamodb").query(
        TableName=aws.outputs["Table"],
        KeyConditionExpression="pk = :k",
        ExpressionAttributeValues={":k": {"S": kind}},
    )
    return [item["sk"]["S"] for item in found["Items"]]


def put_event(client, source, detail):
    entry = {"Source": source, "DetailType": "Test", "Detail": json.dumps(detail)}
    return client("events").put_events(Entries=[entry])["Entries"][0]["EventId"]


def test_an_upload_reaches_the_table_through_rule_queue_and_function(aws, client):
    client("s3").put_object(Bucket=aws.outputs["Bucket"], Key="in/a b+c.csv", Body=b"1")
    aws.settle()
    assert "in/a b+c.csv" in rows(client, aws, "message")


def test_an_upload_that_no_rule_wants_is_an_event_that_matched_nothing(aws, client):
    client("s3").put_object(Bucket=aws.outputs["Bucket"], Key="elsewhere/a", Body=b"1")
    entry = next(e for e in aws.events() if "elsewhere/a" in json.dumps(e))
    assert entry["matched"] == []


def test_s3_says_what_was_created_as_documented(aws, client):
    bucket = aws.outputs["Bucket"]
    put = client("s3").put_object(Bucket=bucket, Key="shape/one.csv", Body=b"abc")
    (event,) = [e["event"] for e in aws.events() if "shape/one.csv" in json.dumps(e)]
    again = client("s3").put_object(Bucket=bucket, Key="shape/one.csv", Body=b"abcd")
    later = aws.events()[-1]["event"]

    assert re.fullmatch(r"[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}", event.pop("id"))
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", event.pop("time"))
    assert re.fullmatch(r"[0-9A-F]{16}", event["detail"].pop("request-id"))
    sequencer = event["detail"]["object"].pop("sequencer")
    assert re.fullmatch(r"[0-9A-F]{18}", sequencer)
    assert event == {
        "version": "0",
        "detail-type": "Object Created",
        "source": "aws.s3",
        "account": "123456789012",
        "region": "eu-west-1",
        "resources": [f"arn:aws:s3:::{bucket}"],
        "detail": {
            "version": "0",
            "event-version": "1.2",
            "bucket": {"name": bucket},
            "object": {
                "key": "shape/one.csv",
                "size": 3,
                "etag": put["ETag"].strip('"'),
                "version-id": put["VersionId"],
            },
            "requester": "123456789012",
            "source-ip-address": "127.0.0.1",
            "reason": "PutObject",
        },
    }
    assert later["detail"]["object"]["sequencer"] > sequencer
    assert later["detail"]["object"]["version-id"] == again["VersionId"]


def test_each_way_to_create_or_delete_an_object_is_one_event_with_its_reason(aws, client):
    s3, bucket = client("s3"), aws.outputs["Bucket"]
    before = len(aws.events())
    where = {"Bucket": bucket, "Key": "ways/object"}
    upload = s3.create_multipart_upload(**where)["UploadId"]
    part = s3.upload_part(**where, UploadId=upload, PartNumber=1, Body=b"x")
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    s3.complete_multipart_upload(**where, UploadId=upload, MultipartUpload=parts)
    s3.copy_object(Bucket=bucket, Key="ways/copy", CopySource=f"{bucket}/ways/object")
    marker = s3.delete_object(**where)["VersionId"]
    s3.delete_object(**where, VersionId=marker)
    s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "ways/copy"}]})

    details = [entry["event"]["detail"] for entry in aws.events()[before:]]
    assert [(d["object"]["key"], d["reason"], d.get("deletion-type")) for d in details] == [
        ("ways/object", "CompleteMultipartUpload", None),
        ("ways/copy", "CopyObject", None),
        ("ways/object", "DeleteObject", "Delete Marker Created"),
        ("ways/object", "DeleteObject", "Permanently Deleted"),
        ("ways/copy", "DeleteObject", "Delete Marker Created"),
    ]
    assert details[2]["object"]["version-id"] == marker


def test_a_bucket_without_eventbridge_is_silent(aws, client):
    s3, quiet = client("s3"), aws.outputs["QuietBucket"]
    before = len(aws.events())
    s3.put_object(Bucket=quiet, Key="in/a", Body=b"1")
    assert len(aws.events()) == before
    assert "EventBridgeConfiguration" not in s3.get_bucket_notification_configuration(Bucket=quiet)
    loud = s3.get_bucket_notification_configuration(Bucket=aws.outputs["Bucket"])
    assert loud["EventBridgeConfiguration"] == {}


def test_one_failing_message_of_a_batch_ends_in_the_dead_letter_queue_alone(aws, client, receive):
    messages = [{"do": "fail", "name": "bad"}, *({"name": f"good-{n}"} for n in range(5))]
    entries = [{"Id": str(n), "MessageBody": json.dumps(m)} for n, m in enumerate(messages)]
    client("sqs").send_message_batch(QueueUrl=aws.outputs["Queue"], Entries=entries)
    aws.settle()
    assert [json.loads(m["Body"])["name"] for m in receive(aws.outputs["DeadLetters"])] == ["bad"]
    assert rows(client, aws, "attempt") == ["bad#1", "bad#2", "bad#3"]
    assert {f"good-{n}" for n in range(5)} <= set(rows(client, aws, "message"))


def test_an_event_for_a_queue_that_is_not_there_is_kept_with_the_reason(aws, client, receive):
    event_id = put_event(client, "test.lost", {"n": 1})
    (letter,) = receive(aws.outputs["Undelivered"])
    attributes = {k: v["StringValue"] for k, v in letter["MessageAttributes"].items()}
    assert json.loads(letter["Body"])["id"] == event_id
    assert attributes["RULE_ARN"] == "arn:aws:events:eu-west-1:123456789012:rule/tiny-lost"
    assert attributes["TARGET_ARN"].endswith(":nowhere")
    assert attributes["RETRY_ATTEMPTS"] == "0"


def test_a_disabled_rule_delivers_nothing(aws, client, receive):
    put_event(client, "test.other", {"n": 1})
    assert receive(aws.outputs["Disabled"]) == []


@pytest.mark.parametrize(
    ("metrics", "matches"),
    [
        ([{"stat": {"space": "a/x", "kind": 1}}], True),
        ([{"id": "e1"}, {"stat": {"space": "b/x", "kind": 1}}], True),
        ([{"stat": {"space": "a/y", "kind": 1}}], False),
        ([{"stat": {"space": "a/x"}}, {"stat": {"kind": 1}}], False),
        ([], False),
    ],
    ids=["one", "the second", "another", "half in each", "none"],
)
def test_a_pattern_looks_into_arrays_of_objects_one_at_a_time(aws, client, metrics, matches):
    events = client("events")
    pattern = {"detail": {"metrics": {"stat": {"space": [{"suffix": "/x"}], "kind": [1]}}}}
    events.put_rule(Name="tiny-arrays", EventPattern=json.dumps(pattern))
    try:
        put_event(client, "test.arrays", {"metrics": metrics})
        found = [e["matched"] for e in aws.events() if e["event"]["source"] == "test.arrays"]
    finally:
        events.delete_rule(Name="tiny-arrays")
    assert found[-1] == (["tiny-arrays"] if matches else [])


@pytest.mark.parametrize(
    ("entry", "code"),
    [
        ({"Source": "a", "DetailType": "b", "Detail": "no json"}, "MalformedDetail"),
        ({"DetailType": "b", "Detail": "{}"}, "InvalidArgument"),
    ],
)
def test_a_bad_entry_is_refused_in_the_answer_not_as_an_error(client, entry, code):
    answer = client("events").put_events(Entries=[entry])
    assert (answer["FailedEntryCount"], answer["Entries"][0]["ErrorCode"]) == (1, code)


def test_a_schedule_fires_when_the_clock_jumps_to_it(aws, client):
    due = aws.status()["next_due"]
    before = len(rows(client, aws, "tick"))
    assert aws.jump() == ["schedule tiny-every-minute"]
    assert len(rows(client, aws, "tick")) == before + 1
    assert aws.status()["now"] >= due["at"]
    assert len(aws.advance(180)) == 3
    assert len(rows(client, aws, "tick")) == before + 4


def test_only_its_own_rule_sees_a_scheduled_event(aws):
    aws.jump()
    ticks = [e for e in aws.events() if e["event"]["detail-type"] == "Scheduled Event"]
    assert all(e["matched"] == ["tiny-every-minute"] for e in ticks)
