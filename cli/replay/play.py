"""Lets a stream pass the statistics and the judge of production, window by window."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import log

import numpy as np

from cli.replay.options import Settings
from cli.replay.stream import Stream
from cli.replay.watch import Watch
from cli.target import Misused
from monitor.compare import Change, flag
from monitor.tables import baseline_of, changes_of
from steward.decide.drift_facts import DriftPolicy, Window
from steward.decide.verdict import Verdict
from steward.spec.kinds import DATA_QUALITY
from steward.spec.model import RetrainSpec

BASELINE_SHARE = 0.3
ROWS = 500  # of a window, about, where nothing else is said
MINUTE, HOUR, DAY = 60, 3_600, 86_400
LENGTHS = (
    *(MINUTE * count for count in (1, 5, 15, 30)),
    *(HOUR * count for count in (1, 2, 3, 6, 12)),
    *(DAY * count for count in (1, 2, 7, 14, 30, 91, 182, 365)),
)


@dataclass(frozen=True, slots=True)
class Step:
    """What was made of one window."""

    window: Window
    rows: int
    changes: tuple[Change, ...]
    found: tuple[Change, ...]
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Span:
    """Which rows are the first baseline, and how the others are cut into windows."""

    baseline_rows: int
    start: datetime
    every: timedelta


def span(stream: Stream, given: Settings) -> Span:
    """What was asked for, or what suits the rows."""
    whole = len(stream.times)
    number = _baseline_rows(stream, given)
    if number < given.min_rows or number >= whole:
        raise Misused(
            f"{number} of {whole} rows would be the baseline; at least {given.min_rows} are "
            "needed, and rows after them."
        )
    first, last = float(stream.times[number]), float(stream.times[-1])
    every = given.every or _suitable((last - first) * ROWS / (whole - number))
    step = min(every.total_seconds(), DAY)
    start = given.baseline_until or datetime.fromtimestamp(first // step * step, UTC)
    return Span(number, start, every)


def play(stream: Stream, given: Settings, cut: Span) -> Iterator[Step]:
    """A step for each window that has rows.

    After a verdict to retrain, a version serves that was trained on the rows before the window's
    end: as many as the first one's, and no fewer than the windows hold that asked for it.
    """
    watch, recent = Watch(_policy(given)), list[int]()
    baseline = baseline_of(stream.part(0, cut.baseline_rows))
    for window, first, end in _windows(stream, cut):
        table = stream.part(first, end)
        changes = tuple(changes_of(baseline, table, quick=True))
        found = (
            flag(changes, given.alpha, given.min_effect) if end - first >= given.min_rows else ()
        )
        verdict = watch.see(window, end - first, found).verdict
        yield Step(window, end - first, changes, found, verdict)
        recent = [*recent, end - first][-given.of :]
        if verdict.kind == "retrain":
            rows = max(cut.baseline_rows, sum(recent))
            baseline = baseline_of(stream.part(max(end - rows, 0), end))
            watch.serve()


def _baseline_rows(stream: Stream, given: Settings) -> int:
    if given.baseline_until is not None:
        return int(np.searchsorted(stream.times, given.baseline_until.timestamp()))
    return given.baseline_rows or int(len(stream.times) * BASELINE_SHARE)


def _suitable(seconds: float) -> timedelta:
    """The usual length that is nearest."""
    wanted = max(seconds, 1.0)
    return timedelta(seconds=min(LENGTHS, key=lambda length: abs(log(length / wanted))))


def _windows(stream: Stream, cut: Span) -> Iterator[tuple[Window, int, int]]:
    first, every = cut.baseline_rows, cut.every
    while first < len(stream.times):
        passed = float(stream.times[first]) - cut.start.timestamp()
        start = cut.start + every * int(passed // every.total_seconds())
        end = int(np.searchsorted(stream.times, (start + every).timestamp()))
        yield Window(start, start + every), first, end
        first = end


def _policy(given: Settings) -> DriftPolicy:
    """Drift of the features asks for runs as in a model's file that says no more."""
    retrain = RetrainSpec(
        on=(DATA_QUALITY,),
        flagged=given.flagged,
        of=given.of,
        cooldown=timedelta(days=7),
        budget=4,
        min_new_rows=0,
        schema_break_blocks_training=True,
    )
    return DriftPolicy(retrain, given.min_rows, lag=timedelta())
