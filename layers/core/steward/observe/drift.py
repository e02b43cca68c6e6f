"""Reads what a report is judged against: what serves, the last run, and the windows before."""

from steward import times
from steward.aws import Aws
from steward.decide.drift_facts import DriftFacts, DriftReport, Judged, Told
from steward.names import Names
from steward.observe.serving import observe_endpoint, read_served, read_snapshot_uri
from steward.observe.training import (
    observe_data,
    read_asked,
    read_run,
    read_snapshot,
)
from steward.record.store import Store

# In these the endpoint answers nobody.
_NOT_SERVING = ("Creating", "Deleting", "Failed", "OutOfService")


def observe_live(aws: Aws, store: Store, names: Names) -> int | None:
    """The version of ours that serves now; None when none does."""
    endpoint = observe_endpoint(aws, names.endpoint)
    if endpoint is None or endpoint.status in _NOT_SERVING:
        return None
    number = names.version_of(endpoint.config)
    if number is None:
        adopted = read_served(store, names, endpoint.config)
        number = adopted.number if adopted else None
    return number


def observe_drift(aws: Aws, store: Store, names: Names, report: DriftReport) -> DriftFacts:
    """Everything that a report is judged against."""
    model, live = names.model, observe_live(aws, store, names)
    return DriftFacts(
        live=live,
        run=read_run(store, model),
        asked=read_asked(store, model),
        history=read_history(store, model, report),
        new_rows=_new_rows(aws, store, names, live) if report.findings and live else None,
        told=read_told(store, model, report),
    )


def window_prefix(report: DriftReport) -> str:
    """Sort key of a judged window's row, without its time."""
    return f"window#{report.kind}#{report.version or 0:010d}#"


def told_key(report: DriftReport) -> str:
    """Sort key of what a person was last told of a version and kind."""
    return f"told#{report.kind}#{report.version or 0:010d}"


def read_history(store: Store, model: str, report: DriftReport) -> tuple[Judged, ...]:
    """The windows of this version and kind that were judged, oldest first."""
    rows = store.query(store.work, model, window_prefix(report))
    return tuple(
        Judged(
            start=times.parse(str(row["start"])),
            report=str(row["report"]),
            whole=bool(row["whole"]),
            marks=_marks(row["marks"]),
        )
        for row in rows
    )


def read_told(store: Store, model: str, report: DriftReport) -> Told | None:
    """What a person was last told of this version and kind."""
    row = store.get(store.work, model, told_key(report))
    return Told(_marks(row["marks"]), times.parse(str(row["at"]))) if row else None


def _marks(value: object) -> frozenset[str]:
    return frozenset(map(str, value)) if isinstance(value, list) else frozenset()


def _new_rows(aws: Aws, store: Store, names: Names, live: int) -> int:
    """Rows of the data that the version that serves was not trained on."""
    data = observe_data(store, names.model)
    uri = read_snapshot_uri(store, names, live)
    learned = read_snapshot(aws, uri) if uri else {}
    return sum(found.rows for found in data if learned.get(found.key) != found.sequencer)
