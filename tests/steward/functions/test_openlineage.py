"""What the functions write down is exported whole and valid, whatever happened around the model."""

from collections import Counter

import pytest

from steward.lineage.openlineage import Origin, events
from tests.openlineage.validator import Json, problems
from tests.steward.builders import ACCOUNT, REGION
from tests.steward.functions import parts
from tests.steward.functions.house import NAME, House
from tests.steward.functions.parts import Part
from tests.steward.functions.test_drift import DRIFTED, report


def exported(house: House) -> list[Json]:
    return list(events(house.store.scan("lineage"), Origin(REGION, ACCOUNT)))


def told(house: House) -> dict[tuple[str, str], int]:
    """How often each kind of event is told of each job; the model's name is left out."""
    return Counter(
        (event["job"]["name"].removeprefix(NAME), event["eventType"]) for event in exported(house)
    )


def test_from_the_first_upload_to_a_failed_rollout(house: House) -> None:
    house.serving(1)
    house.deliver("drift", report(house, DRIFTED))
    parts.next_version(house)
    parts.failed_rollout(house)
    found = told(house)
    assert found["", "START"] == found["", "COMPLETE"] == 2
    assert found["/approval", "START"] == found["/approval", "COMPLETE"] == 2
    assert found["/rollout", "START"] == 2
    assert found["/rollout", "COMPLETE"] == found["/rollout", "FAIL"] == 1
    assert found["/monitor/data_quality", "COMPLETE"] == 1


def test_a_failed_run_says_so(house: House) -> None:
    for part in (parts.uploads, parts.run, parts.failed_run):
        part(house)
    assert told(house) == {("", "START"): 1, ("", "FAIL"): 1}


def test_what_goes_on_has_only_begun(house: House) -> None:
    parts.uploads(house)
    parts.run(house)
    assert told(house) == {("", "START"): 1}


def test_a_revocation_before_the_call_is_an_abort(house: House) -> None:
    parts.approved(house)
    parts.revoked_before_the_call(house)
    house.look("rollout")
    assert told(house)["/rollout", "ABORT"] == 1


@pytest.mark.parametrize(
    "story",
    [
        (parts.uploads, parts.run, parts.failed_run),
        (House.serving, parts.next_version, parts.failed_rollout),
        (House.serving, parts.retired),
        (House.serving, parts.next_version, parts.judged_worse),
        (parts.approved, parts.revoked_before_the_call),
        (parts.approved, parts.deleted_before_the_call),
        (parts.approved, parts.paused_and_resumed),
    ],
    ids=lambda story: story[-1].__name__,
)
def test_every_event_of_any_story_is_valid(house: House, story: tuple[Part, ...]) -> None:
    for part in story:
        part(house)
    found = exported(house)
    assert found
    assert [problem for event in found for problem in problems(event)] == []


def test_the_same_story_again_is_the_same_events(house: House) -> None:
    house.serving(1)
    before = exported(house)
    house.clock.pass_by(minutes=60)
    for concern in ("training", "approval", "rollout", "drift"):
        house.look(concern)
    assert exported(house) == before
