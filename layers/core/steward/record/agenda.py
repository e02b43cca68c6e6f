"""The agenda: one row per concern and model that has something pending or open.

The sweep reads it in one query. A row carries a mark; it is removed only if the mark is still the
one that was read before looking, so that work that arrives meanwhile keeps its row.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from steward.decide.checkpoint import Signed
from steward.record.store import Store, Write, delete, put

# No model can have this name.
AGENDA = "#agenda"
_CHECKPOINT = "#checkpoint"


@dataclass(frozen=True, slots=True)
class Agenda:
    """Concern and model of everything that is due, and the row of the last checkpoint."""

    due: set[tuple[str, str]]
    checkpoint: Mapping[str, object] | None


def on_agenda(store: Store, concern: str, model: str, mark: str) -> Write:
    """Make the sweep look at the model every minute."""
    row = {"pk": AGENDA, "sk": f"{concern}#{model}", "concern": concern, "model": model}
    return put(store.work, row | {"mark": mark})


def read_mark(store: Store, concern: str, model: str) -> str | None:
    """The row's mark, None when the model is not on the agenda."""
    row = store.get(store.work, AGENDA, f"{concern}#{model}")
    return str(row["mark"]) if row else None


def off_agenda(store: Store, concern: str, model: str, mark: str | None) -> None:
    """Take the model off, unless something was added since `mark` was read."""
    if mark is not None:
        store.transact([delete(store.work, AGENDA, f"{concern}#{model}", {"mark": mark})])


def read_agenda(store: Store) -> Agenda:
    """Everything that is due: one query."""
    rows = store.query(store.work, AGENDA)
    due = {(str(row["concern"]), str(row["model"])) for row in rows if "concern" in row}
    return Agenda(due, next((row for row in rows if row["sk"] == _CHECKPOINT), None))


def note_checkpoint(store: Store, signed: Signed) -> None:
    """Remember the last checkpoint where the sweep reads it anyway."""
    row = {"pk": AGENDA, "sk": _CHECKPOINT} | asdict(signed) | {"day": signed.day.isoformat()}
    store.transact([put(store.work, row)])
