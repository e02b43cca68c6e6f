"""What a model's file says about approvals holds at every look, and is told once."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.steward.functions.house import NAME, House
from tests.steward.functions.parts import approved, row

type Gate = Callable[[str], None]


@pytest.fixture
def gate(tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch) -> Gate:
    """The model's file says more, or something else, under [gate]."""

    def says(lines: str) -> None:
        text = (root / "models" / "mortgage.toml").read_text()
        given = text.replace('mode = "manual"', "").replace("[gate]\n", f"[gate]\n{lines}\n")
        (tmp_path / "mortgage.toml").write_text(given)
        monkeypatch.setenv("STEWARD_MODELS", str(tmp_path))

    return says


class TestExpiry:
    def test_of_an_approval_holds_its_start_and_is_told_once(
        self, house: House, gate: Gate
    ) -> None:
        gate('approval_expires = "2h"')
        approved(house)
        house.clock.pass_by(minutes=121)
        said = len(house.said)
        for _ in range(3):
            house.clock.pass_by(minutes=1)
            house.look("rollout")
        assert NAME not in house.sagemaker.endpoints
        assert house.subjects()[said:] == ["[mortgage] endpoint is held"]
        assert "the approval of version 1 has expired: given at" in house.said[-1]["Message"]

    @pytest.mark.parametrize("event", [True, False], ids=["told by an event", "event lost"])
    def test_is_taken_back_by_the_words_that_ask_for_it(
        self, house: House, gate: Gate, event: bool
    ) -> None:
        gate('approval_expires = "2h"')
        approved(house)
        house.clock.pass_by(minutes=130)
        house.look("rollout")
        word = house.says(1, words="retry: the change window was missed")
        house.deliver("approval", word if event else {"look_at": "mortgage"})
        house.look("rollout")
        assert row(house)["version"] == 1

    def test_changes_nothing_of_what_serves(self, house: House, gate: Gate) -> None:
        gate('approval_expires = "2h"\nmax_evidence_age = "2h"')
        house.serving(1)
        house.serving(2, against=1)
        house.clock.pass_by(minutes=24 * 60)
        assert house.look("rollout") == 0
        assert house.sagemaker.calls.count("UpdateEndpoint") == 1
        house.deliver("approval", house.says(2, "Rejected"))
        house.look("rollout")
        assert (row(house)["version"], row(house)["direction"]) == (1, "back")


class TestEvidence:
    def test_that_has_grown_old_holds_a_start(self, house: House, gate: Gate) -> None:
        gate('max_evidence_age = "2h"')
        house.judged()
        house.clock.pass_by(minutes=180)
        house.deliver("approval", house.says(1))
        house.look("rollout")
        assert NAME not in house.sagemaker.endpoints
        assert "the evidence of version 1 is too old" in house.said[-1]["Message"]

    def test_that_is_stale_may_be_allowed_and_is_on_record_as_such(
        self, house: House, gate: Gate
    ) -> None:
        gate('stale = "allow"')
        house.serving(1)
        house.serving(2, against=1)
        house.judged(3, against=1)
        assert house.decisions("approval")[-1] == ("version 3", "passed")
        assert "allowed: the evidence is stale" in house.said[-1]["Message"]
        house.deliver("approval", house.says(3))
        house.look("rollout")
        assert row(house)["version"] == 3
