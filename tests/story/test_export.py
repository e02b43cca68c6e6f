"""What the demo did is exported as valid events of OpenLineage, without anybody's data."""

import json
from pathlib import Path

import pytest

from cli.demo import mortgage
from cli.main import main
from tests.openlineage.validator import Json, problems
from tests.story.conftest import Played


@pytest.fixture(scope="module")
def file(played: Played, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("export") / "events.jsonl"


def exported(file: Path) -> list[Json]:
    assert main(["export", "--openlineage", str(file)]) == 0
    return [json.loads(line) for line in file.read_text().splitlines()]


def kinds(found: list[Json], job: str) -> set[str]:
    return {event["eventType"] for event in found if event["job"]["name"] == job}


def test_every_event_is_valid(file: Path) -> None:
    for event in exported(file):
        assert problems(event) == [], event


def test_runs_words_rollouts_and_windows_are_told(played: Played, file: Path) -> None:
    found, group = exported(file), played.stage.names.group
    assert kinds(found, group) == {"START", "COMPLETE"}
    assert kinds(found, f"{group}/approval") == {"START", "COMPLETE"}
    assert kinds(found, f"{group}/rollout") >= {"START", "COMPLETE"}
    assert kinds(found, f"{group}/monitor/data_quality") >= {"START", "COMPLETE"}


def test_the_same_history_is_the_same_bytes(file: Path) -> None:
    exported(file)
    before = file.read_bytes()
    exported(file)
    assert file.read_bytes() == before


def test_no_name_and_no_number_of_an_applicant_is_in_it(file: Path) -> None:
    exported(file)
    text = file.read_text()
    personal = [value for row in mortgage.records() for value in (row["name"], row["ssn"])]
    assert [value for value in personal if value in text] == []
