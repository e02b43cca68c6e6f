"""A checkpoint is due once a day in UTC, and names what every ledger ends with."""

from datetime import UTC, date, datetime

import pytest

from steward.decide.checkpoint import FIRST, Signed, broken, heads_of, is_due, statement

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
HEAD = {"seq": 3, "digest": "3" * 64}
LAST = Signed(date(2026, 11, 19), "1" * 64, {"mortgage": {"seq": 2, "digest": "2" * 64}})


@pytest.mark.parametrize(
    ("last", "due"),
    [
        (None, True),
        (Signed(date(2026, 11, 19), ""), True),
        (Signed(date(2026, 11, 20), ""), False),
        # A clock that went back signs nothing twice.
        (Signed(date(2026, 11, 21), ""), False),
    ],
)
def test_is_due_once_a_day(last: Signed | None, due: bool) -> None:
    assert is_due(last, NOON) is due


def test_signs_the_head_of_every_model() -> None:
    assert heads_of({"mortgage": HEAD}, None) == {"mortgage": HEAD}
    assert heads_of({"mortgage": HEAD}, LAST) == {"mortgage": HEAD}


def test_keeps_the_head_of_a_model_whose_file_was_removed() -> None:
    assert heads_of({"churn": HEAD}, LAST) == {"churn": HEAD, **LAST.heads}


@pytest.mark.parametrize(("last", "previous"), [(None, FIRST), (LAST, "1" * 64)])
def test_names_the_checkpoint_before(last: Signed | None, previous: str) -> None:
    stated = statement("steward", NOON, {"mortgage": HEAD}, last)
    assert stated == {
        "schema": 1,
        "prefix": "steward",
        "at": NOON,
        "heads": {"mortgage": HEAD},
        "previous": previous,
    }


def test_what_is_as_it_was_signed_is_not_broken() -> None:
    assert broken(LAST, {"mortgage": "2" * 64}) == []
    assert broken(None, {}) == []


@pytest.mark.parametrize(("found", "told"), [({}, "nothing"), ({"mortgage": "4" * 64}, "4" * 64)])
def test_an_entry_that_was_signed_and_is_gone_or_another_one_is_named(
    found: dict[str, str], told: str
) -> None:
    signed = "2" * 64
    assert broken(LAST, found) == [f"entry 2 of mortgage was signed as {signed}, found is {told}"]
