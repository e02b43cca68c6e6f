"""A state that is kept goes on where it was; one that does not fit is refused, never half taken."""

import json
import os
import signal
import time
from pathlib import Path

import boto3
import pytest

from local_aws.client import ROOT_KEY, LocalAws, LocalAwsError, Way, now
from tests import signed
from tests.local_aws.sagemaker.conftest import ANYTHING, TRUST
from tests.local_aws.sagemaker.serving import Shop, adder
from tests.processes import comes_true

TEMPLATE = Path(__file__).parent / "template.yaml"
KEPT = Way(keep=True)
BUCKET = "kept-things"
SIGNED = {"KeyId": "alias/tiny", "Message": b"kept", "SigningAlgorithm": "ECDSA_SHA_256"}


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
    assert comes_true(lambda: state.exists() and state.stat().st_mtime_ns > asked)


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
    signed = client(aws, "kms").sign(**SIGNED)["Signature"]
    group = {"ModelPackageGroupName": "kept"}
    client(aws, "sagemaker").create_model_package_group(**group)
    return {
        "versions": [version["VersionId"] for version in versions],
        "queue": queue,
        "key": (key["AccessKeyId"], key["SecretAccessKey"]),
        "signed": signed,
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
    assert client(aws, "kms").verify(Signature=filled["signed"], **SIGNED)["SignatureValid"]
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
        assert signed.ask(aws.outputs["WorkerUrl"], (ROOT_KEY, "local")).status == 200
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


def shop(aws, name):
    """Makes endpoints that add one to a number, and capture what they are asked."""
    s3, iam = client(aws, "s3"), client(aws, "iam")
    iam.create_role(RoleName="execution", AssumeRolePolicyDocument=TRUST)
    iam.put_role_policy(RoleName="execution", PolicyName="all", PolicyDocument=ANYTHING)
    bucket = aws.outputs["QuietBucket"]

    def put(key, body):
        s3.put_object(Bucket=bucket, Key=key, Body=body)
        return f"s3://{bucket}/{key}"

    made = Shop(None, client(aws, "sagemaker"), put, name)
    capture = {
        "EnableCapture": True,
        "InitialSamplingPercentage": 100,
        "DestinationS3Uri": f"s3://{bucket}/captured",
        "CaptureOptions": [{"CaptureMode": "Input"}],
        "CaptureContentTypeHeader": {"CsvContentTypes": ["text/csv"]},
    }
    return made, made.config("one", adder(1), DataCaptureConfig=capture)


def ask_for(aws, endpoint, inference_id):
    answer = client(aws, "sagemaker-runtime").invoke_endpoint(
        EndpointName=endpoint, Body=b"1", ContentType="text/csv", InferenceId=inference_id
    )
    return answer["Body"].read()


def status_of(aws, endpoint):
    return client(aws, "sagemaker").describe_endpoint(EndpointName=endpoint)["EndpointStatus"]


def test_endpoints_serve_again_and_what_they_captured_is_written(tmp_path):
    with LocalAws.start(tmp_path, TEMPLATE, way=KEPT) as aws:
        made, config = shop(aws, "serves")
        made.create(config)
        aws.advance(200)
        assert ask_for(aws, "serves", "asked before") == b"2.0"
        making = {"EndpointName": "in-the-making", "EndpointConfigName": config}
        client(aws, "sagemaker").create_endpoint(**making)
    with LocalAws.start(tmp_path, TEMPLATE, way=KEPT) as aws:
        assert ask_for(aws, "serves", "asked after") == b"2.0"
        assert status_of(aws, "in-the-making") == "Creating"
        aws.advance(200)
        assert status_of(aws, "in-the-making") == "InService"
        bucket, s3 = aws.outputs["QuietBucket"], client(aws, "s3")
        found = s3.list_objects_v2(Bucket=bucket, Prefix="captured/")["Contents"]
        texts = [s3.get_object(Bucket=bucket, Key=one["Key"])["Body"].read() for one in found]
        assert [b"asked before" in text for text in texts].count(True) == 1
        assert [b"asked after" in text for text in texts].count(True) == 1
        assert aws.faults() == []


def test_what_does_not_come_to_rest_in_time_is_told_and_has_not_happened(tmp_path):
    with LocalAws.start(tmp_path, TEMPLATE, way=KEPT) as aws:
        bucket = aws.outputs["QuietBucket"]
        client(aws, "s3").put_object(Bucket=bucket, Key="before", Body=b"")
        wait_until_kept(tmp_path)
        for _ in range(3):  # each for two seconds, one after the other
            hang = {"Payload": b'{"do": "hang"}', "InvocationType": "Event"}
            client(aws, "lambda").invoke(FunctionName="tiny-worker", **hang)
        client(aws, "s3").put_object(Bucket=bucket, Key="meanwhile", Body=b"")
        said = aws.stop()
    assert said.startswith("It did not come to rest within 3 s (event for arn:aws:lambda:")
    assert said.endswith("what came after it has not happened.")
    with LocalAws.start(tmp_path, TEMPLATE, way=KEPT) as aws:
        found = client(aws, "s3").list_objects_v2(Bucket=bucket)["Contents"]
        assert [one["Key"] for one in found] == ["before"]
