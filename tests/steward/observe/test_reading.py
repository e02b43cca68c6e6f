"""Reading from AWS: what it refuses to say is not "there is none"; what is broken is refused."""

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from steward.aws import ClientError
from steward.decide.monitor import Due
from steward.errors import BadEvent
from steward.events.types import DriftReported, ObjectCreated
from steward.names import Names
from steward.observe.approval import observe_artifact, observe_evidence
from steward.observe.canary import observe_minutes
from steward.observe.monitor import (
    JobState,
    OpenJob,
    Watchable,
    has_baseline,
    observe_code,
    observe_jobs,
    observe_object,
)
from steward.observe.reports import observe_file, report_of
from steward.observe.serving import observe_known_endpoint
from steward.observe.training import observe_upload
from tests.steward.builders import NOON, after, package, rollout, window

NAMES = Names("steward", "mortgage")
REPORT = ObjectCreated(
    bucket="artifacts",
    key="monitoring/mortgage/v1/2026/11/20/12/constraint_violations.json",
    version_id=None,
    etag="e-1",
    size=20,
    sequencer="01",
    at=NOON,
)


class Answers:
    """A client that is refused everything but what it is given an answer to."""

    def __init__(self, **given: Any) -> None:
        self._given = given

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        return lambda *_, **request: self._answer(operation, request.get("Key", ""))

    def _answer(self, operation: str, key: str) -> Any:
        answer = self._given.get(f"{operation} {key}", self._given.get(operation))
        if answer is None:
            raise refusal(403)
        return answer


def refusal(status: int) -> ClientError:
    code = {"Code": str(status), "Message": ""}
    return ClientError({"Error": code, "ResponseMetadata": {"HTTPStatusCode": status}}, "Get")  # type: ignore[typeddict-item]


def aws(s3: Answers | None = None, sagemaker: Answers | None = None) -> Any:
    return SimpleNamespace(s3=s3 or Answers(), sagemaker=sagemaker or Answers())


def listing(name: str, *found: dict[str, Any]) -> Answers:
    """A client that lists this, and is refused everything else."""
    pages = SimpleNamespace(paginate=lambda **_: [{name: list(found)}])
    return Answers(get_paginator=pages)


def body(content: bytes) -> dict[str, Any]:
    """An object as S3 hands it over."""
    stream = SimpleNamespace(read=lambda *_: content, iter_chunks=lambda _: iter([content]))
    return {"ETag": '"e-1"', "ContentLength": len(content), "Body": stream}


def own_window(**wrong: object) -> bytes:
    """A file as Steward's own job writes it, with something wrong."""
    bounds = {"start": "2026-11-20T12:00:00Z", "end": "2026-11-20T13:00:00Z"}
    right = {"kind": "data_quality", "version": 1, "rows": 500, **bounds}
    told = {name: value for name, value in (right | wrong).items() if value is not None}
    return json.dumps({"violations": [], "window": told}).encode()


REPORTED = {f"get_object {REPORT.key}": body(b'{"violations": []}')}
UNCOUNTED = [b"", b"{}", b"[]", b'{"dataset": 7}', b'{"dataset": {"item_count": "many"}}']
STATISTICS = f"get_object {REPORT.key.rpartition('/')[0]}/statistics.json"


@pytest.mark.parametrize(
    "read",
    [
        lambda: observe_artifact(aws(), "s3://artifacts/model.tar.gz"),
        lambda: observe_evidence(
            aws(sagemaker=listing("Endpoints")), Answers(), NAMES,  # type: ignore[arg-type]
            package(artifact_uri="", execution_arn="", snapshot="", reports={"bias": "s3://b/k"}),
        ),
        lambda: observe_code(aws(), "artifacts"),
        lambda: observe_object(aws(), "artifacts", "report.json"),
        lambda: observe_upload(aws(), REPORT),
        lambda: observe_file(aws(), REPORT),
        lambda: observe_file(aws(Answers(**REPORTED)), REPORT),
    ],
    ids=["artifact", "evidence", "code", "written report", "upload", "report", "count of its rows"],
)  # fmt: skip
def test_an_object_that_must_not_be_read_is_not_gone(read: Callable[[], object]) -> None:
    with pytest.raises(ClientError, match="403"):
        read()


