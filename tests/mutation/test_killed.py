"""The committed list is that of the code as it is. `make mutate` writes it anew."""

import ast
from functools import cache

import pytest

from tests.mutation import killed
from tests.mutation.invariants import SITES, TITLES
from tests.mutation.sites import ROOT, all_sites

LISTED = killed.read()


def test_every_site_of_the_code_is_in_the_list_and_no_other() -> None:
    listed = {name: one["source"] for name, one in LISTED.items()}
    assert listed == {site.id: site.source for site in all_sites()}, "run: make mutate"


def test_every_mutant_was_killed_by_a_test_that_there_is() -> None:
    assert [one for one in sorted(set(killed.killers().values())) if not is_test(one)] == []


@pytest.mark.parametrize("number", TITLES, ids=str)
def test_every_invariant_is_broken_by_each_mutant_that_is_said_to(number: int) -> None:
    said = {name for name, one in LISTED.items() if number in one["breaks"]}  # type: ignore[operator]
    assert [one for one in SITES[number] if not any(name.startswith(one) for name in said)] == []


def is_test(node_id: str) -> bool:
    file, *names = node_id.partition("[")[0].split("::")
    return ".".join(names) in names_in(file)


@cache
def names_in(file: str) -> set[str]:
    """The tests of a file, those of a class with its name before theirs."""
    body = ast.parse((ROOT / file).read_text(encoding="utf-8")).body
    groups = [one for one in body if isinstance(one, ast.ClassDef)]
    found = {one.name for one in body if isinstance(one, ast.FunctionDef)}
    return found | {
        f"{group.name}.{one.name}"
        for group in groups
        for one in group.body
        if isinstance(one, ast.FunctionDef)
    }
