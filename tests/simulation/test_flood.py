"""A flood of uploads is learned from once, with few invocations and few runs."""

from collections.abc import Iterator

import pytest

from tests.simulation.flood import flood
from tests.simulation.house import given_back


@pytest.fixture(autouse=True)
def undisturbed() -> Iterator[None]:
    with given_back():
        yield


def test_every_object_is_new_in_one_snapshot() -> None:
    flooded = flood(1000)
    assert len(flooded.new) == 1000
    assert set(flooded.new.values()) == {1}
    assert flooded.runs == 2  # the second one for the stragglers
    assert flooded.invocations <= 10
