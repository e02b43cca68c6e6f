"""The demo's report shows what AWS holds, and which step was not true."""

import html
import re
from collections.abc import Iterator

import pytest

from cli.demo import mortgage
from cli.demo.acts import arn_of
from cli.demo.report.page import render
from cli.demo.report.record import read_record
from cli.demo.story import STEPS
from steward.observe.approval import observe_package, observe_registry
from tests.story import dumps
from tests.story.conftest import Played

NAMES = [step.name for step in STEPS]


@pytest.fixture
def report(played: Played) -> str:
    record = read_record(played.stage)
    assert record.unread == ()
    return render(record, played.results, 1.0, list(played.stage.trace.values()))


@pytest.fixture
def text(report: str) -> str:
    return seen(report)


def seen(page: str) -> str:
    """What a reader sees of a page, white space aside."""
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", page)).split())


def test_each_version_is_there_with_what_was_measured_of_it(played: Played, text: str) -> None:
    stage = played.stage
    numbers = sorted(observe_registry(stage.aws, stage.names.group))
    assert numbers
    for number in numbers:
        package = observe_package(stage.aws, arn_of(stage, number))
        assert package.words in text
        # What was registered by hand has no reports.
        for uri in package.reports.values():
            document = stage.document(uri)
            for value in measured(document) if "binary_classification_metrics" in document else ():
                assert f"{value:.3f}" in text


def measured(evaluation: dict[str, object]) -> Iterator[float]:
    metrics = evaluation["binary_classification_metrics"]
    assert isinstance(metrics, dict)
    for name in ("auc", "accuracy", "precision", "recall", "f1"):
        yield float(metrics[name]["value"])


def test_each_decision_that_did_something_is_there_with_its_reason(
    played: Played, text: str
) -> None:
    items = dumps.table(played.stage, played.stage.store.lineage).values()
    reasons = {
        " ".join(str(item["reason"]).split())
        for item in items
        if item.get("verdict") in ("start", "finish", "passed", "approved", "retrain")
    }
    assert len(reasons) >= 4
    assert [reason for reason in reasons if reason not in text] == []


def test_each_digest_of_the_data_is_there(played: Played, text: str) -> None:
    items = dumps.table(played.stage, played.stage.store.lineage)
    digests = [
        item["facts"]["sha256"]  # type: ignore[index]
        for (pk, sk), item in items.items()
        if pk.startswith("dataset#") and sk == "node"
    ]
    assert digests
    assert [digest for digest in digests if str(digest) not in text] == []


@pytest.mark.parametrize("name", NAMES)
def test_the_step_that_was_not_true_is_named(played: Played, name: str) -> None:
    steps = played.summaries[name]["steps"]
    assert isinstance(steps, list)
    why = " ".join(next(step["why"] for step in steps if step["name"] == name).split())
    assert f"Step {name} failed. {why}" in seen(played.reports[name])


def test_no_name_and_no_number_of_an_applicant_is_in_it(report: str) -> None:
    personal = [value for row in mortgage.records() for value in (row["name"], row["ssn"])]
    assert [value for value in personal if value in report] == []
