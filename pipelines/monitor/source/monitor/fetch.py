"""The monitor's only door to AWS: objects by prefix and URI, and metrics to CloudWatch."""

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

import boto3
from botocore.exceptions import ClientError

from tabular.failing import StepFailed

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch.type_defs import MetricDatumTypeDef as Datum

MOST_DATA = 1_000  # per call


class Store(Protocol):
    """Where objects are read from, each named by its s3:// URI."""

    def below(self, prefix: str) -> list[str]:
        """The URIs that begin with `prefix`, in the order of their keys."""

    def read(self, uri: str) -> bytes:
        """The object's bytes."""


class Meter(Protocol):
    """Where metrics are put."""

    def put(self, namespace: str, data: "Sequence[Datum]") -> None:
        """Put any number of data."""


class S3:
    """The store that the job reads."""

    def __init__(self) -> None:
        self._client = _session().client("s3")

    def below(self, prefix: str) -> list[str]:
        bucket, key = _split(prefix)
        try:
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=bucket, Prefix=key
            )
            keys = [item["Key"] for page in pages for item in page.get("Contents", ())]
        except ClientError as error:
            raise StepFailed(f"{prefix} cannot be listed: {_reason(error)}.") from error
        return [f"s3://{bucket}/{key}" for key in sorted(keys)]

    def read(self, uri: str) -> bytes:
        bucket, key = _split(uri)
        try:
            return self._client.get_object(Bucket=bucket, Key=key)["Body"].read()
        except ClientError as error:
            raise StepFailed(f"{uri} cannot be read: {_reason(error)}.") from error


class CloudWatch:
    """The meter that the job writes to."""

    def __init__(self) -> None:
        self._client = _session().client("cloudwatch")

    def put(self, namespace: str, data: "Sequence[Datum]") -> None:
        try:
            for start in range(0, len(data), MOST_DATA):
                batch = data[start : start + MOST_DATA]
                self._client.put_metric_data(Namespace=namespace, MetricData=batch)
        except ClientError as error:
            raise StepFailed(
                f"CloudWatch refused {len(data)} metrics for {namespace}: {_reason(error)}."
            ) from error


def _split(uri: str) -> tuple[str, str]:
    parts = urlsplit(uri)
    return parts.netloc, parts.path.lstrip("/")


def _session() -> boto3.Session:
    # SageMaker tells a job its region in AWS_REGION, which boto3 itself does not read.
    return boto3.Session(region_name=os.environ.get("AWS_REGION"))


def _reason(error: ClientError) -> str:
    return str(error.response["Error"].get("Code", "unknown"))
