"""What every test may count on: no account but the embedded one, and the repository's folder."""

import os
from pathlib import Path

import pytest

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
TOGETHER = ("killed", "cli", "story", "bad_input", "local_aws/sagemaker", "local_aws")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep on one worker what shares an embedded AWS, and begin with what takes longest."""
    places = {item: _place(item) for item in items}
    items.sort(key=places.__getitem__)
    for item, place in places.items():
        if place < len(TOGETHER):
            item.add_marker(pytest.mark.xdist_group(TOGETHER[place]))


def _place(item: pytest.Item) -> int:
    """Which of the folders a test lies in; their number if in none."""
    below = item.path.relative_to(ROOT / "tests").as_posix()
    found = (place for place, folder in enumerate(TOGETHER) if below.startswith(f"{folder}/"))
    return next(found, len(TOGETHER))


@pytest.fixture(scope="session")
def root() -> Path:
    """The folder of the repository."""
    return ROOT
