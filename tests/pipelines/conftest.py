"""The services that pipeline steps call, in this process, and what a monitor looks at."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from moto import mock_aws

from tests.pipelines.house import House
from tests.pipelines.monitored import Production


@pytest.fixture(scope="module")
def aws() -> Iterator[None]:
    """S3 and Secrets Manager, empty."""
    with pytest.MonkeyPatch.context() as patch, mock_aws():
        patch.setenv("PII_SECRET", "pii-key")
        yield


@pytest.fixture
def house(aws: None, tmp_path: Path) -> House:
    """A folder to run the scripts in."""
    return House(tmp_path)


@pytest.fixture
def production(tmp_path: Path) -> Production:
    """A model in production, beside its monitor."""
    return Production(tmp_path)
