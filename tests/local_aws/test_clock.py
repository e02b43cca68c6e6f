"""The embedded clock: it stands by while something runs, and goes from due thing to due thing."""

import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from local_aws.awslambda.functions import HOOK
from local_aws.conductor import Conductor, NotIdle
from local_aws.kernel import Clock, World


@pytest.fixture
def world(tmp_path):
    return World(tmp_path)


@pytest.fixture
def conductor(world):
    return Conductor(world)


def at(world, seconds, what, happened):
    world.after(timedelta(seconds=seconds), what, lambda: happened.append((what, world.now())))


def test_a_jump_goes_to_the_first_due_thing_and_no_further(world, conductor):
    happened = []
    start = world.now()
    at(world, 7200, "later", happened)
    at(world, 3600, "first", happened)
    assert conductor.jump() == ["first"]
    assert timedelta(0) <= world.now() - start - timedelta(hours=1) < timedelta(seconds=5)
    assert world.next_due().what == "later"


def test_advancing_lets_things_happen_in_order_each_at_its_time(world, conductor):
    happened = []
    start = world.now()
    for minute in (3, 1, 2):
        at(world, minute * 60, str(minute), happened)
    assert conductor.advance(150) == ["1", "2"]
    assert [round((when - start).total_seconds() / 60) for _, when in happened] == [1, 2]
    assert world.now() - start >= timedelta(seconds=150)


def test_what_becomes_due_on_the_way_happens_on_the_way(world, conductor):
    happened = []
    world.after(timedelta(seconds=60), "a", lambda: at(world, 60, "b", happened))
    assert conductor.advance(180) == ["a", "b"]


def test_the_clock_waits_for_what_runs(world, conductor):
    happened = []
    at(world, 60, "due", happened)
    token = world.begin("a step")
    jumping = threading.Thread(target=conductor.jump)
    jumping.start()
    jumping.join(0.1)
    assert happened == []
    world.end(token)
    jumping.join(5)
    assert [what for what, _ in happened] == ["due"]


def test_whoever_waits_too_long_is_told_what_is_under_way(world, conductor):
    world.watch(lambda: ["3 messages on a queue"])
    with world.busy("a step"), pytest.raises(NotIdle) as busy:
        conductor.settle(0)
    assert busy.value.args == ("a step", "3 messages on a queue")


def test_an_action_that_fails_is_a_trouble_and_stops_nothing(world, conductor):
    def fail() -> None:
        raise ValueError("on purpose")

    world.after(timedelta(seconds=1), "bad", fail)
    assert conductor.jump() == ["bad"]
    assert world.troubles() == ["bad: ValueError: on purpose"]
    assert "on purpose" in (world.root / "logs" / "server.log").read_text()


def test_without_hold_things_happen_when_the_clock_gets_there(world, conductor):
    happened = threading.Event()
    conductor.start_ticking()
    world.at(datetime.now(UTC), "now", happened.set)
    assert happened.wait(5)
    conductor.stop()


def test_the_clock_never_goes_back(world):
    later = world.now() + timedelta(hours=1)
    world.clock.jump_to(later)
    world.clock.jump_to(later - timedelta(minutes=30))
    assert world.now() >= later


def test_a_rate_lets_embedded_time_run_so_many_times_as_fast(tmp_path):
    clock = Clock(tmp_path / "clock", rate=1000)
    wall, embedded = time.monotonic(), clock.now()
    while time.monotonic() - wall < 0.01:
        pass
    passed = (clock.now() - embedded).total_seconds()
    assert passed >= 10


def test_a_function_sees_the_same_clock_as_the_embedded_aws(tmp_path, monkeypatch):
    clock = Clock(tmp_path / "clock", rate=60)
    clock.jump_to(clock.now() + timedelta(days=3))
    monkeypatch.setenv("STEWARD_LOCAL_CLOCK", str(tmp_path / "clock"))
    program = "import steward.clock; print(steward.clock.now().isoformat())"
    path = os.pathsep.join([str(HOOK), str(HOOK.parents[2] / "layers" / "core")])
    monkeypatch.setenv("PYTHONPATH", path)
    before = clock.now()
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert before <= datetime.fromisoformat(told.stdout.decode().strip()) <= clock.now()


def test_a_clock_that_is_started_again_has_not_gone_back(tmp_path):
    former = Clock(tmp_path / "clock", rate=500)
    former.jump_to(former.now() + timedelta(days=1))
    former.beat()
    last = former.now()
    assert Clock(tmp_path / "clock").now() >= last


def test_while_nobody_runs_it_a_clock_goes_at_the_pace_of_the_wall(tmp_path):
    yesterday = time.time() - 86400
    (tmp_path / "clock").write_text(f"{yesterday} {yesterday} 500.0")
    os.utime(tmp_path / "clock", (yesterday, yesterday))
    passed = Clock(tmp_path / "clock", rate=500).now().timestamp() - yesterday
    assert 86400 <= passed < 2 * 86400


@pytest.mark.parametrize("what", ["a call", "a call of a service that is new", "work"])
def test_nothing_begins_while_all_stands_still(world, what):
    def begin():
        match what:
            case "work":
                with world.busy("work"):
                    return True
            case "a call":
                with world.serving(changes=True):
                    return True
            case _:
                with world.lock("new"), world.serving(changes=False):
                    return True

    with ThreadPoolExecutor(1) as pool:
        with world.standing_still() as still:
            assert still
            begun = pool.submit(begin)
            with pytest.raises(TimeoutError):
                begun.result(0.1)
        assert begun.result(10)


def test_what_is_due_is_never_neither_ahead_nor_under_way(world):
    """Else a state that is kept just then would lose it."""
    seen = []
    world.after(timedelta(0), "now", lambda: seen.append((world.agenda(), world.running())))
    world.fire_next(world.now())
    assert seen == [([], ["now"])]
    assert world.running() == []
