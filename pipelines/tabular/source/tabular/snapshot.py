"""The manifest that names the exact data of a run, and reading that data and no other."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from tabular.aws import fetch, fetch_object
from tabular.failing import StepFailed
from tabular.files import Row, only_file, parse_rows, sha256


@dataclass(frozen=True)
class Source:
    """One object of the snapshot, as it was when the run was decided."""

    key: str
    version_id: str | None
    etag: str
    sha256: str

    def __str__(self) -> str:
        which = f"version {self.version_id}" if self.version_id else f"with ETag {self.etag}"
        return f"{self.key} {which}"


@dataclass(frozen=True)
class Snapshot:
    """The objects a run trains on, oldest upload first."""

    bucket: str
    objects: tuple[Source, ...]


def read_snapshot(folder: Path, digest: str) -> Snapshot:
    """Read the manifest that lies alone in `folder`, if it is the one the run was started for."""
    body = only_file(folder, "*.json").read_bytes()
    if (found := sha256(body)) != digest:
        raise StepFailed(f"The snapshot has digest {found}, but the run was started for {digest}.")
    return _snapshot(body)


def fetch_snapshot(uri: str) -> Snapshot:
    """Fetch a manifest that is named by its digest, if it is the one that its name says."""
    body, named = fetch(uri), PurePosixPath(uri).stem
    if (found := sha256(body)) != named:
        raise StepFailed(f"The snapshot {uri} has digest {found}, but is named {named}.")
    return _snapshot(body)


def _snapshot(body: bytes) -> Snapshot:
    raw = json.loads(body)
    members = ("key", "version_id", "etag", "sha256")
    objects = (Source(**{name: found[name] for name in members}) for found in raw["objects"])
    return Snapshot(raw["bucket"], tuple(objects))


def fetch_rows(bucket: str, source: Source, needed: Sequence[str]) -> list[Row]:
    """The rows of one object, if its bytes are the recorded ones and no column is missing."""
    body = fetch_object(bucket, source.key, source.version_id, source.etag)
    if (found := sha256(body)) != source.sha256:
        raise StepFailed(f"{source} has digest {found}, but {source.sha256} was recorded.")
    try:
        columns, rows = parse_rows(body.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise StepFailed(f"{source} is not text in UTF-8: {error}.") from error
    if missing := [name for name in needed if name not in columns]:
        raise StepFailed(f"{source} lacks {', '.join(missing)}.")
    return rows
