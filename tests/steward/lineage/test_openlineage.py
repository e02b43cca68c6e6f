"""The record as events of OpenLineage: valid, complete, and the same whenever it is exported."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from steward import digest
from steward.lineage.openlineage import Origin, events
from tests.openlineage.validator import Json, problems
from tests.steward.builders import ARTIFACT
from tests.steward.lineage.past import (
    GROUP,
    JOB,
    RUN_1,
    Item,
    at,
    end,
    history,
    node,
    report,
    serving,
    version,
)

HERE = Origin("eu-west-1", "123456789012")
KNOWN = Origin("eu-west-1", "123456789012", "https://example.com/team/models")


def exported(*more: Item, origin: Origin = HERE, without: str = "") -> list[Json]:
    """What is exported of the short history; an item of `more` replaces the one with its key."""
    items = {(item["pk"], item["sk"]): item for item in (*history(), *more)}
    return list(events((one for key, one in items.items() if without not in key), origin))


def of(job: str, *more: Item, **given: Any) -> list[Json]:
    """The events of a job, in order."""
    return [one for one in exported(*more, **given) if one["job"]["name"] == job]


def told(found: list[Json]) -> list[tuple[str, str]]:
    return [(event["eventType"], event["eventTime"]) for event in found]


def test_every_event_is_valid_and_so_is_each_facet_in_it() -> None:
    for event in exported(origin=KNOWN):
        assert problems(event) == [], event


class TestRuns:
    def test_that_ended_have_a_start_and_an_end_in_their_own_time(self) -> None:
        assert told(of(GROUP))[:4] == [
            ("START", at(10)), ("COMPLETE", at(18)), ("START", at(40)), ("FAIL", at(45)),
        ]  # fmt: skip

    def test_that_go_on_have_a_start_only(self) -> None:
        assert told(of(GROUP))[4:] == [("START", at(80))]

    def test_that_were_stopped_are_aborted(self) -> None:
        stopped = end(RUN_1, 18, status="Stopped", failure="", failed_step="")
        assert told(of(GROUP, stopped))[1] == ("ABORT", at(18))

    def test_whose_end_has_an_unknown_name_are_no_success(self) -> None:
        assert told(of(GROUP, end(RUN_1, 18, status="Puzzled")))[1] == ("FAIL", at(18))

    def test_say_why_they_failed(self) -> None:
        start, complete, _, failed, _ = of(GROUP)
        assert failed["run"]["facets"]["errorMessage"]["message"] == "step Prepare: no rows"
        for event in (start, complete):
            assert "errorMessage" not in event["run"]["facets"]

    def test_read_the_versions_of_the_objects_that_they_were_trained_on(self) -> None:
        first, second, manifest = sorted(of(GROUP)[0]["inputs"], key=lambda one: str(one["name"]))
        assert (first["namespace"], first["name"]) == ("s3://landing", "mortgage/incoming/a.csv")
        assert first["facets"]["version"]["datasetVersion"] == "version-of-a"
        assert second["facets"]["version"]["datasetVersion"] == "version-of-b"
        assert (manifest["namespace"], manifest["name"]) == (
            "s3://artifacts",
            "snapshots/5ada.json",
        )

    def test_say_how_much_it_is(self) -> None:
        first, _, manifest = sorted(of(GROUP)[0]["inputs"], key=lambda one: str(one["name"]))
        measured = first["inputFacets"]["dataQualityMetrics"]
        assert (measured["rowCount"], measured["bytes"], measured["fileCount"]) == (300, 4096, 1)
        measured = manifest["inputFacets"]["dataQualityMetrics"]
        assert (measured["bytes"], measured["fileCount"]) == (8192, 2)

    def test_of_a_snapshot_too_large_for_its_node_read_its_members_too(self) -> None:
        bare = next(item for item in history() if item["pk"] == "snapshot#5ada") | {"links": []}
        back: list[Item] = [
            {"pk": f"dataset#{name}", "sk": f"{at(1)}#in#hadMember#snapshot#5ada"} for name in "ab"
        ]
        assert of(GROUP, bare, *back) == of(GROUP)

    def test_write_the_model_and_its_evidence_when_they_end(self) -> None:
        start, complete = of(GROUP)[:2]
        assert start["outputs"] == []
        model, evaluation = sorted(complete["outputs"], key=lambda one: str(one["namespace"]))[::-1]
        assert f"{model['namespace']}/{model['name']}" == ARTIFACT.format(1)
        assert model["facets"]["version"]["datasetVersion"] == "artifact-version-1"
        assert evaluation["name"] == "runs/r1/evaluation.json"

    def test_whose_artifact_is_not_known_write_nothing(self) -> None:
        abridged = version() | {"facts": {"artifact": ""}, "bulk": "b0" * 32}
        outputs = of(GROUP, abridged)[1]["outputs"]
        assert [one["name"] for one in outputs] == ["runs/r1/evaluation.json"]


class TestCode:
    def test_is_named_by_its_commit(self) -> None:
        facet = of(GROUP)[0]["job"]["facets"]["steward_code"]
        assert facet["commit"] == "0123abcd"

    def test_has_no_place_that_nobody_told(self) -> None:
        assert all("sourceCodeLocation" not in event["job"]["facets"] for event in exported())

    def test_has_the_place_that_was_told(self) -> None:
        place = of(GROUP, origin=KNOWN)[0]["job"]["facets"]["sourceCodeLocation"]
        assert (place["type"], place["version"]) == ("git", "0123abcd")
        assert place["url"] == place["repoUrl"] == "https://example.com/team/models"

    def test_that_was_not_committed_lies_nowhere(self) -> None:
        found = of(GROUP, version("uncommitted-77"), origin=KNOWN)[0]["job"]["facets"]
        assert found["steward_code"]["commit"] == "uncommitted-77"
        assert "sourceCodeLocation" not in found

    def test_of_a_run_that_registered_nothing_is_not_known(self) -> None:
        assert "steward_code" not in of(GROUP)[2]["job"]["facets"]


class TestJobsOfSteps:
    def test_are_parts_of_their_run(self) -> None:
        (start, _), run = of(f"{GROUP}.Train"), of(GROUP)[0]
        parent = start["run"]["facets"]["parent"]
        assert parent["run"]["runId"] == run["run"]["runId"]
        assert parent["job"] == {key: run["job"][key] for key in ("namespace", "name")}

    def test_are_complete_when_their_run_is(self) -> None:
        assert told(of(f"{GROUP}.Train")) == [("START", at(12)), ("COMPLETE", at(18))]

    def test_have_an_end_of_their_own_where_it_is_on_record(self) -> None:
        own = end(JOB, 14, status="Succeeded")
        assert told(of(f"{GROUP}.Train", own))[1] == ("COMPLETE", at(14))

    def test_of_a_run_that_failed_may_have_ended_in_any_way(self) -> None:
        failed = end(RUN_1, 18, status="Failed", failure="no memory", failed_step="Evaluate")
        assert told(of(f"{GROUP}.Train", failed)) == [("START", at(12))]

    def test_of_no_run_on_record_are_not_told(self) -> None:
        assert of(f"{GROUP}.Train", node(JOB, 12, {"step": "Train"})) == []


class TestRollouts:
    JOB = f"{GROUP}/rollout"

    def test_end_as_they_ended(self) -> None:
        assert told(of(self.JOB)) == [
            ("START", at(22)), ("COMPLETE", at(25)),
            ("START", at(50)), ("FAIL", at(55)),
            ("START", at(60)), ("ABORT", at(61)),
            ("START", at(65)), ("ABORT", at(66)),
            ("START", at(90)),
        ]  # fmt: skip

    def test_say_what_serves_since_when(self) -> None:
        start, served = (event["run"]["facets"]["steward_rollout"] for event in of(self.JOB)[:2])
        assert (start["endpoint"], start["direction"], start["version"]) == (GROUP, "forward", 1)
        assert "outcome" not in start
        assert (served["outcome"], served["since"], served["shares"]) == (
            "served", at(25), {"1": 100},
        )  # fmt: skip

    def test_say_why_they_failed_or_were_ended(self) -> None:
        failed, withdrawn = (of(self.JOB)[place]["run"]["facets"] for place in (3, 5))
        assert failed["errorMessage"]["message"] == "the alarm p99 fired"
        assert "errorMessage" not in withdrawn
        assert withdrawn["steward_rollout"]["reason"] == "it was paused"

    def test_carry_the_word_that_they_rest_on_and_what_the_gate_had_said(self) -> None:
        word = of(self.JOB)[0]["run"]["facets"]["steward_approval"]
        assert (word["who"], word["at"], word["words"], word["counts"]) == (
            "alice", at(20), "good", True,
        )  # fmt: skip
        assert word["gate"] == {"verdict": "pass", "reason": "auc is 0.72, 0.65 is needed"}

    def test_that_were_found_are_complete_as_they_are_found(self) -> None:
        found = node(
            f"rollout#{GROUP}/9", 95, {"direction": "found", "config": f"{GROUP}-v2-00000000"}
        )
        start, complete = of(self.JOB, found, serving(95, f"rollout#{GROUP}/9", v2=100))[-2:]
        assert told([start, complete]) == [("START", at(95)), ("COMPLETE", at(95))]
        facet = complete["run"]["facets"]["steward_rollout"]
        assert (facet["outcome"], facet["shares"]) == ("found", {"2": 100})
        assert problems(complete) == []


def test_a_word_is_told_also_if_nothing_was_rolled_out_because_of_it() -> None:
    start, complete = of(f"{GROUP}/approval")
    assert told([start, complete]) == [("START", at(20)), ("COMPLETE", at(20))]
    assert start["run"]["facets"]["steward_approval"]["who"] == "alice"
    assert [f"{one['namespace']}/{one['name']}" for one in start["inputs"]] == [ARTIFACT.format(1)]


class TestMonitors:
    JOB = f"{GROUP}/monitor/data_quality"

    def test_tell_their_window_and_what_they_found(self) -> None:
        start, complete = of(self.JOB)
        assert told([start, complete]) == [("START", at(30)), ("COMPLETE", at(30))]
        window = start["run"]["facets"]["nominalTime"]
        assert (window["nominalStartTime"], window["nominalEndTime"]) == (at(-60), at(0))
        found = complete["run"]["facets"]["steward_drift"]
        assert (found["rows"], found["violations"]) == (500, 2)

    def test_whose_report_is_gone_have_failed(self) -> None:
        assert [kind for kind, _ in told(of(self.JOB, report(gone=True)))] == ["START", "FAIL"]

    def test_may_say_neither_window_nor_rows(self) -> None:
        found = of(self.JOB, report(window=None, rows=None))
        assert [problems(event) for event in found] == [[], []]

    def test_of_no_version_on_record_are_not_told(self) -> None:
        assert of(self.JOB, report() | {"links": []}) == []


@given(st.permutations(history()))
@settings(max_examples=50, deadline=None)
def test_the_same_history_is_the_same_bytes_in_whatever_order_it_is_read(items: list[Item]) -> None:
    assert digest.canonical(events(items, HERE)) == digest.canonical(exported())


def test_when_it_was_written_down_changes_nothing() -> None:
    later = [item | {"recorded_at": at(500), "entry": 7} for item in history()]
    assert exported(*later) == exported()


def test_events_are_in_the_order_of_time() -> None:
    times = [event["eventTime"] for event in exported()]
    assert times == sorted(times)


def test_a_run_has_one_id_that_no_other_account_has() -> None:
    here, there = (
        {event["run"]["runId"] for event in exported(origin=origin)}
        for origin in (HERE, Origin("eu-west-1", "210987654321"))
    )
    assert len(here) == sum(event["eventType"] == "START" for event in exported())
    assert here.isdisjoint(there)


def test_one_models_export_has_nothing_of_another() -> None:
    other = node("run#steward-churn/r1", 5)
    (start,) = events([*history(), other], HERE, "steward-churn")
    assert start["job"]["name"] == "steward-churn"
    assert list(events([*history(), other], HERE, GROUP)) == exported()


def test_what_is_missing_from_the_record_is_missing_from_valid_events() -> None:
    kept = ("run#", "rollout#", "approval#", "drift-report#", "job#", "model-version#")
    alone = [item for item in history() if str(item["pk"]).startswith(kept)]
    for event in events(alone, HERE):
        assert problems(event) == []
