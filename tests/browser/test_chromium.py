"""The browser says when something is wrong with a page, so that its silence means something."""

from pathlib import Path

import pytest

from tests.browser.chromium import Browser

NOTHING = "<!doctype html><title>a page</title>"


@pytest.fixture
def complaints(browser: Browser, tmp_path: Path) -> "Complaints":
    return Complaints(browser, tmp_path / "page.html")


class Complaints:
    def __init__(self, browser: Browser, path: Path) -> None:
        self.browser, self.path = browser, path

    def of(self, body: str) -> list[str]:
        self.path.write_text(NOTHING + body)
        return self.browser.look(self.path.as_uri(), 400).complaints()


def test_a_page_with_nothing_wrong_has_no_complaint(complaints: Complaints) -> None:
    assert complaints.of("<p>fine</p>") == []


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("<script>console.error('deliberate')</script>", "deliberate"),
        ("<script>console.warn('deliberate')</script>", "deliberate"),
        ("<script>throw new Error('deliberate')</script>", "Uncaught"),
        ("<img src=missing.png>", "net::ERR_FILE_NOT_FOUND"),
        ("<link rel=stylesheet href=http://127.0.0.1:9/style.css>", "net::ERR_"),
        (
            "<meta http-equiv=Content-Security-Policy content=\"img-src 'none'\"><img src=x.png>",
            "Content Security Policy",
        ),
    ],
)
def test_each_kind_of_fault_is_seen(complaints: Complaints, body: str, told: str) -> None:
    found = complaints.of(body)
    assert any(told in complaint for complaint in found), found


def test_what_a_page_asks_for_is_seen(browser: Browser, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text(NOTHING + "<img src=missing.png>")
    assert browser.look(page.as_uri(), 400).requests() == [
        page.as_uri(),
        (tmp_path / "missing.png").as_uri(),
    ]


@pytest.mark.parametrize(("wide", "scrolls"), [("400px", False), ("401px", True)])
def test_a_page_that_is_too_wide_is_seen(
    browser: Browser, tmp_path: Path, wide: str, scrolls: bool
) -> None:
    page = tmp_path / "page.html"
    page.write_text(f"{NOTHING}<body style=margin:0><div style=width:{wide}>wide</div>")
    assert browser.look(page.as_uri(), 400).scrolls_sideways is scrolls
