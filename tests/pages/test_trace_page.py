"""`steward trace --html`: the answer as a page that stands alone."""

import re

import pytest

from cli.pages.told import anchor_of
from cli.pages.trace import trace_page
from tests.cli.report.records import HOSTILE
from tests.pages.builders import AT, entry, prediction


def test_each_box_leads_to_a_place_on_the_page() -> None:
    page = trace_page(prediction())
    asked = set(re.findall(r'href="#([^"]+)"', page))
    assert anchor_of("run#x") in asked
    assert asked <= set(re.findall(r'id="([^"]+)"', page))


def test_the_question_and_the_answer_stand_on_top() -> None:
    page = trace_page(prediction())
    assert "<h1>Where prediction L1 came from</h1>" in page
    assert "steward-mortgage at 2026-11-20 12:00:00 UTC answered with version 1" in page


def test_a_prediction_of_one_of_two_versions_is_told_as_such() -> None:
    asked = {"inference_id": "L1", "at": AT, "endpoint": "e", "version": None}
    page = trace_page(prediction(prediction=asked | {"candidates": [1, 2], "by": "time"}))
    assert "it was version 1 or 2." in page


def test_a_moment_inside_a_shift_is_told_as_uncertain() -> None:
    answer = prediction(moment={"endpoint": "e", "at": AT, "exact": False})
    del answer["prediction"]
    page = trace_page(answer)
    assert "<h1>What e served at 2026-11-20 12:00:00 UTC</h1>" in page
    assert "it was one of these" in page


def test_a_run_that_has_not_ended_is_shown_as_such() -> None:
    page = trace_page(prediction(graph=[entry("run#x", number=4)]))
    assert "run 4 has not ended, as far as is on record." in page
    assert "run, not ended" in page


@pytest.mark.parametrize("where", ["id", "fact", "term", "name"])
def test_whatever_stands_in_the_data_is_text(where: str) -> None:
    graphs = {
        "id": [entry(f"{HOSTILE}#{HOSTILE}")],
        "fact": [entry("approval#x", words=HOSTILE, by=HOSTILE, status=HOSTILE)],
        "term": [entry("run#x", (HOSTILE, "run#y")), entry("run#y", (HOSTILE, HOSTILE))],
        "name": [entry("dataset#x", key=HOSTILE)],
    }
    page = trace_page(prediction(graph=graphs[where]))
    assert "<script" not in page
    assert "<img" not in page
    assert "&lt;script" in page


def test_without_anything_on_record_the_page_says_so() -> None:
    page = trace_page(prediction(graph=[], served=[]))
    assert "Nothing is on record." in page
    assert "<svg" not in page
