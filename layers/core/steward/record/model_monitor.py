"""Writes down that a model has schedules of Model Monitor, and how far those were read."""

from datetime import datetime

from steward import clock
from steward.decide.verdict import Verdict
from steward.observe.model_monitor import SEEN_KEY, Seen
from steward.record.agenda import on_agenda
from steward.record.decisions import is_recorded, record
from steward.record.store import ABSENT, Store, delete, put


def record_change(store: Store, model: str, verdict: Verdict, seen: Seen | None) -> None:
    """Write what is about to be done to a schedule, and that there is one to look at soon."""
    # What was decided before on the same facts is done again, and looked at in its turn.
    if not is_recorded(store, model, verdict):
        agenda = on_agenda(store, "drift", model, verdict.id(model))
        record(store, model, verdict, work=[agenda])
    if seen is None:
        store.transact([put(store.work, _row(model, clock.now()), ABSENT)])


def record_seen(store: Store, model: str, seen: Seen, until: datetime) -> bool:
    """Write up to when executions were read; False when another look was first."""
    if until <= seen.until:
        return True
    return store.transact([put(store.work, _row(model, until), {"until": seen.until})])


def forget_schedules(store: Store, model: str) -> None:
    """Write that a model has no schedule and no job definition any more."""
    store.transact([delete(store.work, model, SEEN_KEY)])


def _row(model: str, until: datetime) -> dict[str, object]:
    return {"pk": model, "sk": SEEN_KEY, "until": until}
