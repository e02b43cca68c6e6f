"""Object Lock: versions that nobody may delete before a day, kept as S3 keeps them.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from moto.core import utils
from moto.core.common_types import TYPE_RESPONSE
from moto.core.responses import ActionResult
from moto.s3.exceptions import (
    AccessDeniedByLock,
    InvalidBucketState,
    LockNotEnabled,
    MalformedXML,
    S3ClientError,
)
from moto.s3.models import FakeBucket, FakeKey, S3Backend
from moto.s3.responses import S3Response
from werkzeug.datastructures import Headers

MODES = ("GOVERNANCE", "COMPLIANCE")
SIGNED_BY_SDK, CHECKSUM = "x-amz-sdk-checksum-algorithm", "x-amz-checksum-"
NO_CHECKSUM = (
    "Content-MD5 OR x-amz-checksum- HTTP header is required for Put Object requests with "
    "Object Lock parameters"
)
BOTH = "x-amz-object-lock-retain-until-date and x-amz-object-lock-mode must both be supplied"


class LockingBackend(S3Backend):
    """moto's buckets; what is locked cannot be deleted, and stays locked."""

    def put_bucket_versioning(self, bucket_name: str, status: str) -> None:
        if status != "Enabled" and self.get_bucket(bucket_name).object_lock_enabled:
            raise InvalidBucketState(
                "An Object Lock configuration is present on this bucket, so the versioning state "
                "cannot be changed."
            )
        super().put_bucket_versioning(bucket_name, status)

    def put_object_lock_configuration(
        self,
        bucket_name: str,
        lock_enabled: bool,
        mode: str | None = None,
        days: int | None = None,
        years: int | None = None,
    ) -> None:
        """moto refuses it once there are objects, AWS does not."""
        bucket = self.get_bucket(bucket_name)
        if not bucket.is_versioned:
            raise InvalidBucketState("Versioning must be 'Enabled' on the bucket")
        if not lock_enabled or (mode and (mode not in MODES or bool(days) == bool(years))):
            raise MalformedXML
        bucket.object_lock_enabled = True
        bucket.default_lock_mode = mode
        bucket.default_lock_days = days
        bucket.default_lock_years = years

    def get_object_lock_configuration(
        self, bucket_name: str
    ) -> tuple[bool, str | None, int | None, int | None]:
        """The answer has days or years, and moto would give both."""
        enabled, mode, days, years = super().get_object_lock_configuration(bucket_name)
        return enabled, mode, days or None, years or None

    def complete_multipart_upload(
        self, bucket_name: str, multipart_id: str, body: Iterator[tuple[int, str]]
    ) -> FakeKey | None:
        key, bucket = (
            super().complete_multipart_upload(bucket_name, multipart_id, body),
            self.get_bucket(bucket_name),
        )
        if key and bucket.has_default_lock:
            key.lock_mode, key.lock_until = bucket.default_lock_mode, bucket.default_retention()
        return key


class LockingResponse(S3Response):
    """moto's answers; what is asked of a lock is checked first."""

    def _key_response_put(self, query: dict[str, Any], key_name: str) -> TYPE_RESPONSE:
        if not query:
            self._check_lock()
        return super()._key_response_put(query, key_name)

    def _key_response_post(self, *given: Any) -> TYPE_RESPONSE:
        if any(self._asked()):
            raise NotImplementedError("CreateMultipartUpload with a lock of its own")
        return super()._key_response_post(*given)

    def _key_response_get(self, query: dict[str, Any], key_name: str) -> TYPE_RESPONSE:
        if "retention" in query:
            return self._get_object_retention()
        return super()._key_response_get(query, key_name)

    def delete_object(self) -> TYPE_RESPONSE:
        try:
            return super().delete_object()
        except AccessDeniedByLock as locked:
            _, headers, body = self.serialized(ActionResult(locked))
            return 403, headers, body

    def _asked(self) -> tuple[str | None, str | None]:
        """Mode and end of the lock that a request asks for."""
        if self.headers.get("x-amz-object-lock-legal-hold"):
            raise NotImplementedError("a legal hold")
        mode = self.headers.get("x-amz-object-lock-mode")
        return mode, self.headers.get("x-amz-object-lock-retain-until-date")

    def _check_lock(self) -> None:
        mode, until = self._asked()
        bucket = self.backend.get_bucket(self.bucket_name)
        if mode or until:
            _check_retention(bucket, mode, until)
        elif not bucket.has_default_lock:
            return
        if "x-amz-copy-source" in self.headers:
            raise NotImplementedError("CopyObject that makes a locked object")
        sums = [name for name, _ in self.headers if name.lower().startswith(CHECKSUM)]
        if sums and SIGNED_BY_SDK not in self.headers:  # all that moto looks for
            algorithm = sums[0].lower().removeprefix(CHECKSUM).upper()
            self.headers = Headers([*self.headers, (SIGNED_BY_SDK, algorithm)])
        if SIGNED_BY_SDK not in self.headers and "Content-MD5" not in self.headers:
            raise S3ClientError("InvalidRequest", NO_CHECKSUM)

    def _get_object_retention(self) -> TYPE_RESPONSE:
        if not self.backend.get_bucket(self.bucket_name).object_lock_enabled:
            raise LockNotEnabled
        key, _ = self._get_key()
        if not key.lock_mode:
            raise S3ClientError(
                "NoSuchObjectLockConfiguration",
                "The specified object does not have a ObjectLock configuration",
            )
        told = f"<Mode>{key.lock_mode}</Mode><RetainUntilDate>{key.lock_until}</RetainUntilDate>"
        xmlns = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'
        return 200, {}, f"<Retention {xmlns}>{told}</Retention>"


def _check_retention(bucket: FakeBucket, mode: str | None, until: str | None) -> None:
    """Raises S3ClientError for a lock that cannot be."""
    if not bucket.object_lock_enabled:
        raise LockNotEnabled
    if not mode or not until:
        raise S3ClientError("InvalidArgument", BOTH)
    if mode not in MODES:
        raise S3ClientError("InvalidArgument", "Unknown wormMode directive.")
    if datetime.fromisoformat(until).replace(tzinfo=None) <= utils.utcnow():
        raise S3ClientError("InvalidArgument", "The retain until date must be in the future!")
