"""The picture of a replay: one page that loads nothing and runs nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape

from cli.replay.options import Settings
from cli.replay.play import Step
from monitor.page import POLICY
from monitor.style import STYLE
from steward import times

MOST_FEATURES = 9
WIDTH, HEIGHT = 1000, 100  # of a drawing that is stretched to its place
BARS = 0.94  # what a drawing's highest bar takes of its height
OWN_STYLE = """
.plot { position: relative; margin: 20px 0 2px 26px; height: 190px; }
.small { margin: 8px 0 2px 34px; height: 64px; }
.plot svg { position: absolute; inset: 0; height: 100%; overflow: visible; }
.plot path, .plot line { vector-effect: non-scaling-stroke; }
.plot span { position: absolute; font-size: 11.5px; line-height: 1; color: var(--soft); }
.plot .y { right: 100%; margin-right: 7px; transform: translateY(-50%); }
.plot .mark { bottom: 100%; margin-bottom: 3px; transform: translateX(-50%); color: var(--bad);
  font-weight: 600; }
.plot .held { fill: var(--now); }
.plot .retrain { fill: var(--bad); }
.tiles small { white-space: nowrap; }
.small line.asked { opacity: 0.45; }
.plot line.asked { stroke: var(--bad); stroke-width: 1.2; stroke-dasharray: 3 3; }
.plot path.line { fill: none; stroke: var(--now); stroke-width: 1.6; stroke-linejoin: round; }
.plot path.dots { fill: none; stroke: var(--bad); stroke-width: 4.5; stroke-linecap: round; }
.ends { display: flex; justify-content: space-between; margin: 4px 0 0 26px;
  font-size: 11.5px; color: var(--soft); }
.small + .ends { margin-left: 34px; }
.legend .asked { width: 0; height: 13px; border-left: 2px dashed var(--bad); border-radius: 0;
  vertical-align: -2px; }
