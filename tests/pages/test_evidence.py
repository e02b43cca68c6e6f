"""The audit bundle tells what served in a time and why, with a proof that stands without AWS."""

import json
from pathlib import Path
from typing import Any

import pytest

from cli.evidence.proof import Proof, proof
from cli.evidence.read import Evidence, Period, read_evidence
from cli.evidence.write import folder_of, render, write_evidence
from cli.target import Refused
from steward.lineage.verify import ALTERED, verify
from steward.record.items import from_item
from tests.pages.conftest import CAPTURE, WHERE, History
from tests.steward.builders import after


def read(history: History, begin: float = 0, end: float = 120) -> Evidence:
    period = Period(after(begin), after(end))
    return read_evidence(history.aws, WHERE, "steward-mortgage", period, after(150))


def bundle(history: History, folder: Path) -> tuple[Path, Proof]:
    evidence = read(history)
    there = folder_of(evidence, folder)
    proved = proof(history.aws, WHERE, "mortgage", there / "ledger")
    return write_evidence(evidence, proved, there), proved


def document(page: Path, name: str) -> Any:
    return json.loads((page.parent / name).read_text())


def test_it_tells_what_served_and_when_traffic_was_shifted(history: History) -> None:
    evidence = read(history.all())
    (served,), (shift,) = evidence.intervals, evidence.shifts
    assert (served.since, served.until, served.versions) == (after(20), None, {"1": 100})
    assert (shift.since, shift.until, shift.outcome) == (after(11), after(20), "served")


def test_it_tells_of_each_version_what_was_said_and_decided(
    history: History, tmp_path: Path
) -> None:
    page, _ = bundle(history.all(), tmp_path)
    (version,) = document(page, "versions.json")
    assert [one["facts"]["words"] for one in version["approvals"]] == ["it is good"]
    assert version["gate"][0]["facts"]["verdict"] == "passed"
    (drift,) = document(page, "drift.json")
    assert drift["report"]["facts"]["violations"] == 1
    assert drift["decision"] is None
    assert "it is good" in page.read_text()


def test_what_was_before_or_after_is_left_out(history: History) -> None:
    history.all()
    before, between, later = read(history, -60, 0), read(history, 12, 15), read(history, 300, 400)
    assert (before.intervals, before.shifts, before.captures) == ((), (), ())
    assert [one.rollout for one in between.shifts] == ["rollout#steward-mortgage/1"]
    assert between.intervals == ()
    assert len(later.intervals) == 1
    assert later.shifts == later.decisions == ()


def test_capture_files_are_named_by_what_identifies_their_bytes(history: History) -> None:
    history.all().aws.s3.put_object(Bucket="artifacts", Key=CAPTURE, Body=b"{}\n{}\n")
    history.aws.s3.delete_object(Bucket="artifacts", Key=CAPTURE)
    found = read(history).captures
    assert {one.key for one in found} == {CAPTURE}
    assert sorted(one.size or 0 for one in found) == [0, 3, 6]
    assert len({one.version_id for one in found}) == 3


def test_every_file_is_in_the_index(history: History, tmp_path: Path) -> None:
    page, _ = bundle(history.all(), tmp_path)
    listed = {one["file"]: one["bytes"] for one in document(page, "index.json")}
    there = {path for path in page.parent.rglob("*") if path.is_file()}
    assert {str(path.relative_to(page.parent)) for path in there} == {*listed, "index.json"}
    assert listed["ledger/items.jsonl"] == (page.parent / "ledger" / "items.jsonl").stat().st_size


def test_the_ledger_in_it_verifies_without_aws(history: History, tmp_path: Path) -> None:
    page, proved = bundle(history.all(), tmp_path)
    lines = (page.parent / "ledger" / "items.jsonl").read_text().splitlines()
    verified = verify(from_item(json.loads(line)["Item"]) for line in lines)
    assert proved.faults == verified.faults == ()
    assert verified.heads["mortgage"].seq == proved.entries > 0


def test_a_ledger_that_was_altered_is_told_on_the_page(history: History, tmp_path: Path) -> None:
    history.all().aws.dynamodb.update_item(
        TableName="lineage",
        Key={"pk": {"S": "model-version#steward-mortgage/1"}, "sk": {"S": "node"}},
        UpdateExpression="SET recorded_at = :other",
        ExpressionAttributeValues={":other": {"S": "2026-11-20T12:00:00.001Z"}},
    )
    page, proved = bundle(history, tmp_path)
    assert [fault.kind for fault in proved.faults] == [ALTERED]
    assert "The ledger does not verify" in page.read_text()


def test_of_a_time_without_service_the_page_says_so(history: History) -> None:
    evidence = read(history.all(), -60, -30)
    assert "Nothing served in this time." in render(evidence, Proof(0, 0, 0, "", ()))


@pytest.mark.parametrize(
    ("endpoint", "told"),
    [
        ("steward-nothing", "Nothing is on record of endpoint steward-nothing."),
        ("other-mortgage", "other-mortgage is no endpoint of prefix steward."),
    ],
)
def test_of_an_endpoint_that_is_not_on_record_there_is_no_bundle(
    history: History, endpoint: str, told: str
) -> None:
    with pytest.raises(Refused) as refused:
        read_evidence(history.aws, WHERE, endpoint, Period(after(0), after(1)), after(2))
    assert str(refused.value) == told
