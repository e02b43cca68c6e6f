"""Comparing what was compiled with what is committed; compiling itself takes `make pipelines`."""

from pathlib import Path

import pytest

from pipelines import compile as compiler

FILE = Path("pipelines/tabular/definition.json")


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("a\nb\n", "a\nb\n", ""),
        ("a\nb\n", "a\nc\n", f"{FILE}, line 2: committed is 'b', compiled is 'c'"),
        ("a\n", "a\nb\n", f"{FILE}, line 2: committed is nothing, compiled is 'b'"),
        ("a\nb\n", "a\n", f"{FILE}, line 2: committed is 'b', compiled is nothing"),
    ],
)
def test_the_first_difference_is_named_with_its_line(old: str, new: str, sentence: str) -> None:
    assert compiler.difference(FILE, old, new) == sentence


def test_a_difference_in_white_space_alone_is_a_difference() -> None:
    assert compiler.difference(FILE, "a", "a\n").startswith(f"{FILE}, line 1")
