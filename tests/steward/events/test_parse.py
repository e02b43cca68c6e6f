"""Raw JSON becomes one of the events, or a BadEvent that says what is missing."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from steward.errors import BadEvent
from steward.events.parse import parse
from steward.events.types import (
    AlarmChanged,
    DriftReported,
    EndpointChanged,
    JobChanged,
    LookAt,
    ObjectCreated,
    Ordered,
    PackageChanged,
    RunChanged,
    Trigger,
)

ACCOUNT, REGION = "123456789012", "eu-west-1"
EXECUTION = (
    "arn:aws:sagemaker:eu-west-1:123456789012:pipeline/steward-mortgage/execution/p4jn9xou8a8s"
)
LANDING, ARTIFACTS = (
    f"steward-{purpose}-123456789012-eu-west-1" for purpose in ("landing", "artifacts")
)
EVENTS = Path(__file__).parent.parent.parent.parent / "events"
DOCUMENTED = EVENTS.parent / "tests" / "story" / "documented"


def sample(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((EVENTS / f"{name}.json").read_text(encoding="utf-8"))
    return found


def read(event: object) -> Trigger:
    return parse(json.dumps(event), ACCOUNT, REGION)


def on(day: int, hour: int, minute: int, second: int) -> datetime:
    return datetime(2026, 11, day, hour, minute, second, tzinfo=UTC)


PARSED = {
    "training-upload": ObjectCreated(
        bucket=LANDING,
        key="mortgage/incoming/2026-11-20/part-0.csv",
        version_id="3HL4kqtJlcpXroDTDmJ",
        etag="9b2cf535f27731c974343645a3985328",
        size=52471,
        sequencer="0066A1B2C3D4E5F6A7",
        at=on(20, 8, 15, 30),
    ),
    "training-upload-marker": ObjectCreated(
        bucket=LANDING,
        key="mortgage/incoming/2026-11-20/_SUCCESS",
        version_id="QUpfdndhfd8438MNFDN",
        etag="d41d8cd98f00b204e9800998ecf8427e",
        size=0,
        sequencer="0066A1B2C3D4E5F6B2",
        at=on(20, 8, 15, 41),
    ),
    "training-run-succeeded": RunChanged("steward-mortgage", EXECUTION),
    "approval-version-registered": PackageChanged("steward-mortgage", 1, (), on(20, 8, 40, 14)),
    "approval-version-approved": PackageChanged(
        "steward-mortgage", 1, ("ModelApprovalStatus", "ApprovalDescription"), on(20, 9, 0, 0)
    ),
    "approval-version-rejected": PackageChanged(
        "steward-mortgage", 1, ("ModelApprovalStatus", "ApprovalDescription"), on(20, 9, 0, 0)
    ),
    "rollout-endpoint-in-service": EndpointChanged("steward-mortgage"),
    "rollout-endpoint-updating": EndpointChanged("steward-mortgage"),
    "drift-violation-file": ObjectCreated(
        bucket=ARTIFACTS,
        key="monitoring/mortgage/v1/2026/11/21/08/constraint_violations.json",
        version_id="8XECn7qYVcpAroEUEnK",
        etag="1b2cf535f27731c974343645a3985329",
        size=412,
        sequencer="0066A1B2C3D4E5F700",
        at=on(21, 9, 4, 10),
    ),
    "training-look-at": LookAt("mortgage"),
}


@pytest.mark.parametrize("name", PARSED)
def test_a_documented_event_is_read(name: str) -> None:
    assert read(sample(name)) == PARSED[name]


@pytest.mark.parametrize("name", sorted({*PARSED} - {"training-look-at"}))
def test_unknown_members_are_ignored(name: str) -> None:
    """AWS adds members to its events without notice."""
    event = sample(name) | {"new": {"member": 1}}
    event["detail"] = event["detail"] | {"another": [1]}
    assert read(event) == PARSED[name]


class TestOptional:
    def test_an_upload_to_an_unversioned_bucket_has_no_version(self) -> None:
        event = sample("training-upload")
        del event["detail"]["object"]["version-id"]
        found = read(event)
        assert isinstance(found, ObjectCreated)
        assert found.version_id is None

    def test_with_the_version_that_every_upload_has_without_versions_has_none(self) -> None:
        """In a bucket whose versioning is suspended, "null" would name each upload of a key."""
        event = sample("training-upload")
        event["detail"]["object"]["version-id"] = "null"
        found = read(event)
        assert isinstance(found, ObjectCreated)
        assert found.version_id is None

    def test_a_key_is_taken_as_it_is(self) -> None:
        """EventBridge does not URL-encode keys as S3's own notifications do."""
        event = sample("training-upload")
        event["detail"]["object"]["key"] = "mortgage/incoming/a+b c%20:d.csv"
        found = read(event)
        assert isinstance(found, ObjectCreated)
        assert found.key == "mortgage/incoming/a+b c%20:d.csv"

    @pytest.mark.parametrize("member", ["LastModifiedTime", "UpdatedModelPackageFields"])
    def test_a_version_event_may_lack_what_changed_and_when(self, member: str) -> None:
        event = sample("approval-version-approved")
        del event["detail"][member]
        assert isinstance(read(event), PackageChanged)

    def test_a_time_without_an_offset_is_utc(self) -> None:
        event = sample("training-upload") | {"time": "2026-11-20T08:15:30"}
        assert read(event) == PARSED["training-upload"]


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("training-upload", "account"),
        ("training-upload", "region"),
        ("training-upload", "source"),
        ("training-upload", "detail-type"),
        ("training-upload", "time"),
        ("training-upload", "detail.bucket.name"),
        ("training-upload", "detail.object.key"),
        ("training-upload", "detail.object.etag"),
        ("training-upload", "detail.object.size"),
        ("training-upload", "detail.object.sequencer"),
        ("training-run-succeeded", "detail.pipelineExecutionArn"),
        ("approval-version-approved", "detail.ModelPackageGroupName"),
        ("approval-version-approved", "detail.ModelPackageVersion"),
        ("rollout-endpoint-in-service", "detail.EndpointName"),
        ("rollout-endpoint-updating", "detail.EndpointName"),
        ("training-look-at", "look_at"),
    ],
)
@pytest.mark.parametrize("wrong", [None, "", 7.5, [], {}, True])
def test_a_member_that_is_missing_or_of_another_type_is_named(
    name: str, path: str, wrong: object
) -> None:
    event = sample(name)
    *parents, last = path.split(".")
    table = event
    for parent in parents:
        table = table[parent]
    table[last] = wrong
    with pytest.raises(BadEvent, match=rf"^{path}: found {wrong!r}, ".replace("[", r"\[")):
        read(event)


