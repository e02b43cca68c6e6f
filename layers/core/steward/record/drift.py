"""Writes down what monitors found, what was decided, and what is remembered because of it.

Of one report: a row that waits until it was judged for good; its node; the row of its window.
"""

from collections import Counter
from dataclasses import asdict
from datetime import datetime

from steward import clock, times
from steward.decide.drift import BUDGET_WINDOW, Judgement
from steward.decide.drift_facts import SCHEMA, DriftFacts, DriftReport, Finding, Window
from steward.decide.training import Asked
from steward.lineage.nodes import (
    USED,
    WAS_ATTRIBUTED_TO,
    WAS_INFLUENCED_BY,
    Link,
    Node,
    capture_id,
    version_id,
)
from steward.names import Names
from steward.observe.drift import told_key, window_prefix
from steward.observe.training import SCHEMA_BREAK
from steward.record.agenda import on_agenda
from steward.record.decisions import record
from steward.record.ledger import ensure
from steward.record.store import ABSENT, Store, Write, check, delete, put

# A file may list thousands; what a run is asked for stands in their kinds and the first of them.
_MOST_LISTED = 20
_MOST_MARKS = 200
# A month of hourly windows is more than any rule looks at; older rows are removed as new ones come.
_MOST_WINDOWS = 200


def is_known(store: Store, model: str, report_id: str) -> bool:
    """Whether a report was taken: it was judged, or it waits."""
    return is_judged(store, report_id) or bool(
        store.get(store.work, model, _waiting_key(report_id))
    )


def is_judged(store: Store, report_id: str) -> bool:
    """Whether a report's node is on record: it is written with the first decision on it."""
    return store.get(store.lineage, report_id, "node") is not None


def record_report(store: Store, model: str, report: DriftReport) -> None:
    """Write that a report waits for a judgement."""
    waiting = put(store.work, _waiting_row(model, report))
    store.transact([waiting, on_agenda(store, "drift", model, report.id)])


def read_waiting(store: Store, model: str) -> list[DriftReport]:
    """The reports that have not been judged for good, oldest window first."""
    rows = store.query(store.work, model, "report#")
    return sorted(map(_report, rows), key=lambda report: (report.time, report.id))


def record_judgement(
    store: Store, names: Names, judgement: Judgement, report: DriftReport, facts: DriftFacts
) -> bool:
    """Write the decision and all that follows from it; False if the facts have changed."""
    verdict, model, work = judgement.verdict, names.model, list[Write]()
    nodes = [] if is_judged(store, report.id) else _nodes(store, names, report)
    if verdict.kind == "retrain":
        work += _ask(store, model, judgement, report, facts)
    if verdict.kind == "page":
        work.append(_told(store, model, report))
    if judgement.takes:
        work += _window(store, model, judgement, report, facts)
    work += _schema(store, model, judgement, report)
    if not judgement.waits:
        work.append(delete(store.work, model, _waiting_key(report.id)))
    return record(store, model, verdict, nodes, work, [Link(USED, report.id)])


def _ask(
    store: Store, model: str, judgement: Judgement, report: DriftReport, facts: DriftFacts
) -> list[Write]:
    """Ask for one run, on condition that none was opened or asked for since `facts` were read."""
    asked, run, decision = facts.asked, facts.run, judgement.verdict.id(model)
    row = {
        "pk": model,
        "sk": "asked",
        "number": asked.number + 1 if asked else 1,
        "state": "waiting",
        "at": clock.now(),
        "reason": judgement.verdict.reason,
        "causes": [decision, report.id],
        "version": facts.live,
        "drifted": sorted(judgement.drifted)[:_MOST_MARKS],
        "earlier": [*_earlier(asked), clock.now()],
    }
    closed = {"number": run.number, "state": "closed"} if run else ABSENT
    return [
        put(store.work, row, {"number": asked.number} if asked else ABSENT),
        check(store.work, model, "run", closed),
        on_agenda(store, "training", model, decision),
    ]


def _earlier(asked: Asked | None) -> list[datetime]:
    earlier = asked.earlier if asked else ()
    return [at for at in earlier if clock.now() - at < BUDGET_WINDOW]


def _told(store: Store, model: str, report: DriftReport) -> Write:
    marks = sorted(report.marks)[:_MOST_MARKS]
    row = {"pk": model, "sk": told_key(report), "marks": marks, "at": clock.now()}
    return put(store.work, row)


