"""What a monitor job leaves behind: files, metrics, and its last words."""

import math
import os
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from monitor.fetch import Meter
from monitor.found import Found, Metric
from monitor.page import render
from monitor.plan import Plan
from tabular.files import write_json

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch.type_defs import MetricDatumTypeDef as Datum

CLARIFY = ("bias", "explainability")  # whose analysis.json is in Clarify's shape
LARGEST = 2.0**360  # CloudWatch refuses what is beyond


def write_files(plan: Plan, found: Found, out: Path) -> None:
    """Write every document of the job; constraint_violations.json also where there are none."""
    window = _window(plan, found)
    documents = dict(found.documents)
    if plan.kind not in CLARIFY:
        head: dict[str, object] = {"version": "1.0", "window": window, "features": [], "cycle": []}
        documents["analysis.json"] = {**head, **documents.get("analysis.json", {})}
    documents["constraint_violations.json"] = {
        "version": "1.0",
        "violations": [violation.shape() for violation in found.violations],
        "window": window,
    }
    for name, document in documents.items():
        write_json(out / name, _finite(document))
    (out / "report.html").write_text(render(plan, found), encoding="utf-8")


def put_metrics(plan: Plan, found: Found, meter: Meter) -> None:
    """Put the figures to CloudWatch, at the time of the window's end."""
    namespaces: dict[str, list[Datum]] = {}
    for metric in found.metrics:
        if math.isfinite(metric.value) and abs(metric.value) < LARGEST:
            namespaces.setdefault(metric.namespace, []).append(_datum(plan, metric))
    for namespace, data in namespaces.items():
        meter.put(namespace, data)


def last_words(found: Found) -> str:
    """The exit message by which Model Monitor's readers know how a job ended."""
    count = len(found.violations)
    if count:
        return f"CompletedWithViolations: Job completed successfully with {count} violations."
    return "Completed: Job completed successfully with no violations."


def leave(sentence: str) -> None:
    """Say it, and write it where SageMaker looks for a processing job's ExitMessage."""
    print(sentence)
    if place := os.environ.get("EXIT_MESSAGE_FILE"):
        Path(place).parent.mkdir(parents=True, exist_ok=True)
        Path(place).write_text(sentence)


def _window(plan: Plan, found: Found) -> Mapping[str, object]:
    return {
        "source": "steward",
        "model": plan.model,
        "version": plan.version,
        "kind": plan.kind,
        "start": _stamp(plan.window.start),
        "end": _stamp(plan.window.end),
        "rows": found.rows,
        "min_rows": plan.min_rows,
        "unmeasured": found.unmeasured,
        "notes": list(found.notes),
    }


def _stamp(time: datetime) -> str:
    return time.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _datum(plan: Plan, metric: Metric) -> "Datum":
    names = {"Endpoint": plan.endpoint, "MonitoringSchedule": plan.schedule, **metric.dimensions}
    return {
        "MetricName": metric.name,
        "Dimensions": [{"Name": name, "Value": value} for name, value in names.items()],
        "Timestamp": plan.window.end,
        "Value": metric.value,
    }


def _finite(value: object) -> object:
    """The same without what JSON cannot hold: a sum or a distance may be infinite."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {name: _finite(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value