def test_an_endpoint_that_must_not_be_read_is_not_gone() -> None:
    listed = listing("Endpoints", {"EndpointName": NAMES.endpoint})
    with pytest.raises(ClientError, match="403"):
        observe_known_endpoint(aws(sagemaker=listed), NAMES.endpoint)


@pytest.mark.parametrize("statistics", UNCOUNTED)
def test_statistics_that_count_no_rows_leave_them_unknown(statistics: bytes) -> None:
    s3 = Answers(**REPORTED, **{STATISTICS: body(statistics)})
    assert observe_file(aws(s3), REPORT).rows is None


def test_an_upload_that_was_overwritten_before_it_was_read_is_gone() -> None:
    other = body(b"a,b\n1,2\n") | {"ETag": '"e-2"'}
    assert observe_upload(aws(Answers(get_object=other)), REPORT).header is None


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"{", "not JSON"),
        (b"[]", "a JSON object is needed"),
        (b"{}", "a list of objects is needed"),
        (b'{"violations": 7}', "a list of objects is needed"),
        (b'{"violations": [7]}', "a list of objects is needed"),
        (own_window(rows=-1), "a whole number is needed"),
        (own_window(rows=True), "a whole number is needed"),
        (own_window(version=2), "which its key names"),
        (own_window(kind="weather"), "allowed is one of"),
        (own_window(start="noon"), "an ISO 8601 time is needed"),
        (own_window(end=None), "a text is needed"),
        (own_window(start="noon"), r"s3://.*constraint_violations.json: window\."),
        (own_window(end="2026-11-20T12:00:00Z"), "its end must be later"),
        (b'{"violations": [' + b"{}," * 100_000 + b"{}]}", "found 100001 violations"),
    ],
)
def test_a_report_that_is_none_is_refused_for_good(content: bytes, why: str) -> None:
    with pytest.raises(BadEvent, match=why):
        observe_file(aws(Answers(get_object=body(content))), REPORT)


def test_a_report_that_no_memory_holds_is_refused_for_good() -> None:
    huge = body(b"{}") | {"ContentLength": 10**9}
    with pytest.raises(BadEvent, match="found 1000000000 bytes"):
        observe_file(aws(Answers(get_object=huge)), REPORT)


class TestNothingIsAsked:
    """Each client would refuse."""

    def test_of_the_canary_before_a_minute_is_over(self) -> None:
        asked = rollout()
        now = asked.called_at or NOON
        assert observe_minutes(SimpleNamespace(cloudwatch=Answers()), NAMES, asked, now) == []  # type: ignore[arg-type]

    def test_of_a_baseline_that_nobody_knows(self) -> None:
        for known in ({}, {"baseline": "s3://artifacts/runs/"}, {"spec_uri": "s3://artifacts/s"}):
            assert not has_baseline(aws(), Watchable(1, NOON, "s3://artifacts/m", **known))

    def test_of_a_job_that_runs(self) -> None:
        job = OpenJob(Due("data_quality", 1, window(1), "job"), NOON)
        running = {"ProcessingJobName": "job", "ProcessingJobStatus": "InProgress"}
        listed = aws(sagemaker=listing("ProcessingJobSummaries", running))
        assert observe_jobs(listed, NAMES, [job]) == {"job": JobState("InProgress")}


def test_violations_that_cannot_be_written_again_are_refused_for_good() -> None:
    window = NOON, after(60)
    event = DriftReported("mortgage", 1, "data_quality", window, 500, ({"x": "\ud800"},), NOON)
    with pytest.raises(BadEvent, match="no JSON that can be written again"):
        report_of(event)
