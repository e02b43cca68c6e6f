"""The report as one HTML page: a pure function of what was read back."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from cli.demo.report.drift import drift
from cli.demo.report.lanes import picture
from cli.demo.report.measures import importances, scales, table
from cli.demo.report.origin import origins
from cli.demo.report.record import Record
from cli.demo.report.timeline import idle, length, moments
from cli.demo.report.traffic import chart
from cli.demo.stage import Result
from cli.pages.page import template


def render(
    record: Record | None, results: Sequence[Result], seconds: float, traces: Sequence[object]
) -> str:
    """The page; without a record it tells only the steps."""
    return template("page.html", Path(__file__).parent).render(
        record=record,
        headline=headline(record),
        steps=results,
        failed=next((result for result in results if not result.ok), None),
        seconds=seconds,
        span=_span(record) if record else "",
        moments=moments(record) if record else [],
        idle=idle(record) if record else 0,
        picture=picture(record) if record else None,
        traffic=chart(record) if record else None,
        drift=drift(record) if record else None,
        scales=scales(record) if record else [],
        table=table(record) if record else [],
        importances=importances(record) if record else [],
        origins=origins(traces),
    )


def headline(record: Record | None) -> str:
    """What happened, in one sentence."""
    if record is None:
        return "The embedded AWS did not start"
    count = len(record.versions)
    if not count and record.unread:
        return f"What is registered of {record.spec.name} is not known"
    if not count:
        return f"No version of {record.spec.name} was registered"
    served = {number for serving in record.served for number in serving.versions}
    were = "was" if count == 1 else "were"
    registered = f"{_versions(count)} of {record.spec.name} {were} registered"
    went = "and" if len(served) == count else f"and {len(served) or 'none'}"
    return f"{registered} {went} went into service; {live(record)} now"


def live(record: Record) -> str:
    """What serves now, in words."""
    if record.live:
        return f"version {record.live} serves"
    return "it is not known what serves" if record.unread else "none serves"


def _versions(count: int) -> str:
    return "1 version" if count == 1 else f"{count} versions"


def _span(record: Record) -> str:
    """How long the story took on the embedded clock."""
    times = [node.at for node in record.nodes]
    until = record.now or max(times, default=None)
    return length(until - min(times)) if times and until else length(timedelta())
