"""Every sample event does in its deployed function what its name says, wrapped as SAM wants it."""

import json
from pathlib import Path

import pytest

from cli import repository
from cli.invoke import (
    CONCERNS,
    DIRECT,
    concern_of,
    invoke,
    read_event,
    samples,
    wrapped,
    write_wrapped,
)
from cli.local import target
from local_aws.client import LocalAws
from tests.cli.conftest import Steward

SQS = repository.EVENTS / "sqs"
BATCHES = [SQS / path.name for path in samples() if concern_of(path) not in DIRECT]
# Strict: the mark goes when functions/drift takes the custom event.


def test_the_wrapped_forms_are_what_the_command_makes() -> None:
    assert {path: path.read_text(encoding="utf-8") for path in SQS.glob("*.json")} == wrapped()


def test_each_event_that_goes_through_a_queue_has_its_wrapped_form() -> None:
    assert sorted(wrapped()) == BATCHES
    for path in BATCHES:
        (record,) = read_event(path)["Records"]  # type: ignore[misc]
        assert json.loads(record["body"]) == read_event(repository.EVENTS / path.name)


def test_every_function_has_a_sample() -> None:
    assert {concern_of(path) for path in samples()} == set(CONCERNS)


def test_the_command_tells_what_it_changed(
    steward: Steward, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "events" / "sqs").mkdir(parents=True)
    (tmp_path / "events" / "training-look-at.json").write_text('{"look_at": "mortgage"}')
    (tmp_path / "events" / "sqs" / "training-gone.json").write_text("{}")
    monkeypatch.setattr(repository, "ROOT", tmp_path)
    monkeypatch.setattr(repository, "EVENTS", tmp_path / "events")
    told = "removed events/sqs/training-gone.json\nwrote events/sqs/training-look-at.json\n"
    assert steward("events").out == told
    assert steward("events").out == "nothing differs\n"
    assert write_wrapped() == []


@pytest.mark.parametrize(
    "path",
    [pytest.param(path, id=path.stem) for path in BATCHES],
)
def test_a_batch_is_dealt_with_or_refused_with_the_reason(alone: LocalAws, path: Path) -> None:
    batch = read_event(path)
    (record,) = batch["Records"]  # type: ignore[misc]
    result = invoke(target(alone), concern_of(path), batch)
    if "-refused-" in path.name:
        failed = [{"itemIdentifier": record["messageId"]}]
        assert "message refused: " in result.log
    else:
        failed = []
    assert result.answer == {"batchItemFailures": failed}, result.log


@pytest.mark.parametrize("concern", DIRECT)
def test_an_event_without_a_queue_is_answered(alone: LocalAws, concern: str) -> None:
    (path,) = [path for path in samples() if concern_of(path) == concern]
    answer = invoke(target(alone), concern, read_event(path)).answer
    assert isinstance(answer, dict)
    expected = {"sweep": "looks", "lineage": "error"}  # nothing serves there
    assert set(answer) == {expected[concern]}
