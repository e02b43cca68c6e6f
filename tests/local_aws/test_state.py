"""A state that is kept goes on where it was; one that does not fit is refused, never half taken."""

import json
import os
import signal
import time
from pathlib import Path

import boto3
import pytest

from local_aws.client import LocalAws, LocalAwsError, Way, now

TEMPLATE = Path(__file__).parent / "template.yaml"
KEPT = Way(keep=True)
BUCKET = "kept-things"


def client(aws, service, *key):
    """A client as the account's root, or with the access key that is given."""
    inside = aws.environment()
    key_id, secret = key or (inside["AWS_ACCESS_KEY_ID"], inside["AWS_SECRET_ACCESS_KEY"])
    return boto3.client(
        service,
        endpoint_url=aws.endpoint,
        region_name="eu-west-1",
        aws_access_key_id=key_id,
        aws_secret_access_key=secret,
    )


def wait_until_kept(root):
    """Wait until the state has been written with all that was answered before this call."""
    state, asked = root / "state", time.time_ns()
    while not state.exists() or state.stat().st_mtime_ns <= asked:
        time.sleep(0.02)


def fill(aws):
    """One of everything; returns what is needed to look at it again."""
    s3, iam = client(aws, "s3"), client(aws, "iam")
    where = {"LocationConstraint": "eu-west-1"}
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration=where)
    versioning = {"Status": "Enabled"}
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration=versioning)
    versions = [s3.put_object(Bucket=BUCKET, Key="a", Body=b) for b in (b"one", b"two")]
    queue = client(aws, "sqs").create_queue(QueueName="kept")["QueueUrl"]
    client(aws, "sqs").send_message(QueueUrl=queue, MessageBody="waits")
    client(aws, "dynamodb").create_table(
        TableName="kept",
        KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    client(aws, "dynamodb").put_item(TableName="kept", Item={"k": {"S": "1"}, "v": {"N": "2"}})
    iam.create_user(UserName="tina")
    key = iam.create_access_key(UserName="tina")["AccessKey"]
    group = {"ModelPackageGroupName": "kept"}
    client(aws, "sagemaker").create_model_package_group(**group)
    return {
        "versions": [version["VersionId"] for version in versions],
        "queue": queue,
        "key": (key["AccessKeyId"], key["SecretAccessKey"]),
        "due": aws.status()["next_due"],
    }


def check(aws, filled):
    s3 = client(aws, "s3")
    bodies = [
        s3.get_object(Bucket=BUCKET, Key="a", VersionId=version)["Body"].read()
        for version in filled["versions"]
    ]
    assert bodies == [b"one", b"two"]
    received = client(aws, "sqs").receive_message(QueueUrl=filled["queue"])
    assert [message["Body"] for message in received["Messages"]] == ["waits"]
    item = client(aws, "dynamodb").get_item(TableName="kept", Key={"k": {"S": "1"}})["Item"]
    assert item["v"] == {"N": "2"}
    who = client(aws, "sts", *filled["key"]).get_caller_identity()["Arn"]
    assert who.endswith(":user/tina")
    groups = client(aws, "sagemaker").list_model_package_groups()["ModelPackageGroupSummaryList"]
    assert [group["ModelPackageGroupName"] for group in groups] == ["kept"]


def invoke(aws):
    answer = client(aws, "lambda").invoke(FunctionName="tiny-worker", Payload=b"{}")
    return answer["StatusCode"], answer.get("FunctionError")


@pytest.mark.parametrize("end", ["in order", "by kill -9"])
def test_what_was_there_is_there_again(tmp_path, end):
    with LocalAws.start(tmp_path, TEMPLATE, way=KEPT) as aws:
        filled = fill(aws)
        aws.advance(3600)
        client(aws, "s3").put_object(Bucket=BUCKET, Key="b", Body=b"the last change")
        if end == "by kill -9":
            wait_until_kept(tmp_path)
        before = aws.endpoint, aws.outputs, now(aws.endpoint)
        if end == "by kill -9":
            os.kill(aws.pid, signal.SIGKILL)
            aws.wait()
    with LocalAws.start(tmp_path, TEMPLATE, way=KEPT) as aws:
        assert aws.resumed
        assert (aws.endpoint, aws.outputs) == before[:2]
        assert now(aws.endpoint) >= before[2]
        check(aws, filled)
        assert invoke(aws) == (200, None)
        assert aws.jump() != []
        assert aws.faults() == []


@pytest.fixture(scope="module")
def ended(tmp_path_factory):
    """The folder of a state that nobody uses."""
    root = tmp_path_factory.mktemp("kept")
    with LocalAws.start(root, TEMPLATE, way=KEPT):
        pass
    return root


def refused(root, template=TEMPLATE, way=KEPT):
    with pytest.raises(LocalAwsError) as why:
        LocalAws.start(root, template, way=way)
    return str(why.value)


def test_the_state_of_another_template_is_refused_and_stays_as_it_is(ended, tmp_path):
    other = tmp_path / "template.yaml"
    other.write_text(TEMPLATE.read_text())
    before = (ended / "state").read_bytes()
    said = refused(ended, other)
    assert "made by another version of Steward, of its packages or of the template" in said
    assert f"Start with another --state folder, or remove {ended}." in said
    assert (ended / "state").read_bytes() == before


def test_a_damaged_state_is_refused(ended, tmp_path):
    whole = (ended / "state").read_bytes()
    for damaged in (b"", whole[:-1], b"{}\n" + whole):
        (tmp_path / "state").write_bytes(damaged)
        assert "is damaged. Start with another --state folder" in refused(tmp_path)


def test_a_state_lives_on_its_port(ended):
    port = json.loads((ended / "state").read_bytes().partition(b"\n")[0])["port"]
    said = refused(ended, way=Way(port=port + 1, keep=True))
    assert f"lives on port {port}: leave --port out" in said


def test_bytes_that_nothing_refers_to_are_removed_when_a_state_goes_on(tmp_path):
    with LocalAws.start(tmp_path, TEMPLATE, way=KEPT) as aws:
        for body in (b"first", b"second"):
            client(aws, "s3").put_object(Bucket=aws.outputs["QuietBucket"], Key="a", Body=body)
            wait_until_kept(tmp_path)
    assert len(list((tmp_path / "objects").iterdir())) == 2
    with LocalAws.start(tmp_path, TEMPLATE, way=KEPT) as aws:
        read = client(aws, "s3").get_object(Bucket=aws.outputs["QuietBucket"], Key="a")
        assert read["Body"].read() == b"second"
        assert len(list((tmp_path / "objects").iterdir())) == 1
