"""One headless Chromium for all tests of pages."""

from collections.abc import Iterator

import pytest

from cli import repository
from tests.browser.chromium import Browser, chromium

SEEN = repository.ROOT / "build" / "browser"


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with chromium(tmp_path_factory.mktemp("profile")) as running:
        yield running
