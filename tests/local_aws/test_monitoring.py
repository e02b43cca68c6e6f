"""Monitoring on the whole embedded AWS: who may do what, and what outlasts a restart."""

import json
from datetime import datetime, timedelta
from pathlib import Path

import boto3
import pytest
from botocore.exceptions import ClientError

from local_aws.client import LocalAws, Way, now
from tests.local_aws.sagemaker.conftest import ANYTHING, BUCKET, TRUST
from tests.local_aws.sagemaker.serving import Shop, adder
from tests.local_aws.sagemaker.watching import Watch, capture_config, csv_record

TEMPLATE = Path(__file__).parent / "template.yaml"
WAY = Way(keep=True, hold=True)
NAME = "watched"


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


def watched(aws):
    """What is monitored, on an embedded AWS that has it already or not."""
    s3, sm = client(aws, "s3"), client(aws, "sagemaker")

    def put(key, body):
        s3.put_object(Bucket=BUCKET, Key=f"{NAME}/{key}", Body=body)
        return f"s3://{BUCKET}/{NAME}/{key}"

    def get(uri):
        return s3.get_object(Bucket=BUCKET, Key=uri.removeprefix(f"s3://{BUCKET}/"))["Body"].read()

    return Watch(None, sm, put, get, NAME)


def served(aws):
    """An endpoint in service, and a role that may do everything."""
    where = {"LocationConstraint": "eu-west-1"}
    client(aws, "s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration=where)
    role(aws, "execution", ANYTHING)
    watch = watched(aws)
    shop = Shop(None, watch.sm, watch.put, NAME)
    shop.create(shop.config("one", adder(1), DataCaptureConfig=capture_config(NAME)))
    aws.advance(200)
    return watch


def role(aws, name, policy):
    iam = client(aws, "iam")
    made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    iam.put_role_policy(RoleName=name, PolicyName="all", PolicyDocument=policy)
    return made


def allow(*actions):
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def this_hour(aws):
    return now(aws.endpoint).replace(minute=0, second=0, microsecond=0)


def advance_to(aws, when: datetime):
    aws.advance((when - now(aws.endpoint)).total_seconds())


def test_a_schedule_goes_on_after_a_restart(tmp_path):
    with LocalAws.start(tmp_path, TEMPLATE, way=WAY) as aws:
        watch = served(aws)
        watch.definition()
        hour = this_hour(aws) + timedelta(hours=1)
        advance_to(aws, hour)
        watch.schedule()
        watch.captured(hour, [csv_record("1", "2", "1")])
        advance_to(aws, hour + timedelta(hours=1, minutes=15))
        first = watch.last()
        assert first["MonitoringExecutionStatus"] == "Completed"
    with LocalAws.start(tmp_path, TEMPLATE, way=WAY) as aws:
        watch = watched(aws)
        assert watch.last() == first
        watch.captured(hour + timedelta(hours=1), [csv_record("1", "2", "1")])
        advance_to(aws, hour + timedelta(hours=2, minutes=15))
        second = watch.last()
        assert second["MonitoringExecutionStatus"] == "Completed"
        assert second["ScheduledTime"] == hour + timedelta(hours=2)
        listed = watch.sm.list_monitoring_executions(MonitoringScheduleName=NAME)
        assert listed["MonitoringExecutionSummaries"] == [second, first]
        assert aws.faults() == []


@pytest.fixture(scope="module")
def aws(tmp_path_factory):
    with LocalAws.start(tmp_path_factory.mktemp("watched"), TEMPLATE, way=Way(hold=True)) as aws:
        served(aws)
        yield aws


def test_an_execution_may_do_what_its_role_may(aws):
    watch = watched(aws)
    hour = this_hour(aws) + timedelta(hours=1)
    advance_to(aws, hour)
    watch.captured(hour, [csv_record("1", "2", "1")])
    watch.definition(RoleArn=role(aws, "blind", allow("logs:*", "cloudwatch:*", "ecr:*")))
    watch.schedule()
    advance_to(aws, hour + timedelta(hours=1, minutes=15))

    blind = watch.last()
    assert blind["MonitoringExecutionStatus"] == "Failed"
    assert "s3:ListBucket" in blind["FailureReason"]

    watch.sm.delete_monitoring_schedule(MonitoringScheduleName=NAME)
    watch.sm.delete_data_quality_job_definition(JobDefinitionName=NAME)
    reading = allow("logs:*", "cloudwatch:*", "ecr:*", "s3:ListBucket", "s3:GetObject")
    watch.captured(hour + timedelta(hours=1), [csv_record("1", "2", "1")])
    watch.definition(RoleArn=role(aws, "mute", reading))
    watch.schedule()
    advance_to(aws, hour + timedelta(hours=2, minutes=15))

    mute = watch.last()
    assert mute["MonitoringExecutionStatus"] == "Failed"
    assert "s3:PutObject" in mute["FailureReason"]
    watch.sm.delete_monitoring_schedule(MonitoringScheduleName=NAME)
    watch.sm.delete_data_quality_job_definition(JobDefinitionName=NAME)


def test_every_call_is_decided_on_its_own_resource(aws):
    iam = client(aws, "iam")
    iam.create_user(UserName="watcher")
    account = "arn:aws:sagemaker:eu-west-1:123456789012"
    allowed = {
        "sagemaker:CreateDataQualityJobDefinition": f"{account}:data-quality-job-definition/{NAME}",
        "iam:PassRole": "arn:aws:iam::123456789012:role/execution",
        "sagemaker:CreateMonitoringSchedule": f"{account}:monitoring-schedule/{NAME}",
        "sagemaker:ListMonitoringExecutions": "*",
        "sagemaker:ListProcessingJobs": "*",
    }
    statements = [
        {"Effect": "Allow", "Action": action, "Resource": resource}
        for action, resource in allowed.items()
    ]
    document = json.dumps({"Version": "2012-10-17", "Statement": statements})
    policy = iam.create_policy(PolicyName="watching", PolicyDocument=document)["Policy"]["Arn"]
    iam.attach_user_policy(UserName="watcher", PolicyArn=policy)
    key = iam.create_access_key(UserName="watcher")["AccessKey"]
    mine = client(aws, "sagemaker", key["AccessKeyId"], key["SecretAccessKey"])
    watch = Watch(None, mine, watched(aws).put, None, NAME)

    watch.definition()
    watch.schedule()
    assert "ProcessingJobSummaries" in mine.list_processing_jobs()
    assert "MonitoringExecutionSummaries" in mine.list_monitoring_executions()
    with pytest.raises(ClientError, match=f"sagemaker:DescribeMonitoringSchedule.*{NAME}"):
        mine.describe_monitoring_schedule(MonitoringScheduleName=NAME)
    with pytest.raises(ClientError, match="data-quality-job-definition/other"):
        watch.definition(JobDefinitionName="other")
