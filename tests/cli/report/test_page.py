"""The page loads and runs nothing whatever stands in the data, and tells also what went wrong."""

import re
from html.parser import HTMLParser

import pytest

from cli.demo.report.page import headline, render
from cli.demo.report.record import Record
from cli.demo.stage import Result
from tests.cli.report.records import FINE, HOSTILE, answer, hostile_record, record

LOADING = {"script", "img", "iframe", "object", "embed", "link", "base", "form", "audio", "video"}


class Parsed(HTMLParser):
    """Tags, attributes and text of a page, as a browser would take them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self.text += data


def page(told: Record | None, steps: list[Result] = FINE, *traces: object) -> Parsed:
    return Parsed(render(told, steps, 12.5, traces))


def test_what_stands_in_the_data_is_text_and_never_markup() -> None:
    failed = Result(HOSTILE, False, 0.0, HOSTILE)
    found = page(hostile_record(), [failed], answer(1, HOSTILE))
    assert not LOADING & set(found.tags)
    assert not [name for name, _ in found.attributes if name.startswith("on")]
    assert found.text.count(HOSTILE) >= 15


@pytest.mark.parametrize("versions", [0, 1, 5])
def test_the_page_refers_to_nothing_outside_itself(versions: int) -> None:
    traces = [answer(number) for number in range(1, versions + 1)]
    html = render(record(versions), FINE, 12.5, traces)
    found = Parsed(html)
    assert not LOADING & set(found.tags)
    names = ("href", "src", "srcset", "action", "data", "poster", "xlink:href")
    assert all(value.startswith("#") for name, value in found.attributes if name in names), (
        found.attributes
    )
    style = "".join(re.findall("<style>.*?</style>", html, re.DOTALL))
    assert "url(" not in style
    assert "@import" not in style


def test_every_version_every_step_and_every_trace_is_told() -> None:
    traces = [answer(number) for number in range(1, 6)]
    text = page(record(5), FINE, *traces).text
    for number in range(1, 6):
        assert f"Version {number} passes its gate" in text
        assert f"A prediction of version {number}" in text
        assert f"{0.70 + number / 100:.3f}" in text
    for step in FINE:
        assert step.why in text
    assert "9" * 64 in text


def test_a_story_that_failed_says_at_which_step_and_why() -> None:
    steps = [*FINE, Result("train", False, 3.0, "run 1 is Failed: no rows"),
             Result("register", False, 0.0, "not reached: train failed")]  # fmt: skip
    text = page(record(1), steps).text
    assert "Step train failed. run 1 is Failed: no rows" in text
    assert re.search(r"2\s+of 4", text)


def test_a_story_whose_aws_did_not_start_has_a_page_too() -> None:
    steps = [Result("boot", False, 0.0, "not reached: the disk is full")]
    assert "Step boot failed. not reached: the disk is full" in page(None, steps).text


def test_what_could_not_be_read_is_said() -> None:
    told = record(1, unread=("the registry: AccessDenied",), versions=())
    assert "Not read: the registry: AccessDenied" in page(told).text


@pytest.mark.parametrize(
    ("told", "sentence"),
    [
        (
            record(2),
            "2 versions of mortgage were registered and went into service; version 2 serves",
        ),
        (
            record(1, live=None, served=()),
            "1 version of mortgage was registered and none went into",
        ),
        (
            record(1, live=None, unread=("the endpoint: no",)),
            "1 version of mortgage was registered and went into service; it is not known what",
        ),
        (record(0), "No version of mortgage was registered"),
        (record(0, unread=("the registry: no",)), "What is registered of mortgage is not known"),
    ],
)
def test_the_headline_says_what_happened(told: Record, sentence: str) -> None:
    assert headline(told).startswith(sentence)
