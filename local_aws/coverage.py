"""The operations that the embedded AWS covers; everything else is refused. `COVERAGE.md` says how faithfully."""

from functools import cache
from importlib import import_module

COVERED: dict[str, frozenset[str]] = {
    service: frozenset(operations.split())
    for service, operations in {
        "cloudwatch": """
            DeleteAlarms DescribeAlarms GetMetricData GetMetricStatistics ListMetrics PutMetricAlarm
            PutMetricData""",
        "dynamodb": """
            BatchGetItem BatchWriteItem CreateTable DeleteItem DescribeContinuousBackups
            DescribeTable GetItem ListTables ListTagsOfResource PutItem Query Scan TransactGetItems
            TransactWriteItems UpdateContinuousBackups UpdateItem UpdateTimeToLive
            DescribeTimeToLive""",
        "events": """
            DeleteRule DescribeRule DisableRule EnableRule ListRules ListTargetsByRule PutEvents
            PutRule PutTargets RemoveTargets""",
        "iam": """
            AttachRolePolicy CreateAccessKey CreateRole CreateUser GetRole GetRolePolicy GetUser
            ListAttachedRolePolicies ListRolePolicies ListRoles ListUsers PutRolePolicy TagRole""",
        "lambda": """
            AddPermission CreateEventSourceMapping CreateFunction GetEventSourceMapping GetFunction
            GetFunctionConfiguration GetLayerVersion GetPolicy Invoke ListEventSourceMappings
            ListFunctions ListLayers ListLayerVersions PublishLayerVersion PutFunctionConcurrency
            PutFunctionEventInvokeConfig GetFunctionEventInvokeConfig UpdateEventSourceMapping""",
        "logs": """
            CreateLogGroup CreateLogStream DescribeLogGroups DescribeLogStreams FilterLogEvents
            GetLogEvents PutLogEvents PutRetentionPolicy""",
        "s3": """
            AbortMultipartUpload CompleteMultipartUpload CopyObject CreateBucket
            CreateMultipartUpload DeleteObject DeleteObjects GetBucketEncryption
            GetBucketLifecycleConfiguration GetBucketLocation GetBucketNotificationConfiguration
            GetBucketOwnershipControls GetBucketPolicy GetBucketTagging GetBucketVersioning
            GetObject GetObjectAttributes GetObjectTagging GetPublicAccessBlock HeadBucket HeadObject
            ListBuckets ListMultipartUploads ListObjectVersions ListObjects ListObjectsV2 ListParts
            PutBucketEncryption PutBucketLifecycleConfiguration PutBucketNotificationConfiguration
            PutBucketOwnershipControls PutBucketPolicy PutBucketTagging PutBucketVersioning
            PutObject PutObjectTagging PutPublicAccessBlock UploadPart""",
        "secretsmanager": """
            CreateSecret DescribeSecret GetRandomPassword GetSecretValue ListSecrets
            PutSecretValue""",
        "sns": """
            CreateTopic GetSubscriptionAttributes GetTopicAttributes ListSubscriptions
            ListSubscriptionsByTopic ListTopics Publish PublishBatch SetTopicAttributes
            Subscribe Unsubscribe""",
        "sqs": """
            ChangeMessageVisibility ChangeMessageVisibilityBatch CreateQueue DeleteMessage
            DeleteMessageBatch GetQueueAttributes GetQueueUrl ListDeadLetterSourceQueues
            ListQueues PurgeQueue ReceiveMessage SendMessage SendMessageBatch
            SetQueueAttributes""",
        "sts": "AssumeRole GetCallerIdentity",
    }.items()
}
SAGEMAKER = ("sagemaker", "sagemaker-runtime")


def is_covered(service: str, operation: str) -> bool:
    """Whether the embedded AWS implements an operation."""
    if service in SAGEMAKER:
        return operation in _sagemaker(service)
    return operation in COVERED.get(service, frozenset())


@cache
def _sagemaker(service: str) -> frozenset[str]:
    """SageMaker keeps its own list, next to what it lists."""
    covered: dict[str, frozenset[str]] = import_module("local_aws.sagemaker").COVERED
    return covered[service]
