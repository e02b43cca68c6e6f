"""Scripts are forked from one warm interpreter, and none outlives the server."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from local_aws.sagemaker.processes import Command, Process, Processes

from .conftest import Calls


@pytest.fixture(scope="module")
def processes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Processes]:
    running = Processes(tmp_path_factory.mktemp("zygote") / "zygote.log")
    yield running
    running.stop()


@pytest.fixture
def start(processes: Processes, tmp_path: Path) -> Calls:
    """Starts a script; what it prints goes to the file `log`."""

    def start(source: str, *arguments: str) -> Process:
        script = tmp_path / "script.py"
        script.write_text(source)
        environment = {"ONLY": "this"}
        return processes.start(
            Command(str(script), arguments, tmp_path, environment, tmp_path / "log")
        )

    return start


def is_running(pid: int) -> bool:
    """Whether a process is there and not merely waiting to be buried."""
    status = Path(f"/proc/{pid}/status")
    return status.is_file() and "\nState:\tZ" not in status.read_text()


def wait_for(true: Callable[[], object]) -> None:
    end = time.monotonic() + 10
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("", 0),
        ("import sys; sys.exit(3)", 3),
        ("raise SystemExit('one sentence')", 1),
        ("1 / 0", 1),
        ("import os; os.kill(os.getpid(), 15)", -15),
    ],
)
def test_the_exit_code_is_the_scripts(start: Calls, source: str, code: int) -> None:
    assert start(source).wait(10) == code


def test_a_script_is_main_and_has_its_own_arguments_folder_and_environment(
    start: Calls, tmp_path: Path
) -> None:
    source = """
import os, sys
import neighbour
print(__name__, sys.argv[1:], os.getcwd(), dict(os.environ))
print("aside", file=sys.stderr)
"""
    (tmp_path / "neighbour.py").write_text("")

    assert start(source, "a", "b").wait(10) == 0

    log = (tmp_path / "log").read_text()
    assert f"__main__ ['a', 'b'] {tmp_path} {{'ONLY': 'this'}}" in log
    assert "aside" in log


def test_a_failure_is_told_in_the_log(start: Calls, tmp_path: Path) -> None:
    start("raise SystemExit('one sentence')").wait(10)
    start("raise ValueError('no such row')").wait(10)

    log = (tmp_path / "log").read_text()
    assert "one sentence\n" in log
    assert "ValueError: no such row" in log


def test_no_two_processes_draw_the_same_numbers(start: Calls, tmp_path: Path) -> None:
    for _ in range(2):
        start("import numpy; print(numpy.random.random())").wait(10)

    first, second = (tmp_path / "log").read_text().split()
    assert first != second


def test_killing_ends_all_that_the_script_started(start: Calls, tmp_path: Path) -> None:
    source = """
import subprocess
child = subprocess.Popen(["/bin/sleep", "60"])
print(child.pid, flush=True)
child.wait()
"""
    process = start(source)
    wait_for(lambda: (tmp_path / "log").is_file() and (tmp_path / "log").read_text())
    child = int((tmp_path / "log").read_text())

    process.kill()

    assert process.wait(10) == -signal.SIGKILL
    wait_for(lambda: not is_running(child))


SERVER = """
import sys
from pathlib import Path
from local_aws.sagemaker.processes import Command, Process, Processes
folder = Path(sys.argv[1])
(folder / "script.py").write_text("import time; time.sleep(60)")
processes = Processes(folder / "zygote.log")
process = processes.start(Command(str(folder / "script.py"), [], folder, {}, folder / "log"))
print(process.started(), flush=True)
sys.stdin.read()
"""


def test_nothing_outlives_a_server_that_is_killed(tmp_path: Path, root: Path) -> None:
    server = subprocess.Popen(
        [sys.executable, "-c", SERVER, str(tmp_path)],
        cwd=root,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with server:
        child = int(server.stdout.readline())
        os.kill(server.pid, signal.SIGKILL)

    wait_for(lambda: not is_running(child))
