"""Questions as anybody may put them: what is asked wrongly is refused, what is unknown is told."""

import json
from datetime import datetime, timedelta

import pytest

from steward import times
from steward.aws import Aws
from steward.errors import BadEvent
from steward.lineage.ask import QUESTIONS, Answer, answer, ask
from steward.lineage.captures import NotOnRecord
from steward.lineage.nodes import USED, Link, Node, Serving, Shift
from steward.record.ledger import ensure
from steward.record.lineage import serving_writes, shift_writes
from steward.record.store import Store
from steward.settings import LineageSettings
from tests.steward.builders import NOON, after

ENDPOINT = "steward-mortgage"
SETTINGS = LineageSettings("steward", "artifacts", "lineage")
NOW = after(60)
CAPTURE = f"capture/mortgage/v1/{ENDPOINT}/AllTraffic/2026/11/20/12/a.jsonl"
RECORD = f"s3://artifacts/{CAPTURE}"

type Question = dict[str, object]

# One well-formed question of each kind.
ASKED: dict[str, Question] = {
    "trace": {"endpoint": ENDPOINT, "at": "2026-11-20T12:30:00Z"},
    "why": {"endpoint": ENDPOINT},
    "impact": {"of": "0123abcd"},
    "timeline": {"model": "mortgage"},
    "diff": {"model": "mortgage", "from": "1", "to": "2"},
}


@pytest.fixture
def served(store: Store) -> Store:
    """Version 1 has served since noon; nothing was ever captured in a file."""
    version, rollout = f"model-version#{ENDPOINT}/1", f"rollout#{ENDPOINT}/1"
    ensure(store, "mortgage", [Node(version, NOON)])
    ensure(store, "mortgage", [Node(rollout, NOON, {}, (Link(USED, version),))])
    assert store.transact(serving_writes(store, Serving(ENDPOINT, NOON, {"1": 100}, rollout)))
    return store


def captured(store: Store, *lines: str | bytes, key: str = CAPTURE) -> None:
    """A capture file with these lines."""
    body = b"\n".join(line if isinstance(line, bytes) else line.encode() for line in lines)
    store.aws.s3.put_object(Bucket="artifacts", Key=key, Body=body + b"\n")


def line(name: str, at: object = "2026-11-20T12:30:07Z") -> str:
    metadata = {"eventId": f"event-{name}", "inferenceId": name, "inferenceTime": at}
    return json.dumps({"captureData": {}, "eventMetadata": metadata, "eventVersion": "0"})


def about(aws: Aws, asked: str, now: datetime = NOW, **question: object) -> Answer:
    return answer(aws, SETTINGS, {"ask": asked, **question}, now)


def refused(aws: Aws, asked: str, **question: object) -> str:
    """Why a question is none."""
    with pytest.raises(BadEvent) as why:
        about(aws, asked, **question)
    return str(why.value)


def unknown(aws: Aws, asked: str, **question: object) -> str:
    """Why a question has no answer."""
    with pytest.raises(NotOnRecord) as why:
        about(aws, asked, **question)
    return str(why.value)


