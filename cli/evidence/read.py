"""Reads what served on an endpoint in a time, and everything that was decided about it."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from cli.documents import listed, mapping
from cli.reading import Interval, Reader, intervals
from cli.target import Refused, Target
from steward import times
from steward.aws import Aws
from steward.lineage import ledger
from steward.lineage.nodes import version_id
from steward.lineage.read import Found
from steward.names import Names, model_of
from steward.record.store import Store

_HOUR = re.compile(r"/(\d{4}/\d{2}/\d{2}/\d{2})/[^/]+$")


@dataclass(frozen=True, slots=True)
class Period:
    """From a moment until another, which is no part of it."""

    begin: datetime
    end: datetime

    def meets(self, since: datetime, until: datetime | None) -> bool:
        """Whether something that lasted was there at some moment of it. No `until`: it lasts."""
        return since < self.end and (until is None or until > self.begin)


@dataclass(frozen=True, slots=True)
class Shift:
    """When traffic may have gone to another version. No `until`: its rollout has not ended."""

    since: datetime
    until: datetime | None
    version: int
    rollout: str
    outcome: str


@dataclass(frozen=True, slots=True)
class Judged:
    """A version that served or may have, with everything that was said and decided on it."""

    number: int
    node: Found | None
    gate: tuple[Found, ...]
    approvals: tuple[Found, ...]
    rollouts: tuple[Found, ...]
    reports: tuple[Found, ...]


@dataclass(frozen=True, slots=True)
class CaptureFile:
    """A version of a file of captured predictions; one that was deleted has no size."""

    key: str
    version_id: str
    etag: str
    size: int | None
    written: datetime


@dataclass(frozen=True, slots=True)
class Evidence:
    """All of an endpoint in a time. `decided` are the last decisions on drift reports."""

    model: str
    endpoint: str
    period: Period
    at: datetime
    intervals: tuple[Interval, ...]
    shifts: tuple[Shift, ...]
    versions: tuple[Judged, ...]
    decisions: tuple[Found, ...]
    decided: Mapping[str, Found]
    captures: tuple[CaptureFile, ...]


def read_evidence(aws: Aws, where: Target, endpoint: str, period: Period, at: datetime) -> Evidence:
    """Everything on record of an endpoint in a time. Raises Refused if nothing ever was."""
    model = model_of(where.prefix, endpoint)
    if model is None:
        raise Refused(f"{endpoint} is no endpoint of prefix {where.prefix}.")
    store, names = (
        Store(aws, where.lineage_table, where.work_table, where.artifact_bucket),
        Names(where.prefix, model),
    )
    reader = Reader(aws, store)
    served, shifts = intervals(store, endpoint), tuple(_shifts(store, endpoint))
    if not served and not shifts:
        raise Refused(f"Nothing is on record of endpoint {endpoint}.")
    served = [one for one in served if period.meets(one.since, one.until)]
    shifts = tuple(one for one in shifts if period.meets(one.since, one.until))
    versions = tuple(_judged(reader, names, number, period) for number in _numbers(served, shifts))
    return Evidence(
        model=model,
        endpoint=endpoint,
        period=period,
        at=at,
        intervals=tuple(served),
        shifts=shifts,
        versions=versions,
        decisions=_decisions(reader, model, period),
        decided=reader.decided(report for one in versions for report in one.reports),
        captures=tuple(_captures(aws, where.artifact_bucket, names, period)),
    )


def _shifts(store: Store, endpoint: str) -> Iterator[Shift]:
    for row in store.query(store.lineage, f"shifting#{endpoint}"):
        opened, rollout = str(row["sk"]).partition("#")[0], str(row["rollout"])
        end = store.get(store.lineage, rollout, "end") or {}
        facts = mapping(end.get("facts"))
        outcome = str(facts.get("outcome") or "not ended")
        # Without a call no traffic was shifted; when its time was lost, the opening is known.
        if outcome != "withdrawn":
            yield Shift(
                since=times.parse(str(facts.get("asked_at") or opened)),
                until=times.parse(str(end["at"])) if end else None,
                version=int(str(row["version"])),
                rollout=rollout,
                outcome=outcome,
            )


def _numbers(served: Iterable[Interval], shifts: Iterable[Shift]) -> list[int]:
    found = {int(number) for one in served for number in one.versions}
    return sorted(found | {one.version for one in shifts})


def _judged(reader: Reader, names: Names, number: int, period: Period) -> Judged:
    own = version_id(names.group, number)
    led = reader.led(own)
    reports = [one for one in reader.brief(led["drift-report"]) if _is_of(one, period)]
    return Judged(
        number=number,
        node=reader.node(own),
        gate=reader.nodes(led["decision"]),
        approvals=reader.nodes(led["approval"]),
        rollouts=reader.nodes(led["rollout"]),
        reports=tuple(reports),
    )


def _is_of(report: Found, period: Period) -> bool:
    """Whether a report is about a window that meets the time; without one, was written in it."""
    window = [times.parse(str(one)) for one in listed(report.facts.get("window"))]
    since, until = window if len(window) == 2 else (report.at, report.at + timedelta(seconds=1))
    return period.meets(since, until)


def _decisions(reader: Reader, model: str, period: Period) -> tuple[Found, ...]:
    """Every decision of the time, in the order of the model's ledger."""
    store = reader.store
    entries = store.query(store.lineage, ledger.partition(model))
    ids = [
        str(entry["decision"])
        for entry in entries
        if "decision" in entry and period.begin <= times.parse(str(entry["at"])) < period.end
    ]
    return reader.brief(ids)


def _captures(aws: Aws, bucket: str, names: Names, period: Period) -> Iterator[CaptureFile]:
    """Every version of every capture file of the time's hours, also of those that were deleted."""
    pages = aws.s3.get_paginator("list_object_versions").paginate(
        Bucket=bucket, Prefix=f"capture/{names.model}/"
    )
    for page in pages:
        for one in page.get("Versions", []):
            if _in_hours(one["Key"], names.endpoint, period):
                etag = one["ETag"].strip('"')
                written, size = one["LastModified"], one["Size"]
                yield CaptureFile(one["Key"], one["VersionId"], etag, size, written)
        for gone in page.get("DeleteMarkers", []):
            if _in_hours(gone["Key"], names.endpoint, period):
                yield CaptureFile(gone["Key"], gone["VersionId"], "", None, gone["LastModified"])


def _in_hours(key: str, endpoint: str, period: Period) -> bool:
    found = _HOUR.search(key)
    if found is None or f"/{endpoint}/" not in key:
        return False
    start = times.parse(found[1].replace("/", "-", 2).replace("/", "T") + ":00")
    return period.meets(start, start + timedelta(hours=1))
