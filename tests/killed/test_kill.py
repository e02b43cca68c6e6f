"""Whatever is killed, with SIGKILL and in the middle of its work: the story ends as it would have.

The functions, the embedded AWS that keeps its state, and the command line with all that it started.
"""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path
from random import Random

import boto3
import pytest

from cli import repository
from cli.demo import story
from cli.demo.stage import Stage
from cli.demo.story import Step, play_one
from cli.local import embedded
from local_aws.client import LocalAws, Way
from tests.killed.ends import End, end_of, only_in_one
from tests.killed.story import STEPS, told_in
from tests.processes import comes_true, descendants, left

SEED = 7
FUNCTIONS = [f"steward-{name}" for name in ("training", "approval", "rollout", "drift", "sweep")]
# After each start of the embedded AWS one of so many calls of each function is its last.
OF_THE_FIRST = 10
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


class Killing:
    """An embedded AWS that keeps its state, and goes on with it after it was killed.

    After each start every function dies once, right after some call of it.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.died: Counter[str] = Counter()
        self.faults: list[object] = []
        self.resumed: list[bool] = []
        self._chance = Random(SEED)  # noqa: S311  # no secret
        self._running = ExitStack()
        self.stage = Stage(self._start(), say=lambda _: None)

    def _start(self) -> LocalAws:
        local = self._running.enter_context(embedded(self.root, way=Way(keep=True)))
        self.resumed.append(local.resumed)
        chance, last = self._chance, OF_THE_FIRST
        local.let_functions_die({one: [chance.randint(1, last)] for one in FUNCTIONS})
        return local

    def play(self, step: Step) -> None:
        result = play_one(self.stage, step)
        assert result.ok, f"{step.name}: {result.why}"

    def kill_at_rest(self) -> None:
        """Kill it when nothing is under way, and all that was is kept."""
        self._wait_until_kept()
        self.look()
        os.kill(self.stage.local.pid, signal.SIGKILL)
        self._go_on()

    def _wait_until_kept(self) -> None:
        """Until all that was so far is in its folder: what is kept later is lost with it."""
        asked, state = time.time_ns(), self.root / "state"
        boto3.client("sqs").create_queue(QueueName=f"change-{asked}")
        assert comes_true(lambda: state.exists() and state.stat().st_mtime_ns > asked, PATIENCE)

    def kill_while(self, what: str, step: Step) -> None:
        """Kill it while something is under way in a step, which is taken again from its start."""
        self._wait_until_kept()
        with ThreadPoolExecutor(1) as other:
            killed = other.submit(self._kill_as_soon_as, what)
            assert not play_one(self.stage, step).ok
            assert killed.result()
        self._go_on()
        self.play(step)

    def _kill_as_soon_as(self, what: str) -> bool:
        local = self.stage.local
        came = comes_true(lambda: what in str(local.status()["busy"]), PATIENCE)
        self.look()
        os.kill(local.pid, signal.SIGKILL)
        return came

    def _go_on(self) -> None:
        self._running.close()
        self.stage.local = self._start()

    def look(self) -> None:
        """Note what can be asked only while it runs."""
        self.died.update(str(one["function"]) for one in self.stage.local.deaths())
        self.faults += self.stage.local.faults()

    def end(self) -> End:
        self.look()
        return end_of(self.stage)

    def close(self) -> None:
        self._running.close()


@pytest.fixture(scope="module")
def killing(environment: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Killing]:
    """The story in which functions and the embedded AWS are killed; played to its end."""
    with closing(Killing(tmp_path_factory.mktemp("state"))) as killing:
        for step in STEPS:
            if step.name == "train":
                killing.kill_while("pipeline execution", step)
            else:
                killing.play(step)
            if step.name == "bake":
                killing.kill_at_rest()
        yield killing


def test_a_demo_that_is_killed_leaves_no_process(killed_demo: list[int]) -> None:
    assert len(killed_demo) >= 5  # the demo, the embedded AWS, its zygote, functions, a step
    assert left(killed_demo) == []


def test_a_demo_that_is_started_again_begins_anew_and_gets_to_its_end(usual: End) -> None:
    assert usual["registry"]


def test_when_functions_and_the_embedded_aws_are_killed_all_ends_the_same(
    killing: Killing, usual: End
) -> None:
    differing = only_in_one(killing.end(), usual)
    assert not differing, "\n".join(differing)
    assert killing.faults == []
    assert killing.resumed == [False, True, True]
    assert set(killing.died) == set(FUNCTIONS)
    assert killing.died.total() >= 2 * len(FUNCTIONS)
