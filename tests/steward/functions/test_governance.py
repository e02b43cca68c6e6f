"""What a model's file says about approvals holds at every look, and is told once."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from steward.decide.review import unsigned
from steward.observe.review import read_exceptions
from tests.steward.builders import ALICE, BOB
from tests.steward.functions.house import NAME, House, arn
from tests.steward.functions.parts import approved, row

type Gate = Callable[[str], None]


@pytest.fixture
def gate(tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch) -> Gate:
    """The model's file says more, or something else, under [gate]."""

    def says(lines: str) -> None:
        text = (root / "models" / "mortgage.toml").read_text()
        text = re.sub(r"(?m)^(mode|require) = .*\n", "", text)
        given = text.replace("[gate]\n", f"[gate]\n{lines}\n")
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


def lineage(house: House, kind: str) -> list[dict[str, object]]:
    """The nodes of a kind, in order."""
    return [
        found
        for item in house.tables()
        if item["pk"]["S"].startswith(f"{kind}#") and item["sk"]["S"] == "node"
        if (found := house.store.get(house.store.lineage, item["pk"]["S"], "node"))
    ]


def exceptions(house: House) -> list[tuple[str, str, str]]:
    """What nobody has signed: subject, exception, and whose word led to it."""
    return [
        (one.subject, one.exception, one.by)
        for one in unsigned(*read_exceptions(house.store, "mortgage"))
    ]


class TestAuthor:
    @pytest.mark.parametrize(("who", "counts"), [(ALICE.arn, False), (BOB.arn, True)])
    def test_of_the_commit_may_not_approve(self, house: House, who: str, counts: bool) -> None:
        house.trained()
        event = house.registered()
        own = house.sagemaker.packages[arn(1)]["CustomerMetadataProperties"]
        own["commit_author"] = "alice@example.com Alice A."
        house.deliver("approval", event, house.says(1, who=who))
        house.look("rollout")
        assert (NAME in house.sagemaker.endpoints) is counts
        (code,) = lineage(house, "code")
        assert code["facts"] == {"author": "alice@example.com Alice A."}

    @pytest.mark.parametrize("written", [None, "unknown"])
    def test_may_be_required_to_be_known(
        self, house: House, gate: Gate, written: str | None
    ) -> None:
        gate('require = ["author"]')
        house.trained()
        event = house.registered()
        if written:
            own = house.sagemaker.packages[arn(1)]["CustomerMetadataProperties"]
            own["commit_author"] = written
        house.deliver("approval", event)
        assert house.decisions("approval") == [("version 1", "held")]
        assert "nobody knows who wrote the commit" in house.said[-1]["Message"]


class TestBreakGlass:
    @pytest.fixture
    def broken(self, house: House) -> House:
        house.judged(auc=0.6)
        house.deliver("approval", house.says(1, words="override: the board asked"))
        return house

    def test_is_recorded_as_such_and_told_with_the_command_to_sign_it(self, broken: House) -> None:
        (word,) = lineage(broken, "approval")
        assert word["facts"]["break_glass"] is True  # type: ignore[index]
        assert broken.subjects()[-1] == "[mortgage] version 1: break-glass"
        assert "steward sign-off mortgage 'decision#" in broken.said[-1]["Message"]
        assert exceptions(broken) == [("version 1", "break-glass", "bob")]

    def test_waits_for_the_sign_off_of_somebody_else(self, broken: House) -> None:
        (found, *_), _ = read_exceptions(broken.store, "mortgage")
        own = broken.order("sign-off", decision=found.decision)
        broken.deliver("rollout", own)
        assert exceptions(broken) == [("version 1", "break-glass", "bob")]
        assert "version 1 was bob's own exception" in broken.said[-1]["Message"]
        broken.deliver("rollout", broken.order("sign-off", 2, by="carol", decision=found.decision))
        assert exceptions(broken) == []
        (signed,) = lineage(broken, "order")
        assert signed["links"] == [{"term": "wasInfluencedBy", "to": found.decision}]

    def test_is_signed_once_however_often_the_order_comes(self, broken: House) -> None:
        (found, *_), _ = read_exceptions(broken.store, "mortgage")
        order = broken.order("sign-off", by="carol", decision=found.decision)
        broken.deliver("rollout", order)
        before, said = broken.tables(), len(broken.said)
        assert broken.deliver("rollout", order, order) == 0
        assert (broken.tables(), len(broken.said)) == (before, said)

    @pytest.mark.parametrize("decision", ["decision#0", "approval#1", "x"])
    def test_a_sign_off_of_nothing_is_refused_and_told(self, broken: House, decision: str) -> None:
        order = broken.order("sign-off", by="carol", decision=decision)
        assert broken.deliver("rollout", order) == 0
        assert "is none of mortgage that needs a sign-off" in broken.said[-1]["Message"]
        assert exceptions(broken) == [("version 1", "break-glass", "bob")]


