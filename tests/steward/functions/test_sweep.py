"""functions/sweep asks for looks that are due, and decides nothing."""

import json
from pathlib import Path

import pytest

from steward.record.agenda import on_agenda
from tests.steward.functions.house import House

ALL = [(concern, "mortgage") for concern in ("training", "approval", "rollout", "drift")]


class TestSweep:
    @pytest.mark.parametrize("minute", ["01", "14", "16", "59"])
    def test_asks_nobody_when_nothing_is_due(self, house: House, minute: str) -> None:
        assert house.sweep(f"2026-11-20T12:{minute}:00Z") == []

    @pytest.mark.parametrize("minute", ["00", "15", "30", "45"])
    def test_asks_everybody_every_quarter_of_an_hour(self, house: House, minute: str) -> None:
        assert house.sweep(f"2026-11-20T12:{minute}:00Z") == ALL

    def test_asks_everybody_when_the_time_is_not_known(self, house: House) -> None:
        assert house.sweep("") == ALL

    def test_asks_for_what_is_due(self, house: House) -> None:
        house.deliver("training", house.upload())
        assert house.sweep() == [("training", "mortgage")]

    def test_asks_twice_for_nothing_in_the_same_minute(self, house: House) -> None:
        house.deliver("training", house.upload())
        assert house.sweep("2026-11-20T12:15:00Z") == ALL

    def test_does_not_ask_for_a_model_whose_file_is_gone(self, house: House) -> None:
        """Each such message would become a dead letter, every minute."""
        house.store.transact([on_agenda(house.store, "training", "removed", "mark")])
        assert house.sweep() == []

    def test_changes_no_table(self, house: House) -> None:
        house.deliver("training", house.upload())
        before = house.tables()
        house.sweep("2026-11-20T12:15:00Z")
        assert house.tables() == before

    def test_reads_the_sample_event(self, house: House, root: Path) -> None:
        sample = json.loads((root / "events" / "sweep.json").read_text())
        assert house.sweep(sample["time"]) == ALL
