"""What lies under a key is for those who may use that key as well, by way of the service."""

import json
import uuid

import pytest
from botocore.exceptions import ClientError

from tests.local_aws.test_contract import same_client

ACCOUNT, REGION = "123456789012", "eu-west-1"
ROOT = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}


def new_key(client, *statements):
    """A key that leaves it to IAM who may use it, and to these statements of its own."""
    every = {"Effect": "Allow", "Principal": ROOT, "Action": "kms:*", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [every, *statements]})
    return client("kms").create_key(Policy=policy)["KeyMetadata"]["Arn"]


@pytest.fixture(scope="module")
def key(client):
    return new_key(client)


def bucket(client, key):
    name = f"encrypted-{uuid.uuid4()}"
    where = {"LocationConstraint": REGION}
    client("s3").create_bucket(Bucket=name, CreateBucketConfiguration=where)
    default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
    rules = {"Rules": [{"ApplyServerSideEncryptionByDefault": default, "BucketKeyEnabled": True}]}
    client("s3").put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration=rules)
    client("s3").put_object(Bucket=name, Key="there", Body=b"x")
    return name


def queue(client, key):
    made = {"QueueName": f"encrypted-{uuid.uuid4()}", "Attributes": {"KmsMasterKeyId": key}}
    return client("sqs").create_queue(**made)["QueueUrl"]


def topic(client, key):
    made = {"Name": f"encrypted-{uuid.uuid4()}", "Attributes": {"KmsMasterKeyId": key}}
    return client("sns").create_topic(**made)["TopicArn"]


def secret(client, key):
    made = {"Name": f"encrypted-{uuid.uuid4()}", "SecretString": "x", "KmsKeyId": key}
    return client("secretsmanager").create_secret(**made)["ARN"]


USES = {
    "read an object": ("s3", bucket, lambda s3, it: s3.get_object(Bucket=it, Key="there")),
    "write an object": ("s3", bucket, lambda s3, it: s3.put_object(Bucket=it, Key="k", Body=b"x")),
    "send": ("sqs", queue, lambda sqs, it: sqs.send_message(QueueUrl=it, MessageBody="x")),
    "receive": ("sqs", queue, lambda sqs, it: sqs.receive_message(QueueUrl=it)),
    "publish": ("sns", topic, lambda sns, it: sns.publish(TopicArn=it, Message="x")),
    "read a secret": ("secretsmanager", secret, lambda sm, it: sm.get_secret_value(SecretId=it)),
}


def somebody(aws, client, service, *statements):
    """A person who may do everything with the service, and what the statements say."""
    iam, name = client("iam"), f"by-{uuid.uuid4()}"
    every = {"Effect": "Allow", "Action": f"{service}:*", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [every, *statements]})
    iam.create_user(UserName=name)
    policy = iam.create_policy(PolicyName=name, PolicyDocument=document)["Policy"]["Arn"]
    iam.attach_user_policy(UserName=name, PolicyArn=policy)
    keys = iam.create_access_key(UserName=name)["AccessKey"]
    return same_client(service, aws, keys["AccessKeyId"], keys["SecretAccessKey"])


def may(use, who, what):
    try:
        use(who, what)
    except ClientError as refused:
        return "is not authorized to perform: kms:" not in refused.response["Error"]["Message"]
    return True


@pytest.mark.parametrize("name", USES)
def test_who_may_use_a_service_needs_the_key_too_by_way_of_that_service(aws, client, key, name):
    service, make, use = USES[name]
    what = make(client, key)

    def by_way_of(other):
        condition = {"StringEquals": {"kms:ViaService": f"{other}.{REGION}.amazonaws.com"}}
        actions = ["kms:Decrypt", "kms:GenerateDataKey"]
        return {"Effect": "Allow", "Action": actions, "Resource": key, "Condition": condition}

    who = [(), (by_way_of("dynamodb"),), (by_way_of(service),)]
    assert [may(use, somebody(aws, client, service, *one), what) for one in who] == [
        False,
        False,
        True,
    ]


def test_a_rule_reaches_an_encrypted_queue_only_if_the_keys_own_policy_lets_it(aws, client):
    opened = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": ["kms:Decrypt", "kms:GenerateDataKey*"],
        "Resource": "*",
        "Condition": {"StringEquals": {"aws:SourceAccount": ACCOUNT}},
    }
    reached = [queue(client, new_key(client, *more)) for more in ((), (opened,))]
    sqs, events = client("sqs"), client("events")
    source = f"test.{uuid.uuid4()}"
    events.put_rule(Name="to-encrypted", EventPattern=json.dumps({"source": [source]}))
    admits = {"Principal": {"Service": "events.amazonaws.com"}, "Action": "sqs:SendMessage"}
    for number, url in enumerate(reached):
        arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{url.rpartition('/')[2]}"
        policy = {"Statement": [{"Effect": "Allow", "Resource": arn, **admits}]}
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(policy)})
        events.put_targets(Rule="to-encrypted", Targets=[{"Id": str(number), "Arn": arn}])
    entry = {"Source": source, "DetailType": "Test", "Detail": "{}"}
    assert events.put_events(Entries=[entry])["FailedEntryCount"] == 0
    aws.settle()
    assert [len(sqs.receive_message(QueueUrl=url).get("Messages", [])) for url in reached] == [0, 1]


def test_nothing_in_these_tests_got_an_answer_of_the_wrong_shape(aws):
    assert aws.faults() == []
