"""moto's buckets; what is created or deleted is announced as S3 announces it to EventBridge."""

import itertools
import time
import uuid
from typing import Any, ClassVar, cast
from xml.etree import ElementTree as ET

from moto.core.common_types import TYPE_RESPONSE
from moto.iam.access_control import PermissionResult
from moto.s3 import notifications, urls
from moto.s3.models import FakeBucket, FakeKey, s3_backends
from moto.s3.notifications import S3NotificationEvent as Kind

from local_aws.account import ACCOUNT
from local_aws.adapter import replace
from local_aws.kernel import World
from local_aws.s3.locks import LockingBackend, LockingResponse
from local_aws.wire import source_address

NAMESPACE = "{http://s3.amazonaws.com/doc/2006-03-01/}"
REASONS = {
    Kind.OBJECT_CREATED_PUT_EVENT: "PutObject",
    Kind.OBJECT_CREATED_POST_EVENT: "POST Object",
    Kind.OBJECT_CREATED_COPY_EVENT: "CopyObject",
    Kind.OBJECT_CREATED_COMPLETE_MULTIPART_UPLOAD_EVENT: "CompleteMultipartUpload",
}


class Announcer:
    """Sends S3's events for buckets that have EventBridge switched on."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._numbers = itertools.count(time.time_ns())

    def created(self, _account: str, bucket: FakeBucket, kind: Kind, key: FakeKey) -> None:
        """Stands in for moto's own sender, which is also called for what S3 does not announce."""
        reason = REASONS.get(kind)
        if reason is None or (reason == "PutObject" and key.multipart is not None):
            return
        thing: dict[str, object] = {
            "key": key.name,
            "size": key.size,
            "etag": key.etag.strip('"'),
        }
        if bucket.is_versioned:
            thing["version-id"] = key.version_id
        self._emit("Object Created", bucket, thing, reason)

    def deleted(
        self, bucket: FakeBucket, name: str, answer: dict[str, Any], version: str | None
    ) -> None:
        """An object, one of its versions or only its being visible has gone."""
        if not _announces(bucket):
            return
        marked = bucket.is_versioned and version is None
        thing: dict[str, object] = {"key": name}
        if bucket.is_versioned:
            thing["version-id"] = answer.get("version-id")
        how = "Delete Marker Created" if marked else "Permanently Deleted"
        self._emit("Object Deleted", bucket, thing, "DeleteObject", {"deletion-type": how})

    def _emit(
        self,
        what: str,
        bucket: FakeBucket,
        thing: dict[str, object],
        reason: str,
        more: dict[str, object] | None = None,
    ) -> None:
        detail: dict[str, object] = {
            "version": "0",
            "event-version": "1.2",
            "bucket": {"name": bucket.name},
            "object": {**thing, "sequencer": f"{next(self._numbers):018X}"},
            "request-id": uuid.uuid4().hex[:16].upper(),
            "requester": ACCOUNT,
            "reason": reason,
            **(more or {}),
        }
        if address := source_address():
            detail["source-ip-address"] = address
        self._world.emit("aws.s3", what, detail, [bucket.arn])


def _announces(bucket: FakeBucket) -> bool:
    configuration = bucket.notification_configuration
    return configuration is not None and configuration.event_bridge is not None


class Backend(LockingBackend):
    """moto's buckets; deletions are announced."""

    announcer: ClassVar[Announcer]

    def delete_object(
        self,
        bucket_name: str,
        key_name: str,
        version_id: str | None = None,
        bypass: bool = False,
    ) -> tuple[bool, dict[str, Any]]:
        given = str(bypass).lower() == "true"  # the header's text as it came, for moto true anyway
        done, answer = super().delete_object(bucket_name, key_name, version_id, given)
        if done:
            self.announcer.deleted(self.get_bucket(bucket_name), key_name, answer, version_id)
        return done, answer


class Response(LockingResponse):
    """moto's answers; a bucket's notifications say whether EventBridge is switched on."""

    def get_bucket_notification(self) -> TYPE_RESPONSE:
        status, headers, body = super().get_bucket_notification()
        if _announces(self.backend.get_bucket(self.bucket_name)):
            configuration = ET.fromstring(body)  # noqa: S314  # moto's own answer
            ET.SubElement(configuration, f"{NAMESPACE}EventBridgeConfiguration")
            body = ET.tostring(configuration)
        return status, headers, body


def state() -> object:
    """What moto keeps beside its stores: whose a bucket is."""
    return s3_backends.bucket_accounts


def resume(state: object) -> None:
    """Take up what was kept."""
    s3_backends.bucket_accounts.update(cast("dict[str, tuple[str, str]]", state))


def _no_opinion(*_: object) -> PermissionResult:
    return PermissionResult.NEUTRAL


def install(world: World) -> None:
    """Put the extension in moto's place; before its first use."""
    Backend.announcer = Announcer(world)
    vars(notifications)["_send_event_bridge_message"] = Backend.announcer.created
    # moto reads bucket policies without their conditions, and would deny what they allow.
    cast(Any, FakeBucket).get_permission = _no_opinion
    replace(s3_backends, Backend, urls)
    for path, handler in list(urls.url_paths.items()):
        urls.url_paths[path] = getattr(Response, handler.__name__)
