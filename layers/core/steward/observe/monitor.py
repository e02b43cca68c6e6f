"""Reads what a monitor's job needs, whether there is anything to look at, and how jobs ended."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from steward import times
from steward.aws import Aws, ClientError
from steward.decide.drift_facts import Told, Window
from steward.decide.monitor import Due, Watched
from steward.events.types import ObjectCreated
from steward.lineage.nodes import version_id
from steward.names import VARIANT, Names
from steward.observe.drift import observe_live
from steward.observe.serving import read_version
from steward.record.store import Store

CODE_KEY = "published/monitor.json"
VIOLATIONS = "constraint_violations.json"
# Published beside what Steward's own jobs run; only Model Monitor runs it.
PREPROCESS = "preprocess.py"
_SKEW = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Watchable:
    """The version that serves, and where its training run left what it is compared with.

    `baseline` and `spec_uri` are empty when nobody knows, the latter until `read_spec` too.
    """

    version: int
    served_at: datetime
    model_uri: str
    baseline: str = ""
    spec_uri: str = ""


@dataclass(frozen=True, slots=True)
class Code:
    """The published scripts of the monitor: container image, and URI by file name."""

    image: str
    files: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class OpenJob:
    """A window whose job was started, or was about to be, and has not been read yet."""

    due: Due
    started_at: datetime


@dataclass(frozen=True, slots=True)
class JobState:
    """How a processing job is; `why` only when it did not end well, `ended_at` when it ended."""

    status: str
    why: str = ""
    ended_at: datetime | None = None

    @property
    def is_running(self) -> bool:
        """Whether it has not ended."""
        return self.status in ("InProgress", "Stopping")


def observe_watchable(aws: Aws, store: Store, names: Names) -> Watchable | None:
    """The version of ours that serves; None when none does, or its rollout is not noted yet."""
    live = observe_live(aws, store, names)
    version = read_version(store, names.model, live) if live else None
    if version is None or version.served_at is None:
        return None
    uri = version.artifact.uri
    return Watchable(version.number, version.served_at, uri, baseline=version.reports)


def read_spec(store: Store, names: Names, watchable: Watchable) -> Watchable:
    """The same with the spec that its run was given."""
    found = store.get(store.lineage, version_id(names.group, watchable.version), "node") or {}
    return replace(watchable, spec_uri=_spec_uri(store, found))


def _spec_uri(store: Store, node: Mapping[str, object]) -> str:
    """The spec that the run of a version was given."""
    links = node.get("links")
    for link in links if isinstance(links, list) else []:
        if str(link["to"]).startswith("run#"):
            run = store.get(store.lineage, str(link["to"]), "node") or {}
            return str(_mapping(run.get("facts")).get("spec", ""))
    return ""


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def has_baseline(aws: Aws, watchable: Watchable) -> bool:
    """Whether the training run left rows to compare with."""
    if not watchable.baseline or not watchable.spec_uri:
        return False
    bucket, _, prefix = watchable.baseline.removeprefix("s3://").partition("/")
    found = aws.s3.list_objects_v2(Bucket=bucket, Prefix=f"{prefix}baseline/rows.csv", MaxKeys=1)
    return found["KeyCount"] > 0


def observe_code(aws: Aws, bucket: str) -> Code | None:
    """The monitor's published scripts; None when there are none."""
    try:
        body = aws.s3.get_object(Bucket=bucket, Key=CODE_KEY)["Body"].read()
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] != 404:
            raise
        return None
    found = json.loads(body)
    return Code(str(found["image"]), {str(k): str(v) for k, v in found["files"].items()})


def capture_prefix(names: Names, version: int) -> str:
    """Below which an endpoint's captures of a version lie, by hours."""
    return f"capture/{names.model}/v{version}/{names.endpoint}/{VARIANT}/"


