"""Object Lock as documented: until its time has come, a locked version goes for nobody."""

import http.client
import json
from datetime import datetime, timedelta

import pytest
from botocore.exceptions import ClientError

from local_aws.client import now
from tests.local_aws.test_contract import same_client

MINUTE = timedelta(minutes=1)


@pytest.fixture(scope="module")
def s3(client):
    return client("s3")


@pytest.fixture(scope="module")
def bucket(aws):
    return aws.outputs["LockedBucket"]


def code(refused):
    answer = refused.value.response
    return answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]


def put(s3, bucket, key, **lock):
    """Write an object; returns what names this version of it."""
    version = s3.put_object(Bucket=bucket, Key=key, Body=b"1", **lock)["VersionId"]
    return {"Bucket": bucket, "Key": key, "VersionId": version}


def until(aws, mode, minutes=3):
    end = now(aws.endpoint) + minutes * MINUTE
    return {"ObjectLockMode": mode, "ObjectLockRetainUntilDate": end}


def test_the_template_says_how_long_all_that_is_written_stays(aws, s3, bucket):
    default = s3.get_object_lock_configuration(Bucket=bucket)["ObjectLockConfiguration"]
    assert default["Rule"]["DefaultRetention"] == {"Mode": "COMPLIANCE", "Days": 30}
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    retention = s3.get_object_retention(**put(s3, bucket, "default"))["Retention"]
    assert retention["Mode"] == "COMPLIANCE"
    left = retention["RetainUntilDate"] - now(aws.endpoint)
    assert timedelta(days=29, hours=23) < left <= timedelta(days=30)


def test_a_locked_version_cannot_be_deleted_before_its_time_and_can_afterwards(aws, s3, bucket):
    version = put(s3, bucket, "stays", **until(aws, "COMPLIANCE"))
    for bypass in ({}, {"BypassGovernanceRetention": True}):
        with pytest.raises(ClientError) as refused:
            s3.delete_object(**version, **bypass)
        assert code(refused) == ("AccessDenied", 403)
    aws.advance(181)
    s3.delete_object(**version)
    with pytest.raises(ClientError) as gone:
        s3.get_object(**version)
    assert code(gone)[0] == "NoSuchVersion"


def test_governance_yields_to_whoever_says_so(aws, s3, bucket):
    version = put(s3, bucket, "governed", **until(aws, "GOVERNANCE"))
    for bypass in ({}, {"BypassGovernanceRetention": False}):
        with pytest.raises(ClientError) as refused:
            s3.delete_object(**version, **bypass)
        assert code(refused) == ("AccessDenied", 403)
    s3.delete_object(**version, BypassGovernanceRetention=True)


def test_to_bypass_governance_and_to_set_a_lock_is_to_be_allowed(aws, client, s3, bucket):
    iam = client("iam")
    iam.create_user(UserName="writer")
    may = {"Effect": "Allow", "Action": ["s3:PutObject", "s3:DeleteObject*"], "Resource": "*"}
    text = json.dumps({"Version": "2012-10-17", "Statement": [may]})
    policy = iam.create_policy(PolicyName="writer", PolicyDocument=text)["Policy"]["Arn"]
    iam.attach_user_policy(UserName="writer", PolicyArn=policy)
    keys = iam.create_access_key(UserName="writer")["AccessKey"]
    writer = same_client("s3", aws, keys["AccessKeyId"], keys["SecretAccessKey"])
    put(writer, bucket, "by writer")
    with pytest.raises(ClientError, match="s3:PutObjectRetention"):
        put(writer, bucket, "by writer", **until(aws, "GOVERNANCE"))
    version = put(s3, bucket, "by writer", **until(aws, "GOVERNANCE"))
    with pytest.raises(ClientError, match="s3:BypassGovernanceRetention"):
        writer.delete_object(**version, BypassGovernanceRetention=True)


def test_deleting_without_a_version_hides_and_writing_again_adds(s3, bucket):
    first = put(s3, bucket, "again")
    put(s3, bucket, "again")
    s3.delete_object(Bucket=bucket, Key="again")
    assert s3.get_object(**first)["Body"].read() == b"1"


def test_of_several_deletions_at_once_those_of_locked_versions_fail(s3, bucket):
    version = put(s3, bucket, "several")
    objects = [{"Key": version["Key"], "VersionId": version["VersionId"]}]
    answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": objects})
    assert [one["Code"] for one in answer["Errors"]] == ["AccessDenied"]
    assert s3.head_object(**version)["ObjectLockMode"] == "COMPLIANCE"