@pytest.mark.parametrize(
    ("name", "change", "says"),
    [
        ("training-upload", {"account": "210987654321"}, "account: found '210987654321'"),
        ("training-upload", {"region": "eu-west-2"}, "region: found 'eu-west-2'"),
        ("training-upload", {"detail-type": "Object Deleted"}, "source and detail-type: found"),
        ("training-upload", {"source": "aws.sagemaker"}, "source and detail-type: found"),
        ("sweep", {}, "source and detail-type: found"),
        (
            "training-upload",
            {"time": "yesterday"},
            "time: found 'yesterday', an ISO 8601 time is needed",
        ),
        ("training-upload", {"detail": None}, "detail.bucket.name: found None"),
        ("training-upload", {"detail": []}, "detail.bucket.name: found None"),
    ],
)
def test_an_event_for_somebody_else_is_refused(
    name: str, change: dict[str, object], says: str
) -> None:
    with pytest.raises(BadEvent) as bad:
        read(sample(name) | change)
    assert says in str(bad.value)


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("UpdatedModelPackageFields", "ModelApprovalStatus"),
        ("UpdatedModelPackageFields", [1]),
        ("LastModifiedTime", "soon"),
        ("LastModifiedTime", 7),
        ("ModelPackageVersion", -1),
    ],
)
def test_a_version_event_in_another_shape_is_refused(member: str, value: object) -> None:
    event = sample("approval-version-approved")
    event["detail"][member] = value
    with pytest.raises(BadEvent, match=rf"^detail\.{member}: found "):
        read(event)


@pytest.mark.parametrize(
    "arn",
    [
        "steward-mortgage",
        "arn:aws:sagemaker:eu-west-1:123456789012:pipeline/steward-mortgage",
        "arn:aws:sagemaker:eu-west-1:123456789012:endpoint/steward-mortgage/execution/x",
    ],
)
def test_a_run_event_must_name_an_execution(arn: str) -> None:
    event = sample("training-run-succeeded")
    event["detail"]["pipelineExecutionArn"] = arn
    with pytest.raises(BadEvent, match=r"^detail\.pipelineExecutionArn: found .* no execution's"):
        read(event)


