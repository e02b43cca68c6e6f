"""What `steward dossier` and `steward evidence` answer when there is nothing to tell."""

from pathlib import Path

from local_aws.client import LocalAws
from tests.cli.conftest import Steward

TIME = ("--from", "2026-11-20T00:00", "--to", "2026-11-21T00:00")


def test_of_a_version_that_is_not_on_record_one_sentence_says_so(
    steward: Steward, aws: LocalAws, tmp_path: Path
) -> None:
    ran = steward("dossier", "mortgage", "7", "--out", tmp_path)
    assert (ran.code, ran.said) == (1, ["Nothing is on record of version 7 of mortgage."])
    assert list(tmp_path.iterdir()) == []


def test_of_an_endpoint_that_is_not_on_record_one_sentence_says_so(
    steward: Steward, aws: LocalAws, tmp_path: Path
) -> None:
    ran = steward("evidence", "steward-nothing", *TIME, "--out", tmp_path)
    assert (ran.code, ran.said) == (1, ["Nothing is on record of endpoint steward-nothing."])
    assert list(tmp_path.iterdir()) == []


def test_a_time_that_ends_before_it_begins_is_refused(steward: Steward, aws: LocalAws) -> None:
    ran = steward("evidence", "steward-mortgage", "--from", "2026-11-21", "--to", "2026-11-20")
    assert ran.code == 2
    assert ran.said[0].startswith("--from is before --to; found 2026-11-21")


def test_a_page_is_not_also_json(steward: Steward) -> None:
    asked = ("trace", "--endpoint", "steward-mortgage", "--at", "2026-11-20")
    ran = steward(*asked, "--json", "--html", "x.html")
    assert ran.code == 2
    assert "not allowed with argument --json" in ran.err