def test_what_is_uploaded_in_parts_is_locked_too(s3, bucket):
    where = {"Bucket": bucket, "Key": "parts"}
    upload = where | {"UploadId": s3.create_multipart_upload(**where)["UploadId"]}
    part = s3.upload_part(**upload, PartNumber=1, Body=b"1")["ETag"]
    parts = {"Parts": [{"PartNumber": 1, "ETag": part}]}
    s3.complete_multipart_upload(**upload, MultipartUpload=parts)
    assert s3.get_object_retention(**where)["Retention"]["Mode"] == "COMPLIANCE"


def test_a_checksum_of_ones_own_will_do(s3, bucket):
    lock = {"ChecksumSHA256": "a4ayc/80/OGda4BO/1o/V0etpOqiLx1JwB5S3beHW0s="}
    assert s3.get_object_retention(**put(s3, bucket, "summed", **lock))


def test_bytes_without_any_checksum_are_refused(aws, bucket):
    credential = f"{aws.environment()['AWS_ACCESS_KEY_ID']}/20260101/eu-west-1/s3/aws4_request"
    headers = {"Authorization": f"AWS4-HMAC-SHA256 Credential={credential}, Signature=0"}
    connection = http.client.HTTPConnection(aws.endpoint.removeprefix("http://"))
    connection.request("PUT", f"/{bucket}/plain", b"1", headers)
    answer = connection.getresponse()
    assert (answer.status, b"x-amz-checksum-" in answer.read()) == (400, True)
    connection.close()


@pytest.mark.parametrize(
    ("lock", "error"),
    [
        ({"ObjectLockMode": "COMPLIANCE"}, "InvalidArgument"),
        ({"ObjectLockRetainUntilDate": datetime(2999, 1, 1)}, "InvalidArgument"),  # noqa: DTZ001
        ({"minutes": -1}, "InvalidArgument"),
        ({"ObjectLockLegalHoldStatus": "ON"}, "NotImplemented"),
    ],
    ids=["without an end", "without a mode", "of the past", "legal hold"],
)
def test_a_lock_that_cannot_be_is_refused(aws, s3, bucket, lock, error):
    given = until(aws, "COMPLIANCE", **lock) if "minutes" in lock else lock
    with pytest.raises(ClientError) as refused:
        put(s3, bucket, "refused", **given)
    assert code(refused)[0] == error


def test_a_bucket_without_object_lock_locks_nothing(aws, s3):
    plain = aws.outputs["Bucket"]
    with pytest.raises(ClientError) as refused:
        put(s3, plain, "plain", **until(aws, "COMPLIANCE"))
    assert code(refused)[0] == "InvalidRequest"
    with pytest.raises(ClientError) as refused:
        s3.get_object_retention(**put(s3, plain, "plain"))
    assert code(refused)[0] == "InvalidRequest"


def test_a_bucket_keeps_its_versions_and_takes_another_default_for_what_comes(s3, bucket):
    with pytest.raises(ClientError) as refused:
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})
    assert code(refused)[0] == "InvalidBucketState"
    s3.create_bucket(
        Bucket="locked-later",
        ObjectLockEnabledForBucket=True,
        CreateBucketConfiguration={"LocationConstraint": "eu-west-1"},
    )
    free = put(s3, "locked-later", "free")
    with pytest.raises(ClientError) as refused:
        s3.get_object_retention(**free)
    assert code(refused)[0] == "NoSuchObjectLockConfiguration"
    rule = {"DefaultRetention": {"Mode": "GOVERNANCE", "Years": 1}}
    s3.put_object_lock_configuration(
        Bucket="locked-later",
        ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", "Rule": rule},
    )
    locked = put(s3, "locked-later", "locked")
    assert s3.get_object_retention(**locked)["Retention"]["Mode"] == "GOVERNANCE"
    told = s3.get_object_lock_configuration(Bucket="locked-later")["ObjectLockConfiguration"]
    assert told["Rule"] == rule


def test_half_covered_operations_refuse_the_other_half(aws, s3, bucket):
    where, version = {"Bucket": bucket, "Key": "half"}, put(s3, bucket, "half")
    longer = {"Mode": "COMPLIANCE", "RetainUntilDate": now(aws.endpoint) + 9 * MINUTE}
    halves = [
        lambda: s3.copy_object(**where, CopySource={"Bucket": bucket, "Key": "half"}),
        lambda: s3.create_multipart_upload(**where, **until(aws, "COMPLIANCE")),
        lambda: s3.put_object_retention(**version, Retention=longer),
    ]
    for half in halves:
        with pytest.raises(ClientError) as refused:
            half()
        assert code(refused) == ("NotImplemented", 501)


def test_nothing_in_these_tests_got_an_answer_of_the_wrong_shape(aws):
    assert aws.faults() == []
