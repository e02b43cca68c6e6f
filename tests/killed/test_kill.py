"""The command line is killed with SIGKILL in the middle of its work, and begun again."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli import repository
from cli.demo import story
from tests.killed.ends import End, end_of
from tests.killed.story import told_in
from tests.processes import comes_true, descendants, left

PATIENCE = 120.0


@pytest.fixture(scope="module")
def environment() -> Iterator[None]:
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the demo is played that is killed, and begun again."""
    return tmp_path_factory.mktemp("demo")


@pytest.fixture(scope="module")
def killed_demo(folder: Path) -> list[int]:
    """The processes of a demo that was killed while its pipeline ran."""
    code = [repository.ROOT, repository.ROOT / "layers" / "core"]
    with subprocess.Popen(
        [sys.executable, "-m", "tests.killed.story", str(folder)],
        cwd=repository.ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, code))},
        stdout=subprocess.DEVNULL,
    ) as process:
        try:
            logs = folder / "demo" / "logs"
            assert comes_true(lambda: [*logs.glob("step-*.log")], PATIENCE)
            return descendants(process.pid)
        finally:
            process.kill()


@pytest.fixture(scope="module")
def usual(environment: None, folder: Path, killed_demo: list[int]) -> End:
    """How the story ends if nothing is killed; played in the folder of the one that was."""
    assert killed_demo
    ends: list[End] = []
    with told_in(folder, lambda stage: ends.append(end_of(stage))):
        assert story.demo() == 0
    (end,) = ends
    return end


def test_a_demo_that_is_killed_leaves_no_process(killed_demo: list[int]) -> None:
    assert len(killed_demo) >= 5  # the demo, the embedded AWS, its zygote, functions, a step
    assert left(killed_demo) == []


def test_a_demo_that_is_started_again_begins_anew_and_gets_to_its_end(usual: End) -> None:
    assert usual["registry"]
