"""What was decided about a model, in order, and each decision on one page."""

from collections.abc import Iterator

import pytest

from steward.lineage.timeline import IDLE, Answer, timeline
from tests.steward.functions import parts
from tests.steward.functions.house import House
from tests.steward.ledger import chain


@pytest.fixture
def past(house: House) -> House:
    """One version was rolled out, and another one in vain."""
    house.serving(1)
    parts.next_version(house)
    parts.failed_rollout(house)
    return house


def asked(house: House, most: int = 200, after: int = 0, *, idle: bool = False) -> Answer:
    found = timeline(house.store, "mortgage", most, after, idle=idle)
    assert found is not None
    return found


def events(answer: Answer) -> list[dict[str, object]]:
    found = answer["events"]
    assert isinstance(found, list)
    return found


def pages(house: House, most: int, *, idle: bool) -> Iterator[Answer]:
    after: object = 0
    while after is not None:
        page = asked(house, most, int(str(after)), idle=idle)
        yield page
        after = page["next"]


def test_a_models_life_can_be_read_from_it(past: House) -> None:
    told = [f"{one['concern']} {one['subject']}: {one['verdict']}" for one in events(asked(past))]
    assert told == [
        "training run 1: start",
        "training run 1: started",
        "training run 1: finish",
        "approval version 1: passed",
        "approval version 1: approved",
        "rollout version 1: start",
        "rollout rollout 1: finish",
        "training run 2: start",
        "training run 2: started",
        "training run 2: finish",
        "approval version 2: passed",
        "approval version 2: approved",
        "rollout version 2: start",
        "rollout rollout 2: fail",
    ]


def test_each_says_when_and_why_and_which_entry_of_the_ledger_it_is(past: House) -> None:
    first = events(asked(past, 10))[0]
    number = int(str(first["entry"]))
    entry = chain(past.store)[number - 1]
    assert first == {
        "entry": number,
        "at": entry["at"],
        "concern": "training",
        "subject": "run 1",
        "verdict": "start",
        "reason": "1 upload is waiting and uploads have been quiet for 10 min; "
        "1 object is learned from",
    }


def test_what_changed_nothing_is_told_if_asked_for(past: House) -> None:
    everything, busy = events(asked(past, idle=True)), events(asked(past))
    assert [one for one in everything if one["verdict"] not in IDLE] == busy
    assert {one["verdict"] for one in everything} & set(IDLE)


@pytest.mark.parametrize("idle", [True, False])
@pytest.mark.parametrize("most", [1, 2, 7, 200])
def test_each_decision_is_on_one_page(past: House, most: int, *, idle: bool) -> None:
    found = [one for page in pages(past, most, idle=idle) for one in events(page)]
    assert found == events(asked(past, idle=idle))


def test_a_page_that_ends_with_the_last_entry_is_the_last_one(past: House) -> None:
    entries = len(chain(past.store))
    assert asked(past, entries)["next"] is None
    assert asked(past, entries - 1)["next"] == entries - 1


def test_behind_the_last_entry_there_is_nothing(past: House) -> None:
    for after in (len(chain(past.store)), 10**12 - 1):
        assert asked(past, after=after) == {"timeline": "mortgage", "events": [], "next": None}


def test_of_another_model_nothing_is_known(past: House) -> None:
    assert timeline(past.store, "churn", 50) is None
