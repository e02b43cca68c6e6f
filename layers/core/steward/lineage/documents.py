"""JSON in S3 that is on record with its SHA-256: told only while it is the same bytes."""

import hashlib
import json
from collections.abc import Mapping

from steward.aws import Aws, ClientError
from steward.lineage.captures import NotOnRecord
from steward.names import split_s3


def document(aws: Aws, uri: str, sha256: str) -> Mapping[str, object]:
    """What lies at a URI; raises NotOnRecord if it is gone, or is not what was recorded."""
    bucket, key = split_s3(uri)
    try:
        content = aws.s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] != 404:
            raise
        raise NotOnRecord(f"{uri} does not exist any more") from None
    if hashlib.sha256(content).hexdigest() != sha256:
        raise NotOnRecord(f"{uri} was changed: its SHA-256 is not the one on record")
    found: Mapping[str, object] = json.loads(content)
    return found
