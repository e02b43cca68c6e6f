"""What is mutated, and how."""

import ast
from textwrap import dedent

import pytest

from tests.mutation.sites import CORE, mutated, sites_in

DECIDE, RECORD, OBSERVE = (
    f"{CORE}/{area}/x.py" for area in ("decide", "record", "observe")
)  # fmt: skip


def mutants(file: str, text: str) -> list[str]:
    """The last statement that each mutant of a function has."""
    text = dedent(text)
    trees = [mutated(file, text, site.id) for site in sites_in(file, text)]
    return [ast.unparse(tree.body[-1].body[-1]) for tree in trees]  # type: ignore[attr-defined]


def test_a_branch_is_never_taken_and_its_operands_decide_nothing() -> None:
    assert mutants(DECIDE, """
        def f(a, b):
            if a or b: return "held"
    """) == [
        "if a and False or b:\n    return 'held'",
        "if a or (b and False):\n    return 'held'",
        "if (a or b) and False:\n    return 'held'",
    ]  # fmt: skip


def test_what_is_assigned_on_the_way_stays_assigned() -> None:
    (only,) = mutants(DECIDE, "def f(): \n if why := g(): return why")
    assert only == "if (why := g()) and False:\n    return why"


def test_a_choice_and_a_returned_comparison_turn_out_the_other_way() -> None:
    assert mutants(DECIDE, 'def f(a): return "passed" if a > 1 else "held"') == [
        "return 'passed' if not a > 1 else 'held'"
    ]
    assert mutants(DECIDE, "def f(a): return a > 1") == ["return not a > 1"]


def test_a_filter_lets_everything_through() -> None:
    assert mutants(DECIDE, "def f(a): return [b for b in a if b.live]") == [
        "return [b for b in a if b.live or True]"
    ]


def test_a_default_is_no_operand() -> None:
    assert mutants(DECIDE, 'def f(a): return a or ""') == []


def test_a_write_goes_without_its_condition_or_one_value_of_it() -> None:
    assert mutants(RECORD, """
        from steward.record.store import put
        def f(t, row, last):
            condition = {"number": last.number, "state": "closed"} if last else ABSENT
            return put(t, row, condition)
    """) == [
        "return put(t, row) if last else put(t, row, condition)",
        "return put(t, row, _mutation.without(condition, 'number'))",
        "return put(t, row, _mutation.without(condition, 'state'))",
        "return put(t, row, condition) if last else put(t, row)",
    ]  # fmt: skip


def test_a_write_that_only_looks_becomes_one_that_changes_nothing() -> None:
    assert mutants(RECORD, """
        from steward.record.store import check
        def f(t, pk): return check(t, pk, "node", PRESENT)
    """) == ["return _mutation.nothing(t, pk, 'node', PRESENT)"]  # fmt: skip


@pytest.mark.parametrize(("file", "count"), [(OBSERVE, 2), (f"{CORE}/act/x.py", 0)])
def test_elsewhere_only_what_is_refused_or_given_up_is_mutated(file: str, count: int) -> None:
    text = """
        def f(a):
            try:
                if a: raise ValueError
                if a: b = 1
            except KeyError: return None
    """
    assert len(sites_in(file, dedent(text))) == count


def test_ids_do_not_change_with_what_stands_elsewhere() -> None:
    text = "def f(a):\n if a: return 1\n"
    (before,) = sites_in(DECIDE, text)
    (_, after) = sites_in(DECIDE, f"def e(a):\n if a: return 1\n{text}")
    assert before.id == after.id == f"{DECIDE}::f::branch::1"
