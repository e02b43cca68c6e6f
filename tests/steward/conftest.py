"""What the tests of `steward` share: the example model, a clock that stands still, AWS by moto."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from moto import mock_aws

from steward.aws import Aws
from steward.record.store import Store
from steward.spec.model import ModelSpec
from steward.spec.read import read
from tests.steward.fakes import Clock, new_clock, new_store


@pytest.fixture(scope="session")
def mortgage(root: Path) -> ModelSpec:
    """The example model's file."""
    return read(root / "models" / "mortgage.toml")


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock that Steward reads; it moves only when a test moves it."""
    return new_clock(monkeypatch)


@pytest.fixture(scope="session")
def clients() -> Aws:
    """Clients are costly to make and hold no state; what they talk to is new in every test."""
    return Aws()


@pytest.fixture
def aws(clients: Aws) -> Iterator[Aws]:
    with mock_aws():
        yield clients


@pytest.fixture
def store(aws: Aws, time: Clock) -> Store:
    """The real store on empty tables."""
    return new_store(aws)
