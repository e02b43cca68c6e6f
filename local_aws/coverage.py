"""The operations that are covered; all others are refused. `COVERAGE.md` says how faithfully."""

from local_aws import sagemaker

COVERED: dict[str, frozenset[str]] = {
    service: frozenset(operations.split())
    for service, operations in {
        "application-autoscaling": """
            DeleteScalingPolicy DeregisterScalableTarget DescribeScalableTargets
            DescribeScalingPolicies PutScalingPolicy RegisterScalableTarget""",
        "cloudwatch": """
            DeleteAlarms DescribeAlarms GetDashboard GetMetricData GetMetricStatistics ListMetrics
            PutDashboard PutMetricAlarm PutMetricData SetAlarmState""",
        "dynamodb": """
            BatchGetItem BatchWriteItem CreateTable DeleteItem DescribeContinuousBackups
            DescribeTable GetItem ListTables ListTagsOfResource PutItem Query Scan TransactGetItems
            TransactWriteItems UpdateContinuousBackups UpdateItem UpdateTimeToLive
            DescribeTimeToLive""",
        "events": """
            DeleteRule DescribeRule DisableRule EnableRule ListRules ListTargetsByRule PutEvents
            PutRule PutTargets RemoveTargets""",
        "iam": """
            AttachRolePolicy AttachUserPolicy CreateAccessKey CreatePolicy CreateRole CreateUser
            DeleteAccessKey GetPolicy GetPolicyVersion GetRole GetRolePolicy GetUser ListAccessKeys
            ListAttachedRolePolicies ListAttachedUserPolicies ListRolePolicies ListRoles ListUsers
            PutRolePolicy TagRole""",
        "kms": """
            CreateAlias CreateKey DescribeKey EnableKeyRotation GetKeyRotationStatus GetPublicKey
            Sign Verify""",
        "lambda": """
            AddPermission CreateEventSourceMapping CreateFunction CreateFunctionUrlConfig
            GetEventSourceMapping GetFunction GetFunctionConfiguration GetFunctionUrlConfig
            GetLayerVersion GetPolicy Invoke ListEventSourceMappings
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
            GetObject GetObjectAttributes GetObjectLockConfiguration GetObjectRetention
            GetObjectTagging GetPublicAccessBlock HeadBucket
            HeadObject ListBuckets ListMultipartUploads ListObjectVersions ListObjects
            ListObjectsV2 ListParts
            PutBucketEncryption PutBucketLifecycleConfiguration PutBucketNotificationConfiguration
            PutBucketOwnershipControls PutBucketPolicy PutBucketTagging PutBucketVersioning
            PutObject PutObjectLockConfiguration PutObjectTagging PutPublicAccessBlock
            UploadPart""",
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
COVERED |= {service: frozenset(names) for service, names in sagemaker.COVERED.items()}


def is_covered(service: str, operation: str) -> bool:
    """Whether the embedded AWS implements an operation."""
    return operation in COVERED.get(service, frozenset())
