"""Drawings of a baseline beside a window, as SVG that takes its colours from the page."""

from collections.abc import Iterator, Sequence
from html import escape

import numpy as np

from monitor.found import Bars, Chart, Histogram
from tabular.metrics import Floats

WIDTH, HEIGHT = 320, 112
BINS = 24
MOST_VALUES = 12  # a number with so few values gets one bin for each
BAR = 10
NAMES = 104  # the width that names of categories take
LONGEST_NAME = 16


def draw(chart: Chart) -> str:
    """The chart as one <svg>."""
    return _histogram(chart) if isinstance(chart, Histogram) else _bars(chart)


def _histogram(chart: Histogram) -> str:
    edges, low, high = _bins(np.concatenate((chart.baseline, chart.window)))
    shares = [_shares(side, edges) for side in (chart.baseline, chart.window)]
    top = max(*shares[0], *shares[1])
    shapes = [
        f'<path class="{name}" d="{_steps(side / top)}"/>'
        for name, side in zip(("before", "now"), shares, strict=True)
    ]
    labels = [
        f'<text x="{place}" y="{HEIGHT + 14}" text-anchor="{anchor}">{value:.3g}</text>'
        for place, anchor, value in (
            (0, "start", low),
            (WIDTH / 2, "middle", (low + high) / 2),
            (WIDTH, "end", high),
        )
    ]
    ground = f'<line class="axis" x1="0" x2="{WIDTH}" y1="{HEIGHT}" y2="{HEIGHT}"/>'
    return _svg(chart.title, HEIGHT + 18, "".join((*shapes, ground, *labels)))


def _bins(values: Floats) -> tuple[Floats, float, float]:
    """The bins' edges, and what to write at both ends.

    They lie between the first and the last percentile; what is beyond is counted at the edge.
    """
    distinct = np.unique(values)
    if 1 < len(distinct) <= MOST_VALUES:
        low, high = float(distinct[0]), float(distinct[-1])
        middles = (distinct[1:] + distinct[:-1]) / 2
        edges = np.concatenate(([2 * low - middles[0]], middles, [2 * high - middles[-1]]))
        return edges, low, high
    low, high = (float(bound) for bound in np.percentile(values, (1, 99)))
    if low == high:
        low, high = low - 0.5, high + 0.5
    return np.linspace(low, high, BINS + 1), low, high


def _shares(values: Floats, edges: Floats) -> Floats:
    inside = np.clip(values, edges[0], edges[-1])
    shares: Floats = np.histogram(inside, edges)[0] / max(len(values), 1)
    return shares


def _steps(heights: Floats) -> str:
    """The outline of columns of equal width."""
    width = WIDTH / len(heights)
    tops = [HEIGHT - float(height) * (HEIGHT - 6) for height in heights]
    columns = "".join(f"V{top:.1f}H{(place + 1) * width:.1f}" for place, top in enumerate(tops))
    return f"M0,{HEIGHT}{columns}V{HEIGHT}Z"


def _bars(chart: Bars) -> str:
    values = [value for _, *pair in chart.pairs for value in pair if value is not None]
    top = max((*values, chart.limit or 0.0), default=0.0) * 1.02 or 1.0
    left = NAMES if any(name for name, *_ in chart.pairs) else 0
    scale = (WIDTH - left - 44) / top
    step = 2 * BAR + 12
    rows = [
        "".join(_pair(pair, left, place * step + 4, scale, percent=chart.percent))
        for place, pair in enumerate(chart.pairs)
    ]
    height = len(rows) * step + 4
    return _svg(chart.title, height, "".join(rows) + _limit(chart.limit, left, scale, height))


def _pair(
    pair: tuple[str, float | None, float | None],
    left: float,
    y: float,
    scale: float,
    *,
    percent: bool,
) -> Iterator[str]:
    name, *sides = pair
    if name:
        short = name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…"
        yield f'<text x="{left - 8}" y="{y + BAR + 4}" text-anchor="end">{escape(short)}</text>'
    for kind, value in zip(("before", "now"), sides, strict=True):
        if value is not None:
            long = max(value, 0.0) * scale
            words = f"{value:.1%}" if percent else f"{value:.3f}"
            yield f'<rect class="{kind}" x="{left}" y="{y}" width="{long:.1f}" height="{BAR}"/>'
            yield f'<text x="{left + long + 5:.1f}" y="{y + BAR - 1.5}">{words}</text>'
        y += BAR + 2


def _limit(limit: float | None, left: float, scale: float, height: float) -> str:
    if limit is None:
        return ""
    x = left + limit * scale
    return f'<line class="limit" x1="{x:.1f}" x2="{x:.1f}" y1="0" y2="{height}"/>'


def _svg(title: str, height: float, inside: str) -> str:
    return (
        f'<svg viewBox="0 0 {WIDTH} {height:.0f}" role="img"'
        f' aria-label="{escape(title)}: baseline and window">{inside}</svg>'
    )


def flagged_first(charts: Sequence[Chart]) -> list[Chart]:
    """What was flagged stands first; else the order stays."""
    return sorted(charts, key=lambda chart: not chart.flagged)
