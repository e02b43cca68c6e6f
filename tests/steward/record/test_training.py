"""What is written of uploads, runs and their ends."""

from dataclasses import replace

import pytest

from steward.decide.training import Asked, Run, Snapshot, TrainingFacts, Upload, compose
from steward.decide.verdict import Verdict
from steward.errors import NotYet
from steward.events.types import ObjectCreated
from steward.observe.training import accepted_version, observe_data, read_run
from steward.record.agenda import read_agenda
from steward.record.store import Store
from steward.record.training import (
    forget_pending,
    is_recorded,
    open_run,
    record_finished,
    record_marker,
    record_snapshot,
    record_started,
    record_upload,
)
from steward.spec.model import ModelSpec
from tests.steward.builders import after, execution, pending, run, upload
from tests.steward.fakes import Clock
from tests.steward.ledger import decisions

MODEL = "mortgage"


def judged(kind: str, found: Upload) -> Verdict:
    return Verdict("training", found.key, kind, "because", {"version": found.identity})


def accept(store: Store, spec: ModelSpec, found: Upload) -> None:
    known = accepted_version(store, MODEL, found.key)
    record_upload(store, spec, found, judged("accept", found), known)


def event(found: Upload) -> ObjectCreated:
    return ObjectCreated(
        found.bucket, found.key, found.version_id, found.etag, found.size, found.sequencer, found.at
    )


def after_run(last: Run | None, asked: Asked | None = None) -> TrainingFacts:
    """What was read before the next run was opened."""
    return TrainingFacts((), last, None, asked)


def tables(store: Store) -> list[dict[str, object]]:
    return [*store.query(store.work, MODEL), *store.query(store.lineage, f"ledger#{MODEL}")]


class TestUpload:
    def test_accepted_is_on_record_pending_and_on_the_agenda(
        self, store: Store, mortgage: ModelSpec
    ) -> None:
        accept(store, mortgage, upload())
        assert is_recorded(store, event(upload()))
        (waiting,) = store.query(store.work, MODEL, "pending#")
        assert (waiting["key"], waiting["is_marker"]) == (upload().key, False)
        assert read_agenda(store).due == {("training", MODEL)}
        known = accepted_version(store, MODEL, upload().key)
        assert known is not None
        assert (known.version_id, known.sha256, known.at) == ("v-1", "00", upload().at)

    def test_recorded_twice_changes_nothing(
        self, store: Store, mortgage: ModelSpec, time: Clock
    ) -> None:
        accept(store, mortgage, upload())
        before = tables(store)
        time.pass_by(minutes=1)
        accept(store, mortgage, upload())
        assert tables(store) == before

    def test_of_an_unversioned_bucket_is_known_by_etag_and_sequencer(
        self, store: Store, mortgage: ModelSpec
    ) -> None:
        bare = upload(version_id=None)
        accept(store, mortgage, bare)
        assert is_recorded(store, event(bare))
        assert not is_recorded(store, event(replace(bare, sequencer="0F")))
        known = accepted_version(store, MODEL, bare.key)
        assert known is not None
        assert known.version_id is None

    def test_of_a_newer_version_replaces_the_known_one_and_both_wait(
        self, store: Store, mortgage: ModelSpec
    ) -> None:
        accept(store, mortgage, upload())
        accept(store, mortgage, upload(version_id="v-2", sequencer="0B"))
        (known,) = observe_data(store, MODEL)
        assert known.version_id == "v-2"
        assert len(store.query(store.work, MODEL, "pending#")) == 2

    @pytest.mark.parametrize("kind", ["reject", "supersede"])
    def test_not_accepted_is_on_record_with_its_decision_and_waits_for_nothing(
        self, store: Store, mortgage: ModelSpec, kind: str
    ) -> None:
        record_upload(store, mortgage, upload(), judged(kind, upload()), None)
        assert is_recorded(store, event(upload()))
        assert store.query(store.work, MODEL) == []
        assert len(store.query(store.lineage, f"ledger#{MODEL}")) == 1

    def test_that_another_one_overtook_is_looked_at_again(
        self, store: Store, mortgage: ModelSpec
    ) -> None:
        first, second = upload(), upload(version_id="v-2", sequencer="0B")
        accept(store, mortgage, second)
        with pytest.raises(NotYet, match="at the same moment"):
            record_upload(store, mortgage, first, judged("accept", first), None)
        assert not is_recorded(store, event(first))

    def test_with_the_longest_key_that_s3_allows_is_recorded(
        self, store: Store, mortgage: ModelSpec
    ) -> None:
        """A sort key of DynamoDB has at most 1,024 bytes, and so has a key of S3."""
        prefix = mortgage.data.prefix
        accept(store, mortgage, upload(key=prefix + "x" * (1024 - len(prefix) - 4) + ".csv"))
        assert len(observe_data(store, MODEL)) == 1


def test_a_marker_waits_once(store: Store) -> None:
    marker = upload(key="mortgage/incoming/_SUCCESS", size=0)
    record_marker(store, MODEL, marker)
    record_marker(store, MODEL, marker)
    (waiting,) = store.query(store.work, MODEL, "pending#")
    assert waiting["is_marker"] is True
    assert is_recorded(store, event(marker))