@pytest.mark.usefixtures("store")
class TestRefused:
    def test_what_is_no_question(self, aws: Aws) -> None:
        assert refused(aws, "who") == (
            "ask: found 'who', allowed are trace, why, impact, timeline, diff"
        )
        with pytest.raises(BadEvent, match="ask: found 7, a text is needed"):
            answer(aws, SETTINGS, {"ask": 7}, NOW)

    @pytest.mark.parametrize("asked", QUESTIONS)
    def test_a_name_that_is_misspelt_is_not_left_out(self, aws: Aws, asked: str) -> None:
        said = refused(aws, asked, **ASKED[asked], At="2026-11-20")
        assert said.startswith(f"At: {asked} is asked with ")

    @pytest.mark.parametrize(
        ("asked", "missing"),
        [
            ("trace", "endpoint"),
            ("why", "endpoint"),
            ("impact", "of"),
            ("timeline", "model"),
            ("diff", "model"),
            ("diff", "from"),
            ("diff", "to"),
        ],
    )
    def test_what_is_missing_or_empty_is_named(self, aws: Aws, asked: str, missing: str) -> None:
        rest = {name: value for name, value in ASKED[asked].items() if name != missing}
        assert refused(aws, asked, **rest).startswith(f"{missing}: found None, ")
        assert refused(aws, asked, **rest, **{missing: ""}).startswith(f"{missing}: found '', ")

    @pytest.mark.parametrize("asked", QUESTIONS)
    def test_what_is_longer_than_any_name(self, aws: Aws, asked: str) -> None:
        name = next(iter(ASKED[asked]))
        long = {**ASKED[asked], name: "ä" * 700}
        assert refused(aws, asked, **long) == (
            f"{name}: it is longer than 1200 bytes, no name here is"
        )

    def test_a_trace_of_nothing_in_particular(self, aws: Aws) -> None:
        said = refused(aws, "trace", endpoint=ENDPOINT)
        assert said == "a trace names a record, an id, or a time (at)"

    @pytest.mark.parametrize(
        "record",
        ["x", "s3://artifacts/a.jsonl", "s3://artifacts/a.jsonl#", "s3://artifacts/a.jsonl#²",
         "s3://artifacts/a.jsonl#-1", "s3://artifacts#1", "#1", "a.jsonl#1"],
    )  # fmt: skip
    def test_a_record_that_is_no_line_of_an_object(self, aws: Aws, record: str) -> None:
        assert refused(aws, "trace", record=record) == (
            f"record: found {record!r}, allowed is s3://artifacts/key#LINE"
        )

    @pytest.mark.parametrize(
        ("at", "said"),
        [
            ("yesterday", "at: found 'yesterday', an ISO 8601 time is needed"),
            ("0001-01-01T00:00:00+14:00", "at: found '0001-01-01T00:00:00+14:00', a time of the"),
            ("9999-12-31T23:59:59-01:00", "at: found '9999-12-31T23:59:59-01:00', a time of the"),
            ("2026-11-20T13:00:01Z", "at: found 2026-11-20T13:00:01.000Z, it is only 2026-11"),
        ],
    )  # fmt: skip
    @pytest.mark.parametrize("asked", ["trace", "why"])
    def test_a_moment_that_is_none_or_is_still_to_come(
        self, aws: Aws, asked: str, at: str, said: str
    ) -> None:
        assert refused(aws, asked, endpoint=ENDPOINT, at=at).startswith(said)

    @pytest.mark.parametrize("limit", ["0", "201", "-1", "x", "", "1.5", "٣", "1" * 13, True, 2.0])
    @pytest.mark.parametrize("asked", ["impact", "timeline"])
    def test_a_page_of_no_size(self, aws: Aws, asked: str, limit: object) -> None:
        assert refused(aws, asked, **ASKED[asked], limit=limit).startswith("limit: found ")

    @pytest.mark.parametrize("after", [":", "a", "!", "9" * 1001])
    def test_a_place_that_no_page_named(self, aws: Aws, after: str) -> None:
        said = refused(aws, "impact", of="0123abcd", after=after)
        assert said == f"after: found {after!r}, what a page named as next is needed"
        assert refused(aws, "timeline", model="mortgage", after="x").startswith("after: found 'x'")

    @pytest.mark.parametrize("name", ["person#alice", "s3://landing", "x#y"])
    def test_an_impact_of_what_makes_no_versions(self, aws: Aws, name: str) -> None:
        assert refused(aws, "impact", of=name).startswith("of: ")

    @pytest.mark.parametrize("idle", ["yes", "", "1.0"])
    def test_a_wish_that_is_neither_yes_nor_no(self, aws: Aws, idle: str) -> None:
        said = refused(aws, "timeline", model="mortgage", idle=idle)
        assert said == f"idle: found {idle!r}, allowed are true and false"


