"""Review: what somebody else must have looked at, and whose look counts."""

import pytest

from steward.decide.review import BREAK_GLASS, Exceptional, exception, sign_off, unsigned
from tests.steward.builders import after, order

BROKEN = Exceptional(
    "decision#1", "mortgage", after(5), "version 3", BREAK_GLASS, "alice", "the board asked"
)
SIGNED = order("sign-off", decision="decision#1")


def test_a_sign_off_of_somebody_else_counts() -> None:
    verdict = sign_off(SIGNED, BROKEN)
    assert (verdict.kind, verdict.subject) == ("sign-off", "version 3")
    assert verdict.reason == "bob signs off decision#1: customers complain"
    assert verdict.facts["signs"] == "decision#1"


@pytest.mark.parametrize(
    ("given", "found", "why"),
    [
        ({}, None, "decision#1 is none of mortgage that needs a sign-off"),
        ({"model": "churn"}, BROKEN, "decision#1 is none of churn that needs a sign-off"),
        ({"by": "alice"}, BROKEN, "version 3 was alice's own exception"),
        ({"by": "Alice"}, BROKEN, "version 3 was Alice's own exception"),
        ({"by": "arn:aws:sts::1:assumed-role/ops/x"}, BROKEN, "is no person with a name"),
        ({"by": ""}, BROKEN, "the signer is no person with a name"),
    ],
    ids=["no such decision", "another model's", "own", "own in capitals", "a role", "nobody"],
)
def test_a_sign_off_that_does_not_count_says_why(
    given: dict[str, object], found: Exceptional | None, why: str
) -> None:
    verdict = sign_off(order("sign-off", **{"decision": "decision#1", **given}), found)
    assert verdict.kind == "refuse"
    assert why in verdict.reason


def test_what_nobody_signed_is_listed_in_order() -> None:
    assert unsigned([BROKEN], frozenset()) == [BROKEN]
    assert unsigned([BROKEN], {"decision#1"}) == []


def test_an_exception_names_whose_word_is_not_enough() -> None:
    assert exception(BREAK_GLASS, "alice") == {"exception": "break-glass", "by": "alice"}
