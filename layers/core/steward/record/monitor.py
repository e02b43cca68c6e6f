"""Writes down which windows were looked at, by which jobs, and how those ended."""

from dataclasses import asdict

from steward import clock
from steward.decide.monitor import Due, Watched, after
from steward.decide.verdict import Verdict
from steward.observe.monitor import failure_key
from steward.record.agenda import on_agenda
from steward.record.decisions import is_recorded, record
from steward.record.store import ABSENT, Store, Write, delete, put


def record_watch(
    store: Store, model: str, verdict: Verdict, due: Due, watched: Watched | None
) -> bool:
    """Write that a window's job is to be started; False when another look was first."""
    row = {
        "pk": model,
        "sk": f"job#{due.job}",
        "kind": due.kind,
        "version": due.version,
        "start": due.window.start,
        "end": due.window.end,
        "started_at": clock.now(),
    }
    work = [
        _advance(store, model, due, watched, jobs=1),
        put(store.work, row),
        on_agenda(store, "drift", model, due.job),
    ]
    return record(store, model, verdict, work=work)


def record_unwatched(
    store: Store, model: str, verdict: Verdict, due: Due, watched: Watched | None, *, passed: bool
) -> None:
    """Write why a window is not looked at, once, and that it has `passed` for ever."""
    step = [_advance(store, model, due, watched, jobs=0)] if passed else []
    if not is_recorded(store, model, verdict):
        record(store, model, verdict, work=step)
    elif step:
        store.transact(step)


def _advance(store: Store, model: str, due: Due, watched: Watched | None, *, jobs: int) -> Write:
    row = {"pk": model, "sk": f"monitor#{due.kind}"} | asdict(after(due, watched, jobs=jobs))
    condition = {"version": watched.version, "until": watched.until} if watched else ABSENT
    return put(store.work, row, condition)


def record_failed(store: Store, model: str, verdict: Verdict, due: Due, why: str) -> None:
    """Write that a job did not end well, that a person was told if so, and forget the job."""
    work = [forget_job(store, model, due)]
    if verdict.kind == "page":
        row = {"pk": model, "sk": failure_key(due), "why": why, "at": clock.now()}
        work.append(put(store.work, row))
    record(store, model, verdict, work=work)


def forget_job(store: Store, model: str, due: Due) -> Write:
    """The row of a job that was read."""
    return delete(store.work, model, f"job#{due.job}")
