"""The lineage's pages as a person sees them: nothing wrong, nothing cut off, links lead on."""

from pathlib import Path

import pytest

from cli.dossier.read import read_dossier
from cli.dossier.write import write_dossier
from cli.evidence.proof import proof
from cli.evidence.read import Period, read_evidence
from cli.evidence.write import folder_of, write_evidence
from cli.pages.answers import answer_page
from cli.pages.trace import trace_page
from steward.aws import Aws
from steward.lineage.ask import ask
from steward.settings import LineageSettings
from tests.browser.chromium import Browser, Page
from tests.browser.conftest import SEEN
from tests.browser.test_report import LONG, REPORT, WIDTHS
from tests.cli.report.records import HOSTILE
from tests.pages.builders import dataset, entry, prediction
from tests.pages.conftest import WHERE, History, opened
from tests.steward.builders import after
from tests.steward.fakes import new_clock

SETTINGS = LineageSettings("steward", "artifacts", "lineage")
# The questions whose answers are pages without a graph.
ASKED: dict[str, dict[str, str]] = {
    "why": {"endpoint": "steward-mortgage"},
    "impact": {"of": "model-version#steward-mortgage/1"},
    "timeline": {"model": "mortgage"},
    "diff": {"model": "mortgage", "from": "1", "to": "1"},
}
# Text in a drawing has no box that wraps it: what sticks out of its frame would be cut or hidden.
STICKS_OUT = """
[...document.querySelectorAll("svg a.box")].filter(box => box.getClientRects().length)
  .flatMap(box => {
    const frame = box.querySelector(".frame").getBoundingClientRect();
    return [...box.querySelectorAll("text")].filter(text => {
      const one = text.getBoundingClientRect();
      return one.left < frame.left || one.right > frame.right || one.bottom > frame.bottom;
    }).map(text => text.textContent);
  })
"""
# Boxes of text that hide a part of it.
CUT = """
[...document.querySelectorAll("main *, header *")].filter(one =>
  !one.closest("svg") && one.scrollWidth > one.clientWidth + 1
  && one.clientWidth && getComputedStyle(one).overflowX !== "visible"
).map(one => one.tagName + " " + one.className)
"""
FOLLOW = """
(() => {
  const boxes = [...document.querySelectorAll("svg a.box")];
  const seen = boxes.filter(box => box.getClientRects().length);
  const box = seen[seen.length - 1];
  box.dispatchEvent(new MouseEvent("click", {bubbles: true, cancelable: true}));
  return box.getAttribute("href");
})()
"""
REACHED = """
(() => {
  const place = document.querySelector(":target").getBoundingClientRect();
  return place.height > 0 && place.top < innerHeight && place.bottom > 0;
})()
"""


def large() -> dict[str, object]:
    """An answer of 60 boxes and a fold, with long names."""
    runs = [
        entry(f"run#{number}", ("used", "snapshot#s"), ("wasInformedBy", f"run#{number + 7}"),
              number=number, end={"status": "Succeeded"})
        for number in range(58)
    ]  # fmt: skip
    members = [("hadMember", f"dataset#{number}") for number in range(12)]
    return prediction(graph=[*runs, entry("snapshot#s", *members), *map(dataset, range(12))])


def hostile(text: str) -> dict[str, object]:
    """An answer in which everything that somebody could have written is this text."""
    return prediction(graph=[
        entry(f"{text}#{text}", ("used", "run#x"), ("wasInformedBy", "approval#y")),
        entry("run#x", (text, "dataset#z"), number=text, reasons=[text]),
        entry("approval#y", ("wasAttributedTo", f"person#{text}"), by=text, words=text),
        entry(f"person#{text}"),
        entry("dataset#z", key=text, sha256="9" * 64),
    ])  # fmt: skip


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Pages as an ordinary history, a large one and a hostile one make them."""
    folder = tmp_path_factory.mktemp("pages")
    answers = {
        "trace": prediction(), "large": large(), "hostile": hostile(HOSTILE), "long": hostile(LONG),
    }  # fmt: skip
    made = {name: folder / f"{name}.html" for name in answers}
    for name, answer in answers.items():
        made[name].write_text(trace_page(answer))
    with pytest.MonkeyPatch.context() as patch, opened(Aws()) as store:
        new_clock(patch)
        history = History(store).all()
        for asked, question in ASKED.items():
            answer = ask(history.aws, SETTINGS, {"ask": asked, **question}, after(90))
            made[asked] = folder / f"{asked}.html"
            made[asked].write_text(answer_page(asked, answer))
        made["dossier"] = write_dossier(
            read_dossier(history.aws, WHERE, "mortgage", 1, after(90)), folder
        )
        period = Period(after(0), after(120))
        evidence = read_evidence(history.aws, WHERE, "steward-mortgage", period, after(150))
        there = folder_of(evidence, folder)
        proved = proof(history.aws, WHERE, "mortgage", there / "ledger")
        made["evidence"] = write_evidence(evidence, proved, there)
    return made


def look(browser: Browser, path: Path, width: int, *, dark: bool = False) -> Page:
    return browser.look(path.as_uri(), width, dark=dark)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize(
    "name", ["trace", "large", "hostile", "long", "dossier", "evidence", *ASKED]
)
def test_the_page_is_whole(
    browser: Browser, written: dict[str, Path], name: str, width: int, dark: bool
) -> None:
    page = look(browser, written[name], width, dark=dark)
    page.screenshot(SEEN / f"page-{name}-{width}-{'dark' if dark else 'light'}.png")
    assert page.complaints() == []
    assert page.requests() == [written[name].as_uri()]
    assert not page.scrolls_sideways
    assert page.evaluate(STICKS_OUT) == []
    assert page.evaluate(CUT) == []


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", ["trace", "large", "hostile", "dossier", "report"])
def test_a_box_of_the_graph_leads_to_all_that_is_on_record_of_it(
    browser: Browser, written: dict[str, Path], name: str, width: int
) -> None:
    page = look(browser, (written | {"report": REPORT})[name], width)
    asked = page.evaluate(FOLLOW)
    assert page.evaluate("location.hash") == asked
    assert page.evaluate(REACHED)


@pytest.mark.parametrize("width", WIDTHS)
def test_the_report_draws_one_graph_whole(browser: Browser, width: int) -> None:
    page = look(browser, REPORT, width)
    assert page.evaluate("document.querySelectorAll('figure.graph').length") == 1
    assert page.evaluate(STICKS_OUT) == []


@pytest.mark.parametrize("name", ["large", "dossier"])
def test_a_page_can_be_printed(browser: Browser, written: dict[str, Path], name: str) -> None:
    printed = SEEN / f"page-{name}.pdf"
    look(browser, written[name], 1280).print(printed)
    assert printed.read_bytes().startswith(b"%PDF")
