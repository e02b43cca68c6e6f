"""A document that lies in S3, and whether it still is what was recorded of it."""

import json
from dataclasses import dataclass
from hashlib import sha256

from cli.documents import mapping
from cli.trace import Entry
from steward.aws import Aws, ClientError
from steward.names import split_s3

# What each document is called.
WORDS = {
    "evaluation": "evaluation report",
    "bias": "bias report",
    "explainability": "explainability report",
    "snapshot": "manifest of the data",
    "spec": "model's file as its run had it",
    "prepared": "account of the prepared data",
}


@dataclass(frozen=True, slots=True)
class Kept:
    """A document in S3. No `uri`: none is on record. No `body`: nothing lies there any more.

    `recorded` is the SHA-256 of its bytes when they were read first; empty: it was not noted.
    """

    name: str
    uri: str
    recorded: str
    body: bytes | None

    @property
    def sha256(self) -> str:
        """Digest of the bytes as they are now."""
        return sha256(self.body).hexdigest() if self.body is not None else ""

    @property
    def is_altered(self) -> bool:
        """Whether these are other bytes than those that were judged."""
        return bool(self.recorded and self.body is not None and self.recorded != self.sha256)

    @property
    def content(self) -> Entry:
        """The JSON object that it holds, empty if it holds none."""
        try:
            return mapping(json.loads(self.body or b"null"))
        except (ValueError, RecursionError):
            return {}


def kept(aws: Aws, name: str, uri: str, recorded: str = "") -> Kept:
    """A document as it lies in S3 now."""
    if not uri:
        return Kept(name, "", "", None)
    bucket, key = split_s3(uri)
    try:
        return Kept(name, uri, recorded, aws.s3.get_object(Bucket=bucket, Key=key)["Body"].read())
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] != 404:
            raise
        return Kept(name, uri, recorded, None)
