"""What the monitors saw: each window's verdict, and how far the last one is from the baseline."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from cli.demo.report.record import Record, Watched
from cli.documents import find, listed, mapping, number
from steward.decide.approval import Document

_MOST_WINDOWS, _MOST_PLOTS = 6, 8
_BINS = 20


@dataclass(frozen=True, slots=True)
class Effect:
    """How far a feature of a window is from the baseline, in percent of the most that is drawn."""

    feature: str
    value: float
    share: float
    flagged: bool


@dataclass(frozen=True, slots=True)
class Line:
    """One window and what was decided on it."""

    start: datetime
    version: int
    rows: int
    verdict: str
    reason: str
    effects: tuple[Effect, ...]


@dataclass(frozen=True, slots=True)
class Plot:
    """A feature's distribution in the baseline and in a window: outlines in a box of 100 x 40."""

    feature: str
    effect: float
    flagged: bool
    before: str
    now: str
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Drift:
    """The section: windows, and the plots of the one that was judged last."""

    lines: tuple[Line, ...]
    limit: float
    plotted: datetime | None
    plots: tuple[Plot, ...]


def drift(record: Record) -> Drift | None:
    """The last windows with rows enough for a verdict; None when no monitor saw any."""
    windows = [one for one in record.watched if _effects(one)][-_MOST_WINDOWS:]
    if not windows:
        return None
    limit, last = record.spec.monitor.min_effect, windows[-1]
    most = max(limit, *(value for one in windows for _, value, _ in _effects(one)))
    lines = tuple(_line(one, most) for one in windows)
    return Drift(lines, 100 * limit / most, last.start, tuple(_plots(last)))


def _line(watched: Watched, most: float) -> Line:
    effects = tuple(
        Effect(feature, value, 100 * value / most, flagged)
        for feature, value, flagged in _effects(watched)[:3]
    )
    return Line(
        watched.start, watched.version, watched.rows, watched.verdict, watched.reason, effects
    )


def _effects(watched: Watched) -> list[tuple[str, float, bool]]:
    """Feature, effect, and whether it is a violation; the furthest first."""
    found = [
        (str(find(one, "feature")), value, find(one, "flagged") is True)
        for one in listed(watched.analysis.get("features"))
        if (value := number(one, "effect")) is not None
    ]
    return sorted(found, key=lambda one: (not one[2], -one[1]))


def _plots(watched: Watched) -> list[Plot]:
    before, now = (_values(one) for one in (watched.baseline, watched.statistics))
    return [
        _plot(feature, effect, flagged, before[feature], now[feature])
        for feature, effect, flagged in _effects(watched)
        if before.get(feature) and now.get(feature)
    ][:_MOST_PLOTS]


def _values(statistics: Document) -> dict[str, list[float]]:
    """The values that a statistics.json keeps of each number feature: all of a small window."""
    path = ("numerical_statistics", "distribution", "kll", "sketch", "data")
    return {
        str(find(one, "name")): sorted(
            value
            for level in listed(find(one, *path))
            for item in listed(level)
            if (value := number(item)) is not None
        )
        for one in listed(mapping(statistics).get("features"))
    }


def _plot(
    feature: str, effect: float, flagged: bool, before: list[float], now: list[float]
) -> Plot:
    both = sorted(before + now)
    low, high = both[len(both) // 100], both[-1 - len(both) // 100]
    high = high if high > low else low + 1
    shares = [_shares(values, low, high) for values in (before, now)]
    top = max(*shares[0], *shares[1])
    outlines = [_outline(side, top) for side in shares]
    return Plot(feature, effect, flagged, outlines[0], outlines[1], low, high)


def _shares(values: list[float], low: float, high: float) -> list[float]:
    """The share of values in each bin; what lies outside is counted at the edge."""
    inner = [low + (high - low) * place / _BINS for place in range(1, _BINS)]
    ends = [0, *(bisect_right(values, edge) for edge in inner), len(values)]
    return [(right - left) / len(values) for left, right in pairwise(ends)]


def _outline(shares: Sequence[float], top: float) -> str:
    width = 100 / len(shares)
    steps = "".join(
        f"V{40 - 38 * share / top:.1f}H{(place + 1) * width:.1f}"
        for place, share in enumerate(shares)
    )
    return f"M0,40{steps}V40Z"
