"""What the demo's acts and checks share: clients, identities, the embedded clock, what was said."""

import hashlib
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from cli import repository
from cli.local import target
from cli.people import NAMES, Person, people
from cli.target import Target, now
from local_aws.client import LocalAws
from steward.aws import Aws
from steward.lineage.answer import Answer
from steward.lineage.ask import ask
from steward.names import Names, split_s3
from steward.record.store import Store
from steward.settings import LineageSettings
from steward.spec.model import ModelSpec
from steward.spec.read import read

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_sagemaker_runtime import SageMakerRuntimeClient

MODEL = "mortgage"
APPROVER = NAMES["approver"]
_MOST_JUMPS = 120


class NotTrue(Exception):
    """What AWS answers is not what the step claims; the message is the figure that was read."""


def require(truth: object, otherwise: str) -> None:
    """Fail the step's check unless `truth` holds."""
    if not truth:
        raise NotTrue(otherwise)


def needed[T](found: T | None, otherwise: str) -> T:
    """What was found; it fails the step's check if nothing was."""
    if found is None:
        raise NotTrue(otherwise)
    return found


@dataclass(frozen=True, slots=True)
class Result:
    """How one step went; `why` is what was read back."""

    name: str
    ok: bool
    seconds: float
    why: str


@dataclass
class Stage:
    """One running embedded AWS, seen as the people of the story see it."""

    local: LocalAws
    say: Callable[[str], None] = print
    answers: dict[str, tuple[int, str]] = field(default_factory=dict)
    trace: dict[str, object] = field(default_factory=dict)
    tampered: dict[str, object] | None = None

    @cached_property
    def target(self) -> Target:
        return target(self.local)

    @cached_property
    def aws(self) -> Aws:
        return Aws()

    @cached_property
    def store(self) -> Store:
        return Store(
            self.aws, self.target.lineage_table, self.target.work_table, self.target.artifact_bucket
        )

    @cached_property
    def names(self) -> Names:
        return Names(self.target.prefix, MODEL)

    @cached_property
    def spec(self) -> ModelSpec:
        return read(repository.MODELS / f"{MODEL}.toml")

    @cached_property
    def people(self) -> dict[str, Person]:
        """Who trains, and who approves."""
        return people(self.target)

    @cached_property
    def landing(self) -> "S3Client":
        """S3 as the person sees it who brings data."""
        return self.people["trainer"].session.client("s3")

    @cached_property
    def runtime(self) -> "SageMakerRuntimeClient":
        """The endpoints as the person sees them who brings data."""
        return self.people["trainer"].session.client("sagemaker-runtime")

    @cached_property
    def approver(self) -> "SageMakerClient":
        """SageMaker as the person sees it who approves, and who made nothing."""
        return self.people["approver"].session.client("sagemaker")

    @property
    def lineage(self) -> LineageSettings:
        """Where questions of lineage are answered from."""
        where = self.target
        return LineageSettings(where.prefix, where.artifact_bucket, where.lineage_table)

    def ask(self, question: dict[str, str]) -> Answer:
        """Ask the lineage."""
        return ask(self.aws, self.lineage, question, self.now())

    def until(self, what: str, reached: Callable[[], bool]) -> None:
        """Let the embedded AWS work and its clock jump until `reached`; NotTrue if it never is."""
        for _ in range(_MOST_JUMPS):
            self.local.settle()
            if reached():
                return
            self.local.jump()
        raise NotTrue(f"after {_MOST_JUMPS} jumps of the clock it is still not so that {what}")

    def now(self) -> datetime:
        """The time on the embedded clock."""
        return now(self.target)

    def captures(self, version: int) -> Iterator[dict[str, Any]]:
        """Every captured prediction of a version, in the documented shape."""
        bucket, prefix = self.target.artifact_bucket, f"capture/{MODEL}/v{version}/"
        pages = self.aws.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        for page in pages:
            for entry in page.get("Contents", []):
                for line in self.read(f"s3://{bucket}/{entry['Key']}").splitlines():
                    yield json.loads(line)

    def read(self, uri: str, version_id: str | None = None) -> bytes:
        """The bytes of an object, or of one version of it."""
        bucket, key = split_s3(uri)
        version = {"VersionId": version_id} if version_id else {}
        found = self.aws.s3.get_object(Bucket=bucket, Key=key, **version)  # type: ignore[arg-type]
        return found["Body"].read()

    def document(self, uri: str) -> dict[str, object]:
        """A JSON object in S3."""
        found = json.loads(self.read(uri))
        require(isinstance(found, dict), f"{uri} holds no JSON object")
        return dict(found)


def sha256(data: bytes) -> str:
    """Digest of bytes, hex."""
    return hashlib.sha256(data).hexdigest()


class Stopwatch:
    """Seconds since it was made."""

    def __init__(self) -> None:
        self._start = time.perf_counter()

    @property
    def seconds(self) -> float:
        return round(time.perf_counter() - self._start, 2)