@pytest.mark.usefixtures("served")
class TestNotOnRecord:
    @pytest.mark.parametrize("asked", ["trace", "why"])
    @pytest.mark.parametrize(
        "endpoint",
        ["other-mortgage", "mortgage", "steward-", "steward-Mortgage", f"{ENDPOINT},{ENDPOINT}",
         f"arn:aws:sagemaker:eu-west-1:999999999999:endpoint/{ENDPOINT}"],
    )  # fmt: skip
    def test_an_endpoint_of_another_deployment(self, aws: Aws, asked: str, endpoint: str) -> None:
        said = unknown(aws, asked, endpoint=endpoint, at="2026-11-20T12:30:00Z")
        assert said == f"{endpoint} is no endpoint of prefix steward"

    def test_an_id_of_another_deployments_endpoint(self, aws: Aws) -> None:
        said = unknown(aws, "trace", endpoint="other-mortgage", id="app-1")
        assert said == "other-mortgage is no endpoint of prefix steward"

    @pytest.mark.parametrize("asked", ["trace", "why"])
    def test_a_time_before_the_first_deployment(self, aws: Aws, asked: str) -> None:
        said = unknown(aws, asked, endpoint=ENDPOINT, at="2026-11-20T11:59:59.999Z")
        assert said == f"{ENDPOINT} served nothing at 2026-11-20T11:59:59.999Z"

    @pytest.mark.parametrize("asked", ["trace", "why"])
    def test_a_time_in_a_gap_or_after_the_endpoint_was_deleted(
        self, aws: Aws, served: Store, asked: str
    ) -> None:
        rollout = f"rollout#{ENDPOINT}/1"
        for minute, versions in ((20, {}), (40, {"1": 100}), (50, {})):
            gone = Serving(ENDPOINT, after(minute), versions, rollout)
            assert served.transact(serving_writes(served, gone))
        for minute in (20, 39, 50, 60):
            at = times.iso(after(minute))
            assert unknown(aws, asked, endpoint=ENDPOINT, at=at) == (
                f"{ENDPOINT} served nothing at {at}"
            )
        assert about(aws, asked, endpoint=ENDPOINT, at=times.iso(after(40)))

    def test_an_endpoint_that_never_served(self, aws: Aws) -> None:
        said = unknown(aws, "why", endpoint="steward-nosuch")
        assert said == f"steward-nosuch served nothing at {times.iso(NOW)}"

    @pytest.mark.parametrize(
        "name", ["ffff", "s3://somebody-elses/a.csv", f"model-version#{ENDPOINT}/9", "sha256:00"]
    )
    def test_what_an_impact_is_asked_of(self, aws: Aws, name: str) -> None:
        assert unknown(aws, "impact", of=name) == f"{name} is not on record"

    def test_a_model(self, aws: Aws) -> None:
        assert unknown(aws, "timeline", model="nosuch") == "nothing is on record of nosuch"

    @pytest.mark.parametrize("one", ["0", "2"])
    def test_a_version_of_two(self, aws: Aws, one: str) -> None:
        said = unknown(aws, "diff", model="mortgage", **{"from": "1", "to": one})
        assert said == f"not both of the versions 1 and {one} of {ENDPOINT} are on record"

    def test_a_record_in_another_bucket(self, aws: Aws) -> None:
        said = unknown(aws, "trace", record="s3://elsewhere/a.jsonl#1")
        assert said == "s3://elsewhere/a.jsonl#1 is not on record: captures lie in artifacts"

    def test_an_object_that_is_no_capture_file(self, aws: Aws, served: Store) -> None:
        captured(served, line("app-1"), key="runs/mortgage/r1/evaluation.json")
        said = unknown(aws, "trace", record="s3://artifacts/runs/mortgage/r1/evaluation.json#1")
        assert said == (
            "s3://artifacts/runs/mortgage/r1/evaluation.json is no capture file of Steward: "
            "its key does not name a version"
        )

    def test_a_line_or_a_file_that_is_not_there(self, aws: Aws, served: Store) -> None:
        captured(served, line("app-1"))
        assert unknown(aws, "trace", record=f"{RECORD}#2") == f"{RECORD} has no line 2"
        gone = RECORD.replace("a.jsonl", "b.jsonl")
        assert unknown(aws, "trace", record=f"{gone}#1") == f"{gone} does not exist"


BROKEN: list[str | bytes] = [
    "",
    "{",
    "[]",
    "null",
    '"text"',
    b"\xff\xfe",
    "[" * 100_000,
    '{"eventMetadata": 7}',
    '{"eventMetadata": {}}',
    '{"eventMetadata": {"inferenceTime": "2026-11-20T12:30:07Z"}}',
    '{"eventMetadata": {"eventId": "e"}}',
    line("e", at="noon"),
    line("e", at=7),
]


class TestBrokenLines:
    """A capture file is somebody's bytes: what cannot be read hides nothing else."""

    def test_another_line_is_found_by_its_place(self, aws: Aws, served: Store) -> None:
        captured(served, *BROKEN, line("app-1"))
        found = about(aws, "trace", record=f"{RECORD}#{len(BROKEN) + 1}")["prediction"]
        assert isinstance(found, dict)
        assert (found["inference_id"], found["version"]) == ("app-1", 1)

    def test_another_line_is_found_by_its_id(self, aws: Aws, served: Store) -> None:
        captured(served, *BROKEN, line("app-1"))
        found = about(aws, "trace", endpoint=ENDPOINT, id="app-1")["prediction"]
        assert isinstance(found, dict)
        assert found["record"] == f"{RECORD}#{len(BROKEN) + 1}"

    @pytest.mark.parametrize("number", range(1, len(BROKEN) + 1))
    def test_of_a_broken_line_itself_it_is_told(self, aws: Aws, served: Store, number: int) -> None:
        captured(served, *BROKEN)
        said = unknown(aws, "trace", record=f"{RECORD}#{number}")
        assert said == f"{RECORD}#{number} is no captured prediction"