def is_captured(aws: Aws, bucket: str, prefix: str, window: Window) -> bool:
    """Whether anything was captured in a window's hours, or in the one after, where late files go.

    Keys stand in the order of their hours, so the first one after the window's begin tells.
    """
    found = aws.s3.list_objects_v2(
        Bucket=bucket, Prefix=prefix, StartAfter=f"{prefix}{window.start:%Y/%m/%d/%H}", MaxKeys=1
    )
    last = f"{prefix}{window.end:%Y/%m/%d/%H}/\U0010ffff"
    return any(one["Key"] <= last for one in found.get("Contents", []))


def read_watched(store: Store, model: str) -> dict[str, Watched]:
    """How far each kind was looked at."""
    rows = store.query(store.work, model, "monitor#")
    return {str(row["sk"]).partition("#")[2]: _watched(row) for row in rows}


def _watched(row: Mapping[str, object]) -> Watched:
    until = times.parse(str(row["until"]))
    return Watched(int(str(row["version"])), until, int(str(row["jobs"])))


def failure_key(due: Due) -> str:
    """Sort key of what a person was last told of the jobs of a version and kind."""
    return f"told#failed#{due.kind}#{due.version:010d}"


def read_failure(store: Store, model: str, due: Due) -> Told | None:
    """What a person was last told of the jobs of a version and kind."""
    row = store.get(store.work, model, failure_key(due))
    return Told(frozenset({str(row["why"])}), times.parse(str(row["at"]))) if row else None


def read_jobs(store: Store, model: str) -> list[OpenJob]:
    """The windows whose jobs have not been read yet."""
    return [_open_job(row) for row in store.query(store.work, model, "job#")]


def _open_job(row: Mapping[str, object]) -> OpenJob:
    window = Window(times.parse(str(row["start"])), times.parse(str(row["end"])))
    job = str(row["sk"]).removeprefix("job#")
    due = Due(str(row["kind"]), int(str(row["version"])), window, job)
    return OpenJob(due, times.parse(str(row["started_at"])))


def observe_jobs(aws: Aws, names: Names, jobs: Iterable[OpenJob]) -> dict[str, JobState]:
    """How each of the jobs is; one that is not listed was never made."""
    wanted = {job.due.job: job for job in jobs}
    if not wanted:
        return {}
    pages = aws.sagemaker.get_paginator("list_processing_jobs").paginate(
        NameContains=f"{names.group}-v",
        CreationTimeAfter=min(job.started_at for job in wanted.values()) - _SKEW,
    )
    found = {
        one["ProcessingJobName"]: one
        for page in pages
        for one in page["ProcessingJobSummaries"]
        if one["ProcessingJobName"] in wanted
    }
    return {
        name: JobState(
            one["ProcessingJobStatus"],
            _why(aws, name, one["ProcessingJobStatus"]),
            one.get("ProcessingEndTime"),
        )
        for name, one in found.items()
    }


def _why(aws: Aws, job: str, status: str) -> str:
    if status not in ("Failed", "Stopped"):
        return ""
    found = aws.sagemaker.describe_processing_job(ProcessingJobName=job)
    return found.get("ExitMessage") or found.get("FailureReason", "")


def report_folder(names: Names, due: Due) -> str:
    """Where a window's report lies in the artifact bucket."""
    place = f"monitoring/{names.model}/v{due.version}/{due.kind}"
    return f"{place}/{due.window.start:%Y/%m/%d/%H}"


def observe_written(aws: Aws, bucket: str, names: Names, due: Due) -> ObjectCreated | None:
    """What a job has written, as the event says it that may have been lost; None for nothing."""
    return observe_object(aws, bucket, f"{report_folder(names, due)}/{VIOLATIONS}")


def observe_object(aws: Aws, bucket: str, key: str) -> ObjectCreated | None:
    """An object as S3's event says it; None when there is none."""
    try:
        found = aws.s3.head_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] != 404:
            raise
        return None
    return ObjectCreated(
        bucket=bucket,
        key=key,
        version_id=found.get("VersionId"),
        etag=found["ETag"].strip('"'),
        size=found["ContentLength"],
        sequencer="",
        at=found["LastModified"],
    )