@pytest.mark.parametrize("body", ["", "{", "[]", "7", "null", '"text"', "[" * 100_000])
def test_what_is_no_json_object_is_refused(body: str) -> None:
    with pytest.raises(BadEvent):
        parse(body, ACCOUNT, REGION)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
EVENT = st.sampled_from(sorted({*PARSED} - {"training-look-at"}))


@given(JSON)
def test_any_json_is_an_event_or_a_bad_one_and_nothing_else(value: object) -> None:
    with pytest.raises(BadEvent):
        read(value)


@given(EVENT, st.data())
def test_any_damage_to_an_event_leaves_an_event_or_a_bad_one(
    name: str, data: st.DataObject
) -> None:
    event = sample(name)
    table = event
    while True:
        member = data.draw(st.sampled_from(sorted(table)))
        if not isinstance(table[member], dict) or not table[member] or data.draw(st.booleans()):
            break
        table = table[member]
    table[member] = data.draw(JSON)
    try:
        found = read(event)
    except BadEvent:
        return
    assert type(found) is type(PARSED[name])


class TestDriftReport:
    """`steward.drift` is ours: whoever monitors a model may put it on the bus."""

    def event(self, **given: object) -> dict[str, Any]:
        detail = {
            "model": "mortgage",
            "version": 2,
            "window": {"start": "2026-11-20T11:00:00Z", "end": "2026-11-20T12:00:00Z"},
            "rows": 500,
            "violations": [{"feature_name": "unem"}],
        }
        usual = sample("training-upload")
        return usual | {
            "source": "steward.drift",
            "detail-type": "Drift Report",
            "time": "2026-11-20T13:00:00Z",
            "detail": detail | given,
        }

    def test_is_read(self) -> None:
        assert read(self.event()) == DriftReported(
            model="mortgage",
            version=2,
            kind="data_quality",
            window=(on(20, 11, 0, 0), on(20, 12, 0, 0)),
            rows=500,
            violations=({"feature_name": "unem"},),
            at=on(20, 13, 0, 0),
        )

    def test_may_name_its_kind(self) -> None:
        read_ = read(self.event(kind="bias"))
        assert isinstance(read_, DriftReported)
        assert read_.kind == "bias"

    @pytest.mark.parametrize(
        ("given", "told"),
        [
            ({"kind": "vibes"}, "detail.kind: found 'vibes', allowed is one of ['data_quality'"),
            (
                {"window": {"start": "2026-11-20T11:00:00Z", "end": "2026-11-20T14:00:00Z"}},
                "which is after the event's time",
            ),
            ({"model": ""}, "detail.model: found '', a text is needed"),
            ({"version": "2"}, "detail.version: found '2', a whole number is needed"),
            ({"rows": None}, "detail.rows: found None, a whole number is needed"),
            ({"violations": [1]}, "detail.violations: found list, a list of objects is needed"),
            ({"window": {"start": "2026-11-20T11:00:00Z"}}, "detail.window.end: found None"),
            (
                {"window": {"start": "2026-11-20T11:00:00Z", "end": "2026-11-20T11:00:00Z"}},
                "its end must be later",
            ),
        ],
    )
    def test_says_what_is_missing(self, given: dict[str, object], told: str) -> None:
        with pytest.raises(BadEvent, match=re.escape(told)):
            read(self.event(**given))


class TestPublishedSchema:
    """docs/drift-report.schema.json says what the parser takes, to those who write such events."""

    SCHEMA = Draft202012Validator(
        json.loads((EVENTS.parent / "docs" / "drift-report.schema.json").read_text("utf-8")),
        format_checker=Draft202012Validator.FORMAT_CHECKER,
    )
    DETAIL: ClassVar[dict[str, Any]] = sample("drift-report")["detail"]

    def test_takes_the_sample(self) -> None:
        assert self.SCHEMA.is_valid(self.DETAIL)

    @pytest.mark.parametrize(
        "given",
        [
            {"model": ""},
            {"model": None},
            {"version": "2"},
            {"version": -1},
            {"rows": None},
            {"rows": 1.5},
            {"kind": "vibes"},
            {"window": None},
            {"window": {"start": "2026-11-21T08:00:00Z"}},
            {"violations": None},
            {"violations": ["unem"]},
        ],
    )
    def test_refuses_what_the_parser_refuses(self, given: dict[str, object]) -> None:
        assert not self.SCHEMA.is_valid(self.DETAIL | given)
        with pytest.raises(BadEvent):
            read(sample("drift-report") | {"detail": self.DETAIL | given})

    @pytest.mark.parametrize("given", [{"kind": "bias"}, {"rows": 0}, {"violations": []}, {"x": 1}])
    def test_takes_what_the_parser_takes(self, given: dict[str, object]) -> None:
        assert self.SCHEMA.is_valid(self.DETAIL | given)
        read(sample("drift-report") | {"detail": self.DETAIL | given})


