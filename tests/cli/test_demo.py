"""The demo stops at the first step that is not true, tells it, and its exit code says so."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import cast

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from cli.demo import story
from cli.demo.stage import NotTrue, Stage
from cli.demo.story import STEPS, Result, Step, conclude, play
from local_aws.client import LocalAws, LocalAwsError, NotIdle

DENIED = ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "PutObject")
NAMES = [step.name for step in STEPS]


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def stage(told: list[str]) -> Stage:
    """A stage behind which there is no AWS: the steps of these tests need none."""
    return Stage(cast(LocalAws, None), say=told.append)


def nothing(stage: Stage) -> None:
    del stage


def fine(stage: Stage) -> str:
    return "it is as it should be"


def failing(error: Exception) -> Callable[[Stage], str]:
    def fail(stage: Stage) -> str:
        raise error

    return fail


def steps(**checks: Callable[[Stage], str]) -> list[Step]:
    """A story with the names of the real one, in which nothing is done."""
    return [Step(name, nothing, checks.get(name, fine)) for name in NAMES]


def summary_of(results: Sequence[Result], path: Path) -> tuple[int, dict[str, object]]:
    code = conclude(None, results, 1.5, path)
    return code, json.loads(path.read_text())


def test_the_story_has_the_steps_that_are_promised() -> None:
    promised = "boot upload train register approve serve predict new_data rollout"
    assert [
        *promised.split(),
        "canary_ok",
        "canary_bad",
        "revoke",
        "drift",
        "retrain",
        "trace",
        "impact",
        "tamper",
        "dossier",
    ] == NAMES


def test_when_every_step_is_true_the_exit_code_is_0(stage: Stage, tmp_path: Path) -> None:
    results = play(stage, steps())
    code, summary = summary_of(results, tmp_path / "build" / "summary.json")
    assert code == 0
    assert set(summary) == {"seconds", "steps", "model_versions", "rollouts", "trace"}
    entries = summary["steps"]
    assert isinstance(entries, list)
    assert [(entry["name"], entry["ok"]) for entry in entries] == [(name, True) for name in NAMES]
    assert {tuple(entry) for entry in entries} == {("name", "ok", "seconds", "why")}


@pytest.mark.parametrize("name", NAMES)
def test_a_step_that_is_not_true_ends_the_story(stage: Stage, name: str, tmp_path: Path) -> None:
    results = play(stage, steps(**{name: failing(NotTrue("3 were read, 4 were due"))}))
    place = NAMES.index(name)
    assert [result.name for result in results] == NAMES
    assert [result.ok for result in results] == [True] * place + [False] * (len(NAMES) - place)
    assert results[place].why == "3 were read, 4 were due"
    assert {result.why for result in results[place + 1 :]} <= {f"not reached: {name} failed"}
    assert summary_of(results, tmp_path / "summary.json")[0] == 1


def test_nothing_is_done_after_a_step_that_failed(stage: Stage) -> None:
    done: list[str] = []

    def noting(name: str) -> Callable[[Stage], None]:
        return lambda _: done.append(name)

    checks = {"train": failing(NotTrue("no"))}
    play(stage, [Step(one.name, noting(one.name), one.check) for one in steps(**checks)])
    assert done == ["boot", "upload", "train"]


@pytest.mark.parametrize(
    "error",
    [
        DENIED,
        EndpointConnectionError(endpoint_url="http://127.0.0.1:9"),
        LocalAwsError("the embedded AWS does not answer"),
        NotIdle("still under way: a step"),
    ],
)
def test_an_error_of_aws_is_a_failed_step(stage: Stage, told: list[str], error: Exception) -> None:
    results = play(stage, steps(serve=failing(error)))
    failed = next(result for result in results if not result.ok)
    assert (failed.name, failed.why) == ("serve", str(error))
    assert told[-1].startswith(f"FAILED: {error}")


def test_each_step_is_announced_and_then_told_with_what_was_read(
    stage: Stage, told: list[str]
) -> None:
    play(stage, steps()[:2])
    assert told[0] == "-- boot"
    assert told[1].startswith("ok: it is as it should be (")
    assert told[2] == "-- upload"


def test_a_story_with_a_step_left_out_is_not_the_story(stage: Stage, tmp_path: Path) -> None:
    results = play(stage, [step for step in steps() if step.name != "approve"])
    assert all(result.ok for result in results)
    assert summary_of(results, tmp_path / "summary.json")[0] == 1


def test_an_embedded_aws_that_does_not_start_is_told_and_counts_as_every_step(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def no_start(root: Path) -> object:
        raise LocalAwsError("the embedded AWS did not start: the disk is full")

    monkeypatch.setattr(story, "embedded", no_start)
    monkeypatch.setattr(story, "SUMMARY", tmp_path / "summary.json")
    assert story.demo() == 1
    assert capsys.readouterr().err == "the embedded AWS did not start: the disk is full\n"
    entries = json.loads((tmp_path / "summary.json").read_text())["steps"]
    assert [entry["name"] for entry in entries] == NAMES
    assert not any(entry["ok"] for entry in entries)


def test_a_demo_that_is_stopped_leaves_no_older_summary_and_report(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def stopped(root: Path) -> object:
        raise KeyboardInterrupt

    summary = tmp_path / "summary.json"
    summary.write_text('{"steps": "of yesterday, all ok"}')
    report = tmp_path / "report.html"
    report.write_text("of yesterday")
    monkeypatch.setattr(story, "embedded", stopped)
    monkeypatch.setattr(story, "SUMMARY", summary)
    with pytest.raises(KeyboardInterrupt):
        story.demo()
    assert not summary.exists()
    assert not report.exists()
