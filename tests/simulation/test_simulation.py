"""Whatever happens, and whatever goes wrong: what must always hold does, and all comes to rest."""

from collections.abc import Iterator
from random import Random

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.simulation.__main__ import seen, simulate
from tests.simulation.happenings import HAPPENINGS
from tests.simulation.house import CONCERNS, given_back
from tests.simulation.simulation import Simulation

SEEDS, STEPS = 25, 500
# A sweep notes what was said and starts, one finishes, and one more steps back or goes on.
MOST_SWEEPS = 3


@pytest.fixture(autouse=True)
def undisturbed() -> Iterator[None]:
    """Other tests use the functions' modules too."""
    with given_back():
        yield


@pytest.mark.parametrize("seed", range(SEEDS))
def test_what_must_hold_holds(seed: int) -> None:
    """In every fifth seed no event of SageMaker's arrives."""
    found = simulate(seed, STEPS)
    assert found.violations == (), f"python -m tests.simulation {seed} {STEPS}"
    assert found.sweeps_to_rest <= MOST_SWEEPS


def test_the_same_seed_is_the_same_history() -> None:
    assert simulate(3, 200).trace == simulate(3, 200).trace != simulate(4, 200).trace


class Histories(RuleBasedStateMachine):
    """Histories that Hypothesis makes up, and shortens when one breaks something."""

    simulation: Simulation

    @initialize(seed=st.integers(0, 2**32), deaf=st.booleans())
    def begin(self, seed: int, deaf: bool) -> None:  # as Hypothesis gives it
        self.simulation = Simulation(seed, Random(seed), deaf=deaf)  # noqa: S311  # no secret

    @rule(what=st.sampled_from(sorted(HAPPENINGS)))
    def something_happens(self, what: str) -> None:
        self.simulation.happen(what)

    @rule(seconds=st.sampled_from((5, 60, 300, 1200)))
    def time_passes(self, seconds: int) -> None:
        self.simulation.pass_time(seconds)

    @rule(name=st.sampled_from(CONCERNS))
    def a_function_starts(self, name: str) -> None:
        if self.simulation.can_start(name):
            self.simulation.start(name)

    @rule(full=st.booleans())
    def the_sweep_starts(self, full: bool) -> None:
        self.simulation.start_sweep(full=full)

    @precondition(lambda self: self.simulation.running)
    @rule(which=st.integers(0, 10), calls=st.integers(1, 30))
    def a_function_goes_on(self, which: int, calls: int) -> None:
        one = self.simulation.running[which % len(self.simulation.running)]
        for _ in range(calls):
            if not one.over:
                self.simulation.go_on(one)

    @invariant()
    def nothing_is_violated(self) -> None:
        assert self.simulation.truth.violations == []

    def teardown(self) -> None:
        assert seen(self.simulation).violations == ()


class TestHistories(Histories.TestCase):  # type: ignore[name-defined, misc]  # made by Hypothesis
    settings = settings(
        max_examples=20,
        stateful_step_count=40,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
