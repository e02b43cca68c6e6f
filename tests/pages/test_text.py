"""Titles are broken into lines that fit, whatever they are."""

import pytest

from cli.pages.text import wrapped


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("short", ("short",)),
        ("Approved by anna", ("Approved", "by anna")),
        ("assumed-role/steward", ("assumed-", "role/", "steward")),
        ("x" * 18, ("x" * 10, "x" * 8)),
        ("", ()),
        ("  two   words ", ("two words",)),
        ("データデータデータ", ("データデー", "タデータ")),
    ],
)
def test_lines_break_behind_a_mark_where_there_is_one(text: str, lines: tuple[str, ...]) -> None:
    assert wrapped(text, 10, 3) == lines


def test_what_does_not_fit_ends_with_an_ellipsis() -> None:
    assert wrapped("x" * 100, 10, 3) == ("x" * 10, "x" * 10, "x" * 9 + "…")