"""


@dataclass(frozen=True, slots=True)
class Axis:
    """The time that a picture shows."""

    first: float
    last: float

    def x(self, when: float) -> float:
        return (when - self.first) / (self.last - self.first) * WIDTH

    def middle(self, step: Step) -> float:
        return self.x((step.window.start.timestamp() + step.window.end.timestamp()) / 2)


def render(given: Settings, steps: Sequence[Step]) -> str:
    """The whole page."""
    axis = Axis(steps[0].window.start.timestamp(), steps[-1].window.end.timestamp())
    asked = [step for step in steps if step.verdict.kind == "retrain"]
    headline = escape(_headline(given, asked))
    return "\n".join(
        (
            '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">',
            f"<title>Steward: {headline}</title>\n<style>{STYLE}{OWN_STYLE}</style>\n</head>",
            f'<body>\n<header class="{"bad" if asked else "good"}">',
            f'<p class="brand"><b>Steward</b> drift replay</p>\n<h1>{headline}</h1>',
            f"{_tiles(given, steps)}\n</header>\n<main>",
            _overview(steps, asked, axis),
            _features(given, steps, axis),
            _asked(asked),
            "</main>\n</body>\n</html>\n",
        )
    )


def _headline(given: Settings, asked: Sequence[Step]) -> str:
    count = len(asked)
    if not count:
        return f"{given.path.name}: drift would have asked for no run."
    return f"{given.path.name}: drift would have asked for {count} run{'s' if count > 1 else ''}."


def _tiles(given: Settings, steps: Sequence[Step]) -> str:
    rows = sorted(step.rows for step in steps)
    tiles = {
        "windows, UTC": f"{_day(steps[0].window.start.timestamp())} "
        f"<small>to {_day(steps[-1].window.end.timestamp())}</small>",
        "windows judged": f"{len(steps):,} <small>of about {rows[len(rows) // 2]:,} rows</small>",
        "held": f"{sum(step.verdict.kind == 'hold' for step in steps):,}",
        "asks for a run": f"{given.flagged} <small>of the last {given.of} windows</small>",
        "limits": f"{given.min_effect:g} <small>effect, alpha {given.alpha:g}</small>",
    }
    inside = "".join(
        f'<div class="card"><dt>{name}</dt><dd>{value}</dd></div>' for name, value in tiles.items()
    )
    return f'<dl class="tiles">{inside}</dl>'


def _overview(steps: Sequence[Step], asked: Sequence[Step], axis: Axis) -> str:
    top = max(1, *(len(step.found) for step in steps))
    bars = "".join(_bar(step, axis, top) for step in steps if step.found)
    marks = "".join(
        f'<span class="mark" style="left:{axis.middle(step) / WIDTH:.2%}">{number}</span>'
        for number, step in enumerate(asked, 1)
    )
    legend = '<span><i class="now"></i>features that drifted in a window</span>'
    if asked:
        legend += '<span><i class="asked"></i>a run would be asked for</span>'
    return (
        "<section><h2>Features that drifted</h2>"
        f'<p class="legend">{legend}</p><div class="card"><div class="plot">'
        f"{_svg('drifted features of each window', bars + _lines(asked, axis))}{marks}"
        f"{_y(str(top), 1 - BARS)}{_y('0', 1)}</div>{_ends(axis)}</div></section>"
    )


def _bar(step: Step, axis: Axis, top: int) -> str:
    left, right = (axis.x(at.timestamp()) for at in (step.window.start, step.window.end))
    gap, height = (right - left) * 0.1, len(step.found) / top * BARS * HEIGHT
    kind = "retrain" if step.verdict.kind == "retrain" else "held"
    return (
        f'<rect class="{kind}" x="{left + gap:.2f}" width="{right - left - 2 * gap:.2f}"'
        f' y="{HEIGHT - height:.2f}" height="{height:.2f}"/>'
    )


def _lines(asked: Sequence[Step], axis: Axis) -> str:
    places = [f"{axis.middle(step):.2f}" for step in asked]
    return "".join(f'<line class="asked" x1="{x}" x2="{x}" y1="0" y2="{HEIGHT}"/>' for x in places)


def _features(given: Settings, steps: Sequence[Step], axis: Axis) -> str:
    most = dict[str, float]()
    for step in steps:
        for change in step.changes:
            most[change.feature] = max(most.get(change.feature, 0.0), change.effect)
    # What drifted in more windows says more than one high value.
    often = dict.fromkeys(most, 0)
    for step in steps:
        for change in step.found:
            often[change.feature] += 1
    names = sorted(most, key=lambda name: (-often[name], -most[name]))[:MOST_FEATURES]
    articles = "".join(
        f'<article class="card"><h3>{escape(name)}</h3>'
        f"<p>drifted in {often[name]} of {len(steps)} windows, {most[name]:.3f} at most</p>"
        f'<div class="plot small">{_effects(name, given, steps, axis, most[name])}</div>'
        f"{_ends(axis)}</article>"
        for name in names
    )
    shown = (
        "" if len(names) == len(most) else f", the {len(names)} of {len(most)} that drifted most"
    )
    return (
        f"<section><h2>How far from the baseline{shown}</h2>"
        '<p class="legend"><span><i class="now"></i>effect, 0 to 1</span>'
        '<span><i class="off"></i>drifted</span><span><i class="limit"></i>limit</span></p>'
        f'<div class="charts">{articles}</div></section>'
    )


def _effects(name: str, given: Settings, steps: Sequence[Step], axis: Axis, most: float) -> str:
    top = max(most, 2 * given.min_effect) / BARS
    seen = [
        (axis.middle(step), HEIGHT * (1 - change.effect / top), change in step.found)
        for step in steps
        for change in step.changes
        if change.feature == name
    ]
    points = [f"{x:.2f},{y:.2f}" for x, y, _ in seen]
    dots = "".join(f"M{x:.2f},{y:.2f}h0.01" for x, y, found in seen if found)
    limit = 1 - given.min_effect / top
    asked = [step for step in steps if step.verdict.kind == "retrain"]
    inside = (
        f'<line class="axis" x1="0" x2="{WIDTH}" y1="{HEIGHT}" y2="{HEIGHT}"/>'
        f'<line class="limit" x1="0" x2="{WIDTH}" y1="{limit * HEIGHT:.2f}"'
        f' y2="{limit * HEIGHT:.2f}"/>{_lines(asked, axis)}'
        f'<path class="line" d="M{"L".join(points)}"/><path class="dots" d="{dots}"/>'
    )
    labels = _y(f"{top * BARS:.2g}", 1 - BARS) + _y(f"{given.min_effect:g}", limit)
    return _svg(f"effect of {name} over time", inside) + labels


def _asked(asked: Sequence[Step]) -> str:
    items = "".join(_item(number, step) for number, step in enumerate(asked, 1))
    return items and (
        f'<section><h2>When a run would be asked for</h2><ul class="violations">{items}</ul>'
        "</section>"
    )


def _item(number: int, step: Step) -> str:
    when = f"{number}: window from {times.iso(step.window.start)[:16]}Z"
    return f'<li class="card"><b>{when}</b>{escape(step.verdict.reason)}</li>'


def _svg(title: str, inside: str) -> str:
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="none" role="img"'
        f' aria-label="{escape(title)}">{inside}</svg>'
    )


def _y(text: str, share: float) -> str:
    return f'<span class="y" style="top:{share:.2%}">{text}</span>'


def _ends(axis: Axis) -> str:
    middle = (axis.first + axis.last) / 2
    days = "".join(f"<span>{_day(when)}</span>" for when in (axis.first, middle, axis.last))
    return f'<div class="ends">{days}</div>'


def _day(when: float) -> str:
    return f"{datetime.fromtimestamp(when, UTC):%Y-%m-%d}"