class TestSnapshot:
    def recorded(self, store: Store, spec: ModelSpec, count: int) -> Snapshot:
        keys = [f"mortgage/incoming/{n:02d}.csv" for n in range(count)]
        for key in keys:
            accept(store, spec, upload(key=key))
        snapshot = compose(observe_data(store, MODEL), keys)
        record_snapshot(store, MODEL, "5" * 64, "s3://artifacts/m.json", snapshot)
        return snapshot

    def test_of_few_objects_links_to_them(self, store: Store, mortgage: ModelSpec) -> None:
        snapshot = self.recorded(store, mortgage, 2)
        node = store.get(store.lineage, "snapshot#" + "5" * 64, "node")
        assert node is not None
        assert node["links"] == [
            {"term": "hadMember", "to": found.dataset} for found in snapshot.objects
        ]

    def test_of_many_objects_names_its_manifest_and_keeps_the_reverse_edges(
        self, store: Store, mortgage: ModelSpec
    ) -> None:
        snapshot = self.recorded(store, mortgage, 35)
        node = store.get(store.lineage, "snapshot#" + "5" * 64, "node")
        assert node is not None
        assert node["links"] == []
        assert node["facts"]["objects"] == 35  # type: ignore[index]
        for found in snapshot.objects:
            assert store.query(store.lineage, found.dataset, "2026")

    @pytest.mark.parametrize("count", [2, 35])
    def test_recorded_twice_changes_nothing(
        self, store: Store, mortgage: ModelSpec, time: Clock, count: int
    ) -> None:
        snapshot = self.recorded(store, mortgage, count)
        before = store.query(store.lineage, "snapshot#" + "5" * 64)
        time.pass_by(minutes=1)
        record_snapshot(store, MODEL, "5" * 64, "s3://artifacts/m.json", snapshot)
        assert store.query(store.lineage, "snapshot#" + "5" * 64) == before


class TestRun:
    DUE = Verdict("training", "run 1", "start", "quiet", {"number": 1})

    @pytest.fixture
    def opened(self, store: Store, mortgage: ModelSpec) -> None:
        accept(store, mortgage, upload())
        snapshot = compose(observe_data(store, MODEL), {upload().key})
        record_snapshot(store, MODEL, run().snapshot, run().snapshot_uri, snapshot)
        assert open_run(store, MODEL, self.DUE, self.bare(), after_run(None))

    def bare(self, **given: object):
        return run(**{"execution_arn": None, "decision": self.DUE.id(MODEL)} | given)

    @pytest.mark.usefixtures("opened")
    def test_is_read_back_as_it_was_opened(self, store: Store) -> None:
        assert read_run(store, MODEL) == self.bare()

    @pytest.mark.usefixtures("opened")
    def test_only_one_is_open(self, store: Store) -> None:
        again = Verdict("training", "run 2", "start", "quiet", {"number": 2})
        assert not open_run(store, MODEL, again, self.bare(number=2), after_run(self.bare()))
        assert not open_run(store, MODEL, again, self.bare(number=2), after_run(None))
        assert read_run(store, MODEL) == self.bare()
        assert [one["subject"] for one in decisions(store, MODEL)] == [self.DUE.subject]

    @pytest.mark.usefixtures("opened")
    def test_started_has_a_node_that_leads_to_data_and_decision(self, store: Store) -> None:
        record_started(store, MODEL, self.bare(), execution(), "what really runs")
        node = store.get(store.lineage, "run#steward-mortgage/r1", "node")
        assert node is not None
        assert node["links"] == [
            {"term": "used", "to": "snapshot#" + "5" * 64},
            {"term": "wasInformedBy", "to": self.DUE.id(MODEL)},
        ]
        assert node["facts"]["definition"] == "what really runs"  # type: ignore[index]
        assert read_run(store, MODEL) == run(decision=self.DUE.id(MODEL))

    @pytest.mark.usefixtures("opened")
    def test_started_twice_is_written_once(self, store: Store, time: Clock) -> None:
        record_started(store, MODEL, self.bare(), execution(), "d")
        before = [*tables(store), *store.query(store.lineage, "run#steward-mortgage/r1")]
        time.pass_by(minutes=1)
        record_started(store, MODEL, self.bare(), execution(), "d")
        assert [*tables(store), *store.query(store.lineage, "run#steward-mortgage/r1")] == before

    @pytest.mark.usefixtures("opened")
    def test_ends_once_and_the_next_one_may_open(self, store: Store) -> None:
        started = run(decision=self.DUE.id(MODEL))
        record_started(store, MODEL, self.bare(), execution(), "d")
        end = Verdict("training", "run 1", "finish", "ended", {"status": "Failed"})
        ended = execution("Failed", failure="no rows", failed_step="Train")
        assert record_finished(store, MODEL, end, started, ended)
        assert not record_finished(store, MODEL, end, started, ended)
        closed = read_run(store, MODEL)
        assert closed is not None
        assert (closed.state, closed.outcome) == ("closed", "Failed")
        found = store.get(store.lineage, "run#steward-mortgage/r1", "end")
        assert found is not None
        assert found["facts"] == {"status": "Failed", "failure": "no rows", "failed_step": "Train"}
        assert found["at"] == "2026-11-20T12:15:00.000Z"
        again = Verdict("training", "run 2", "start", "quiet", {"number": 2})
        assert open_run(store, MODEL, again, self.bare(number=2), after_run(closed))

    @pytest.mark.usefixtures("opened")
    def test_what_it_has_taken_is_forgotten(self, store: Store) -> None:
        (row,) = store.query(store.work, MODEL, "pending#")
        forget_pending(store, MODEL, [pending(sk=str(row["sk"]))])
        forget_pending(store, MODEL, [])
        assert store.query(store.work, MODEL, "pending#") == []


def test_more_pending_rows_than_a_transaction_takes_are_forgotten(store: Store) -> None:
    for number in range(101):
        record_marker(store, MODEL, upload(version_id=f"v-{number}", at=after(number)))
    rows = [pending(sk=str(row["sk"])) for row in store.query(store.work, MODEL, "pending#")]
    forget_pending(store, MODEL, rows)
    assert store.query(store.work, MODEL, "pending#") == []
