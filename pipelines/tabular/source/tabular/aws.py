"""The steps' only door to AWS: objects by version, an archive by URI, a secret."""

import os
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import boto3
from botocore.exceptions import ClientError

from tabular.failing import StepFailed

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


# What has happened to an object when S3 answers this.
_GONE = {
    "NoSuchKey": "it was deleted",
    "NoSuchVersion": "it was deleted",
    "PreconditionFailed": "it was overwritten, and its bucket keeps no versions",
}


def fetch_object(bucket: str, key: str, version: str | None, etag: str) -> bytes:
    """The bytes of exactly this version of an object; without one, only while it has this ETag."""
    try:
        if version is None:
            return _s3().get_object(Bucket=bucket, Key=key, IfMatch=f'"{etag}"')["Body"].read()
        return _s3().get_object(Bucket=bucket, Key=key, VersionId=version)["Body"].read()
    except ClientError as error:
        which = f"{key} version {version}" if version else f"{key} with ETag {etag}"
        why = _GONE.get(_reason(error), _reason(error))
        raise StepFailed(f"{which} cannot be read: {why}.") from error


def fetch(uri: str) -> bytes:
    """The bytes of the object behind an s3:// URI."""
    parts = urlsplit(uri)
    try:
        return _s3().get_object(Bucket=parts.netloc, Key=parts.path.lstrip("/"))["Body"].read()
    except ClientError as error:
        raise StepFailed(f"{uri} cannot be read: {_reason(error)}.") from error


def download(uri: str, path: Path) -> None:
    """Fetch the object behind an s3:// URI into a file."""
    parts = urlsplit(uri)
    try:
        _s3().download_file(parts.netloc, parts.path.lstrip("/"), str(path))
    except ClientError as error:
        raise StepFailed(f"{uri} cannot be read: {_reason(error)}.") from error


def fetch_secret(name: str) -> bytes:
    """The value of a secret."""
    try:
        answer = _session().client("secretsmanager").get_secret_value(SecretId=name)
    except ClientError as error:
        raise StepFailed(f"The secret {name} cannot be read: {_reason(error)}.") from error
    return answer["SecretString"].encode()


@cache
def _s3() -> "S3Client":
    return _session().client("s3")


def _session() -> boto3.Session:
    # SageMaker tells a job its region in AWS_REGION, which boto3 itself does not read.
    return boto3.Session(region_name=os.environ.get("AWS_REGION"))


def _reason(error: ClientError) -> str:
    return str(error.response["Error"].get("Code", "unknown"))
