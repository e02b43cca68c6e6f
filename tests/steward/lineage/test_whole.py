"""What was too large for an item is read whole again."""

from steward.lineage.whole import whole_item
from steward.record.bulk import fitted
from steward.record.items import from_item, to_item
from steward.record.store import Store, put

LONG = "auc 0.720, at least 0.650 is needed; " * 60


def kept(store: Store, **given: object) -> dict[str, object]:
    """An item as the table has it."""
    write = put("lineage", {"pk": "decision#d1", "sk": "node", **given})
    return from_item(to_item(fitted(store, write).item))


def test_facts_and_the_reason_are_those_that_were_written(store: Store) -> None:
    short = kept(store, facts={"text": LONG, "rows": 300}, reason=LONG)
    assert short["reason"] != LONG
    whole = whole_item(store, short)
    assert (whole["facts"], whole["reason"]) == ({"text": LONG, "rows": 300}, LONG)
    assert whole["pk"] == "decision#d1"


def test_an_item_that_fits_is_as_it_is(store: Store) -> None:
    small = kept(store, facts={"rows": 300})
    assert whole_item(store, small) == small
