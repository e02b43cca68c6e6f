"""Over a whole story, every decision verifies and nothing was done outside of one."""

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
from tests.steward.ledger import decisions, faults, written

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


def test_every_digest_can_be_computed_again_from_the_tables(story: House) -> None:
    assert len(decisions(story.store)) > 3
    assert faults(story.store) == []


def test_everything_that_was_done_was_written_with_one_decision(story: House) -> None:
    items = [(item["pk"]["S"], item["sk"]["S"]) for item in story.tables()]
    done = {(pk, sk) for pk, sk in items if pk.startswith(ACTS)}
    named = [key for one in decisions(story.store) for key in written(one)]
    assert done
    assert done <= set(named)
    assert len(named) == len(set(named))


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
    assert shown == {f"{pk} {item['sk']} was changed" for item in items}