def _window(
    store: Store, model: str, judgement: Judgement, report: DriftReport, facts: DriftFacts
) -> list[Write]:
    key = _window_key(report, report.time)
    row = {
        "pk": model,
        "sk": key,
        "start": report.time,
        "report": report.id,
        "whole": judgement.whole,
        "marks": sorted(report.marks)[:_MOST_MARKS],
    }
    again = any(one.report == report.id for one in facts.history)
    old = facts.history[: max(0, len(facts.history) - _MOST_WINDOWS)][:50]
    return [
        # Two reports of one window that are judged at once: one of them is judged again.
        put(store.work, row, {"report": report.id} if again else ABSENT),
        *(delete(store.work, model, _window_key(report, one.start)) for one in old),
    ]


def _schema(store: Store, model: str, judgement: Judgement, report: DriftReport) -> list[Write]:
    """That training is held because the schema is broken, or is no more."""
    if judgement.breaks:
        broken = {"at": clock.now(), "reason": judgement.verdict.reason, "report": report.id}
        return [put(store.work, {"pk": model, "sk": SCHEMA_BREAK} | broken)]
    return [delete(store.work, model, SCHEMA_BREAK)] if judgement.mends else []


def _window_key(report: DriftReport, start: datetime) -> str:
    return f"{window_prefix(report)}{times.iso(start)}"


def _waiting_key(report_id: str) -> str:
    return f"report#{report_id.partition('#')[2]}"


def _nodes(store: Store, names: Names, report: DriftReport) -> list[Node]:
    """The report, and what was captured in its window of the version that it is about."""
    about = version_id(names.group, report.version or 0)
    known = store.get(store.lineage, about, "node") is not None
    links = (Link(WAS_INFLUENCED_BY, about),) if known else ()
    if not known or report.window is None:
        return [Node(report.id, report.at, _facts(report), links)]
    captured = capture_id(names.endpoint, report.version or 0, report.window.start)
    window = {"from": report.window.start, "to": report.window.end}
    shared = Node(captured, report.window.end, window, (Link(WAS_ATTRIBUTED_TO, about),))
    ensure(store, names.model, [shared])
    return [Node(report.id, report.at, _facts(report), (*links, Link(USED, captured)))]


def _facts(report: DriftReport) -> dict[str, object]:
    findings = report.findings or ()
    return {
        "source": report.source,
        "kind": report.kind,
        "version": report.version,
        "window": _bounds(report.window),
        "rows": report.rows,
        "unmeasured": report.unmeasured,
        "violations": len(findings),
        "fingerprint": report.fingerprint,
        "kinds": dict(Counter(one.kind for one in findings)),
        "listed": [_listed(one) for one in findings[:_MOST_LISTED]],
        "gone": report.findings is None,
    }


def _listed(finding: Finding) -> dict[str, object]:
    figures: dict[str, object] = {
        "test": finding.test or None,
        "statistic": finding.statistic,
        "p_value": finding.p_value,
        "effect": finding.effect,
        "threshold": finding.threshold,
        "direction": finding.direction or None,
    }
    known = {name: value for name, value in figures.items() if value is not None}
    return known | {"kind": finding.kind, "check": finding.check, "about": finding.about}


def _bounds(window: Window | None) -> list[datetime] | None:
    return [window.start, window.end] if window else None


def _waiting_row(model: str, report: DriftReport) -> dict[str, object]:
    """What a judgement needs, so that it can be given again without reading the report again."""
    # What pages whatever else was found comes first, should there be too many to remember.
    ordered = sorted(report.findings or (), key=lambda one: one.kind != SCHEMA)
    findings = [asdict(one) for one in ordered[:_MOST_MARKS]]
    return {
        "pk": model,
        "sk": _waiting_key(report.id),
        "id": report.id,
        "source": report.source,
        "at": report.at,
        "kind": report.kind,
        "version": report.version,
        "window": _bounds(report.window),
        "rows": report.rows,
        "findings": findings if report.findings is not None else None,
        "unmeasured": report.unmeasured,
    }


def _report(row: dict[str, object]) -> DriftReport:
    window, findings = row.get("window"), row.get("findings")
    version, rows = row.get("version"), row.get("rows")
    bounds = [times.parse(str(one)) for one in window] if isinstance(window, list) else []
    return DriftReport(
        id=str(row["id"]),
        source=str(row["source"]),
        at=times.parse(str(row["at"])),
        kind=str(row["kind"]),
        version=None if version is None else int(str(version)),
        window=Window(bounds[0], bounds[1]) if bounds else None,
        rows=None if rows is None else int(str(rows)),
        findings=tuple(Finding(**one) for one in findings) if isinstance(findings, list) else None,
        unmeasured=bool(row["unmeasured"]),
    )