class TestAnswered:
    def test_a_time_means_the_same_in_any_zone(self, aws: Aws, served: Store) -> None:
        """Capture files are named by hours of UTC, and half of India's hours are not whole."""
        captured(served, line("app-1"))
        for at in ("2026-11-20T12:59:59Z", "2026-11-20T18:15:00+05:30", "2026-11-20T12:01"):
            found = about(aws, "trace", endpoint=ENDPOINT, id="app-1", at=at)["prediction"]
            assert isinstance(found, dict)
            assert found["at"] == "2026-11-20T12:30:07.000Z"
        moment = about(aws, "trace", endpoint=ENDPOINT, at="2026-11-20T17:30:00+05:30")["moment"]
        assert moment == {"endpoint": ENDPOINT, "at": "2026-11-20T12:00:00.000Z", "exact": True}

    def test_a_moment_in_a_canary_has_two_candidates(self, aws: Aws, served: Store) -> None:
        rollout = f"rollout#{ENDPOINT}/2"
        ensure(served, "mortgage", [Node(rollout, after(10))])
        served.transact(shift_writes(served, Shift(ENDPOINT, after(10), 2, rollout)))
        found = about(aws, "trace", endpoint=ENDPOINT, at=times.iso(after(11)))
        assert found["moment"] == {
            "endpoint": ENDPOINT,
            "at": times.iso(after(11)),
            "exact": False,
        }
        candidates = found["served"]
        assert isinstance(candidates, list)
        assert [one["versions"] for one in candidates] == [{"1": 100}, {"2": 100}]

    @pytest.mark.usefixtures("served")
    def test_why_is_asked_about_now_if_no_time_is_named(self, aws: Aws) -> None:
        told = about(aws, "why", endpoint=ENDPOINT)["why"]
        assert isinstance(told, dict)
        assert (told["at"], told["versions"]) == (times.iso(NOW), {"1": 100})

    @pytest.mark.usefixtures("served")
    def test_without_a_question_where_something_came_from_is_meant(self, aws: Aws) -> None:
        found = answer(aws, SETTINGS, ASKED["trace"], NOW)
        assert set(found) == {"moment", "served", "graph"}

    @pytest.mark.usefixtures("served")
    def test_whoever_invokes_the_function_is_told_why_there_is_no_answer(self, aws: Aws) -> None:
        assert ask(aws, SETTINGS, {"ask": "why", "endpoint": "x"}, NOW) == {
            "error": "x is no endpoint of prefix steward"
        }
        assert ask(aws, SETTINGS, {"ask": "why"}, NOW) == {
            "error": "endpoint: found None, a text is needed"
        }

    def test_what_was_captured_on_other_days_is_not_listed(self, aws: Aws, served: Store) -> None:
        """A year of capture files must not be gone through for one prediction."""
        for day in range(1, 20):
            captured(served, line("old"), key=CAPTURE.replace("/20/12/", f"/{day:02}/12/"))
        captured(served, line("app-1"))
        listed: list[str] = []
        events = aws.s3.meta.events
        events.register(
            "provide-client-params.s3.ListObjectsV2",
            lambda params, **_: listed.append(params["Prefix"]),
            unique_id="listed",
        )
        about(aws, "trace", endpoint=ENDPOINT, id="app-1", at="2026-11-20T12:30:00Z")
        events.unregister("provide-client-params.s3.ListObjectsV2", unique_id="listed")
        folder = f"capture/mortgage/v1/{ENDPOINT}/"
        assert listed == [
            "capture/mortgage/",
            folder,
            f"{folder}AllTraffic/2026/11/20/",
        ]

    def test_the_last_day_is_looked_through_across_midnight(self, aws: Aws, served: Store) -> None:
        captured(served, line("app-1"))
        tomorrow = NOON + timedelta(hours=20)
        found = answer(aws, SETTINGS, {"endpoint": ENDPOINT, "id": "app-1"}, tomorrow)
        assert set(found) == {"prediction", "served", "graph"}
