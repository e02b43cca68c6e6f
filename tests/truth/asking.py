"""The lineage is asked of a copy that lies in memory: thousands of questions, and one AWS."""

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from local_aws.memory.dynamodb import InMemoryDynamoDB
from steward.aws import Aws
from steward.record.items import to_item
from steward.record.store import Store

type Json = dict[str, Any]
_AT_ONCE = 100


@dataclass(frozen=True)
class Captures:
    """The capture files as they lie in S3, with the two calls by which they are read."""

    bucket: str
    files: Mapping[str, Json]

    def get_object(self, *, Bucket: str, Key: str) -> Json:  # noqa: N803
        assert Bucket == self.bucket
        return {**self.files[Key], "Body": Lines(self.files[Key]["Body"])}

    def get_paginator(self, operation: str) -> "Captures":
        assert operation == "list_objects_v2"
        return self

    def paginate(
        self,
        *,
        Bucket: str,  # noqa: N803
        Prefix: str,  # noqa: N803
        Delimiter: str = "",  # noqa: N803
    ) -> Iterator[Json]:
        assert Bucket == self.bucket
        keys = [key for key in self.files if key.startswith(Prefix)]
        if not Delimiter:
            yield {"Contents": [{"Key": key} for key in keys]}
            return
        below = {key.removeprefix(Prefix).partition(Delimiter)[0] for key in keys}
        yield {"CommonPrefixes": [{"Prefix": f"{Prefix}{one}{Delimiter}"} for one in sorted(below)]}


class Lines(io.BytesIO):
    """A body as botocore gives it."""

    def iter_lines(self) -> Iterator[bytes]:
        return iter(self.read().splitlines())


@dataclass(frozen=True)
class Copy:
    """An AWS to ask: nothing but what the lineage is answered from."""

    dynamodb: InMemoryDynamoDB
    s3: Captures


def copy(aws: Aws, store: Store) -> Copy:
    """The Lineage table and the captures, in memory."""
    items = list(store.scan(store.lineage))
    memory = InMemoryDynamoDB(store.lineage)
    for start in range(0, len(items), _AT_ONCE):
        puts = [
            {"Put": {"TableName": store.lineage, "Item": to_item(item)}}
            for item in items[start : start + _AT_ONCE]
        ]
        memory.transact_write_items(TransactItems=puts)
    return Copy(memory, Captures(store.bucket, _files(aws, store.bucket)))


def _files(aws: Aws, bucket: str) -> dict[str, Json]:
    pages = aws.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix="capture/")
    keys = [entry["Key"] for page in pages for entry in page.get("Contents", [])]
    return {key: _file(aws, bucket, key) for key in keys}


def _file(aws: Aws, bucket: str, key: str) -> Json:
    found = aws.s3.get_object(Bucket=bucket, Key=key)
    return {
        "Body": found["Body"].read(),
        "ETag": found["ETag"],
        "VersionId": found.get("VersionId"),
    }
