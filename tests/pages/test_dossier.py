"""The dossier tells all that is on record of a version, and says what is not."""

import json
from pathlib import Path

import pytest

from cli.dossier.read import Dossier, read_dossier
from cli.dossier.write import write_dossier
from cli.target import Refused
from tests.cli.report.records import HOSTILE
from tests.pages.conftest import FOLDER, WHERE, History
from tests.steward.builders import after


def read(history: History, version: int = 1) -> Dossier:
    return read_dossier(history.aws, WHERE, "mortgage", version, after(90))


def page(history: History, folder: Path) -> str:
    return write_dossier(read(history), folder).read_text()


def index(folder: Path) -> dict[str, dict[str, object]]:
    found = json.loads((folder / "dossier-mortgage-v1" / "index.json").read_text())
    return {one["name"]: one for one in found}


def test_it_tells_where_a_version_came_from_and_what_became_of_it(
    history: History, tmp_path: Path
) -> None:
    told = page(history.all(), tmp_path)
    for what in (
        "Approve or deny a mortgage application", "credit-risk@example.com",  # its file
        "mortgage/incoming/part-1.csv", "9" * 64, ">290<",  # its data
        "0123abcd", "max_iter", "7" * 64,  # how it was made
        "auc 0.720, at least 0.650 is needed", "DPPL", "income",  # what it proved
        "Approved by bob, 2026-11-20 12:05:00 UTC", "it is good",  # who said what
        "2026-11-20 12:20:00", "100 %", "data_quality",  # what became of it
    ):  # fmt: skip
        assert what in told, what


def test_the_documents_lie_beside_it_byte_for_byte(history: History, tmp_path: Path) -> None:
    page(history.all(), tmp_path)
    for name, one in index(tmp_path).items():
        assert one.get("as_recorded") is not False, name
        file = tmp_path / "dossier-mortgage-v1" / str(one["file"])
        assert len(file.read_bytes()) == one["bytes"], name
    lies = history.aws.s3.get_object(Bucket="artifacts", Key=f"{FOLDER}/bias/analysis.json")
    kept = tmp_path / "dossier-mortgage-v1" / "documents" / "bias.json"
    assert kept.read_bytes() == lies["Body"].read()


@pytest.mark.parametrize("name", ["evaluation", "bias", "explainability"])
def test_a_report_that_was_never_registered_is_said_to_be_missing(
    history: History, tmp_path: Path, name: str
) -> None:
    history.train()
    history.register(**{name: None})
    assert f"No {name} report was registered." in page(history, tmp_path)
    assert index(tmp_path)[name]["missing"] == "none was registered"


def test_a_report_that_is_no_longer_there_is_said_to_be_gone(
    history: History, tmp_path: Path
) -> None:
    history.all().aws.s3.delete_object(Bucket="artifacts", Key=f"{FOLDER}/bias/analysis.json")
    assert "The bias report is on record, and is no longer at" in page(history, tmp_path)
    assert index(tmp_path)["bias"]["missing"] == "it is no longer there"


def test_a_report_that_was_replaced_is_not_passed_off_as_the_judged_one(
    history: History, tmp_path: Path
) -> None:
    history.all().document(f"{FOLDER}/bias/analysis.json", {"version": "1.0"})
    assert "is not the one that was recorded" in page(history, tmp_path)
    assert index(tmp_path)["bias"]["as_recorded"] is False
    assert index(tmp_path)["evaluation"]["as_recorded"] is True


def test_without_the_account_of_the_data_its_rows_are_not_known(
    history: History, tmp_path: Path
) -> None:
    prepared = "runs/mortgage/r1/Prepare/prepared/prepared.json"
    history.all().aws.s3.delete_object(Bucket="artifacts", Key=prepared)
    told = page(history, tmp_path)
    assert "account of the prepared data: it is no longer at" in told
    assert "mortgage/incoming/part-1.csv" in told
    assert ">290<" not in told


def test_a_version_that_was_registered_by_hand_is_told_as_far_as_it_is_known(
    history: History, tmp_path: Path
) -> None:
    history.register(evaluation=None, bias=None, explainability=None)
    told = page(history, tmp_path)
    for what in (
        "No training run is on record", "It is not on record which objects it learned from",
        "Nobody has said a word on this version", "It never served",
        "No monitor has reported on this version",
    ):  # fmt: skip
        assert what in told, what


def test_a_version_whose_registry_entry_was_deleted_is_told_from_the_record(
    history: History,
) -> None:
    assert read(history.all()).status == "no longer in the registry"


def test_long_words_of_an_approver_are_told_whole(history: History, tmp_path: Path) -> None:
    words = " ".join(f"reason {number}" for number in range(150))
    history.train()
    history.register()
    history.approve(words)
    assert words in page(history, tmp_path)


def test_whatever_somebody_wrote_is_text(history: History, tmp_path: Path) -> None:
    history.train()
    group = {"value_or_threshold": HOSTILE, "metrics": [{"name": HOSTILE, "value": 1}]}
    history.register(bias={"post_training_bias_metrics": {"facets": {HOSTILE: [group]}}})
    history.approve(HOSTILE)
    told = page(history, tmp_path)
    assert "<script" not in told
    assert "&lt;script" in told


def test_of_a_version_that_is_not_on_record_there_is_no_dossier(history: History) -> None:
    with pytest.raises(Refused, match=r"^Nothing is on record of version 9 of mortgage\.$"):
        read(history.all(), 9)
