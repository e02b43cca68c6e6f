"""Every line of a log says what it is about, so that one search finds all of one message."""

import io
import json
from collections.abc import Iterator
from typing import Any

import pytest

from steward.log import logger
from tests.steward.functions.house import ARTIFACTS, House

EVENT = "6a4f0d3e-0000-4000-8000-000000000001"
IDS = ("message_id", "event_id", "model")


class Log:
    """What the functions have written since it was read last."""

    def __init__(self, stream: io.StringIO) -> None:
        self._stream = stream

    def lines(self) -> list[dict[str, Any]]:
        text = self._stream.getvalue()
        self._stream.truncate(0)
        self._stream.seek(0)
        return [json.loads(line) for line in text.splitlines()]


@pytest.fixture
def log() -> Iterator[Log]:
    stream = io.StringIO()
    before = logger.registered_handler.setStream(stream)
    yield Log(stream)
    logger.registered_handler.setStream(before)


def test_each_line_names_the_message_the_event_the_model_and_the_decision(
    house: House, log: Log
) -> None:
    house.deliver("training", house.upload())
    taken, waits = log.lines()
    for line in (taken, waits):
        assert [line[name] for name in IDS] == ["m0", EVENT, "mortgage"]
    assert (taken["verdict"], waits["verdict"]) == ("accept", "wait")
    assert house.store.get("lineage", waits["decision"], "node")
    assert taken["decision"] != waits["decision"]


def test_a_look_has_no_event_and_nothing_is_left_of_the_message_before(
    house: House, log: Log
) -> None:
    house.deliver("training", house.upload())
    log.lines()
    house.deliver("training", {"look_at": "removed"}, times=1)
    (line,) = log.lines()
    assert {"event_id", "decision", "model"} & set(line) == set()
    assert (line["message_id"], line["error"]) == ("m0", "BadEvent")


def test_a_message_that_is_refused_is_told_with_the_reason(house: House, log: Log) -> None:
    house.deliver("training", {"look_at": 7}, times=1)
    (line,) = log.lines()
    assert (line["level"], line["error"]) == ("ERROR", "BadEvent")
    assert line["reason"] == "look_at: found 7, a text is needed"


def test_a_message_that_failed_is_told_with_error_and_reason(house: House, log: Log) -> None:
    elsewhere, ours = house.upload(bucket=ARTIFACTS), house.upload("b.csv")
    events = house.aws.s3.meta.events
    events.register("before-call.s3", _breaks)
    house.deliver("training", elsewhere, ours, times=1)
    events.unregister("before-call.s3", _breaks)
    (failed,) = [line for line in log.lines() if line["level"] == "ERROR"]
    assert (failed["error"], failed["reason"]) == ("OSError", "no way")
    assert [failed[name] for name in IDS] == ["m1", EVENT, "mortgage"]


def _breaks(**_: object) -> None:
    raise OSError("no way")


@pytest.mark.parametrize("found", [7, "Max Mustermann, 1 High Street", "x" * 65, None])
def test_what_is_no_id_is_not_logged_as_one(house: House, log: Log, found: object) -> None:
    house.deliver("training", house.upload() | {"id": found})
    assert ["event_id" in line for line in log.lines()] == [False, False]
