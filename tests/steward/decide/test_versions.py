"""Whether a version may serve, and if not, why not."""

import pytest

from steward.decide.versions import Version
from tests.steward.builders import approval, approved, served, version

NOT_COUNTED = approval(counts=False, reason="the approval does not count: bob made the version")


@pytest.mark.parametrize(
    ("noted", "status"),
    [
        (approved(), "Approved"),
        (served(), "Approved"),
        (approved(failed_under="approval#0"), "Approved"),
        (approved(gate="failed", approval=approval(words="override: the board asked")), "Approved"),
        (approved(gate="held", approval=approval(words="override:x")), "Approved"),
    ],
    ids=["approved", "served before", "failed under an older approval", "overridden", "held too"],
)
def test_may_serve(noted: Version, status: str) -> None:
    assert noted.why_not(status) is None


@pytest.mark.parametrize(
    ("noted", "status", "why"),
    [
        (approved(), "Rejected", "version 1 is Rejected"),
        (approved(), "PendingManualApproval", "version 1 is PendingManualApproval"),
        (version(), "Approved", "the approval of version 1 has not been noted yet"),
        (version(status="Approved"), "Approved", "the approval of version 1 has not been noted"),
        (approved(status="Rejected"), "Approved", "has not been noted yet"),
        (approved(approval=NOT_COUNTED), "Approved", "bob made the version"),
        (approved(failed_under="approval#1"), "Approved", "failed under this approval"),
        (approved(gate="failed", gate_reason="auc 0.6"), "Approved", "says failed (auc 0.6)"),
        (approved(gate="held"), "Approved", "'override: <reason>'"),
    ],
)
def test_may_not_serve(noted: Version, status: str, why: str) -> None:
    assert why in str(noted.why_not(status))


@pytest.mark.parametrize(
    ("noted", "awaits"),
    [
        (version(automatic="approve"), True),
        (version(automatic="this deployment does not allow it"), True),
        (version(), False),
        (approved(automatic="approve"), False),
        (version(automatic="approve", approval=approval()), False),
    ],
    ids=["to approve", "to say why not", "left to people", "approved", "reopened by a person"],
)
def test_awaits_stewards_own_word(noted: Version, awaits: bool) -> None:
    assert noted.awaits_steward is awaits


@pytest.mark.parametrize(
    ("words", "overridden"),
    [
        ("override: because", True),
        ("override:", False),
        ("override:   ", False),
        ("please override: because", False),
        ("Override: because", False),
        ("", False),
    ],
)
def test_only_words_with_a_reason_override_the_gate(words: str, overridden: bool) -> None:
    assert approved(approval=approval(words=words)).overridden is overridden
    assert not version().overridden
