"""The report for people: one page that loads nothing and runs nothing."""

from collections.abc import Iterable, Sequence
from html import escape

from monitor.charts import draw, flagged_first
from monitor.found import Bars, Chart, Figures, Found, Violation
from monitor.plan import Plan
from monitor.style import STYLE

POLICY = "default-src 'none'; style-src 'unsafe-inline'"
TITLES = {
    "data_quality": "Data quality",
    "prediction_drift": "Predictions",
    "model_quality": "Model quality",
    "bias": "Bias",
    "explainability": "Attributions",
}


def verdict(plan: Plan, found: Found) -> str:
    """The report in one sentence."""
    subject = f"{TITLES[plan.kind]} of {plan.model} version {plan.version}"
    count = len(found.violations)
    if count:
        return f"{subject}: {count} {'violation' if count == 1 else 'violations'}."
    if found.unmeasured:
        return f"{subject}: not judged, what has a limit is undefined."
    if not found.enough:
        return f"{subject}: not judged, {found.rows} of {plan.min_rows} needed rows."
    return f"{subject}: as it should be."


def render(plan: Plan, found: Found) -> str:
    """The whole page."""
    headline = escape(verdict(plan, found))
    is_good = found.enough and not found.unmeasured
    tone = "bad" if found.violations else "good" if is_good else "open"
    return "\n".join(
        (
            '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">',
            f"<title>Steward: {headline}</title>\n<style>{STYLE}</style>\n</head>",
            f'<body>\n<header class="{tone}">\n<p class="brand"><b>Steward</b> monitor report</p>',
            f"<h1>{headline}</h1>\n{_tiles(plan, found)}\n</header>\n<main>",
            _violations(found.violations),
            _charts(found.charts),
            _table(found.figures),
            _notes(found.notes),
            "</main>\n</body>\n</html>\n",
        )
    )


def _tiles(plan: Plan, found: Found) -> str:
    start, end = plan.window.start, plan.window.end
    same_day = start.date() == end.date()
    tiles = {
        "window, UTC": f"{start:%Y-%m-%d} <small>{start:%H:%M} to "
        f"{end:%H:%M}</small>" if same_day else f"{start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M}",
        "rows judged": f"{found.rows:,} <small>of at least {plan.min_rows:,}</small>",
        "endpoint": escape(plan.endpoint),
        "violations": str(len(found.violations)),
    }  # fmt: skip
    inside = "".join(
        f'<div class="card"><dt>{name}</dt><dd>{value}</dd></div>' for name, value in tiles.items()
    )
    return f'<dl class="tiles">{inside}</dl>'


def _violations(violations: Iterable[Violation]) -> str:
    items = "".join(
        f'<li class="card"><b>{escape(violation.check)}</b>{escape(violation.description)}</li>'
        for violation in violations
    )
    return items and f'<section><h2>Violations</h2><ul class="violations">{items}</ul></section>'


def _charts(charts: Iterable[Chart]) -> str:
    ordered = flagged_first(list(charts))
    if not ordered:
        return ""
    articles = "".join(
        f'<article class="card{" flagged" if chart.flagged else ""}">'
        f"<h3>{escape(chart.title)}</h3><p>{escape(chart.note)}</p>{draw(chart)}</article>"
        for chart in ordered
    )
    return (
        f"<section><h2>Baseline against window</h2>{_legend(ordered)}"
        f'<div class="charts">{articles}</div></section>'
    )


def _legend(charts: Iterable[Chart]) -> str:
    marks = {"before": "baseline", "now": "window"}
    if any(chart.flagged for chart in charts):
        marks["off"] = "window, in violation"
    if any(isinstance(chart, Bars) and chart.limit is not None for chart in charts):
        marks["limit"] = "limit"
    items = "".join(f'<span><i class="{name}"></i>{what}</span>' for name, what in marks.items())
    return f'<p class="legend">{items}</p>'


def _table(figures: Figures) -> str:
    if not figures.rows:
        return ""
    head = _cells("th", figures.columns, figures.words)
    body = "".join(
        f"<tr{' class="flagged"' if flagged else ''}>{_cells('td', row, figures.words)}</tr>"
        for row, flagged in zip(figures.rows, figures.flagged, strict=True)
    )
    return (
        '<section><h2>Figures</h2><div class="card scroll"><table>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div></section>"
    )


def _cells(tag: str, row: Sequence[str], words: int) -> str:
    classes = [' class="words"' if place < words else "" for place in range(len(row))]
    pairs = zip(classes, row, strict=True)
    return "".join(f"<{tag}{kind}>{escape(cell)}</{tag}>" for kind, cell in pairs)


def _notes(notes: Iterable[str]) -> str:
    items = "".join(f"<li>{escape(note)}</li>" for note in notes)
    return items and f'<section><h2>Notes</h2><ul class="notes">{items}</ul></section>'
