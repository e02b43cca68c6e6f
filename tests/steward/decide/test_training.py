"""Training: what may be learned from, when a run is due, and what it trains on."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steward.decide.training import (
    Pending,
    Run,
    TrainingFacts,
    compose,
    covered,
    is_newer,
    judge_order,
    judge_upload,
    next_step,
    nothing_to_learn,
    on_snapshot,
    reasons,
    scheduled,
    started,
)
from steward.decide.verdict import Verdict
from steward.spec.cron import read_cron
from steward.spec.model import DataSpec, ModelSpec
from tests.steward.builders import (
    NOON,
    TRAIN,
    accepted,
    after,
    asked,
    execution,
    pending,
    run,
    upload,
)  # fmt: skip
from tests.steward.builders import minutes as length


@pytest.fixture
def spec(mortgage: ModelSpec) -> ModelSpec:
    """Four columns are enough to speak about."""
    data = DataSpec(
        prefix="mortgage/incoming/",
        marker="_SUCCESS",
        key="application_id",
        label="approve",
        time=None,
        facets=(),
        pii={"ssn": "hash"},
        features={"income": "number"},
    )
    return replace(mortgage, data=data, gate=replace(mortgage.gate, bias={}))


HEADER = "application_id,approve,ssn,income"


class TestUpload:
    @pytest.mark.parametrize(
        "header",
        [
            HEADER,
            "income,ssn,approve,application_id",
            HEADER + ",more",
            '"application_id","approve","ssn","income"',
        ],
        ids=["as it is", "in another order", "with more columns", "quoted"],
    )
    def test_with_all_columns_is_accepted(self, spec: ModelSpec, header: str) -> None:
        verdict = judge_upload(upload(header=header), spec)
        assert verdict.kind == "accept"
        assert "100 bytes" in verdict.reason
        assert "all 4 columns" in verdict.reason

    @pytest.mark.parametrize(
        ("given", "reason"),
        [
            ({"header": None}, "the object version does not exist any more"),
            ({"size": 0, "header": ""}, "the object is empty"),
            ({"key": "mortgage/incoming/a.xlsx"}, "the file is not a .csv file"),
            ({"header": ""}, "4 of 4 columns are missing: application_id, approve, ssn, income"),
            ({"header": "approve,ssn,income"}, "1 of 4 columns are missing: application_id"),
            ({"header": HEADER + ",income"}, "columns stand twice: income"),
        ],
    )
    def test_that_cannot_be_learned_from_is_rejected_with_the_reason(
        self, spec: ModelSpec, given: dict[str, object], reason: str
    ) -> None:
        found = upload(**{"header": HEADER} | given)
        verdict = judge_upload(found, spec)
        assert verdict.kind == "reject"
        assert verdict.reason == f"{found.key} is left out: {reason}"

    def test_with_the_line_ends_of_an_old_mac_is_rejected_and_not_an_error(
        self, spec: ModelSpec
    ) -> None:
        verdict = judge_upload(upload(header=f"{HEADER}\r1,1,x,2\r"), spec)
        assert verdict.kind == "reject"

    def test_in_an_unversioned_bucket_is_told_apart_by_etag_and_sequencer(self) -> None:
        assert upload().identity == "v-1"
        assert upload(version_id=None, etag="e", sequencer="0B").identity == "e/0B"

    def test_of_a_new_key_is_in_order(self) -> None:
        assert judge_order(upload(), None) is None

    def test_after_the_known_one_is_in_order(self) -> None:
        assert judge_order(upload(sequencer="0B"), accepted(sequencer="0A")) is None

    def test_before_the_known_one_is_history(self) -> None:
        verdict = judge_order(upload(sequencer="0A"), accepted(sequencer="0B", dataset="dataset#2"))
        assert verdict is not None
        assert verdict.kind == "supersede"
        assert "sequencer 0B" in verdict.reason
        assert verdict.facts["newer"] == "dataset#2"


class TestSequencer:
    """S3: the shorter one is padded with zeros on its left, then the later one is larger."""

    @pytest.mark.parametrize(
        ("one", "than", "newer"),
        [("0B", "0A", True), ("0A", "0B", False), ("A", "A", False), ("10", "F", True)],
    )
    def test_examples(self, one: str, than: str, newer: bool) -> None:
        assert is_newer(one, than) is newer

    @given(st.integers(0, 2**70), st.integers(0, 2**70))
    def test_are_compared_as_the_numbers_that_they_write(self, one: int, two: int) -> None:
        assert is_newer(f"{one:X}", f"{two:X}") == (one > two)


class TestRunIsDue:
    def step(self, *waiting: object, minutes: float, last: object = None) -> tuple[str, str]:
        facts = TrainingFacts(waiting, last, None)  # type: ignore[arg-type]
        verdict = next_step(facts, TRAIN, after(minutes))
        return verdict.kind, verdict.reason

    def test_not_when_no_data_is_waiting(self) -> None:
        assert self.step(minutes=99) == ("nothing", "no data is waiting")

    def test_not_while_uploads_go_on(self) -> None:
        kind, reason = self.step(pending(), pending("b.csv", arrived_at=after(5)), minutes=14)
        assert (kind, reason) == ("wait", "waiting until uploads have been quiet for 10 min")

    def test_when_uploads_have_been_quiet(self) -> None:
        kind, reason = self.step(pending(), pending("b.csv", arrived_at=after(5)), minutes=15)
        assert kind == "start"
        assert reason == "2 uploads are waiting and uploads have been quiet for 10 min"

    def test_when_the_first_upload_has_waited_too_long(self) -> None:
        kind, reason = self.step(pending(), pending("b.csv", arrived_at=after(59)), minutes=60)
        assert kind == "start"
        assert reason.endswith("the first upload has waited for 60 min")

    def test_at_once_when_the_marker_arrives(self) -> None:
        marker = pending("_SUCCESS", is_marker=True)
        kind, reason = self.step(pending(), marker, minutes=0)
        assert kind == "start"
        assert reason.endswith("the marker object arrived")

    def test_not_for_a_marker_whose_data_is_still_on_its_way(self) -> None:
        """Events come in any order."""
        kind, reason = self.step(pending("_SUCCESS", is_marker=True), minutes=9)
        assert (kind, reason) == ("wait", "the marker object arrived, and no new data yet")

    def test_not_for_a_marker_without_any_new_data_and_it_is_forgotten(self) -> None:
        last = run(state="closed")
        kind, reason = self.step(pending("_SUCCESS", is_marker=True), minutes=10, last=last)
        assert kind == "forget"
        assert reason == "no new data came within 10 min of the marker object"

    @pytest.mark.parametrize(("last", "number"), [(None, 1), (run(number=4, state="closed"), 5)])
    def test_with_the_next_number(self, last: object, number: int) -> None:
        facts = TrainingFacts((pending(),), last, None)  # type: ignore[arg-type]
        verdict = next_step(facts, TRAIN, after(10))
        assert (verdict.subject, verdict.facts["number"]) == (f"run {number}", number)

    def test_a_clock_behind_that_of_s3_only_waits(self) -> None:
        assert self.step(pending(arrived_at=after(1)), minutes=0)[0] == "wait"

    def test_looking_again_is_the_same_decision(self) -> None:
        facts = TrainingFacts((pending(),), None, None)
        first, second = (next_step(facts, TRAIN, after(minutes)) for minutes in (1, 2))
        assert first.id("mortgage") == second.id("mortgage")


class TestRunThatDriftAsksFor:
    ASKED = asked(2, state="waiting", reason="unem drifted")

    def facts(
        self, *waiting: Pending, state: str = "waiting", last: Run | None = None
    ) -> TrainingFacts:
        return TrainingFacts(waiting, last, None, replace(self.ASKED, state=state))

    def test_starts_at_once_and_names_the_request(self) -> None:
        verdict = next_step(self.facts(), TRAIN, NOON)
        assert (verdict.kind, verdict.reason) == ("start", "drift asks for a run: unem drifted")
        assert verdict.facts == {"number": 1, "asked": 2}

    def test_takes_along_what_waits(self) -> None:
        facts = self.facts(pending())
        assert next_step(facts, TRAIN, NOON).kind == "start"
        assert reasons(facts, TRAIN, NOON) == ("uploads", "drift")

    def test_starts_also_when_only_a_marker_waits(self) -> None:
        facts = self.facts(pending("_SUCCESS", is_marker=True))
        assert next_step(facts, TRAIN, NOON).kind == "start"
        assert reasons(facts, TRAIN, NOON) == ("drift",)

    def test_waits_for_the_end_of_a_run_in_flight(self) -> None:
        facts = replace(self.facts(last=run()), execution=execution())
        assert next_step(facts, TRAIN, NOON).kind == "wait"

    def test_is_asked_for_no_more_once_it_was_opened(self) -> None:
        facts = self.facts(state="taken", last=run(state="closed"))
        assert next_step(facts, TRAIN, NOON).kind == "nothing"
        assert (facts.request, reasons(facts, TRAIN, NOON)) == (None, ())


class TestSchedule:
    """Every day at six in the morning."""

    DAILY = replace(TRAIN, schedule=read_cron("0 6 * * *"))
    MORNING = NOON - timedelta(hours=6)

    def test_starts_a_run_with_what_was_uploaded_since_the_last(self) -> None:
        facts = TrainingFacts((pending(arrived_at=self.MORNING - length(5)),), None, None)
        verdict = next_step(facts, self.DAILY, self.MORNING)
        assert verdict.kind == "start"
        assert verdict.reason == "the schedule '0 6 * * *' was due at 2026-11-20T06:00Z"
        assert reasons(facts, self.DAILY, self.MORNING) == ("uploads", "schedule")

    def test_waits_for_its_time(self) -> None:
        facts = TrainingFacts((pending(),), None, None)
        assert next_step(facts, self.DAILY, NOON).kind == "wait"
        assert reasons(facts, self.DAILY, NOON) == ("uploads",)

    def test_that_was_never_due_starts_nothing(self) -> None:
        never = replace(read_cron("0 6 * * *"), days=frozenset(), weekdays=frozenset())
        facts = TrainingFacts((pending(arrived_at=self.MORNING),), None, None)
        assert scheduled(facts, replace(TRAIN, schedule=never), NOON) is None

    def test_was_answered_by_the_run_that_was_opened_after_it(self) -> None:
        last = run(state="closed", outcome="Succeeded", opened_at=self.MORNING + length(1))
        facts = TrainingFacts((pending(arrived_at=self.MORNING),), last, None)
        assert scheduled(facts, self.DAILY, NOON) is None

    def test_starts_nothing_when_there_is_nothing_new(self) -> None:
        last = run(state="closed", outcome="Succeeded", opened_at=NOON - timedelta(days=2))
        facts = TrainingFacts((), last, None)
        assert next_step(facts, self.DAILY, NOON).kind == "nothing"

    def test_takes_up_what_a_failed_run_had_taken(self) -> None:
        last = run(state="closed", outcome="Failed", opened_at=NOON - timedelta(days=2))
        assert next_step(TrainingFacts((), last, None), self.DAILY, NOON).kind == "start"


class TestNewRows:
    THOUSAND = replace(TRAIN, new_rows=1000)

    def step(self, *waiting: Pending, minutes: float = 1000) -> Verdict:
        return next_step(TrainingFacts(waiting, None, None), self.THOUSAND, after(minutes))

    def test_are_waited_for_however_long_it_takes(self) -> None:
        verdict = self.step(pending("a.csv", rows=400), pending("b.csv", rows=599))
        assert (verdict.kind, verdict.reason) == (
            "wait", "999 new rows are waiting, a run starts with 1000",
        )  # fmt: skip

    def test_start_a_run_when_uploads_have_been_quiet(self) -> None:
        enough = (pending("a.csv", rows=400), pending("b.csv", rows=600))
        assert self.step(*enough).kind == "start"
        assert self.step(*enough, minutes=1).kind == "wait"

    def test_are_not_waited_for_when_the_marker_arrives(self) -> None:
        assert self.step(pending(rows=4), pending("_SUCCESS", is_marker=True)).kind == "start"


class TestRunInFlight:
    @pytest.mark.parametrize(
        ("status", "kind"),
        [
            ("Executing", "wait"),
            ("Stopping", "wait"),
            ("Succeeded", "finish"),
            ("Failed", "finish"),
            ("Stopped", "finish"),
            ("CompletedWithFailures", "finish"),
        ],
    )
    def test_is_waited_for_until_it_has_ended(self, status: str, kind: str) -> None:
        facts = TrainingFacts((pending(),), run(), execution(status))
        verdict = next_step(facts, TRAIN, after(120))
        assert verdict.kind == kind
        assert status in verdict.reason

    def test_is_started_again_when_the_answer_to_its_start_is_not_known(self) -> None:
        facts = TrainingFacts((pending(),), run(execution_arn=None), None)
        assert next_step(facts, TRAIN, after(120)).kind == "resume"

    def test_started_names_its_execution_and_snapshot_and_the_decision_to_start(self) -> None:
        verdict = started(run(number=3, execution_arn=None), execution())
        assert (verdict.kind, verdict.subject) == ("started", "run 3")
        assert verdict.reason == "run 3 was started as r1"
        assert verdict.facts == {
            "execution": execution().arn,
            "snapshot": run().snapshot,
            "decision": run().decision,
        }

    def test_says_in_which_step_and_why_it_failed(self) -> None:
        failed = execution("Failed", failed_step="Train", failure="no rows")
        verdict = next_step(TrainingFacts((), run(), failed), TRAIN, NOON)
        assert verdict.reason == "run 1 ended: Failed in step Train: no rows"

    def test_is_no_run_before_one_was_opened_nor_after_it_was_closed(self) -> None:
        for last in (None, run(state="closed")):
            with pytest.raises(ValueError, match="no run is open"):
                _ = TrainingFacts((), last, None).in_flight
        assert TrainingFacts((), run(), None).in_flight.number == 1

    def test_has_no_end_while_it_executes(self) -> None:
        for now in (None, execution("Executing")):
            with pytest.raises(ValueError, match="no execution has ended"):
                _ = TrainingFacts((), run(), now).ended
        assert TrainingFacts((), run(), execution("Failed")).ended.status == "Failed"


class TestSnapshot:
    def test_holds_what_exists_oldest_first(self) -> None:
        data = [accepted("b.csv", at=after(2)), accepted("a.csv", at=after(3)), accepted("c.csv")]
        snapshot = compose(data, {"a.csv", "b.csv", "c.csv"})
        assert [found.key for found in snapshot.objects] == ["c.csv", "b.csv", "a.csv"]
        assert snapshot.explain() == "3 objects are learned from"

    def test_says_what_was_left_out_because_it_was_deleted(self) -> None:
        snapshot = compose([accepted("a.csv"), accepted("b.csv", version_id="v-7")], {"a.csv"})
        assert snapshot.left_out == (
            {"key": "b.csv", "version_id": "v-7", "sequencer": "0A", "why": "deleted"},
        )
        assert snapshot.explain().endswith("left out: b.csv (deleted)")

    def test_says_of_an_object_without_versions_that_it_may_have_been_overwritten(self) -> None:
        (left_out,) = compose([accepted("a.csv", version_id=None)], ()).left_out
        assert left_out["why"] == "deleted or overwritten"

    def test_manifest_names_every_object_by_version_and_digest(self) -> None:
        snapshot = compose([accepted("a.csv"), accepted("b.csv")], {"a.csv"})
        assert snapshot.manifest("mortgage", "landing") == {
            "schema": 1,
            "model": "mortgage",
            "bucket": "landing",
            "objects": [
                {
                    "key": "a.csv",
                    "version_id": "v-1",
                    "etag": "e-1",
                    "size": 100,
                    "sha256": "00",
                    "sequencer": "0A",
                }
            ],
            "left_out": [
                {"key": "b.csv", "version_id": "v-1", "sequencer": "0A", "why": "deleted"}
            ],
        }

    def test_is_named_by_the_decision_to_start_with_what_is_learned_from(self) -> None:
        due = next_step(TrainingFacts((pending(),), None, None), TRAIN, after(10))
        verdict = on_snapshot(due, compose([accepted("a.csv")], {"a.csv"}), "5" * 64)
        assert (verdict.kind, verdict.subject) == ("start", "run 1")
        assert verdict.facts["snapshot"] == "5" * 64
        assert verdict.reason == f"{due.reason}; 1 object is learned from"
        other = on_snapshot(due, compose([accepted("a.csv")], {"a.csv"}), "6" * 64)
        assert verdict.id("mortgage") != other.id("mortgage")

    def test_of_nothing_holds_the_run_that_was_due(self) -> None:
        due = next_step(TrainingFacts((pending(),), None, None), TRAIN, NOON + length(10))
        verdict = nothing_to_learn(due, compose([accepted("a.csv")], ()))
        assert verdict.kind == "hold"
        assert "0 objects are learned from; left out: a.csv (deleted)" in verdict.reason

    @given(st.permutations("abcdef"))
    def test_does_not_depend_on_the_order_of_reading(self, keys: list[str]) -> None:
        usual = compose([accepted(key) for key in "abcdef"], set("abcdef"))
        assert compose([accepted(key) for key in keys], set("abcdef")) == usual


class TestTakenByARun:
    """What a run has taken is forgotten; what came later is new data for the next one."""

    def taken(self, row: object) -> bool:
        return covered([row], {"a.csv": "0B"}, NOON) == [row]  # type: ignore[list-item]

    def test_the_version_in_its_manifest_and_older_ones_of_that_key(self) -> None:
        assert self.taken(pending(sequencer="0B"))
        assert self.taken(pending(sequencer="0A"))

    def test_not_a_later_version_of_the_key(self) -> None:
        assert not self.taken(pending(sequencer="0C"))

    def test_not_a_key_that_it_does_not_hold(self) -> None:
        assert not self.taken(pending("b.csv"))

    def test_a_marker_that_arrived_before_it_was_opened(self) -> None:
        assert self.taken(pending("_SUCCESS", is_marker=True, arrived_at=NOON))
        assert not self.taken(pending("_SUCCESS", is_marker=True, arrived_at=after(1)))


class TestPause:
    def test_lets_no_run_start_and_says_by_whom(self) -> None:
        waiting = TrainingFacts((pending(),), None, None, paused="paused by bob: holiday")
        verdict = next_step(waiting, TRAIN, after(30))
        assert verdict.kind == "wait"
        assert verdict.reason.endswith("but paused by bob: holiday")

    def test_ends_no_run(self) -> None:
        running = TrainingFacts((), run(), execution("Succeeded"), paused="paused by bob: holiday")
        assert next_step(running, TRAIN, after(30)).kind == "finish"
