"""Whatever is uploaded, the right bytes are learned from, once, and the rest is on record."""

import pytest

from cli.demo import mortgage
from cli.demo.stage import MODEL, sha256
from steward.lineage.nodes import MOST_LINKS, run_id, snapshot_id
from steward.lineage.read import ways_back
from steward.lineage.trace import upstream
from steward.names import split_s3
from tests.bad_input.house import House
from tests.bad_input.told import BROKEN, DELETED, ODD, OVERWRITTEN, REJECTED, Told, slices


class TestRejected:
    @pytest.mark.parametrize("name", REJECTED)
    def test_is_on_record_with_the_reason(self, house: House, name: str) -> None:
        body, reason = REJECTED[name]
        (node,) = house.datasets(name)
        assert (node["judgement"], node["size"], node["sha256"]) == (
            "reject",
            len(body),
            sha256(body),
        )
        (decision,) = house.decided(house.prefix + name)
        assert decision["verdict"] == "reject"
        assert decision["reason"] == node["reason"]
        assert f"{house.prefix}{name} is left out: {reason}" in node["reason"]

    @pytest.mark.parametrize("name", REJECTED)
    def test_is_told_to_its_owner(self, house: House, name: str) -> None:
        messages = house.told(f"{house.prefix}{name} is left out: {REJECTED[name][1]}")
        assert {one["Subject"] for one in messages} == {f"[{MODEL}] an upload was rejected"}
        assert all("Owner: credit-risk@example.com" in one["Message"] for one in messages)
        # It may come twice, and then it is known as one.
        assert len({one["Message"] for one in messages}) == 1

    @pytest.mark.parametrize("name", REJECTED)
    def test_starts_nothing_and_is_in_no_snapshot(
        self, house: House, told: Told, name: str
    ) -> None:
        assert name not in told.first_pending
        for manifest in (told.first_manifest, told.second_manifest):
            keys = [one["key"] for one in (*manifest["objects"], *manifest["left_out"])]
            assert house.prefix + name not in keys


class TestLearnedFrom:
    @pytest.mark.parametrize("name", ODD)
    def test_are_the_bytes_under_an_odd_key_once(self, house: House, told: Told, name: str) -> None:
        self.learned_once(house, told, name, slices()[name])

    def test_are_the_newest_bytes_of_an_overwritten_key(self, house: House, told: Told) -> None:
        written = [mortgage.part(4), slices()[OVERWRITTEN]]
        on_record = {one["sha256"] for one in house.datasets(OVERWRITTEN)}
        assert on_record == {sha256(body) for body in written}
        self.learned_once(house, told, OVERWRITTEN, slices()[OVERWRITTEN])

    def learned_once(self, house: House, told: Told, name: str, body: bytes) -> None:
        key = house.prefix + name
        (newest,) = (one for one in house.datasets(name) if one["sha256"] == sha256(body))
        (object_,) = (one for one in told.second_manifest["objects"] if one["key"] == key)
        (used,) = (one for one in told.prepared if one["key"] == key)
        for found in (object_, used):
            assert (found["version_id"], found["sha256"]) == (newest["version_id"], sha256(body))
        rows = body.count(b"\n") - 1
        assert (used["rows"], used["used"]) == (rows, rows)

    def test_is_nothing_else(self, house: House, told: Told) -> None:
        assert sum(one["used"] for one in told.prepared) == 900
        names = {one["key"].removeprefix(house.prefix) for one in told.prepared}
        assert names == {*ODD, OVERWRITTEN, BROKEN, "part-2.csv", "part-3.csv"}

    def test_is_traced_from_the_version_that_serves(self, house: House, told: Told) -> None:
        assert told.second_manifest["left_out"]
        _, key = split_s3(str(house.store.get(house.store.work, MODEL, "run")["snapshot_uri"]))  # type: ignore[index]
        snapshot = snapshot_id(key.rpartition("/")[2].removesuffix(".json"))
        objects = house.manifest()["objects"]
        assert len(objects) > MOST_LINKS
        members = [one for one in upstream(house.store, (snapshot,)).nodes if one != snapshot]
        assert len(members) == len(objects)
        for member in members:
            ways, _ = ways_back(house.store, member, most=50)
            assert snapshot in {way.node for way in ways if way.term == "hadMember"}


class TestDeletedBeforeTheRun:
    def test_is_left_out_and_named(self, house: House, told: Told) -> None:
        key = house.prefix + DELETED
        assert DELETED in told.first_pending
        assert key not in [one["key"] for one in told.first_manifest["objects"]]
        (left_out,) = told.first_manifest["left_out"]
        assert (left_out["key"], left_out["why"]) == (key, "deleted")
        (start,) = (one for one in house.decided("run 1") if one["verdict"] == "start")
        assert start["reason"].endswith(f"left out: {key} (deleted)")


class TestRunThatFailsInTheMiddle:
    def test_is_on_record_with_step_and_reason(self, house: House) -> None:
        version = house.datasets(BROKEN)[0]["version_id"]
        why = f"{house.prefix}{BROKEN} version {version}, row 1: approve must be 0, 1 or empty."
        (finish,) = (one for one in house.decided("run 1") if one["verdict"] == "finish")
        assert finish["reason"].startswith("run 1 ended: Failed in step Prepare: ")
        assert why in finish["reason"]
        end = house.store.get(house.store.lineage, run_id(finish["facts"]["execution"]), "end")
        assert end is not None
        facts = end["facts"]
        assert isinstance(facts, dict)
        assert (facts["status"], facts["failed_step"]) == ("Failed", "Prepare")
        assert why in facts["failure"]

    def test_is_told_to_the_owner(self, house: House) -> None:
        messages = house.told("training run 1 failed")
        assert messages
        assert all("Failed in step Prepare" in one["Message"] for one in messages)

    def test_leaves_the_model_free_for_the_next(self, house: House) -> None:
        assert house.runs()[:2] == [
            ("steward-mortgage-run-1", "Failed"),
            ("steward-mortgage-run-2", "Succeeded"),
        ]

    def test_leaves_its_data_to_the_next(self, house: House, told: Told) -> None:
        first, second = told.first_manifest["objects"], told.second_manifest["objects"]
        assert {one["key"] for one in first} == {one["key"] for one in second}
        changed = [one["key"] for one in second if one not in first]
        assert changed == [house.prefix + BROKEN]
