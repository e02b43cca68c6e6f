"""Requests and failures of each version, minute by minute, as CloudWatch counted them."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import sqrt

from cli.demo.report.record import Load, Record

_MINUTE = timedelta(minutes=1)
# What a label takes of the axis on a narrow screen, in percent.
_ROOM = 20.0


@dataclass(frozen=True, slots=True)
class Column:
    """A minute of one version: place and width in percent, heights from 0 to 1."""

    left: float
    width: float
    requests: float
    errors: float
    title: str


@dataclass(frozen=True, slots=True)
class Row:
    """A version: how many requests it got in all, how many it failed, and when."""

    version: int
    requests: int
    errors: int
    columns: tuple[Column, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """A row per version on one axis that leaves out the time without requests.

    `ticks` are where requests begin again, in percent, and when; `labels` those with room between.
    """

    rows: tuple[Row, ...]
    ticks: tuple[tuple[float, datetime], ...]
    labels: tuple[tuple[float, datetime], ...]


def chart(record: Record) -> Chart | None:
    """The traffic of all versions; None when there was none."""
    if not record.traffic:
        return None
    slots = dict(_slots(sorted({load.at for load in record.traffic})))
    width = 100 / (max(slots.values()) + 1)
    most = max(load.requests for load in record.traffic)
    rows = []
    for version, loads in sorted(_by_version(record.traffic).items()):
        columns = tuple(_column(load, slots[load.at] * width, width, most) for load in loads)
        asked, failed = sum(one.requests for one in loads), sum(one.errors for one in loads)
        rows.append(Row(version, asked, failed, columns))
    begins = [at for at in slots if at - _MINUTE not in slots]
    ticks = tuple((slots[at] * width, at) for at in begins)
    return Chart(tuple(rows), ticks, tuple(_apart(ticks)))


def _apart(ticks: Sequence[tuple[float, datetime]]) -> Iterator[tuple[float, datetime]]:
    before = -_ROOM
    for place, at in ticks:
        if place - before >= _ROOM:
            yield place, at
            before = place


def _slots(minutes: Sequence[datetime]) -> Iterator[tuple[datetime, int]]:
    """Each minute's place on the axis; a pause takes one place, however long it was."""
    place, before = -1, None
    for at in minutes:
        place += 1 if before is None or at - before == _MINUTE else 2
        yield at, place
        before = at


def _by_version(loads: Sequence[Load]) -> dict[int, list[Load]]:
    found: dict[int, list[Load]] = defaultdict(list)
    for load in loads:
        found[load.version].append(load)
    return found


def _column(load: Load, left: float, width: float, most: int) -> Column:
    # Square roots, so that a canary's few requests are seen beside a whole fleet's.
    title = f"{load.at:%H:%M}: {load.requests} requests, {load.errors} failed"
    return Column(left, width, sqrt(load.requests / most), sqrt(load.errors / most), title)
