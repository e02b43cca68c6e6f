"""Why an endpoint serves what it serves: as of a moment, whatever happened around the model."""

from datetime import datetime, timedelta

import pytest

from steward import times
from steward.lineage.why import why
from tests.steward.functions import parts
from tests.steward.functions.house import ARTIFACTS, NAME, PREFIX, House

GATE = (
    "The gate said passed: 247 test rows, 150 are needed; auc 0.720, at least 0.650 is needed; "
    "bias DPPL of white 0.100, at most 0.150 either way is allowed."
)
FIRST = f"It was approved by bob at 2026-11-20T12:16:00.000Z, without words. {GATE}"


def told(house: House, at: datetime | None = None) -> str:
    found = why(house.store, NAME, at or house.clock.now())
    assert found is not None
    return str(found["text"])


def facts(house: House, at: datetime | None = None) -> dict[str, object]:
    found = why(house.store, NAME, at or house.clock.now())
    assert found is not None
    known = found["why"]
    assert isinstance(known, dict)
    return known


def begin(at: str = "2026-11-20T12:20:00.000Z", version: int = 1, since: str = "") -> str:
    return f"{NAME} served version {version} at {at}, since {since or at}."


def test_the_first_version_and_who_approved_it_on_which_numbers(house: House) -> None:
    house.serving(1)
    assert told(house) == f"{begin()} {FIRST}"


def test_before_it_and_after_the_endpoint_was_taken_down_there_is_nothing_to_explain(
    house: House,
) -> None:
    house.serving(1)
    before = house.clock.now() - timedelta(milliseconds=1)
    assert why(house.store, NAME, before) is None
    parts.retired(house)
    assert why(house.store, NAME, house.clock.now()) is None


def test_the_words_of_an_override_and_the_gate_that_it_overrode(house: House) -> None:
    house.judged(1, auc=0.5)
    house.deliver("approval", house.says(1, words="override: needed today"))
    parts.rollout(house)
    text = told(house)
    assert 'approved by bob at 2026-11-20T12:16:00.000Z: "override: needed today".' in text
    assert "The gate said failed: " in text
    assert "auc 0.500, at least 0.650 is needed" in text


@pytest.fixture
def canary(house: House) -> House:
    """Version 1 serves, and version 2 is being tried."""
    house.serving(1)
    house.clock.pass_by(minutes=5)
    parts.next_version(house)
    parts.baking(house)
    return house


SINCE = "2026-11-20T12:20:00.000Z"
UNDER_WAY = (
    "Version 2 was on its way. Traffic was being shifted: version 2 may have answered as well."
)


class TestWhileTrafficIsShifted:
    def test_the_other_version_may_have_answered_as_well(self, canary: House) -> None:
        now = times.iso(canary.clock.now())
        assert told(canary) == f"{begin(now, since=SINCE)} {FIRST} {UNDER_WAY}"
        assert facts(canary)["may_also_have_served"] == [{"2": 100}]

    @pytest.mark.parametrize(
        "end", [parts.promoted, parts.judged_worse], ids=["promoted", "judged worse"]
    )
    def test_how_it_ended_later_is_not_told_of_that_moment(
        self, canary: House, end: parts.Part
    ) -> None:
        at = canary.clock.now()
        before = facts(canary, at), told(canary, at)
        canary.clock.pass_by(minutes=1)
        end(canary)
        assert (facts(canary, at), told(canary, at)) == before

    def test_what_failed_since_is_told_with_its_reason(self, canary: House) -> None:
        parts.judged_worse(canary)
        text = told(canary)
        assert text.startswith(begin(times.iso(canary.clock.now()), since=SINCE))
        assert "Since then version 2 was tried: failed: " in text
        assert "9 of 150 requests (6 %) failed on the new fleet" in text
        assert "may have answered" not in text
        (tried,) = _list(facts(canary)["tried_since"])
        assert tried["outcome"] == "failed"

    def test_what_was_promoted_says_what_it_replaced(self, canary: House) -> None:
        parts.promoted(canary)
        now = times.iso(canary.clock.now())
        text = told(canary)
        assert text.startswith(f"{begin(now, 2)} It replaced version 1. It was approved by bob ")
        assert "0.710 of the serving version on the same test rows" in text, "the whole reason"
        assert facts(canary)["tried_since"] == []

    def test_numbers_whose_whole_text_is_gone_are_told_in_short(self, canary: House) -> None:
        parts.promoted(canary)
        listed = canary.aws.s3.list_objects_v2(Bucket=ARTIFACTS, Prefix="record/")["Contents"]
        for one in listed:
            canary.aws.s3.delete_object(Bucket=ARTIFACTS, Key=one["Key"])
        text = told(canary)
        assert "auc 0.720, at least 0.650 is needed" in text
        assert "does not exist any more)" in text

    def test_numbers_whose_whole_text_was_changed_are_not_believed(self, canary: House) -> None:
        parts.promoted(canary)
        listed = canary.aws.s3.list_objects_v2(Bucket=ARTIFACTS, Prefix="record/")["Contents"]
        for one in listed:
            forged = b'{"facts": {}, "reason": "all is well"}'
            canary.aws.s3.put_object(Bucket=ARTIFACTS, Key=one["Key"], Body=forged)
        text = told(canary)
        assert "all is well" not in text
        assert "its SHA-256 is not the one on record)" in text

    def test_what_was_stepped_back_to_says_from_what_and_why(self, canary: House) -> None:
        parts.promoted(canary)
        canary.deliver("approval", canary.says(2, "Rejected", "complaints"))
        parts.rollout(canary)
        text = told(canary)
        assert "served version 1 at" in text
        assert "It went back from version 2: " in text
        assert FIRST in text


