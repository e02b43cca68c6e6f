"""Whatever goes wrong, there is one sentence about it, and the exit code says what kind it is."""

import json
from pathlib import Path

import pytest

from cli.target import Target
from local_aws.client import LocalAws
from tests.cli.conftest import Steward

UPLOAD = "events/training-upload.json"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ("", "COMMAND"),
        ("frobnicate", "invalid choice: 'frobnicate'"),
        ("status extra", "unrecognized arguments: extra"),
        ("check nosuch", "nosuch is no folder"),
        ("invoke", "Give a function and --event FILE"),
        ("invoke training", "Give a function and --event FILE"),
        (f"invoke --event {UPLOAD}", "Give a function and --event FILE"),
        (f"invoke nosuch --event {UPLOAD}", "invalid choice: 'nosuch'"),
        ("invoke training --event nosuch.json", "nosuch.json: No such file"),
        ("trace", "Give --record, or --endpoint with --id or --at"),
        ("trace --id L01301", "Give --record, or --endpoint with --id or --at"),
        ("trace --endpoint steward-mortgage", "Give --record, or --endpoint with --id or --at"),
        ("trace --record s3://bucket/key", "is not s3://bucket/key#LINE"),
        ("trace --endpoint e --at yesterday", "'yesterday' is no ISO 8601 time"),
        ("export", "the following arguments are required: --openlineage"),
        ("export --openlineage --repository here", "'here' is no URL such as https://"),
        (
            "export --openlineage --repository https://me:secret@host/team/models",
            "is no URL such as https://",
        ),
        ("up --port x", "'x' is no port from 0 to 65535"),
        ("up --port 65536", "'65536' is no port from 0 to 65535"),
        ("up --port -1", "'-1' is no port from 0 to 65535"),
        ("up --clock-rate 0", "'0' is no number from 1 to 1000"),
        ("up --state README.md", "README.md cannot be used (File exists); name another"),
        ("data README.md", "README.md cannot be used (File exists); name another"),
        ("invoke training --event events", "events: Is a directory. `steward invoke --list`"),
    ],
)
def test_a_wrong_call_is_told_in_a_sentence(
    steward: Steward, arguments: str, sentence: str
) -> None:
    ran = steward(*arguments.split())
    assert ran.code == 2
    assert ran.out == ""
    (said,) = ran.said
    assert sentence in said


@pytest.mark.parametrize("command", [["status"], ["publish"], ["trace", "--record", "s3://b/k#1"]])
def test_without_a_region_nothing_is_asked(
    steward: Steward, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    ran = steward(*command)
    assert ran.code == 2
    assert ran.said == ["No region is set: export AWS_DEFAULT_REGION, for example eu-west-1."]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("{", "is not JSON: Expecting property name"),
        ("[1, 2]", "holds list, an event is a JSON object"),
        ("[" * 100_000, "is not JSON: maximum recursion depth exceeded"),
    ],
)
def test_a_file_that_is_no_event_is_refused_before_anything_is_started(
    steward: Steward, tmp_path: Path, content: str, sentence: str
) -> None:
    event = tmp_path / "event.json"
    event.write_text(content)
    ran = steward("invoke", "training", "--event", event)
    assert ran.code == 2
    assert len(ran.said) == 1
    assert f"{event} {sentence}" in ran.err


def test_an_aws_that_does_not_answer_is_told_as_that(
    steward: Steward, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    ran = steward("status")
    assert ran.code == 3
    assert ran.said == ['AWS failed: Could not connect to the endpoint URL: "http://127.0.0.1:9/"']


@pytest.mark.usefixtures("aws")
def test_a_deployment_that_is_not_there_is_told_as_that(steward: Steward) -> None:
    ran = steward("--prefix", "nobody", "status")
    assert ran.code == 3
    assert len(ran.said) == 1
    assert ran.said[0].startswith("There is no Steward with prefix nobody there")


def test_an_embedded_aws_that_cannot_run_here_is_told_as_that(
    steward: Steward, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("local_aws.client.sys.platform", "darwin")
    ran = steward("invoke", "sweep", "--event", "events/sweep.json")
    assert ran.code == 3
    assert "the embedded AWS runs on Linux" in ran.said[-1]


def test_being_stopped_is_no_failure_of_aws(
    steward: Steward, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*, keep: bool) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr("cli.main.demo", stopped)
    ran = steward("demo")
    assert ran.code == 130
    assert len(ran.said) == 1


@pytest.mark.parametrize(
    "question",
    [
        ["--endpoint", "steward-mortgage", "--at", "2020-01-01"],
        ["--endpoint", "steward-mortgage", "--id", "L00001", "--at", "2026-01-01T00:00:00Z"],
        ["--endpoint", "somebody-elses", "--at", "2020-01-01"],
        ["--record", "s3://bucket/key#1"],
    ],
)
@pytest.mark.usefixtures("aws")
def test_a_question_without_an_answer_is_no(steward: Steward, question: list[str]) -> None:
    ran = steward("trace", *question)
    assert ran.code == 1
    assert ran.out == ""
    assert len(ran.said) == 1


def test_each_command_says_which_aws_it_talks_to(steward: Steward, aws: LocalAws) -> None:
    ran = steward("status")
    where = f"{aws.endpoint}, account 123456789012, region eu-west-1, prefix steward"
    assert ran.err.splitlines() == [where]


@pytest.mark.parametrize(
    ("endpoint", "local"),
    [
        ("http://127.0.0.1:4566", True),
        ("http://localhost:4566", True),
        ("http://[::1]:4566", True),
        ("https://sts.eu-west-1.amazonaws.com", False),
        ("http://127.0.0.1.example.com", False),
        ("http://192.168.0.7:4566", False),
    ],
)
def test_only_this_machine_is_taken_for_an_embedded_aws(endpoint: str, local: bool) -> None:
    assert Target("steward", "123456789012", "eu-west-1", endpoint).is_local is local


@pytest.mark.usefixtures("aws")
def test_the_json_of_status_is_nothing_but_json(steward: Steward) -> None:
    ran = steward("status", "--json")
    assert ran.code == 0
    (model,) = json.loads(ran.out)
    assert (model["model"], model["endpoint_status"]) == ("mortgage", "absent")
