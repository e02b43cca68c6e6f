"""What was decided about a model, in order: its ledger, page by page."""

from steward.lineage import ledger
from steward.record.store import Store

type Answer = dict[str, object]

# Verdicts by which nothing is done.
IDLE = ("wait", "nothing", "ignore", "watch")


def timeline(
    store: Store, model: str, most: int, after: int = 0, *, idle: bool = False
) -> Answer | None:
    """Up to `most` decisions behind entry `after`; None: nothing is on record of this model.

    Without `idle` those by which nothing was done are left out of the page.
    """
    low, high = ledger.place(after + 1), ledger.place(10**12 - 1)
    found_rows = store.page(store.lineage, ledger.partition(model), low, high, most + 1)
    rows = found_rows[:most]
    if not rows and not after:
        return None
    keys = [(str(row["decision"]), "node") for row in rows if "decision" in row]
    found = {str(item["pk"]): item for item in store.many(store.lineage, keys)}
    events = [
        _event(row, found[str(row["decision"])]) for row in rows if row.get("decision") in found
    ]
    return {
        "timeline": model,
        "events": [one for one in events if idle or one["verdict"] not in IDLE],
        "next": int(str(rows[-1]["sk"])) if len(found_rows) > most else None,
    }


def _event(row: dict[str, object], item: dict[str, object]) -> Answer:
    told = ("concern", "subject", "verdict", "reason")
    return {"entry": int(str(row["sk"])), "at": row["at"]} | {name: item[name] for name in told}
