"""The one seam to AWS: every client is made here, when it is first used."""

from functools import cached_property
from typing import TYPE_CHECKING

import boto3
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.config import Config
from botocore.exceptions import ClientError

__all__ = ["Aws", "ClientError", "TypeDeserializer", "TypeSerializer", "error_code"]

if TYPE_CHECKING:
    from mypy_boto3_application_autoscaling import ApplicationAutoScalingClient
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_kms import KMSClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient

# One slow answer must not eat a function's time: the queue tries again sooner than a long wait.
_CONFIG = Config(connect_timeout=5, read_timeout=30, retries={"mode": "standard"})


class Aws:
    """The clients that the functions use; tests pass an object with the same attributes."""

    @cached_property
    def autoscaling(self) -> "ApplicationAutoScalingClient":
        return boto3.client("application-autoscaling", config=_CONFIG)

    @cached_property
    def cloudwatch(self) -> "CloudWatchClient":
        return boto3.client("cloudwatch", config=_CONFIG)

    @cached_property
    def dynamodb(self) -> "DynamoDBClient":
        return boto3.client("dynamodb", config=_CONFIG)

    @cached_property
    def kms(self) -> "KMSClient":
        return boto3.client("kms", config=_CONFIG)

    @cached_property
    def s3(self) -> "S3Client":
        return boto3.client("s3", config=_CONFIG)

    @cached_property
    def sagemaker(self) -> "SageMakerClient":
        return boto3.client("sagemaker", config=_CONFIG)

    @cached_property
    def sns(self) -> "SNSClient":
        return boto3.client("sns", config=_CONFIG)

    @cached_property
    def sqs(self) -> "SQSClient":
        return boto3.client("sqs", config=_CONFIG)


def error_code(error: ClientError) -> str:
    """AWS's code of an error, such as `AccessDeniedException`."""
    return error.response.get("Error", {}).get("Code", "")
