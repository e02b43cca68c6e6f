"""Which version gave a prediction: its capture tells, or what served in its second."""

from dataclasses import replace
from datetime import timedelta

import pytest

from steward.aws import Aws
from steward.lineage.answer import Answer, Lineage
from steward.lineage.captures import Prediction
from steward.lineage.nodes import End, Node, Serving, Shift
from steward.record.ledger import ensure
from steward.record.lineage import end_writes, serving_writes, shift_writes
from steward.record.store import Store
from tests.steward.builders import after

ENDPOINT = "steward-mortgage"
SHARED = Prediction(
    uri="s3://artifacts/capture/mortgage/shared/x.jsonl",
    etag="e-1",
    file_version=None,
    line=1,
    model="mortgage",
    version=None,
    endpoint=ENDPOINT,
    inference_id="app-7",
    at=after(30),
)


@pytest.fixture
def lineage(aws: Aws, store: Store) -> Lineage:
    """Version 1 has served since noon; from 13:00 to 13:10 traffic was shifted to version 2."""
    ensure(
        store,
        "mortgage",
        [Node(f"model-version#{ENDPOINT}/{number}", after(0)) for number in (1, 2)],
    )
    ensure(store, "mortgage", [Node(f"rollout#{ENDPOINT}/{number}", after(0)) for number in (1, 2)])
    store.transact(serving_writes(store, _serving(1, 0)))
    store.transact(shift_writes(store, Shift(ENDPOINT, after(60), 2, f"rollout#{ENDPOINT}/2")))
    store.transact(serving_writes(store, _serving(2, 70)))
    ended = {"outcome": "served", "asked_at": after(60)}
    store.transact(end_writes(store, End(f"rollout#{ENDPOINT}/2", after(70), ended)))
    return Lineage(aws, store, "steward")


def _serving(version: int, minute: float) -> Serving:
    return Serving(ENDPOINT, after(minute), {str(version): 100}, f"rollout#{ENDPOINT}/{version}")


def asked(lineage: Lineage, minute: float) -> object:
    found = lineage.of_prediction(replace(SHARED, at=after(minute)))["prediction"]
    assert isinstance(found, dict)
    return found["version"], found["candidates"], found["by"]


def test_a_capture_that_names_its_version_is_exact(lineage: Lineage) -> None:
    found = lineage.of_prediction(replace(SHARED, version=1, at=after(65)))
    assert _of(found, "version") == 1
    assert _of(found, "by") == "capture"


def test_a_shared_capture_is_of_what_served_at_its_moment(lineage: Lineage) -> None:
    assert asked(lineage, 30) == (1, [1], "time")
    assert asked(lineage, 80) == (2, [2], "time")


def test_a_shared_capture_while_traffic_was_shifted_is_of_one_of_two(lineage: Lineage) -> None:
    assert asked(lineage, 65) == (None, [1, 2], "time")


def test_a_shared_capture_in_the_second_of_a_change_is_of_one_of_two(lineage: Lineage) -> None:
    at = after(70) - timedelta(milliseconds=500)
    found = lineage.of_prediction(replace(SHARED, at=at))
    assert _of(found, "candidates") == [1, 2]


def test_a_shared_capture_before_anything_served_is_of_none(lineage: Lineage) -> None:
    assert asked(lineage, -1) == (None, [], "time")


def test_everything_behind_each_candidate_is_told(lineage: Lineage) -> None:
    graph = lineage.of_prediction(replace(SHARED, at=after(65)))["graph"]
    assert isinstance(graph, list)
    assert [entry["id"] for entry in graph] == [
        f"model-version#{ENDPOINT}/1", f"model-version#{ENDPOINT}/2",
        f"rollout#{ENDPOINT}/1", f"rollout#{ENDPOINT}/2",
    ]  # fmt: skip


def _of(answer: Answer, name: str) -> object:
    prediction = answer["prediction"]
    assert isinstance(prediction, dict)
    return prediction[name]
