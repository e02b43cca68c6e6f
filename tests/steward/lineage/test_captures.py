"""Captured predictions: found by record or by id, and where one was looked for."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from steward.aws import Aws
from steward.lineage.captures import NotOnRecord, at_record, hours_of, with_id

BUCKET, ENDPOINT = "artifacts", "steward-mortgage"
AT = datetime(2026, 11, 20, 23, 33, 12, tzinfo=UTC)
NOON_HOUR = "capture/mortgage/v2/steward-mortgage/AllTraffic/2026/11/20/12/a.jsonl"
LATE_HOUR = "capture/mortgage/v2/steward-mortgage/AllTraffic/2026/11/20/23/b.jsonl"

type Capture = Callable[..., str]


def line(event_id: str, inference_id: str | None = None) -> str:
    """The record that SageMaker documents."""
    metadata = {"eventId": event_id, "inferenceTime": "2026-11-20T23:33:12Z"}
    if inference_id:
        metadata["inferenceId"] = inference_id
    data = {
        "endpointInput": {
            "observedContentType": "text/csv", "mode": "INPUT", "data": "42,0.1", "encoding": "CSV",
        },
        "endpointOutput": {
            "observedContentType": "text/csv; charset=utf-8", "mode": "OUTPUT", "data": "0.02",
            "encoding": "CSV",
        },
    }  # fmt: skip
    return json.dumps({"captureData": data, "eventMetadata": metadata, "eventVersion": "0"})


@pytest.fixture
def capture(aws: Aws) -> Capture:
    """Writes a capture file; returns its URI."""
    aws.s3.create_bucket(
        Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )

    def capture(key: str, *lines: str) -> str:
        aws.s3.put_object(Bucket=BUCKET, Key=key, Body="\n".join([*lines, ""]).encode())
        return f"s3://{BUCKET}/{key}"

    return capture


class TestByRecord:
    def test_is_found_with_the_version_that_answered(self, aws: Aws, capture: Capture) -> None:
        uri = capture(LATE_HOUR, line("e1"), line("e2", "app-7"))
        found = at_record(aws, uri, 2)
        assert (found.model, found.version, found.endpoint) == ("mortgage", 2, ENDPOINT)
        assert (found.uri, found.line, found.inference_id, found.at) == (uri, 2, "app-7", AT)

    def test_where_captures_of_all_versions_lie_names_none(
        self, aws: Aws, capture: Capture
    ) -> None:
        found = at_record(aws, capture(LATE_HOUR.replace("/v2/", "/shared/"), line("e1")), 1)
        assert (found.model, found.version, found.endpoint) == ("mortgage", None, ENDPOINT)

    def test_without_an_inference_id_has_its_event_id(self, aws: Aws, capture: Capture) -> None:
        assert at_record(aws, capture(LATE_HOUR, line("e1")), 1).inference_id == "e1"

    def test_holds_nothing_of_request_and_answer(self, aws: Aws, capture: Capture) -> None:
        found = at_record(aws, capture(LATE_HOUR, line("e1")), 1)
        assert "42,0.1" not in repr(found)
        assert "0.02" not in repr(found)

    @pytest.mark.parametrize("number", [0, 3, -1])
    def test_on_no_line_of_the_file(self, aws: Aws, capture: Capture, number: int) -> None:
        uri = capture(LATE_HOUR, line("e1"), line("e2"))
        with pytest.raises(NotOnRecord, match=rf"{uri} has no line {number}"):
            at_record(aws, uri, number)

    @pytest.mark.parametrize(
        "key",
        [
            "capture/mortgage/steward-mortgage/AllTraffic/2026/11/20/23/b.jsonl",
            "capture/mortgage/v2/steward-mortgage/AllTraffic/b.jsonl",
            "other/mortgage/v2/steward-mortgage/AllTraffic/2026/11/20/23/b.jsonl",
        ],
    )
    def test_in_a_file_whose_key_names_no_version(
        self, aws: Aws, capture: Capture, key: str
    ) -> None:
        with pytest.raises(NotOnRecord, match="its key does not name a version"):
            at_record(aws, capture(key, line("e1")), 1)

    def test_in_a_file_that_does_not_exist(self, aws: Aws, capture: Capture) -> None:
        capture(LATE_HOUR, line("e1"))
        with pytest.raises(NotOnRecord, match=r"b2\.jsonl"):
            at_record(aws, f"s3://{BUCKET}/{LATE_HOUR.replace('b.jsonl', 'b2.jsonl')}", 1)


class TestById:
    def find(self, aws: Aws, name: str, *, at: datetime | None = AT, endpoint: str = ENDPOINT):
        hours = hours_of(at, AT + timedelta(minutes=5))
        return with_id(aws, BUCKET, "mortgage", endpoint, name, hours)

    def test_is_found_in_the_hour(self, aws: Aws, capture: Capture) -> None:
        capture(NOON_HOUR, line("e1", "app-1"))
        uri = capture(LATE_HOUR, line("e2", "app-2"), line("e3", "app-3"))
        found = self.find(aws, "app-3")
        assert (found.uri, found.line) == (uri, 2)

    def test_is_found_in_the_last_day_when_no_time_is_known(
        self, aws: Aws, capture: Capture
    ) -> None:
        capture(LATE_HOUR, line("e2", "app-2"))
        uri = capture(NOON_HOUR, line("e1", "app-1"))
        assert self.find(aws, "app-1", at=None).uri == uri

    def test_that_is_missing_says_where_it_was_looked_for(self, aws: Aws, capture: Capture) -> None:
        capture(NOON_HOUR, line("e1", "app-1"))
        with pytest.raises(NotOnRecord) as none:
            self.find(aws, "app-1")
        assert str(none.value) == (
            "no prediction 'app-1' of steward-mortgage was captured "
            "from 2026-11-20 23:00 to 2026-11-20 23:59 UTC"
        )
        with pytest.raises(NotOnRecord, match="from 2026-11-19 23:00 to 2026-11-20 23:59"):
            self.find(aws, "app-9", at=None)

    def test_of_another_endpoint_is_not_taken_for_it(self, aws: Aws, capture: Capture) -> None:
        capture(LATE_HOUR, line("e1", "app-1"))
        with pytest.raises(NotOnRecord):
            self.find(aws, "app-1", endpoint="steward-other")


def test_the_last_day_is_this_hour_and_the_24_before_it() -> None:
    hours = hours_of(None, AT)
    assert (hours[0].hour, hours[-1], len(hours)) == (
        23,
        AT.replace(day=19, minute=0, second=0),
        25,
    )
    assert hours_of(AT, AT + timedelta(days=9)) == [AT.replace(minute=0, second=0)]
