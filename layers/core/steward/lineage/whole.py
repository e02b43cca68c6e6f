"""The facts of an item that was too large for the table: they lie in S3, named by their digest."""

import json
from collections.abc import Mapping

from steward.aws import Aws


def key_of(sha256: str) -> str:
    """Key of the facts in the artifact bucket."""
    return f"record/{sha256}.json"


def whole(aws: Aws, bucket: str, item: Mapping[str, object]) -> dict[str, object]:
    """The item with all its facts."""
    sha256 = item.get("bulk")
    if sha256 is None:
        return dict(item)
    body = aws.s3.get_object(Bucket=bucket, Key=key_of(str(sha256)))["Body"].read()
    return {**item, **json.loads(body)}
