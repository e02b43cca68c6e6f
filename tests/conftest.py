"""What every test may count on: no account but the embedded one, and the repository's folder."""

import os
from pathlib import Path

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

ROOT = Path(__file__).parent.parent

# Before anything imports boto3: a test that forgets to name an endpoint finds no real account.
for _name in [name for name in os.environ if name.startswith("AWS_")]:
    del os.environ[_name]
os.environ |= {
    "AWS_ACCESS_KEY_ID": "dummy",
    "AWS_SECRET_ACCESS_KEY": "dummy",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_REGION": "eu-west-1",
    "AWS_DEFAULT_REGION": "eu-west-1",
    "NO_PROXY": "127.0.0.1,localhost",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
}


# Folders whose tests share an embedded AWS, which one process must have to itself; longest first.
# `local_aws/sagemaker` takes moto's SageMaker over for good, and `pages` uses that: it comes first.
TOGETHER = (
    "strategies", "killed", "truth", "cli", "story", "bad_input", "pages",
    "local_aws/sagemaker", "local_aws",
)  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest."""
    items.sort(key=lambda item: _place(item.nodeid))


class Together(LoadScopeScheduling):
    """Keeps on one worker what shares an embedded AWS; any other test goes wherever there is room.

    pytest-xdist's own groups by mark do not work with this pytest.
    """

    def _split_scope(self, nodeid: str) -> str:
        place = _place(nodeid)
        return TOGETHER[place] if place < len(TOGETHER) else nodeid


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Together:
    config.option.loadscopereorder = False
    return Together(config, log)


def _place(nodeid: str) -> int:
    """Which of the folders a test lies in; their number if in none."""
    below = nodeid.removeprefix("tests/")
    found = (place for place, folder in enumerate(TOGETHER) if below.startswith(f"{folder}/"))
    return next(found, len(TOGETHER))


@pytest.fixture(scope="session")
def root() -> Path:
    """The folder of the repository."""
    return ROOT
