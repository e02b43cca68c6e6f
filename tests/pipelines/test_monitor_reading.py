"""What a monitor reads of captures and outcomes, and what it counts instead."""

import base64
import json

import pytest

from monitor.captures import Captures, read_captures
from monitor.outcomes import join, read_outcomes
from monitor.plan import Window
from tests.pipelines.monitored import CAPTURES, OUTCOMES, Production, Shelf, captured, outcome


@pytest.fixture
def shelf(production: Production) -> Shelf:
    return production.shelf


@pytest.fixture
def window(production: Production) -> Window:
    return production.plan().window


def read(production: Production) -> Captures:
    return read_captures(production.shelf, CAPTURES, production.plan().window)


@pytest.mark.parametrize(
    ("data", "encoding", "kind"),
    [
        ("1,a", "CSV", "text/csv"),
        ('{"instances": [[1, "a"]]}', "JSON", "application/json"),
        ('[[1, "a"]]', "JSON", "application/json"),
        ('[1, "a"]', "JSON", "application/json"),
        (base64.b64encode(b"1,a").decode(), "BASE64", "application/octet-stream"),
        (base64.b64encode(b'[1, "a"]').decode(), "BASE64", "application/json"),
    ],
)
def test_a_row_is_read_in_every_encoding(
    production: Production, data: str, encoding: str, kind: str
) -> None:
    record = captured(data, "0", encoding=encoding)
    asked = record["captureData"]["endpointInput"]
    asked["observedContentType"] = kind
    production.capture([record])
    (row,) = read(production).rows
    assert (row.cells, row.score, row.id) == (("1", "a"), 0.7, "0")


@pytest.mark.parametrize("data", ['{"a": 1, "b": null}', '{"instances": [{"a": 1, "b": null}]}'])
def test_a_row_may_be_an_object_by_name(production: Production, data: str) -> None:
    production.capture([captured(data, "0", encoding="JSON")])
    (row,) = read(production).rows
    assert row.cells == {"a": "1", "b": ""}


def test_several_rows_of_one_request_share_its_id_and_cannot_be_joined(
    production: Production,
) -> None:
    production.capture([captured("1,a\n2,b\n", "0", "0.1\n0.2\n")])
    assert [(row.cells, row.score, row.id) for row in read(production).rows] == [
        (("1", "a"), 0.1, None),
        (("2", "b"), 0.2, None),
    ]


def test_an_answer_that_does_not_fit_its_rows_scores_none_of_them(production: Production) -> None:
    production.capture([captured("1,a\n2,b\n", "0", "0.1\n")])
    assert read(production).notes() == ["2 rows have no score."]


def test_what_is_unreadable_is_counted_and_the_rest_is_read(production: Production) -> None:
    timeless = captured("1,a", "1")
    timeless["eventMetadata"] = {"eventId": "1", "inferenceTime": "soon"}
    nameless = captured("1,a", "2")
    nameless["eventMetadata"] = {"inferenceTime": "2026-11-20T10:05:00Z"}
    broken = [
        "{half",
        "[]",
        "[" * 100_000,
        "17",
        timeless,
        nameless,
        captured("", "3"),
        captured("{", "4", encoding="JSON"),
        captured("17", "5", encoding="JSON"),
        captured("[[[1]]]", "6", encoding="JSON"),
        captured("?", "7", encoding="BASE64"),
        captured("1", "8", encoding="XML"),
    ]
    production.capture([*broken, captured("1,a", "9")])
    found = read(production)
    assert (found.unreadable, len(found.rows)) == (len(broken), 1)


def test_only_rows_of_the_window_are_read_also_from_files_that_came_late(
    production: Production,
) -> None:
    production.capture([captured("1,a", "0", minute=0)])
    late = captured("2,b", "1", minute=59)
    after = captured("3,c", "2")
    after["eventMetadata"] = {"eventId": "2", "inferenceTime": "2026-11-20T11:00:00Z"}
    production.capture([late, after], hour="2026/11/20/11")
    production.capture([captured("4,d", "3")], hour="2026/11/20/12")
    assert [row.id for row in read(production).rows] == ["0", "1"]


def test_of_two_records_with_one_id_the_earlier_counts(production: Production) -> None:
    production.capture([captured("2,b", "0", minute=9), captured("1,a", "0", minute=3)])
    found = read(production)
    assert [row.cells for row in found.rows] == [("1", "a")]
    assert found.notes() == ["1 captured records had the id of an earlier one and were left out."]


def test_outcomes_are_joined_by_the_inference_id_or_else_the_event_id(
    production: Production, shelf: Shelf, window: Window
) -> None:
    anonymous = captured("2,b", "1")
    anonymous["eventMetadata"] = {"eventId": "e-1", "inferenceTime": "2026-11-20T10:05:00Z"}
    production.capture([captured("1,a", "0"), anonymous, captured("3,c", "2")])
    production.learn([outcome("0", "1,f"), outcome("e-1", "0"), outcome("stranger", "1")])
    span = Window(window.start, window.end.replace(hour=23))
    known = read_outcomes(shelf, OUTCOMES, ("repaid", "sex"), span)
    joined = join(read(production).rows, known)
    assert [row.outcome for row in joined] == [{"repaid": "1", "sex": "f"}, {"repaid": "0"}]
    assert known.notes(len(joined), 3) == [
        "2 of 3 rows have an outcome.",
        "1 outcomes belong to no row of this window.",
    ]


def test_of_two_outcomes_for_one_id_the_later_file_counts(
    production: Production, shelf: Shelf, window: Window
) -> None:
    production.learn([outcome("0", "1")], hour="2026/11/20/12")
    production.learn([outcome("0", json.dumps({"repaid": 0}), "JSON")], hour="2026/11/20/13")
    production.learn([outcome("0", "1")], hour="2026/11/20/23")  # after the last hour to look at
    span = Window(window.start, window.end.replace(hour=23))
    known = read_outcomes(shelf, OUTCOMES, ("repaid",), span)
    assert (known.by_id, known.duplicates) == ({"0": {"repaid": "0"}}, 1)


def test_an_outcome_that_is_no_label_is_counted(
    production: Production, shelf: Shelf, window: Window
) -> None:
    bad = ["?", outcome("0", "perhaps"), outcome("1", "2"), outcome("", "1"), outcome("2", "1\n0")]
    production.learn([*bad, outcome("3", "1.0")])
    span = Window(window.start, window.end.replace(hour=23))
    known = read_outcomes(shelf, OUTCOMES, ("repaid",), span)
    assert (known.by_id, known.unreadable) == ({"3": {"repaid": "1"}}, len(bad))