def _list(value: object) -> list[dict[str, object]]:
    assert isinstance(value, list)
    return value


def test_after_a_gap_nothing_is_said_to_have_been_replaced(house: House) -> None:
    house.serving(1)
    parts.retired(house)
    house.deliver("rollout", house.order("resume", 2))
    parts.rollout(house)
    assert "Before that it served nothing. It was approved by bob" in told(house)
    assert facts(house)["replaced"] == {}


def test_what_somebody_else_brought_there_was_found(house: House) -> None:
    house.serving(1)
    first = house.sagemaker.endpoints[NAME]["EndpointConfigName"]
    parts.next_version(house)
    parts.rollout(house)
    house.clock.pass_by(minutes=60)
    house.sagemaker.endpoints[NAME] |= {
        "EndpointConfigName": first,
        "LastModifiedTime": house.clock.now(),
    }
    house.look("rollout")
    text = told(house)
    assert "It replaced version 2. It was found there, no rollout of ours brought it: " in text
    assert "approved" not in text.partition("found there")[2].partition(":")[0]


def test_what_was_adopted_was_found_too(house: House) -> None:
    house.judged(1)
    uri = f"s3://{ARTIFACTS}/{parts.ARTIFACT_1}"
    house.sagemaker.models["theirs"] = {"PrimaryContainer": {"ModelDataUrl": uri}}
    variant = {"VariantName": "blue", "ModelName": "theirs"}
    house.sagemaker.configs["handmade"] = {"ProductionVariants": [variant]}
    house.sagemaker.endpoints[NAME] = {
        "EndpointName": NAME,
        "EndpointConfigName": "handmade",
        "EndpointStatus": "InService",
        "LastModifiedTime": house.clock.now(),
        "ProductionVariants": [{"VariantName": "blue", "DesiredInstanceCount": 4}],
    }
    house.deliver("rollout", house.order("adopt", version=1, config="handmade"))
    assert "It was found there, no rollout of ours brought it: " in told(house)


def test_a_version_whose_registry_entry_was_deleted_is_explained_as_before(house: House) -> None:
    house.serving(1)
    before = told(house)
    house.sagemaker.packages.clear()
    assert told(house) == before


def test_of_many_that_were_tried_the_last_ones_are_told(house: House) -> None:
    house.serving(1)
    house.judged(2, against=1)
    for number in range(21):
        house.deliver("approval", house.says(2, words=f"retry: {number}"))
        parts.failed_rollout(house)
    told_of = _list(facts(house)["tried_since"])
    assert [one["rollout"] for one in told_of] == [
        f"rollout#{PREFIX}-mortgage/{number}" for number in range(3, 23)
    ]
    assert "Of what was tried since then, these are the last 20." in told(house)
