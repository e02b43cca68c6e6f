"""One embedded AWS for all tests of this folder; most of them look at one story on it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import boto3
import pytest

from cli.demo.stage import Stage
from cli.local import embedded
from tests.bad_input.house import House
from tests.bad_input.told import Told, tell


@contextmanager
def outside(inside: dict[str, str], before: dict[str, str]) -> Iterator[None]:
    """Tests elsewhere keep their own environment while an embedded AWS runs on."""
    become(before)
    yield
    become(inside)


def become(environment: dict[str, str]) -> None:
    """Replace this process's environment."""
    os.environ.clear()
    os.environ.update(environment)
    boto3.DEFAULT_SESSION = None  # it keeps what it once read


@pytest.fixture(scope="session")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    before = dict(os.environ)
    with embedded(tmp_path_factory.mktemp("embedded")) as local:
        house = House(Stage(local, say=lambda _: None))
        with outside(dict(os.environ), before):
            yield house


@pytest.fixture(scope="session")
def told(deployed: House) -> Told:
    """The story, told once."""
    before = dict(os.environ)
    become(deployed.local.environment())
    try:
        return tell(deployed)
    finally:
        become(before)


@pytest.fixture
def house(deployed: House, told: Told) -> Iterator[House]:
    """The deployment as the story left it, with the environment pointing to it."""
    assert told
    before = dict(os.environ)
    become(deployed.local.environment())
    yield deployed
    become(before)
