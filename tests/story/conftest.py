"""One embedded AWS on which the demo is played once, each step lied about first."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import boto3
import pytest

from cli.demo.stage import Stage
from cli.demo.story import STEPS, Result, conclude, play, play_one, report_beside
from cli.local import embedded
from tests.story.faults import LIES, Restore, restored, told, what_is_left_to_do

LISTENER = "listener"


@dataclass
class Played:
    """The demo as it was played: the stage as it stands at the end, and what became of each lie."""

    stage: Stage
    results: list[Result]
    exit_codes: dict[str, int]
    summaries: dict[str, dict[str, object]]
    reports: dict[str, str]


@pytest.fixture(scope="session")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    before = dict(os.environ)
    with embedded(tmp_path_factory.mktemp("embedded")) as local:
        inside = dict(os.environ)
        subscribe()
        # Tests elsewhere keep their own environment while this one runs on.
        become(before)
        yield Stage(local, say=lambda _: None)
        become(inside)


@pytest.fixture(scope="session")
def played(stage: Stage, tmp_path_factory: pytest.TempPathFactory) -> Played:
    summary = tmp_path_factory.mktemp("summary") / "summary.json"
    story, before = Played(stage, [], {}, {}, {}), dict(os.environ)
    become(stage.local.environment())
    try:
        for place, step in enumerate(STEPS):
            _lie_about(story, place, summary)
            story.results.append(play_one(stage, what_is_left_to_do(step, LIES[step.name])))
    finally:
        become(before)
    return story


@pytest.fixture(autouse=True)
def _inside(played: Played) -> Iterator[None]:
    before = dict(os.environ)
    become(played.stage.local.environment())
    yield
    become(before)


def subscribe() -> None:
    """Somebody listens to what is said to people."""
    sns, sqs = boto3.client("sns"), boto3.client("sqs")
    url = sqs.create_queue(QueueName=LISTENER)["QueueUrl"]
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
    (topic,) = sns.list_topics()["Topics"]
    sns.subscribe(TopicArn=topic["TopicArn"], Protocol="sqs", Endpoint=attributes["QueueArn"])


def become(environment: dict[str, str]) -> None:
    """Replace this process's environment."""
    os.environ.clear()
    os.environ.update(environment)


def _lie_about(story: Played, place: int, summary: Path) -> None:
    step, restores = STEPS[place], list[Restore]()
    with restored(restores):
        lied = told(step, LIES[step.name], restores)
        results = play(story.stage, [lied, *STEPS[place + 1 :]], story.results)
        story.exit_codes[step.name] = conclude(story.stage, results, 0.0, summary)
    story.summaries[step.name] = json.loads(summary.read_text())
    story.reports[step.name] = report_beside(summary).read_text()
