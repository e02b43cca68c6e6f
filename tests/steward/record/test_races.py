"""Two looks at once: what rests on a row that changed after it was read is not written."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import timedelta

import pytest

from steward import times
from steward.aws import Aws
from steward.decide.drift import judge
from steward.decide.drift_facts import DriftFacts, DriftPolicy, Judged
from steward.decide.monitor import Due, Watched
from steward.decide.training import Asked, TrainingFacts
from steward.decide.verdict import Verdict
from steward.errors import NotYet
from steward.lineage.nodes import (
    USED,
    Link,
    Node,
    Serving,
    Shift,
    rollout_id,
    run_id,
    snapshot_id,
)
from steward.names import Names
from steward.observe.drift import window_prefix
from steward.observe.model_monitor import SEEN_KEY, Seen
from steward.observe.serving import version_key
from steward.observe.training import object_key
from steward.record.approval import record_judgement
from steward.record.drift import record_judgement as record_drift
from steward.record.ledger import ensure
from steward.record.lineage import node_writes, object_writes, serving_writes, shift_writes
from steward.record.model_monitor import record_change, record_seen
from steward.record.monitor import record_watch
from steward.record.rollout import (
    open_rollout,
    record_asking,
    record_end_wanted,
    record_found,
    record_gone,
    record_not_asked,
    record_withdrawn,
)
from steward.record.store import Store, put
from steward.record.training import open_run, record_finished, record_started, record_upload
from steward.spec.read import read
from tests.conftest import ROOT
from tests.steward.builders import (
    GATE,
    NOON,
    RETRAIN,
    accepted,
    after,
    asked,
    config,
    drift_facts,
    drift_report,
    endpoint,
    evidence,
    execution,
    finding,
    minutes,
    package,
    rollout,
    run,
    upload,
    version,
    window,
)  # fmt: skip
from tests.steward.fakes import Clock, new_store
from tests.steward.tables import FakeTables

MODEL, NAMES = "mortgage", Names("steward", "mortgage")
SAID = Verdict("rollout", "rollout", "said", "because")

type Row = dict[str, object]


@pytest.fixture
def store(aws: Aws, time: Clock) -> Iterator[Store]:
    """Everything that the writes refer to is in the lineage."""
    fake, store = FakeTables(), new_store(aws)
    fake.install(aws.dynamodb)
    known = (
        snapshot_id(run().snapshot),
        "model-version#steward-mortgage/1",
        "approval#1",
        run().decision,
        "run#0",
    )
    ensure(store, MODEL, [Node(one, NOON) for one in known])
    yield store
    fake.leave(aws.dynamodb)


@dataclass(frozen=True)
class Late:
    """A look that read a row as `read`, None: as absent, and now writes what follows from it.

    Each of `changes` is what another look may have made of the row since.
    """

    name: str
    sk: str
    read: Row | None
    write: Callable[[Store], object]
    changes: tuple[Row, ...]
    others: tuple[Row, ...] = ()


def on_record(store: Store, *ids: str) -> None:
    """What a write refers to is in the lineage."""
    ensure(store, MODEL, [Node(one, NOON) for one in ids])


SPEC = read(ROOT / "models" / "mortgage.toml")
VERSION: Row = {"pk": MODEL, "sk": version_key(1), "revision": 1}
OPEN, CLOSED = rollout(live=config(1)), rollout(state="closed", live=config(1))
ASKING = replace(OPEN, asks=1)
NEXT = rollout(2, decision=SAID.id(MODEL), called_at=None)
OTHER_ROLLOUT: tuple[Row, ...] = ({"number": 2}, {"state": "closed"}, {"asks": 2})
OTHER_END: tuple[Row, ...] = ({"number": 2}, {"state": "open"})


def withdraw(store: Store) -> None:
    on_record(store, rollout_id(NAMES.endpoint, 1))
    record_withdrawn(store, NAMES, SAID, OPEN)


def gone(store: Store) -> None:
    on_record(store, rollout_id(NAMES.endpoint, 1))
    record_gone(store, NAMES, SAID, CLOSED)


ROLLOUTS = (
    Late("opens the first", "rollout", None, lambda s: open_rollout(
        s, NAMES, SAID, replace(NEXT, number=1), None), (asdict(CLOSED),)),
    Late("opens the next", "rollout", asdict(CLOSED), lambda s: open_rollout(
        s, NAMES, SAID, NEXT, CLOSED), OTHER_END),
    Late("asks", "rollout", asdict(OPEN), lambda s: record_asking(
        s, MODEL, OPEN, version(), None), OTHER_ROLLOUT, (VERSION,)),
    Late("has not asked", "rollout", asdict(ASKING), lambda s: record_not_asked(
        s, MODEL, ASKING, OPEN), OTHER_ROLLOUT),
    Late("wants its end", "rollout", asdict(OPEN), lambda s: record_end_wanted(
        s, NAMES, SAID, OPEN, "judge"), OTHER_ROLLOUT),
    Late("withdraws", "rollout", asdict(OPEN), withdraw, OTHER_ROLLOUT),
    Late("finds nothing", "rollout", asdict(CLOSED), gone, (*OTHER_END, {"live": config(2)})),
    Late("finds another", "rollout", asdict(CLOSED), lambda s: record_found(
        s, NAMES, SAID, CLOSED, endpoint(1)), OTHER_END),
    Late("finds the first", "rollout", None, lambda s: record_found(
        s, NAMES, SAID, None, endpoint(1)), (asdict(CLOSED),)),
)  # fmt: skip


RUNNING, OVER = run(execution_arn=None), run(state="closed", outcome="Succeeded")
FOLLOWS = run(number=2, decision=SAID.id(MODEL), execution_arn=None)
RUN: Row = {"pk": MODEL, "sk": "run", **asdict(OVER)}
ASKED, TAKEN = asked(state="waiting"), asked()


def of_request(request: Asked) -> Row:
    return asdict(request) | {"drifted": sorted(request.drifted)}


def open_after(seen: Asked | None) -> Callable[[Store], object]:
    facts = TrainingFacts((), OVER, None, seen)
    return lambda store: open_run(store, MODEL, SAID, FOLLOWS, facts)


def finish(store: Store) -> None:
    on_record(store, run_id(execution().arn))
    record_finished(store, MODEL, SAID, RUNNING, execution("Succeeded"))


def accept(store: Store) -> None:
    verdict = Verdict("training", upload().key, "accept", "because")
    record_upload(store, SPEC, upload(), verdict, accepted(sequencer="09"))


TRAINING = (
    Late("opens a run", "run", asdict(OVER), open_after(None), OTHER_END),
    Late("takes a request", "asked", of_request(ASKED), open_after(ASKED),
         ({"number": 2}, {"state": "taken"}), (RUN,)),
    Late("opens one without a request", "asked", of_request(TAKEN), open_after(TAKEN),
         ({"number": 2}, {"state": "waiting"}), (RUN,)),
    Late("opens one that nobody asked for", "asked", None, open_after(None),
         (of_request(ASKED),), (RUN,)),
    Late("notes a start", "run", asdict(RUNNING), lambda s: record_started(
        s, MODEL, RUNNING, execution(), "d"), ({"number": 2}, {"state": "closed"})),
    Late("notes an end", "run", asdict(RUNNING), finish, ({"number": 2}, {"state": "closed"})),
    Late("accepts an upload", object_key(upload().key), {"sequencer": "09"}, accept,
         ({"sequencer": "0B"},)),
)  # fmt: skip


REPORT, LONG_AGO = drift_report(finding()), NOON - timedelta(days=31)
ASKED_BEFORE = asked(version=1, at=LONG_AGO, earlier=())
DRIFT_RUN: Row = {"pk": MODEL, "sk": "run", "number": 2, "state": "closed"}
JUDGED_ONCE = Judged(REPORT.time, REPORT.id, True, REPORT.marks)
SEEN_ONCE = drift_facts(history=(*drift_facts().history, JUDGED_ONCE))


def ask(facts: DriftFacts) -> Callable[[Store], object]:
    judgement = judge(REPORT, facts, DriftPolicy(RETRAIN, 200, minutes(15)), after(15))
    assert judgement.verdict.kind == "retrain"
    return lambda store: record_drift(store, NAMES, judgement, REPORT, facts)


DRIFT = (
    Late("asks for the first run", "asked", None, ask(drift_facts()),
         (of_request(TAKEN),), (DRIFT_RUN,)),
    Late("asks for a run", "asked", of_request(ASKED_BEFORE), ask(drift_facts(asked=ASKED_BEFORE)),
         ({"number": 2},), (DRIFT_RUN,)),
    Late("asks after a run", "run", {"number": 2, "state": "closed"}, ask(drift_facts()),
         ({"number": 3}, {"state": "open"})),
    Late("asks before any run", "run", None, ask(drift_facts(run=None)), (DRIFT_RUN,)),
    Late("judges a window", f"{window_prefix(REPORT)}{times.iso(REPORT.time)}", None,
         ask(drift_facts()), ({"report": "drift-report#other"},), (DRIFT_RUN,)),
    Late("judges it again", f"{window_prefix(REPORT)}{times.iso(REPORT.time)}",
         {"report": REPORT.id}, ask(SEEN_ONCE), ({"report": "drift-report#other"},), (DRIFT_RUN,)),
)  # fmt: skip


DUE, WATCHED = Due("data_quality", 2, window(1), "job"), Watched(2, NOON, 1)
UNTIL: Row = {"until": after(1)}

MONITORS = (
    Late("watches", "monitor#data_quality", asdict(WATCHED), lambda s: record_watch(
        s, MODEL, SAID, DUE, WATCHED), ({"version": 3}, UNTIL)),
    Late("watches first", "monitor#data_quality", None, lambda s: record_watch(
        s, MODEL, SAID, DUE, None), (asdict(WATCHED),)),
    Late("has read executions", SEEN_KEY, {"until": NOON}, lambda s: record_seen(
        s, MODEL, Seen(NOON), after(2)), (UNTIL,)),
)  # fmt: skip


JUDGEMENT = (
    Late("judges a version", version_key(2), None, lambda s: record_judgement(
        s, NAMES, GATE, SAID, package(2), evidence(run_on_record=False, snapshot_on_record=False)),
        ({"gate": "failed"},)),
)  # fmt: skip

LATE = (*ROLLOUTS, *TRAINING, *DRIFT, *MONITORS, *JUDGEMENT)
EACH_CHANGE = [
    pytest.param(
        late, change, id=f"{late.name}-{' '.join(change) if late.read else 'there is one'}"
    )
    for late in LATE
    for change in late.changes
]


def prepare(store: Store, late: Late, row: Row | None) -> list[Row]:
    """The rows as they are when the write is made; all that is in the Work table then."""
    rows = [*late.others, *([{"pk": MODEL, "sk": late.sk, **row}] if row is not None else [])]
    store.transact(
        [put(store.work, one) for one in rows] or [put(store.work, {"pk": "-", "sk": "-"})]
    )
    return everything(store)


def everything(store: Store) -> list[Row]:
    return list(store.scan(store.work))


@pytest.mark.parametrize("late", LATE, ids=lambda late: late.name)
def test_what_rests_on_a_row_that_is_as_it_was_read_is_written(store: Store, late: Late) -> None:
    before = prepare(store, late, late.read)
    late.write(store)
    assert everything(store) != before


@pytest.mark.parametrize(("late", "change"), EACH_CHANGE)
def test_what_rests_on_a_row_that_changed_is_not_written(
    store: Store, late: Late, change: Row
) -> None:
    before = prepare(store, late, (late.read or {}) | change)
    with suppress(NotYet):
        late.write(store)
    assert everything(store) == before


def test_that_there_are_schedules_is_noted_once(store: Store) -> None:
    """How far their executions were read stays, when another look has begun to read them."""
    store.transact([put(store.work, {"pk": MODEL, "sk": SEEN_KEY, "until": after(1)})])
    record_change(store, MODEL, SAID, None)
    assert store.get(store.work, MODEL, SEEN_KEY) == {
        "pk": MODEL, "sk": SEEN_KEY, "until": times.iso(after(1)),
    }  # fmt: skip


def test_what_is_in_the_lineage_is_never_written_again(store: Store) -> None:
    dataset = Node("dataset#1", NOON, {"bucket": "b", "key": "k"}, (Link(USED, "run#0"),))
    serving = Serving(NAMES.endpoint, NOON, {"1": 100}, "run#0")
    shift = Shift(NAMES.endpoint, NOON, 1, "run#0")
    _, way_back, *_ = node_writes(store, [dataset])
    (seen,) = object_writes(store, dataset)
    for write in (way_back, seen, serving_writes(store, serving)[0], *shift_writes(store, shift)):
        assert store.transact([write])
        assert not store.transact([write])


def test_only_a_version_of_ours_is_written_as_found(store: Store) -> None:
    with pytest.raises(ValueError, match="serves no version of ours"):
        record_found(store, NAMES, SAID, None, endpoint(None))
