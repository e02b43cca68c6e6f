"""functions/sweep asks for looks that are due, and signs the ledgers once a day."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from cli.ledger.checkpoints import Checkpoint, checked, fetch, public_key
from cli.target import Target
from steward.lineage.verify import Head
from steward.record.agenda import on_agenda
from tests.steward.builders import ACCOUNT, REGION
from tests.steward.functions.house import LEDGER, PREFIX, House
from tests.steward.ledger import chain

ALL = [(concern, "mortgage") for concern in ("training", "approval", "rollout", "drift")]


class Died(Exception):
    """The function's life ended here."""


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

    def test_changes_no_table_once_the_day_is_signed(self, house: House) -> None:
        house.deliver("training", house.upload())
        house.sweep()
        before = house.tables()
        house.sweep("2026-11-20T12:15:00Z")
        assert house.tables() == before

    def test_reads_the_sample_event(self, house: House, root: Path) -> None:
        sample = json.loads((root / "events" / "sweep.json").read_text())
        assert house.sweep(sample["time"]) == ALL


class TestCheckpoint:
    """Once a day the sweep signs where each ledger ends, where nobody can change it."""

    def test_signs_where_the_ledgers_end(self, house: House) -> None:
        house.deliver("training", house.upload())
        house.sweep()
        (signed,) = checkpoints(house)
        last = chain(house.store)[-1]
        head = Head(int(str(last["sk"])), str(last["digest"]))
        assert (signed.fault, signed.heads) == (None, {"mortgage": head})

    def test_of_nothing_is_not_signed(self, house: House) -> None:
        house.sweep()
        assert checkpoints(house) == []

    def test_is_made_once_a_day_and_follows_the_one_before(self, house: House) -> None:
        house.deliver("training", house.upload())
        for _ in range(3):
            house.sweep()
            house.clock.pass_by(minutes=60 * 12)
        first, second = checkpoints(house)
        assert (first.fault, second.fault) == (None, None)
        assert (first.name, second.name) == (
            "checkpoints/2026/11/20.json", "checkpoints/2026/11/21.json",
        )  # fmt: skip
        assert second.previous == first.sha256

    @pytest.mark.parametrize("change", ["Sign", "PutObject", "TransactWriteItems"])
    def test_whose_sweep_died_is_finished_by_the_next_one(self, house: House, change: str) -> None:
        house.deliver("training", house.upload())
        with dying_after(house, change), pytest.raises(Died):
            house.sweep()
        house.clock.pass_by(minutes=1)
        house.sweep()
        (signed,) = checkpoints(house)
        assert signed.fault is None
        house.clock.pass_by(minutes=60 * 24)
        house.sweep()
        assert [one.fault for one in checkpoints(house)] == [None, None]

    def test_keeps_the_head_of_a_model_whose_file_was_removed(
        self, house: House, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        house.deliver("training", house.upload())
        house.sweep()
        monkeypatch.setenv("STEWARD_MODELS", str(tmp_path))
        house.clock.pass_by(minutes=60 * 24)
        house.sweep()
        first, second = checkpoints(house)
        assert second.heads == first.heads

    def test_that_was_changed_is_not_believed(self, house: House) -> None:
        house.deliver("training", house.upload())
        house.sweep()
        ((name, body),) = files(house)
        forged = body.replace(b'"seq":2', b'"seq":1')
        assert forged != body
        (one,) = checked([(name, forged)], pem(house))
        assert one.fault == "the key did not sign this"

    def test_that_is_missing_between_two_shows(self, house: House) -> None:
        house.deliver("training", house.upload())
        for _ in range(3):
            house.sweep()
            house.clock.pass_by(minutes=60 * 24)
        first, _, third = files(house)
        faults = [one.fault for one in checked([first, third], pem(house))]
        assert faults == [None, "one before it is missing"]

    def test_a_later_version_of_a_day_hides_nothing(self, house: House) -> None:
        house.deliver("training", house.upload())
        house.sweep()
        before = files(house)
        house.aws.s3.put_object(Bucket=LEDGER, Key=before[0][0], Body=b"{}")
        assert files(house) == before


def target() -> Target:
    return Target(PREFIX, ACCOUNT, REGION, "")


def files(house: House) -> list[tuple[str, bytes]]:
    return list(fetch(house.aws, target()))


def pem(house: House) -> bytes:
    return public_key(house.aws, target())


def checkpoints(house: House) -> list[Checkpoint]:
    return checked(files(house), pem(house))


@contextmanager
def dying_after(house: House, operation: str) -> Iterator[None]:
    """Let the sweep die right after its first call of an operation that changes something."""
    clients = (house.aws.kms, house.aws.s3, house.aws.dynamodb)

    def die(model: Any, **_: object) -> None:
        if model.name == operation:
            raise Died

    for client in clients:
        client.meta.events.register("after-call", die)
    try:
        yield
    finally:
        for client in clients:
            client.meta.events.unregister("after-call", die)
