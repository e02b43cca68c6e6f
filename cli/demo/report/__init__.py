"""The demo's report: one HTML file with all that can be read back from AWS."""

from collections.abc import Sequence
from pathlib import Path

from cli.demo.report.page import render
from cli.demo.report.record import read_record
from cli.demo.stage import Result, Stage


def write_report(
    path: Path, stage: Stage | None, results: Sequence[Result], seconds: float
) -> None:
    """Write the report, also of a story that failed or never began (no `stage`)."""
    record = read_record(stage) if stage else None
    traces = list(stage.trace.values()) if stage else []
    page = render(record, results, seconds, traces)
    whole = path.with_suffix(".new")
    whole.write_text(page, encoding="utf-8")
    whole.replace(path)
