"""Whichever of ten messages fail, exactly these are reported, and each is handled once."""

import json
from collections.abc import Iterator
from itertools import product

import pytest

from steward import batch
from steward.errors import BadEvent, NotYet
from steward.events.types import LookAt, Trigger
from steward.log import logger
from steward.settings import Deployment

SETTINGS = Deployment("steward", "123456789012", "eu-west-1", "", "", "", "", "")
WAYS = {
    "refused": BadEvent("no"),
    "not yet": NotYet("soon"),
    "broken": RuntimeError("what nobody has foreseen"),
    "out of depth": RecursionError("maximum recursion depth exceeded"),
}


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Ten thousand lines with tracebacks are of no use."""
    level = logger.log_level
    logger.setLevel("CRITICAL")
    yield
    logger.setLevel(level)


@pytest.mark.parametrize("way", WAYS)
def test_every_set_of_failures_is_reported_as_it_is(way: str) -> None:
    ids = [f"m{place}" for place in range(10)]
    whole: batch.Batch = {
        "Records": [{"messageId": one, "body": json.dumps({"look_at": one})} for one in ids]
    }
    for failing in product((False, True), repeat=len(ids)):
        bad = [one for one, fails in zip(ids, failing, strict=True) if fails]
        handled: list[str] = []

        def handle(trigger: Trigger, bad: list[str] = bad, handled: list[str] = handled) -> None:
            assert isinstance(trigger, LookAt)
            handled.append(trigger.model)
            if trigger.model in bad:
                raise WAYS[way]

        answer = batch.each(whole, SETTINGS, handle)
        assert [one["itemIdentifier"] for one in answer["batchItemFailures"]] == bad
        assert handled == ids


def test_every_set_of_messages_that_cannot_be_read_is_reported_as_it_is() -> None:
    ids = [f"m{place}" for place in range(10)]
    for failing in product((False, True), repeat=len(ids)):
        whole: batch.Batch = {
            "Records": [
                {"messageId": one, "body": "{" if fails else json.dumps({"look_at": one})}
                for one, fails in zip(ids, failing, strict=True)
            ]
        }
        handled: list[Trigger] = []
        answer = batch.each(whole, SETTINGS, handled.append)
        bad = {one["itemIdentifier"] for one in answer["batchItemFailures"]}
        assert bad == {one for one, fails in zip(ids, failing, strict=True) if fails}
        assert handled == [LookAt(one) for one in ids if one not in bad]


def test_what_several_ask_for_is_done_once_after_all_of_them() -> None:
    whole: batch.Batch = {
        "Records": [
            {"messageId": f"m{place}", "body": json.dumps({"look_at": model})}
            for place, model in enumerate(("a", "b", "a", "c"))
        ]
    }
    said: list[str] = []

    def handle(trigger: Trigger) -> str | None:
        assert isinstance(trigger, LookAt)
        said.append(trigger.model)
        return trigger.model if trigger.model != "c" else None

    def then(model: str) -> None:
        said.append(f"then {model}")
        if model == "a":
            raise NotYet("a comes again")

    answer = batch.each(whole, SETTINGS, handle, then)
    assert said == ["a", "b", "a", "c", "then a", "then b"]
    assert [one["itemIdentifier"] for one in answer["batchItemFailures"]] == ["m0", "m2"]
