"""S3 in memory: versioned buckets, which announce what is created and deleted.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
"""

import hashlib
from bisect import insort
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from io import BytesIO

from botocore.response import StreamingBody

from local_aws.account import ACCOUNT
from local_aws.kernel import World
from local_aws.memory.errors import error
from local_aws.memory.items import Json

LARGEST_PAGE = 1000


@dataclass(frozen=True, slots=True)
class Version:
    """A version of an object; a delete marker has no body."""

    id: str
    body: bytes | None
    at: datetime
    content_type: str

    @property
    def etag(self) -> str:
        """The MD5 of the body, in quotation marks."""
        return f'"{hashlib.md5(self.body or b"", usedforsecurity=False).hexdigest()}"'

    def head(self) -> Json:
        """What is said of an object that is there."""
        return {
            "ETag": self.etag,
            "VersionId": self.id,
            "ContentLength": len(self.body or b""),
            "ContentType": self.content_type,
            "LastModified": self.at,
        }


@dataclass(slots=True)
class Bucket:
    """Versions of objects, the newest last; `announces`: EventBridge is switched on."""

    announces: bool
    keys: list[str] = field(default_factory=list)
    objects: dict[str, list[Version]] = field(default_factory=dict)

    def below(self, prefix: str, after: str = "") -> Iterator[str]:
        """Keys that begin with `prefix`, in order."""
        return (key for key in self.keys if key.startswith(prefix) and key > after)

    def visible(self, key: str) -> Version | None:
        """The newest version, None behind a delete marker."""
        versions = self.objects.get(key)
        return versions[-1] if versions and versions[-1].body is not None else None


class InMemoryS3:
    """The buckets of an account."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.buckets: dict[str, Bucket] = {}

    def create(self, name: str, *, announces: bool = False) -> None:
        """A new bucket, versioned."""
        self.buckets[name] = Bucket(announces)

    def operations(self) -> Mapping[str, Callable[[Json], Json]]:
        """What is covered."""
        return {
            "PutObject": self.put,
            "GetObject": self.get,
            "HeadObject": self.head,
            "DeleteObject": self.delete,
            "ListObjectsV2": self.list,
            "ListObjectVersions": self.list_versions,
        }

    def put(self, request: Json) -> Json:
        """Write a version of an object."""
        bucket, key, body = self._bucket(request), request["Key"], request["Body"]
        if request.get("IfNoneMatch") == "*" and bucket.visible(key):
            raise error("PreconditionFailed", "the object is there", 412)
        new = self._add(bucket, key, body, request.get("ContentType", "binary/octet-stream"))
        about = {"size": len(body), "etag": new.etag.strip('"')}
        self._announce(bucket, request, "Object Created", new, about, {"reason": "PutObject"})
        return {"ETag": new.etag, "VersionId": new.id}

    def delete(self, request: Json) -> Json:
        """Hide an object behind a delete marker."""
        if "VersionId" in request:
            raise NotImplementedError("the in-memory S3 deletes no versions")
        bucket = self._bucket(request)
        marker = self._add(bucket, request["Key"], None, "")
        more = {"reason": "DeleteObject", "deletion-type": "Delete Marker Created"}
        self._announce(bucket, request, "Object Deleted", marker, {}, more)
        return {"DeleteMarker": True, "VersionId": marker.id}

    def get(self, request: Json) -> Json:
        """An object with its body."""
        found = self._found(request, "NoSuchKey")
        body = found.body or b""
        return {**found.head(), "Body": StreamingBody(BytesIO(body), len(body))}

    def head(self, request: Json) -> Json:
        """An object without its body; HTTP has no room for the code of an error."""
        return self._found(request, "404").head()

    def list(self, request: Json) -> Json:
        """A page of the objects that are visible, by key."""
        bucket, most = self._bucket(request), request.get("MaxKeys", LARGEST_PAGE)
        after = str(request.get("ContinuationToken") or request.get("StartAfter", ""))
        found = [
            {"Key": key, "ETag": one.etag, "Size": len(one.body or b""), "LastModified": one.at}
            for key in bucket.below(request.get("Prefix", ""), after)
            if (one := bucket.visible(key))
        ]
        page, more = found[:most], len(found) > most
        answer: Json = {"KeyCount": len(page), "IsTruncated": more}
        answer |= {"Contents": page} if page else {}
        return answer | ({"NextContinuationToken": page[-1]["Key"]} if more else {})

    def list_versions(self, request: Json) -> Json:
        """A page of all versions and delete markers, by key and the newest first."""
        bucket = self._bucket(request)
        start = request.get("KeyMarker", ""), request.get("VersionIdMarker", "")
        rows = list(_rows(bucket, request.get("Prefix", "")))
        at = 1 + max((n for n, row in enumerate(rows) if _place(row) == start), default=-1)
        page, more = rows[at : at + LARGEST_PAGE], len(rows) > at + LARGEST_PAGE
        answer: Json = {"IsTruncated": more}
        for name in ("Versions", "DeleteMarkers"):
            if listed := [row for kind, row in page if kind == name]:
                answer[name] = listed
        if more:
            answer["NextKeyMarker"], answer["NextVersionIdMarker"] = _place(page[-1])
        return answer

    def _add(self, bucket: Bucket, key: str, body: bytes | None, content_type: str) -> Version:
        """A new version; ids are numbers, which do not depend on other objects."""
        if key not in bucket.objects:
            insort(bucket.keys, key)
        versions = bucket.objects.setdefault(key, [])
        name = hashlib.md5(key.encode(), usedforsecurity=False).hexdigest()[:20]
        new = Version(f"{name}.{len(versions) + 1:011d}", body, self._world.now(), content_type)
        versions.append(new)
        return new

    def _bucket(self, request: Json) -> Bucket:
        if request["Bucket"] not in self.buckets:
            raise error("NoSuchBucket", f"there is no bucket {request['Bucket']}", 404)
        return self.buckets[request["Bucket"]]

    def _found(self, request: Json, absent: str) -> Version:
        versions = self._bucket(request).objects.get(request["Key"], [])
        if wanted := request.get("VersionId"):
            for one in versions:
                if one.id == wanted and one.body is not None:
                    return one
            raise error("NoSuchVersion" if absent == "NoSuchKey" else absent, "no version", 404)
        if not versions or versions[-1].body is None:
            raise error(absent, f"there is no {request['Key']}", 404)
        return versions[-1]

    def _announce(
        self, bucket: Bucket, request: Json, what: str, new: Version, about: Json, more: Json
    ) -> None:
        if not bucket.announces:
            return
        thing = {"key": request["Key"], **about, "version-id": new.id}
        detail = {
            "version": "0",
            "bucket": {"name": request["Bucket"]},
            "object": {**thing, "sequencer": f"{int(new.id.partition('.')[2]):018X}"},
            "requester": ACCOUNT,
            **more,
        }
        self._world.emit("aws.s3", what, detail, [f"arn:aws:s3:::{request['Bucket']}"])


def _rows(bucket: Bucket, prefix: str) -> Iterator[tuple[str, Json]]:
    for key in bucket.below(prefix):
        versions = bucket.objects[key]
        for one in reversed(versions):
            row = {
                "Key": key,
                "VersionId": one.id,
                "IsLatest": one is versions[-1],
                "LastModified": one.at,
            }
            if one.body is None:
                yield "DeleteMarkers", row
            else:
                yield "Versions", row | {"ETag": one.etag, "Size": len(one.body)}


def _place(row: tuple[str, Json]) -> tuple[str, str]:
    return row[1]["Key"], row[1]["VersionId"]