class TestAutomatic:
    """`mode = "auto"`: Steward's own word, where the deployment allows it."""

    def judged(self, house: House, patch: pytest.MonkeyPatch, allowed: str) -> None:
        patch.setenv("ALLOW_AUTOMATIC_APPROVAL", allowed)
        house.judged()

    def test_word_is_on_record_before_it_is_said_and_rolls_out(
        self, house: House, gate: Gate, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        gate('mode = "auto"')
        self.judged(house, monkeypatch, "true")
        assert house.decisions("approval") == [("version 1", "passed"), ("version 1", "approve")]
        package = house.sagemaker.packages[arn(1)]
        assert package["ApprovalDescription"].startswith("auto: 247 test rows, 150 are needed; auc")
        house.deliver("approval", house.version_event(1, "ModelApprovalStatus"))
        assert house.decisions("approval")[-1] == ("version 1", "approved")
        (word,) = lineage(house, "approval")
        assert word["facts"]["automatic"] is True  # type: ignore[index]
        house.look("rollout")
        assert NAME in house.sagemaker.endpoints
        (waits,) = exceptions(house)
        assert waits[:2] == ("version 1", "automatic approval")
        assert house.subjects()[:2] == [
            "[mortgage] version 1: the gate says passed",
            "[mortgage] version 1: automatic approval",
        ]
        assert "Steward approves it" in house.said[0]["Message"]

    def test_word_is_said_by_the_next_look_if_the_function_died(
        self, house: House, gate: Gate, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        gate('mode = "auto"')
        house.sagemaker.meanwhile["UpdateModelPackage"] = lambda: 1 / 0
        self.judged(house, monkeypatch, "true")
        house.look("approval")
        house.look("approval")
        assert [kind for _, kind in house.decisions("approval")] == [
            "passed", "approve", "approved",
        ]  # fmt: skip
        assert house.sagemaker.calls.count("UpdateModelPackage") == 2

    def test_is_held_and_told_where_the_deployment_does_not_allow_it(
        self, house: House, gate: Gate, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        gate('mode = "auto"')
        self.judged(house, monkeypatch, "false")
        for _ in range(2):
            house.look("approval")
        assert house.decisions("approval") == [("version 1", "passed"), ("version 1", "held")]
        assert "UpdateModelPackage" not in house.sagemaker.calls
        (message,) = house.said
        assert "automatic approval, and this deployment does not allow it." in message["Message"]
        house.deliver("approval", house.says(1))
        assert house.decisions("approval")[-1] == ("version 1", "approved")

    def test_word_comes_after_a_persons_and_changes_nothing(
        self, house: House, gate: Gate, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Somebody rejects the version while it is judged."""
        gate('mode = "auto"')
        monkeypatch.setenv("ALLOW_AUTOMATIC_APPROVAL", "true")
        house.trained()
        event = house.registered()
        house.says(1, "Rejected", "not this one")
        house.deliver("approval", event)
        house.look("approval")
        assert house.sagemaker.packages[arn(1)]["ModelApprovalStatus"] == "Rejected"

    def test_is_not_given_again_to_what_a_person_reopened(
        self, house: House, gate: Gate, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        gate('mode = "auto"')
        self.judged(house, monkeypatch, "true")
        house.look("approval")
        house.deliver("approval", house.says(1, "PendingManualApproval", "let me see"))
        house.look("approval")
        assert house.sagemaker.packages[arn(1)]["ModelApprovalStatus"] == "PendingManualApproval"
        assert house.sagemaker.calls.count("UpdateModelPackage") == 1

    @pytest.mark.parametrize("allowed", ["true", "false"])
    def test_leaves_a_version_that_failed_to_people(
        self, house: House, gate: Gate, monkeypatch: pytest.MonkeyPatch, allowed: str
    ) -> None:
        gate('mode = "auto"')
        monkeypatch.setenv("ALLOW_AUTOMATIC_APPROVAL", allowed)
        house.judged(auc=0.6)
        house.look("approval")
        assert house.decisions("approval") == [("version 1", "failed")]
        assert "override: <reason>" in house.said[0]["Message"]
