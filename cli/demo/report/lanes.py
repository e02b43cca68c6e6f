"""The same time as a picture: one lane per thing that lasts or happens, on a common axis."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cli.demo.report.record import Node, Record, Serving

_STEPS = tuple(timedelta(minutes=many) for many in (1, 2, 5, 10, 15, 30, 60, 180, 360, 720, 1440))
_MOST_TICKS = 5


@dataclass(frozen=True, slots=True)
class Bar:
    """A stretch of the axis: where it begins and how long it is, in percent of the whole."""

    left: float
    width: float
    title: str


@dataclass(frozen=True, slots=True)
class Lane:
    """One line of the picture; `kind` is how it is drawn."""

    label: str
    kind: str
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Picture:
    """Lanes, and the axis below them: place in percent and time of each tick."""

    lanes: tuple[Lane, ...]
    ticks: tuple[tuple[float, datetime], ...]


def picture(record: Record) -> Picture | None:
    """What served and what happened meanwhile; None when there is nothing to draw."""
    times = [node.at for node in record.nodes] + [serving.since for serving in record.served]
    until = record.now or max(times, default=None)
    if until is None or not times or until <= min(times):
        return None
    axis = _Axis(min(times), until)
    lanes = [
        axis.lane("files", "data", _of(record, "dataset")),
        axis.lane("runs", "training", _of(record, "run")),
        axis.lane("drift", "drift", _of(record, "drift-report")),
        axis.lane("approvals", "approval", _of(record, "approval")),
        axis.lane("rollouts", "rollout", _of(record, "rollout")),
        *_serving(axis, record.served),
    ]
    return Picture(tuple(lane for lane in lanes if lane.bars), tuple(axis.ticks()))


@dataclass(frozen=True)
class _Axis:
    since: datetime
    until: datetime

    def place(self, when: datetime) -> float:
        return 100 * ((when - self.since) / (self.until - self.since))

    def bar(self, since: datetime, until: datetime, title: str) -> Bar:
        left = self.place(since)
        return Bar(left, self.place(until) - left, title)

    def lane(self, label: str, kind: str, nodes: Sequence[Node]) -> Lane:
        bars = (self.bar(one.at, one.ended_at or one.at, f"{one.at:%H:%M:%S}") for one in nodes)
        return Lane(label, kind, tuple(bars))

    def ticks(self) -> Iterator[tuple[float, datetime]]:
        whole = self.until - self.since
        step = next((one for one in _STEPS if whole / one <= _MOST_TICKS), whole / _MOST_TICKS)
        midnight = self.since.replace(hour=0, minute=0, second=0, microsecond=0)
        tick = midnight + step * ((self.since - midnight) // step + 1)
        while tick < self.until:
            yield self.place(tick), tick
            tick += step


def _of(record: Record, kind: str) -> list[Node]:
    return [node for node in record.nodes if node.kind == kind]


def _serving(axis: _Axis, served: Sequence[Serving]) -> Iterator[Lane]:
    """A lane for each version that ever served; an interval ends where the next begins."""
    ends = [*[serving.since for serving in served[1:]], axis.until]
    for number in sorted({number for serving in served for number in serving.versions}, key=int):
        bars = (
            axis.bar(one.since, end, f"{one.versions[number]} % from {one.since:%H:%M:%S}")
            for one, end in zip(served, ends, strict=True)
            if number in one.versions
        )
        yield Lane(f"version {number}", "serving", tuple(bars))
