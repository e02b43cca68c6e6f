"""Between S3 and folders, as SageMaker copies inputs and collects outputs."""

import gzip
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class StorageError(Exception):
    """S3 did not give or take what a job needs."""


def split(uri: str) -> tuple[str, str]:
    """Bucket and key of an S3 URI."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return bucket, key


def read(s3: "S3Client", uri: str, version: str | None = None) -> bytes:
    """The bytes of one object, of its newest version unless one is named."""
    bucket, key = split(uri)
    try:
        if version:
            answer = s3.get_object(Bucket=bucket, Key=key, VersionId=version)
        else:
            answer = s3.get_object(Bucket=bucket, Key=key)
        return answer["Body"].read()
    except ClientError as error:
        raise StorageError(f"{uri} could not be read: {error}") from error


def download(s3: "S3Client", uri: str, folder: Path) -> None:
    """Copy the object at `uri`, or all objects below it, into `folder`."""
    bucket, key = split(uri)
    folder.mkdir(parents=True, exist_ok=True)
    try:
        found = list(_below(s3, bucket, key))
        for name in found:
            target = folder / (name.removeprefix(key).lstrip("/") or Path(name).name)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(s3.get_object(Bucket=bucket, Key=name)["Body"].read())
    except ClientError as error:
        raise StorageError(f"Failed to download data from {uri}: {error}") from error
    if not found:
        raise StorageError(
            f'No S3 objects found under S3 URL "{uri}" given in input data source. Please ensure '
            "that the bucket exists in the selected region and that objects exist under that prefix"
        )


def has_objects(s3: "S3Client", uri: str) -> bool:
    """Whether anything lies below `uri`."""
    bucket, key = split(uri)
    try:
        return next(_below(s3, bucket, key), None) is not None
    except ClientError as error:
        raise StorageError(f"{uri} could not be listed: {error}") from error


def _below(s3: "S3Client", bucket: str, key: str) -> Iterator[str]:
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=key)
    for page in pages:
        for entry in page.get("Contents", []):
            name = entry["Key"]
            inside = name.startswith(key.rstrip("/") + "/") or not key
            if (name == key or inside) and not name.endswith("/"):
                yield name


def upload(s3: "S3Client", folder: Path, uri: str) -> None:
    """Copy every file in `folder` to below `uri`."""
    for file in files_in(folder):
        upload_file(s3, file, f"{uri.rstrip('/')}/{file.relative_to(folder).as_posix()}")


def upload_file(s3: "S3Client", file: Path, uri: str) -> None:
    """Copy one file to `uri`."""
    bucket, key = split(uri)
    try:
        s3.put_object(Bucket=bucket, Key=key, Body=file.read_bytes())
    except ClientError as error:
        raise StorageError(f"Failed to upload to {uri}: {error}") from error


def files_in(folder: Path) -> list[Path]:
    """All files below `folder`, in order."""
    return sorted(path for path in folder.rglob("*") if path.is_file())


def pack(folder: Path, target: Path) -> None:
    """A tar.gz of the folder's content whose bytes depend on nothing else."""
    with (
        target.open("wb") as raw,
        gzip.GzipFile(filename="", fileobj=raw, mode="wb", mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w") as archive,
    ):
        for file in files_in(folder):
            member = tarfile.TarInfo(file.relative_to(folder).as_posix())
            member.size, member.mode = file.stat().st_size, 0o644
            with file.open("rb") as content:
                archive.addfile(member, content)


def unpack(source: BinaryIO, folder: Path) -> None:
    """Unpack a tar.gz; members that would leave the folder are refused."""
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with tarfile.open(fileobj=source, mode="r:gz") as archive:
            archive.extractall(folder, filter="data")
    except tarfile.TarError as error:
        raise StorageError(f"The archive cannot be unpacked: {error}") from error
