"""`steward backfill`: objects that were there before Steward count as uploads, each once."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from moto import mock_aws

from cli import repository
from cli.backfill import Found, backfill, send
from cli.local import target
from cli.target import Refused, Target
from local_aws.client import LocalAws
from steward.aws import Aws
from steward.decide.training import Accepted, is_newer
from steward.events.parse import parse
from steward.events.types import ObjectCreated
from steward.observe.training import observe_data, observe_training
from steward.record.store import Store
from steward.spec.model import ModelSpec
from steward.spec.read import read
from tests.cli.conftest import Ran, Steward

SPEC = read(repository.MODELS / "mortgage.toml")
HEADER = ",".join(SPEC.data.columns) + "\n"
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
WHERE = Target("steward", "123456789012", "eu-west-1", "https://sts.eu-west-1.amazonaws.com")
FOLDER = SPEC.data.prefix
# As real events have them, and the lowest that begins with a second as S3's do.
SEQUENCERS = ("0066A1B2C3D4E5F6A7", "0055AED6DCD90281E5", "0A1B2C3D4E5F678901")


def found(key: str = "a.csv", version: str | None = "v2", etag: str = "e2") -> Found:
    return Found(f"{FOLDER}{key}", version, etag, 10, NOON)


def accepted(sequencer: str, version: str | None = "v1", etag: str = "e1") -> Accepted:
    return Accepted(f"{FOLDER}a.csv", version, etag, 10, "", sequencer, NOON, "dataset#1")


# ---- Where an object stands among the uploads of its key


@pytest.mark.parametrize("sequencer", SEQUENCERS)
def test_every_event_of_s3_is_later_than_an_object_that_was_there_before(sequencer: str) -> None:
    assert is_newer(sequencer, found().sequencer(None))


@pytest.mark.parametrize("sequencer", SEQUENCERS)
def test_the_newest_version_is_later_than_the_accepted_one(sequencer: str) -> None:
    assert is_newer(found().sequencer(accepted(sequencer)), sequencer)


def test_the_same_version_has_the_same_place_each_time() -> None:
    assert found().sequencer(None) == found().sequencer(None)


def test_an_accepted_version_is_known_by_its_id_and_its_bytes() -> None:
    assert found().is_accepted(accepted("01", "v2", "e2"))
    assert found(version=None).is_accepted(accepted("01", None, "e2"))
    assert not found(version=None).is_accepted(accepted("01", None, "e1"))
    assert not found().is_accepted(accepted("01", "v1", "e2"))
    assert not found().is_accepted(None)


# ---- Buckets of every kind


@pytest.fixture
def moto() -> Iterator[Aws]:
    """An account with a landing bucket, the queue of training and an empty table."""
    with mock_aws():
        aws = Aws()
        aws.s3.create_bucket(
            Bucket="landing", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
        )
        aws.sqs.create_queue(QueueName="steward-training")
        keys: Any = {"pk": "HASH", "sk": "RANGE"}
        aws.dynamodb.create_table(
            TableName="steward-work",
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in keys],
            KeySchema=[{"AttributeName": name, "KeyType": kind} for name, kind in keys.items()],
        )
        yield aws


def uploads(aws: Aws, spec: ModelSpec = SPEC) -> list[ObjectCreated]:
    """What training reads in the messages."""
    messages = backfill(aws, WHERE, "landing", spec, NOON).messages
    events = [parse(json.dumps(one), WHERE.account, WHERE.region) for one in messages]
    assert all(isinstance(event, ObjectCreated) for event in events)
    return [event for event in events if isinstance(event, ObjectCreated)]


def test_all_of_many_objects_are_handed_over_in_batches(moto: Aws) -> None:
    for number in range(1500):
        moto.s3.put_object(Bucket="landing", Key=f"{FOLDER}{number:04}.csv", Body=b"")
    messages = backfill(moto, WHERE, "landing", SPEC, NOON).messages
    assert len({one["id"] for one in messages}) == 1500
    assert send(moto, WHERE, messages) == 1500
    url = moto.sqs.get_queue_url(QueueName="steward-training")["QueueUrl"]
    waiting = moto.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert waiting["ApproximateNumberOfMessages"] == "1500"


def test_an_unversioned_object_has_no_version_id(moto: Aws) -> None:
    moto.s3.put_object(Bucket="landing", Key=f"{FOLDER}a.csv", Body=HEADER.encode())
    (event,) = uploads(moto)
    head = moto.s3.head_object(Bucket="landing", Key=f"{FOLDER}a.csv")
    assert (event.version_id, event.etag) == (None, head["ETag"].strip('"'))
    assert event.size == len(HEADER)


def test_only_the_newest_version_of_what_still_exists_is_handed_over(moto: Aws) -> None:
    moto.s3.put_bucket_versioning(Bucket="landing", VersioningConfiguration={"Status": "Enabled"})
    for key in ("twice.csv", "twice.csv", "gone.csv", "folder/", SPEC.data.marker):
        last = moto.s3.put_object(Bucket="landing", Key=f"{FOLDER}{key}", Body=b"")
        if key == "twice.csv":
            newest = last["VersionId"]
    moto.s3.delete_object(Bucket="landing", Key=f"{FOLDER}gone.csv")
    moto.s3.put_object(Bucket="landing", Key="other/a.csv", Body=b"")
    assert [(event.key, event.version_id) for event in uploads(moto)] == [
        (f"{FOLDER}twice.csv", newest)
    ]


def test_keys_are_handed_over_as_they_are(moto: Aws) -> None:
    keys = {f"{FOLDER}{name}" for name in ("a b+c.csv", "žádost.csv", "100%25.csv", "データ.csv")}
    for key in keys:
        moto.s3.put_object(Bucket="landing", Key=key, Body=b"")
    assert {event.key for event in uploads(moto)} == keys


def test_uploads_count_as_of_now_in_the_order_in_which_they_were_written(moto: Aws) -> None:
    for name in ("z.csv", "a.csv"):
        moto.s3.put_object(Bucket="landing", Key=f"{FOLDER}{name}", Body=b"")
    first, second = uploads(moto)
    written = {
        one["Key"]: one["LastModified"]
        for one in moto.s3.list_objects_v2(Bucket="landing")["Contents"]
    }
    assert written[first.key] <= written[second.key]
    assert (first.at, second.at) == (NOON, NOON + timedelta(milliseconds=1))


def test_what_sqs_refuses_is_not_counted_as_handed_over(
    moto: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(parsed: dict[str, object], **_: object) -> None:
        parsed["Failed"] = [
            {"Id": "0", "Code": "InternalError", "SenderFault": False, "Message": "try again"}
        ]
        parsed["Successful"] = []

    moto.sqs.meta.events.register("after-call.sqs.SendMessageBatch", refuse)
    moto.s3.put_object(Bucket="landing", Key=f"{FOLDER}a.csv", Body=b"")
    messages = backfill(moto, WHERE, "landing", SPEC, NOON).messages
    with pytest.raises(Refused, match=r"^0 were handed over, then SQS refused: try again\."):
        send(moto, WHERE, messages)


# ---- Through the deployed functions


@pytest.fixture
def before(alone: LocalAws) -> Iterator[list[str]]:
    """Keys of objects whose upload nobody heard of, and of one that was uploaded normally."""
    s3, bucket = boto3.client("s3"), target(alone).landing_bucket
    announced: Any = {"EventBridgeConfiguration": {}}
    names = ("z.csv", "a b+c.csv", "žádost.csv", "normal.csv")
    keys = [f"{FOLDER}{name}" for name in names]
    for key in keys:
        heard = announced if key == keys[-1] else {}
        s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=heard)
        s3.put_object(Bucket=bucket, Key=key, Body=f"{HEADER}{key}\n".encode())
    alone.settle()
    yield keys
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=announced)


def run(steward: Steward, *options: str) -> Ran:
    return steward("backfill", "mortgage", *options)


def test_objects_from_before_end_in_one_run_and_a_second_time_changes_nothing(
    steward: Steward, alone: LocalAws, before: list[str]
) -> None:
    where, aws = target(alone), Aws()
    store = Store(aws, where.lineage_table, where.work_table)
    known = {one.key for one in observe_data(store, "mortgage")}
    assert known == {before[-1]}

    dry = run(steward, "--dry-run")
    *told, end = dry.out.splitlines()
    sizes = {key: len(f"{HEADER}{key}\n".encode()) for key in before[:-1]}
    assert sorted(told) == sorted(f"{key} ({size} bytes)" for key, size in sizes.items())
    assert (dry.code, end) == (0, "3 of 4 objects are not accepted yet")
    alone.settle()
    assert len(observe_data(store, "mortgage")) == 1

    ran = run(steward)
    assert (ran.code, ran.out) == (0, f"{dry.out}3 handed to training\n")
    alone.settle()
    assert {one.key for one in observe_data(store, "mortgage")} == set(before)
    facts = observe_training(aws, store, SPEC)
    assert (len(facts.pending), facts.run) == (4, None)

    again = run(steward)
    assert (again.code, again.out) == (0, "0 of 4 objects are not accepted yet\n")

    alone.advance(SPEC.train.quiet_period.total_seconds() + 60)
    alone.settle()
    facts = observe_training(aws, store, SPEC)
    assert facts.run is not None
    assert (facts.run.number, facts.pending) == (1, ())


def test_a_model_without_a_file_is_refused(steward: Steward, aws: LocalAws) -> None:
    ran = steward("backfill", "nosuch")
    assert ran.code == 2
    assert ran.said == ["There is no models/nosuch.toml; known are ['mortgage']."]


def test_a_real_aws_is_asked_first(
    steward: Steward, alone: LocalAws, before: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    s3, bucket = boto3.client("s3"), target(alone).landing_bucket
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={})
    s3.put_object(Bucket=bucket, Key=f"{FOLDER}later.csv", Body=HEADER.encode())
    monkeypatch.setattr("cli.main.find", lambda _: WHERE)
    ran = run(steward)
    assert ran.code == 1
    assert "add --yes" in ran.said[-1]
