"""Over a whole story the ledger verifies, and nothing was done outside of a decision."""

import pytest

from steward.record.store import put
from tests.steward.functions.house import NAME, House
from tests.steward.functions.parts import (
    JUDGED,
    Part,
    drift,
    failed_rollout,
    failed_run,
    next_version,
    revoked_before_the_call,
    rollout,
    run,
    then,
    uploads,
    word,
)  # fmt: skip
from tests.steward.ledger import decisions, faults

SERVED = then(JUDGED, word, rollout)
STORIES = {
    "serving and failing": then(SERVED, next_version, failed_rollout, drift),
    "a failed run": then(uploads, run, failed_run),
    "a withdrawn rollout": then(JUDGED, word, revoked_before_the_call),
}
# What is done and decided; what data, code, images and people are is shared by many decisions.
ACTS = ("run#", "model-version#", "approval#", "rollout#", "serving#", "shifting#")


@pytest.fixture(params=STORIES)
def story(request: pytest.FixtureRequest, house: House) -> House:
    part: Part = STORIES[request.param]
    part(house)
    return house


def test_the_whole_story_verifies(story: House) -> None:
    assert len(decisions(story.store)) > 3
    assert faults(story.store) == []


def test_everything_that_was_done_was_written_with_a_decision(story: House) -> None:
    decided = {one["entry"] for one in decisions(story.store)}
    items = list(story.store.scan(story.store.lineage))
    done = [item for item in items if str(item["pk"]).startswith(ACTS) and is_own(item)]
    assert done
    assert {item["entry"] for item in done} <= decided


def is_own(item: dict[str, object]) -> bool:
    """Not a way back from something that came later."""
    return "#in#" not in str(item["sk"])


@pytest.mark.parametrize(
    "pk",
    [
        f"run#{NAME}/r1",
        f"model-version#{NAME}/1",
        f"rollout#{NAME}/1",
        f"serving#{NAME}",
        f"shifting#{NAME}",
    ],
)
def test_a_change_of_anything_that_was_done_shows(house: House, pk: str) -> None:
    SERVED(house)
    items = house.store.query(house.store.lineage, pk)
    for item in items:
        house.store.transact([put(house.store.lineage, item | {"facts": {"forged": True}})])
    shown = {fault.partition(": ")[2] for fault in faults(house.store)}
    assert shown == {f"{pk} {item['sk']} is not as it was written" for item in items}
