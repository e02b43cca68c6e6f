"""Answers stand on what was written down: what became of the thing itself later changes none."""

from datetime import timedelta

import pytest

from steward import times
from steward.lineage.answer import Answer, Lineage
from steward.lineage.impact import impact
from tests.steward.functions import parts
from tests.steward.functions.house import LANDING, NAME, PREFIX, House


def trace(house: House) -> Answer:
    """What stands behind what serves now."""
    lineage = Lineage(house.aws, house.store, PREFIX)
    return lineage.of_moment(NAME, house.clock.now())


def node(answer: Answer, kind: str) -> dict[str, object]:
    graph = answer["graph"]
    assert isinstance(graph, list)
    found: dict[str, object] = next(one for one in graph if one["id"].startswith(f"{kind}#"))
    return found


def test_a_version_that_was_deleted_from_the_registry_is_traced_as_before(house: House) -> None:
    house.serving(1)
    file = f"s3://{LANDING}/mortgage/incoming/1.csv"
    before = trace(house), impact(house.store, file, 50)
    house.sagemaker.packages.clear()
    assert (trace(house), impact(house.store, file, 50)) == before


def test_a_file_that_was_deleted_is_still_what_a_version_was_made_with(house: House) -> None:
    house.serving(1)
    before = trace(house)
    house.aws.s3.delete_object(Bucket=LANDING, Key="mortgage/incoming/1.csv")
    assert trace(house) == before
    assert node(before, "dataset")["facts"]["key"] == "mortgage/incoming/1.csv"  # type: ignore[index]


def test_a_run_that_has_not_ended_is_told_without_an_end(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A version is registered by a step of its run, and may serve before the last step is over."""
    house.trained(1)
    with monkeypatch.context() as patch:
        patch.setattr(house.sagemaker, "end", lambda *_: None)
        house.deliver("approval", house.registered(1))
    house.deliver("approval", house.says(1))
    parts.rollout(house)
    assert node(trace(house), "run")["end"] is None
    found = impact(house.store, f"s3://{LANDING}/mortgage/incoming/1.csv", 50)
    assert found is not None
    assert [one["version"] for one in found["versions"]] == [1]  # type: ignore[attr-defined]


def test_a_run_that_failed_reached_no_version(house: House) -> None:
    for part in (parts.uploads, parts.run, parts.failed_run):
        part(house)
    found = impact(house.store, f"s3://{LANDING}/mortgage/incoming/a.csv", 50)
    assert found is not None
    assert (found["versions"], found["served"]) == ([], [])


def test_an_upload_that_was_rejected_is_on_record_and_reached_nothing(house: House) -> None:
    house.serving(1)
    house.deliver("training", house.upload("broken.csv", house.rows(3, without="unem")))
    found = impact(house.store, f"s3://{LANDING}/mortgage/incoming/broken.csv", 50)
    assert found is not None
    assert found["versions"] == []


def test_impact_and_trace_agree_about_each_moment(house: House) -> None:
    """In steady state, in a canary that failed, while there is no endpoint, and afterwards."""
    began = house.clock.now()
    house.serving(1)
    parts.next_version(house)
    parts.judged_worse(house)
    parts.retired(house)
    house.deliver("rollout", house.order("resume", 2))
    parts.rollout(house)
    found = impact(house.store, "0123abcd", 50)
    assert found is not None
    served: list[dict[str, str]] = found["served"]  # type: ignore[assignment]
    while began < house.clock.now():
        now = times.iso(began)
        reached = {
            one["version"].rpartition("/")[2]
            for one in served
            if one["since"] <= now < (one["until"] or "9")
        }
        assert set(parts.may_have_answered(house, began)) == reached, now
        began += timedelta(seconds=30)
    assert [one["how"] for one in served] == ["served", "shift", "served"]