class TestAlarm:
    def event(self, **dimensions: str) -> dict[str, Any]:
        """CloudWatch's documented event, of a metric that a monitor publishes."""
        alarm = json.loads((DOCUMENTED / "alarm.json").read_text(encoding="utf-8"))
        metric = alarm["detail"]["configuration"]["metrics"][0]["metricStat"]["metric"]
        metric |= {
            "namespace": "/aws/sagemaker/Endpoints/data-metric",
            "name": "feature_baseline_drift_unem",
            "dimensions": dimensions,
        }
        return alarm  # type: ignore[no-any-return]

    @pytest.mark.parametrize("dimension", ["Endpoint", "EndpointName"])
    def test_is_read_under_both_names_of_the_dimension(self, dimension: str) -> None:
        assert read(self.event(**{dimension: "steward-mortgage"})) == AlarmChanged(
            alarm="churn-prod-5xx",
            endpoint="steward-mortgage",
            namespace="/aws/sagemaker/Endpoints/data-metric",
            metric="feature_baseline_drift_unem",
            reason="Threshold Crossed",
            at=on(20, 12, 0, 0),
        )

    def test_without_an_endpoint_is_refused(self) -> None:
        with pytest.raises(BadEvent, match="has no dimension Endpoint or EndpointName"):
            read(self.event(Colour="red"))

    def test_on_an_expression_of_several_metrics_is_refused(self) -> None:
        alarm = self.event(Endpoint="steward-mortgage")
        alarm["detail"]["configuration"]["metrics"] *= 2
        with pytest.raises(BadEvent, match="found 2 metrics, an alarm on one is needed"):
            read(alarm)


def test_a_processing_job_is_read() -> None:
    job = json.loads((DOCUMENTED / "processing.json").read_text(encoding="utf-8"))
    found = read(job | {"account": ACCOUNT, "region": REGION})
    assert found == JobChanged(job["detail"]["ProcessingJobName"])


class TestOrder:
    GIVEN: ClassVar[dict[str, object]] = sample("rollout-order-pause")

    def test_is_read(self) -> None:
        order = parse(json.dumps(self.GIVEN), ACCOUNT, REGION)
        assert isinstance(order, Ordered)
        assert (order.order, order.model, order.by) == ("pause", "mortgage", "anna.approver")
        assert order.at == datetime(2026, 11, 20, 12, tzinfo=UTC)

    def test_of_an_adoption_names_version_and_config(self) -> None:
        given = self.GIVEN | {"order": "adopt", "version": 3, "config": "theirs"}
        order = parse(json.dumps(given), ACCOUNT, REGION)
        assert isinstance(order, Ordered)
        assert (order.version, order.config) == (3, "theirs")

    def test_of_a_sign_off_names_what_is_signed(self) -> None:
        given = self.GIVEN | {"order": "sign-off", "decision": "decision#1"}
        order = parse(json.dumps(given), ACCOUNT, REGION)
        assert isinstance(order, Ordered)
        assert order.decision == "decision#1"

    @pytest.mark.parametrize(
        ("given", "told"),
        [
            ({"order": "explode"}, "order: found 'explode', known are"),
            ({"why": ""}, "why"),
            ({"at": "yesterday"}, "at"),
            ({"order": "adopt"}, "version"),
            ({"order": "sign-off"}, "decision"),
        ],
    )
    def test_says_what_is_wrong(self, given: dict[str, object], told: str) -> None:
        with pytest.raises(BadEvent, match=told):
            parse(json.dumps(self.GIVEN | given), ACCOUNT, REGION)
