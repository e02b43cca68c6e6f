"""Writes down what monitors found, what was decided, and the run that drift asks for."""

from collections import Counter

from steward import clock
from steward.decide.drift import DriftFacts, DriftReport
from steward.decide.verdict import Verdict
from steward.lineage.nodes import Node
from steward.record.agenda import on_agenda
from steward.record.decisions import record
from steward.record.store import ABSENT, Store, Write, check, put

# A file may list thousands; what a run is asked for stands in their kinds and the first of them.
_MOST_LISTED = 20


def is_judged(store: Store, report_id: str) -> bool:
    """Whether a report is on record; a window is judged once."""
    return store.get(store.lineage, report_id, "node") is not None


def record_report(
    store: Store, model: str, verdict: Verdict, report: DriftReport, facts: DriftFacts
) -> bool:
    """Write the report's node, the decision, and the run asked for; False if facts have changed."""
    work = _ask(store, model, verdict, report, facts) if verdict.kind == "retrain" else []
    return record(store, model, verdict, [_node(report)], work)


def _ask(
    store: Store, model: str, verdict: Verdict, report: DriftReport, facts: DriftFacts
) -> list[Write]:
    """Ask for one run, on condition that none was opened or asked for since `facts` were read."""
    asked, run, decision = facts.asked, facts.run, verdict.id(model)
    row = {
        "pk": model,
        "sk": "asked",
        "number": asked.number + 1 if asked else 1,
        "state": "waiting",
        "at": clock.now(),
        "reason": verdict.reason,
        "causes": [decision, report.id],
    }
    closed = {"number": run.number, "state": "closed"} if run else ABSENT
    return [
        put(store.work, row, {"number": asked.number} if asked else ABSENT),
        check(store.work, model, "run", closed),
        on_agenda(store, "training", model, decision),
    ]


def _node(report: DriftReport) -> Node:
    violations = report.violations or ()
    listed = [{"check": one.check, "about": one.about} for one in violations[:_MOST_LISTED]]
    facts = {
        "source": report.source,
        "version": report.version,
        "window": list(report.window) if report.window else None,
        "rows": report.rows,
        "violations": len(violations),
        "kinds": dict(Counter(one.kind for one in violations)),
        "listed": listed,
        "gone": report.violations is None,
    }
    return Node(report.id, report.at, facts)
