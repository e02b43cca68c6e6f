"""Every covered operation that reads is called once, on what the template or a test made."""

import json

import pytest

from local_aws.client import LocalAws

KEY = {"pk": {"S": "reads"}, "sk": {"S": "1"}}
GROUP = {"logGroupName": "/aws/lambda/tiny-worker"}
ROLE = {"RoleName": "tiny-worker"}
METRIC = {"Namespace": "Steward", "MetricName": "looks"}


@pytest.fixture(scope="module")
def things(aws: LocalAws, client) -> dict[str, str]:
    """Something of what the template does not make, so that no answer is empty."""
    out, s3 = dict(aws.outputs), client("s3")
    s3.put_object(Bucket=out["Bucket"], Key="reads", Body=b"1", Tagging="a=b", Metadata={"x": "y"})
    parts = {"Bucket": out["Bucket"], "Key": "parts"}
    out["UploadId"] = s3.create_multipart_upload(**parts)["UploadId"]
    s3.upload_part(**parts, UploadId=out["UploadId"], PartNumber=1, Body=b"1")
    item = {**KEY, "n": {"N": "1"}, "m": {"M": {"a": {"S": "b"}}}}
    client("dynamodb").put_item(TableName=out["Table"], Item=item)
    client("lambda").invoke(FunctionName=out["Worker"], Payload=b"{}")
    mappings = client("lambda").list_event_source_mappings()["EventSourceMappings"]
    out["Mapping"] = mappings[0]["UUID"]
    subscriptions = client("sns").list_subscriptions()["Subscriptions"]
    out["Subscription"] = subscriptions[0]["SubscriptionArn"]
    data = [{"MetricName": "looks", "Value": 1}]
    client("cloudwatch").put_metric_data(Namespace="Steward", MetricData=data)
    return out


READS = {
    "cloudwatch": {
        "describe_alarms": {},
        "list_metrics": {},
        "get_metric_statistics": {
            **METRIC,
            "StartTime": "2020-01-01",
            "EndTime": "2100-01-01",
            "Period": 86400,
            "Statistics": ["Sum"],
        },
    },
    "dynamodb": {
        "batch_get_item": {"RequestItems": {"$Table": {"Keys": [KEY]}}},
        "describe_continuous_backups": {"TableName": "$Table"},
        "describe_table": {"TableName": "$Table"},
        "describe_time_to_live": {"TableName": "$Table"},
        "list_tables": {},
        "scan": {"TableName": "$Table", "Limit": 1},
        "transact_get_items": {"TransactItems": [{"Get": {"TableName": "$Table", "Key": KEY}}]},
    },
    "events": {
        "describe_rule": {"Name": "tiny-upload"},
        "list_rules": {},
        "list_targets_by_rule": {"Rule": "tiny-upload"},
    },
    "iam": {
        "get_role": ROLE,
        "get_role_policy": {**ROLE, "PolicyName": "work"},
        "list_attached_role_policies": ROLE,
        "list_role_policies": ROLE,
        "list_roles": {},
        "list_users": {},
    },
    "lambda": {
        "get_event_source_mapping": {"UUID": "$Mapping"},
        "get_function": {"FunctionName": "$Worker"},
        "get_function_configuration": {"FunctionName": "$Worker"},
        "get_function_event_invoke_config": {"FunctionName": "$Ticker"},
        "get_layer_version": {"LayerName": "core", "VersionNumber": 1},
        "get_policy": {"FunctionName": "$Ticker"},
        "list_event_source_mappings": {},
        "list_functions": {},
        "list_layer_versions": {"LayerName": "core"},
        "list_layers": {},
    },
    "logs": {
        "describe_log_groups": {},
        "describe_log_streams": GROUP,
        "filter_log_events": GROUP,
    },
    "s3": {
        "get_bucket_encryption": {"Bucket": "$Bucket"},
        "get_bucket_lifecycle_configuration": {"Bucket": "$Bucket"},
        "get_bucket_location": {"Bucket": "$Bucket"},
        "get_bucket_ownership_controls": {"Bucket": "$Bucket"},
        "get_bucket_policy": {"Bucket": "$Bucket"},
        "get_bucket_tagging": {"Bucket": "$Bucket"},
        "get_bucket_versioning": {"Bucket": "$Bucket"},
        "get_object": {"Bucket": "$Bucket", "Key": "reads"},
        "get_object_attributes": {
            "Bucket": "$Bucket",
            "Key": "reads",
            "ObjectAttributes": ["ETag", "ObjectSize"],
        },
        "get_object_tagging": {"Bucket": "$Bucket", "Key": "reads"},
        "get_public_access_block": {"Bucket": "$Bucket"},
        "head_bucket": {"Bucket": "$Bucket"},
        "head_object": {"Bucket": "$Bucket", "Key": "reads"},
        "list_buckets": {},
        "list_multipart_uploads": {"Bucket": "$Bucket"},
        "list_object_versions": {"Bucket": "$Bucket"},
        "list_objects": {"Bucket": "$Bucket"},
        "list_objects_v2": {"Bucket": "$Bucket", "Delimiter": "/", "MaxKeys": 1},
        "list_parts": {"Bucket": "$Bucket", "Key": "parts", "UploadId": "$UploadId"},
    },
    "secretsmanager": {"describe_secret": {"SecretId": "$Secret"}, "list_secrets": {}},
    "sns": {
        "get_subscription_attributes": {"SubscriptionArn": "$Subscription"},
        "get_topic_attributes": {"TopicArn": "$Topic"},
        "list_subscriptions": {},
        "list_subscriptions_by_topic": {"TopicArn": "$Topic"},
        "list_topics": {},
        "publish": {"TopicArn": "$Topic", "Message": "m", "Subject": "s"},
    },
    "sqs": {
        "get_queue_attributes": {"QueueUrl": "$People", "AttributeNames": ["All"]},
        "get_queue_url": {"QueueName": "tiny-people"},
        "list_dead_letter_source_queues": {"QueueUrl": "$DeadLetters"},
        "list_queues": {},
        "receive_message": {"QueueUrl": "$People", "AttributeNames": ["All"]},
    },
}


@pytest.mark.parametrize(
    ("service", "operation"), [(s, o) for s, operations in READS.items() for o in operations]
)
def test_a_read_has_the_shape_that_botocore_describes(aws, client, things, service, operation):
    parameters = json.dumps(READS[service][operation])
    for name, value in things.items():
        parameters = parameters.replace(f'"${name}"', json.dumps(value))
    before = len(aws.faults())
    getattr(client(service), operation)(**json.loads(parameters))
    assert aws.faults()[before:] == []
