"""A verdict's id is the same for the same answer on the same facts, whenever it is given."""

import pytest

from steward.decide.verdict import Verdict

USUAL = Verdict("training", "run 1", "wait", "10 min left", {"after": 0})


def test_words_do_not_change_which_decision_it_is() -> None:
    later = Verdict("training", "run 1", "wait", "9 min left", {"after": 0})
    assert later.id("mortgage") == USUAL.id("mortgage")


def test_the_order_of_facts_does_not_matter() -> None:
    one, two = ({"a": 1, "b": 2}, {"b": 2, "a": 1})
    assert (
        Verdict("drift", "x", "page", "", one).facts_digest
        == Verdict("drift", "x", "page", "", two).facts_digest
    )


@pytest.mark.parametrize(
    "other",
    [
        Verdict("rollout", "run 1", "wait", "10 min left", {"after": 0}),
        Verdict("training", "run 2", "wait", "10 min left", {"after": 0}),
        Verdict("training", "run 1", "start", "10 min left", {"after": 0}),
        Verdict("training", "run 1", "wait", "10 min left", {"after": 1}),
    ],
    ids=["concern", "subject", "answer", "facts"],
)
def test_another_question_answer_or_fact_is_another_decision(other: Verdict) -> None:
    assert other.id("mortgage") != USUAL.id("mortgage")


def test_another_model_has_decisions_of_its_own() -> None:
    assert USUAL.id("mortgage") != USUAL.id("churn")
    assert USUAL.id("mortgage").startswith("decision#")
