"""The commands that ask the lineage: what they print, where a page ends, and how they end."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from local_aws.client import LocalAws
from steward import times
from steward.aws import Aws
from steward.decide.verdict import Verdict
from steward.lineage.nodes import (
    USED,
    WAS_ATTRIBUTED_TO,
    WAS_DERIVED_FROM,
    WAS_INFLUENCED_BY,
    WAS_INFORMED_BY,
    End,
    Link,
    Node,
    Serving,
    Shift,
)
from steward.record.decisions import record
from steward.record.ledger import ensure
from steward.record.lineage import end_writes, serving_writes, shift_writes
from steward.record.store import Store
from tests.cli.conftest import Steward, point

# A model of its own: the others of this folder find nothing of the example.
MODEL, ENDPOINT = "churn", "steward-churn"
FIRST, SECOND = (f"model-version#{ENDPOINT}/{number}" for number in (1, 2))
GATE = Verdict("approval", "version 1", "passed", "auc 0.720, 0.650 is needed", {"auc": 0.72})
SHIFT = "from 2020-11-20T13:00:00.000Z to 2020-11-20T13:10:00.000Z"
WAIT = Verdict("rollout", "version 1", "wait", "the endpoint is Creating", {})


def after(minutes: float) -> datetime:
    """So many minutes after a noon that is over wherever this runs."""
    return datetime(2020, 11, 20, 12, tzinfo=UTC) + timedelta(minutes=minutes)


@pytest.fixture(scope="module", autouse=True)
def past(running: LocalAws) -> None:
    """Version 1 has served since ten past; version 2 was tried from 13:00 to 13:10 in vain."""
    with pytest.MonkeyPatch.context() as patch:
        point(patch, running)
        store = Store(Aws(), "steward-lineage", "steward-work")
        _write(store)


def _write(store: Store) -> None:
    for number in (1, 2):
        data = Node(f"dataset#churn-{number}", after(0), {
            "key": f"churn/{number}.csv", "version_id": f"id-{number}", "sha256": f"{number}" * 8,
        })  # fmt: skip
        members = tuple(Link("hadMember", f"dataset#churn-{one}") for one in range(1, number + 1))
        snapshot = Node(f"snapshot#churn-{number}", after(number), {}, members)
        ensure(store, MODEL, [data, snapshot, Node("code#c0ffee", after(0))])
        links = (
            Link(WAS_DERIVED_FROM, snapshot.id),
            Link(WAS_INFLUENCED_BY, "code#c0ffee"),
        )
        version = Node(f"model-version#{ENDPOINT}/{number}", after(5), {"image": "i:1"}, links)
        ensure(store, MODEL, [version])
    record(store, MODEL, GATE, rests_on=[Link(USED, FIRST)])
    record(store, MODEL, WAIT)
    word = Node(
        "approval#churn/1/x",
        after(6),
        {"by": "alice", "words": "fine"},
        (
            Link(USED, FIRST),
            Link(WAS_ATTRIBUTED_TO, "person#alice"),
            Link(WAS_INFORMED_BY, GATE.id(MODEL)),
        ),
    )
    ensure(store, MODEL, [Node("person#alice", after(6)), word])
    for number, opened in ((1, 6), (2, 60)):
        rollout = f"rollout#{ENDPOINT}/{number}"
        links = (Link(USED, f"model-version#{ENDPOINT}/{number}"), Link(WAS_INFORMED_BY, word.id))
        ensure(store, MODEL, [Node(rollout, after(opened), {"direction": "forward"}, links)])
        store.transact(shift_writes(store, Shift(ENDPOINT, after(opened), number, rollout)))
        store.transact(end_writes(store, End(rollout, after(opened + 10), {
            "outcome": "served" if number == 1 else "failed",
            "reason": "InService" if number == 1 else "the alarm p99 fired",
            "asked_at": after(opened),
        })))  # fmt: skip
    served = Serving(ENDPOINT, after(10), {"1": 100}, f"rollout#{ENDPOINT}/1")
    store.transact(serving_writes(store, served))


@pytest.fixture(autouse=True)
def _environment(aws: LocalAws) -> None:
    """Each command talks to the embedded AWS."""


def lines(steward: Steward, *arguments: str) -> list[str]:
    ran = steward(*arguments)
    assert ran.code == 0, ran.err
    return ran.out.splitlines()


def test_why_is_one_paragraph(steward: Steward) -> None:
    (told,) = lines(steward, "why", ENDPOINT, "--at", times.iso(after(90)))
    assert told == (
        f"{ENDPOINT} served version 1 at 2020-11-20T13:30:00.000Z, since 2020-11-20T12:10:00.000Z."
        ' It was approved by alice at 2020-11-20T12:06:00.000Z: "fine".'
        " The gate said passed: auc 0.720, 0.650 is needed."
        " Since then version 2 was tried: failed: the alarm p99 fired."
    )


def test_impact_names_each_version_and_when_it_may_have_answered(steward: Steward) -> None:
    assert lines(steward, "impact", "c0ffee") == [
        "c0ffee reached 2 versions:",
        f"  version 1 of {ENDPOINT}  (registered 2020-11-20T12:05:00.000Z)",
        f"    served on {ENDPOINT} from 2020-11-20T12:10:00.000Z to now",
        f"  version 2 of {ENDPOINT}  (registered 2020-11-20T12:05:00.000Z)",
        f"    may have answered, while traffic was shifted, on {ENDPOINT} {SHIFT}",
    ]
    assert lines(steward, "impact", "dataset#churn-2")[0] == "dataset#churn-2 reached 1 version:"


def test_impact_of_what_no_version_was_made_with(steward: Steward) -> None:
    assert lines(steward, "impact", "code#c0ffee", "--after", "9") == [
        "code#c0ffee reached no version"
    ]


def test_timeline_is_a_line_for_each_decision(steward: Steward) -> None:
    (told,) = lines(steward, "timeline", MODEL)
    assert told.endswith("  approval  version 1: passed; auc 0.720, 0.650 is needed")
    idle = lines(steward, "timeline", MODEL, "--idle")
    assert [line.partition("Z  ")[2] for line in idle] == [
        "approval  version 1: passed; auc 0.720, 0.650 is needed",
        "rollout   version 1: wait; the endpoint is Creating",
    ]


def test_diff_is_told_part_by_part(steward: Steward) -> None:
    assert lines(steward, "diff", MODEL, "1", "2") == [
        f"{ENDPOINT}: version 1 -> version 2",
        "  data:",
        "    churn/2.csv: none -> id-2 (22222222)",
        "  code: the same",
        "  image: the same",
        "  hyperparameters: not compared",
        "  metrics: not compared",
        "  policy: not compared",
        "  hyperparameters of version 1: no run that made it is on record",
        "  hyperparameters of version 2: no run that made it is on record",
        "  metrics of version 1: no evaluation of it was judged",
        "  metrics of version 2: no evaluation of it was judged",
        "  policy of version 1: no run that made it is on record",
        "  policy of version 2: no run that made it is on record",
    ]


@pytest.mark.parametrize(
    ("question", "key"),
    [
        (["trace", "--endpoint", ENDPOINT, "--at", "2020-11-20T13:05"], "moment"),
        (["why", ENDPOINT, "--at", "2020-11-20T13:05"], "why"),
        (["impact", "c0ffee"], "impact"),
        (["timeline", MODEL], "timeline"),
        (["diff", MODEL, "1", "2"], "diff"),
    ],
)
def test_as_json_it_is_nothing_but_json(steward: Steward, question: list[str], key: str) -> None:
    ran = steward(*question, "--json")
    assert ran.code == 0
    assert next(iter(json.loads(ran.out))) == key
    assert ran.said == []


def test_what_follows_a_page_is_told_on_stderr_and_can_be_pasted(steward: Steward) -> None:
    ran = steward("impact", "c0ffee", "--limit", "1")
    assert ran.out.startswith("c0ffee reached 1 version:\n  version 1 of")
    (hint,) = ran.said
    assert hint.startswith("there is more: --after '2020-11-20T12:05:00.000Z#in#")
    rest = steward("impact", "c0ffee", "--limit", "1", "--after", hint.split("'")[1])
    assert rest.out.startswith("c0ffee reached 1 version:\n  version 2 of")
    assert rest.said == []


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        (["why", "steward-nosuch", "--at", "2020-11-20"],
         "steward-nosuch served nothing at 2020-11-20T00:00:00.000Z"),
        (["why", "other-churn"], "other-churn is no endpoint of prefix steward"),
        (["impact", "ffff"], "ffff is not on record"),
        (["timeline", "nosuch"], "nothing is on record of nosuch"),
        (["diff", MODEL, "1", "9"],
         f"not both of the versions 1 and 9 of {ENDPOINT} are on record"),
    ],
)  # fmt: skip
def test_what_is_not_on_record_is_a_no(
    steward: Steward, question: list[str], sentence: str
) -> None:
    ran = steward(*question)
    assert (ran.code, ran.out, ran.said) == (1, "", [sentence])


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        (["why"], "the following arguments are required: endpoint"),
        (["why", ENDPOINT, "--at", "yesterday"], "'yesterday' is no ISO 8601 time"),
        (["why", ENDPOINT, "--at", "0001-01-01T00:00+14:00"], "is no ISO 8601 time"),
        (["why", ENDPOINT, "--at", "2126-01-01"], "at: found 2126-01-01T00:00:00.000Z, it is only"),
        (["impact", "c0ffee", "--limit", "many"], "invalid int value: 'many'"),
        (["impact", "c0ffee", "--limit", "0"], "limit: found 0, allowed is 1 to 200"),
        (["impact", "person#alice"], "of: found 'person#alice', versions are made with: dataset"),
        (["impact", "s3://bucket"], "of: not an S3 URI with bucket and key: 's3://bucket'"),
        (["impact", "c0ffee", "--after", "x"], "after: found 'x', what a page named as next"),
        (["timeline", MODEL, "--after", "x"], "after: found 'x', a whole number is needed"),
        (["diff", MODEL, "1"], "the following arguments are required: V2"),
        (["diff", MODEL, "one", "2"], "invalid int value: 'one'"),
        (["diff", MODEL, "-1", "2"], "from: found '-1', a whole number is needed"),
    ],
)
def test_what_is_asked_wrongly_is_told_in_a_sentence(
    steward: Steward, question: list[str], sentence: str
) -> None:
    ran = steward(*question)
    assert (ran.code, ran.out) == (2, "")
    (said,) = ran.said
    assert sentence in said
