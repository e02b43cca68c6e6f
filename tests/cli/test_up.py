"""`steward up`: it says what to export, serves, ends with all that it started, and goes on."""

import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest

from cli.main import main
from local_aws.client import ask, logs_folder
from tests.cli import serving
from tests.cli.conftest import Steward
from tests.processes import comes_true, descendants, left


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[serving.Up]:
    with serving.up(tmp_path_factory.mktemp("up"), "--clock-rate", "60") as running:
        yield running


@pytest.fixture
def inside(up: serving.Up, monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment of a terminal with the trainer's exports."""
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    for name, value in (up.exports | up.keys("trainer")).items():
        monkeypatch.setenv(name, value)


def start_processes(up: serving.Up) -> list[int]:
    """Let a function run, too; returns every process."""
    ask(up.endpoint, "POST", "advance", {"seconds": 60})
    pids = descendants(up.process.pid)
    assert len(pids) >= 4  # the command, the embedded AWS, its zygote, a function
    return pids


def test_what_to_export_makes_one_a_trainer_or_an_approver(up: serving.Up) -> None:
    who = "aws sts get-caller-identity --query Arn --output text"
    assert up.run("trainer", who).endswith(":user/tina.trainer\n")
    assert up.run("approver", who).endswith(":user/anna.approver\n")


def test_it_tells_how_far_it_is(up: serving.Up) -> None:
    told = [line.partition(";")[0] for line in up.said().splitlines()]
    assert told[0].startswith("-- serving at http://127.0.0.1:")
    assert told[1] == "-- the template is deployed"
    assert told[2].startswith("-- the models are published: ")


def test_it_tells_no_other_secret_than_those_of_the_two(up: serving.Up) -> None:
    assert up.printed.count("SECRET_ACCESS_KEY=") == 2
    assert "SECRET" not in up.said()


def test_time_passes_at_the_rate_that_was_asked_for(up: serving.Up) -> None:
    swept = logs_folder(up.endpoint) / "function-steward-sweep.log"
    # A sweep is due every minute, here every second, and nobody asks for it.
    assert comes_true(swept.exists)
    assert ask(up.endpoint, "GET", "faults") == []


def test_of_two_side_by_side_ctrl_c_ends_all_of_one(up: serving.Up, tmp_path: Path) -> None:
    with serving.up(tmp_path) as other:
        assert other.endpoint != up.endpoint
        assert other.keys("trainer") != up.keys("trainer")
        pids = start_processes(other)
        other.interrupt()
        assert left(pids) == []
        assert other.wait() == 0
        assert other.said().endswith("It has ended, and everything on it is gone.\n")
    assert ask(up.endpoint, "GET", "faults") == []


def test_a_port_that_is_taken_is_said_in_one_sentence(steward: Steward) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ran = steward("up", "--port", str(port))
    assert ran.code == 3
    (said,) = ran.said
    assert said.endswith(
        f"did not start: Port {port} is taken; end the program that has it, or choose another "
        "with --port."
    )


def test_a_second_ctrl_c_ends_at_once_what_does_not_end(tmp_path: Path) -> None:
    with serving.up(tmp_path) as running:
        pids = start_processes(running)
        os.kill(pids[1], signal.SIGSTOP)  # an embedded AWS that will not end in order
        running.interrupt()
        assert comes_true(lambda: "ctrl-C again" in running.said())
        running.interrupt()
        assert left(pids) == []
        assert running.wait() == 130


def test_when_it_is_killed_all_of_it_ends(tmp_path: Path) -> None:
    with serving.up(tmp_path) as running:
        pids = start_processes(running)
        running.process.kill()
        assert left(pids) == []


def test_an_embedded_aws_that_dies_is_told_with_the_end_of_its_logs(tmp_path: Path) -> None:
    with serving.up(tmp_path) as running:
        pids = start_processes(running)
        os.kill(pids[1], signal.SIGKILL)
        assert running.wait() == 3
        assert left(pids) == []
        said = running.said().splitlines()
    place = said.index("the embedded AWS has ended by itself, with status -9")
    assert said[place + 1].startswith("Its logs are in ")
    assert said[place + 2].endswith(".log:")
    assert 1 <= len(said[place + 3 :]) <= 20


def test_a_state_goes_on_with_the_same_exports(tmp_path: Path) -> None:
    state, bucket = tmp_path / "state", "steward-landing-123456789012-eu-west-1"
    put = f"echo 1 | aws s3 cp - s3://{bucket}/mortgage/incoming/one.csv"
    with serving.up(tmp_path, "--state", str(state)) as first:
        assert first.run("trainer", put) == ""
        first.interrupt()
        assert first.wait() == 0
        assert f"`steward up --state {state}` goes on" in first.said()
    with serving.up(tmp_path, "--state", str(state)) as again:
        assert again.printed == first.printed
        assert "the state that was kept goes on" in again.said()
        found = again.run("trainer", f"aws s3 ls s3://{bucket}/mortgage/incoming/")
        assert found.endswith(" one.csv\n")
        assert main(["up", "--state", str(state)]) == 1  # in use


def test_a_folder_that_holds_other_things_is_left_alone(steward: Steward, tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    ran = steward("up", "--state", tmp_path)
    assert ran.code == 1
    assert ran.said == [
        f"{tmp_path} holds other things than a state; name a new or an empty folder."
    ]
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


@pytest.mark.parametrize("rate", ["0", "1001", "fast", "-1", "nan"])
def test_a_rate_is_a_number_from_1_to_1000(steward: Steward, rate: str) -> None:
    ran = steward("up", f"--clock-rate={rate}")
    assert ran.code == 2
    assert f"{rate!r} is no number from 1 to 1000" in ran.err


@pytest.mark.usefixtures("inside")
def test_the_clock_is_moved_and_what_happens_is_told(steward: Steward) -> None:
    before = steward("clock").out
    ran = steward("clock", "--advance", "10m")
    *happened, after = ran.out.splitlines()
    assert happened.count("schedule steward-sweep") >= 9
    assert after > before


@pytest.mark.usefixtures("inside")
def test_logs_are_listed_and_found_by_name(steward: Steward) -> None:
    steward("clock", "--advance", "2m")
    listed = steward("logs").out
    assert "function steward-sweep" in listed
    short, full = steward("logs", "sweep").out, steward("logs", "steward-sweep").out
    # The same log; its clock goes on, and a sweep may come between the two.
    assert short != ""
    assert full.startswith(short)
    ran = steward("logs", "nosuch")
    assert ran.code == 1
    (said,) = ran.said
    assert said.startswith("There is no log of nosuch; there is: ")
    assert "steward-sweep" in said


@pytest.mark.parametrize("command", ["clock", "clock --advance 1h", "logs", "logs sweep"])
@pytest.mark.parametrize("endpoint", ["", "https://sagemaker.eu-west-1.amazonaws.com"])
def test_clocks_and_logs_are_those_of_this_machine_only(
    steward: Steward, monkeypatch: pytest.MonkeyPatch, command: str, endpoint: str
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    ran = steward(*command.split())
    assert ran.code == 2
    (said,) = ran.said
    assert said.startswith("This works on an embedded AWS of this machine only: start `steward up`")


def test_the_demos_files_are_written(steward: Steward, tmp_path: Path) -> None:
    ran = steward("data", tmp_path / "data")
    assert ran.code == 0
    written = sorted(path.name for path in (tmp_path / "data").iterdir())
    assert written == [*(f"part-{n}.csv" for n in range(1, 7)), "request.csv"]
    assert all(name in ran.out for name in written)
