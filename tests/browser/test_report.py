"""The demo's report as a person sees it: nothing wrong, nothing fetched, nothing cut off."""

from pathlib import Path

import pytest

from cli.demo.report.page import render
from cli.demo.story import SUMMARY, report_beside
from tests.browser.chromium import Browser
from tests.browser.conftest import SEEN
from tests.cli.report.records import FINE, HOSTILE, answer, hostile_record, record

REPORT = report_beside(SUMMARY)
WIDTHS = (1280, 400)
LONG = "a-name-without-any-place-to-break-it-" * 8


def pages(folder: Path) -> dict[str, Path]:
    """The report that the last demo wrote, and such as a demo would hardly write."""
    made = {
        "hostile": render(hostile_record(), FINE, 1.0, [answer(1, HOSTILE)]),
        "many": render(record(12), FINE, 1.0, [answer(one) for one in range(1, 13)]),
        "long": render(record(2), FINE, 1.0, [answer(1, LONG)]),
        "nothing": render(None, FINE, 1.0, []),
    }
    for name, page in made.items():
        (folder / f"{name}.html").write_text(page)
    return {"report": REPORT} | {name: folder / f"{name}.html" for name in made}


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    assert REPORT.is_file(), "There is no report yet: `make demo` writes it."
    return pages(tmp_path_factory.mktemp("pages"))


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", ["report", "hostile", "many", "long", "nothing"])
def test_the_page_is_whole(
    browser: Browser, written: dict[str, Path], name: str, width: int, dark: bool
) -> None:
    page = browser.look(written[name].as_uri(), width, dark=dark)
    page.screenshot(SEEN / f"{name}-{width}-{'dark' if dark else 'light'}.png")
    assert page.complaints() == []
    assert page.requests() == [written[name].as_uri()]
    assert not page.scrolls_sideways
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    assert not page.scrolls_sideways


@pytest.mark.parametrize("name", ["report", "many"])
def test_a_narrow_tables_names_are_read_in_words(
    browser: Browser, written: dict[str, Path], name: str
) -> None:
    """Not a letter on each line, however many columns there are."""
    page = browser.look(written[name].as_uri(), 400)
    heights = "[...document.querySelectorAll('th')].map(one => one.offsetHeight)"
    assert max(page.evaluate(heights)) < 120
    assert not page.scrolls_sideways


def test_the_text_is_drawn_with_a_font(browser: Browser, written: dict[str, Path]) -> None:
    page = browser.look(written["report"].as_uri(), 400)
    node = page.ask("DOM.getDocument", depth=0)["root"]["nodeId"]
    heading = page.ask("DOM.querySelector", nodeId=node, selector="h1")["nodeId"]
    page.ask("CSS.enable")
    fonts = page.ask("CSS.getPlatformFontsForNode", nodeId=heading)["fonts"]
    assert sum(font["glyphCount"] for font in fonts) >= 20


def test_the_report_can_be_printed(browser: Browser, written: dict[str, Path]) -> None:
    printed = SEEN / "report.pdf"
    browser.look(written["report"].as_uri(), 1280).print(printed)
    assert printed.read_bytes().startswith(b"%PDF")
