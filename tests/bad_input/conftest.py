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
def environment(wanted: dict[str, str]) -> Iterator[None]:
    """Inside, this process has another environment: tests elsewhere keep their own."""
    before = dict(os.environ)
    become(wanted)
    try:
        yield
    finally:
        become(before)


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
        with environment(before):
            yield house


@pytest.fixture(scope="session")
def told(deployed: House) -> Told:
    """The story, told once."""
    with environment(deployed.local.environment()):
        return tell(deployed)


@pytest.fixture
def house(deployed: House, told: Told) -> Iterator[House]:
    """The deployment as the story left it, with the environment pointing to it."""
    assert told
    with environment(deployed.local.environment()):
        yield deployed
