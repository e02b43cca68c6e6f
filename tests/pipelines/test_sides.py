"""The bias metrics that need rows, against cases that were computed by hand."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from tabular import sides
from tabular.sides import Sides

# Group x: of 4 refused rows 3 are disadvantaged, of 2 accepted ones 1.
# Group y: of 2 refused rows 1 is disadvantaged, of 2 accepted ones none.
DISADVANTAGED = np.array([True, True, True, False, True, False, True, False, False, False])
ACCEPTED = np.array([False, False, False, False, True, True, False, False, True, True])
GROUPS = ("x",) * 6 + ("y",) * 4
DISPARITY = (6 * (3 / 4 - 1 / 2) + 4 * (1 / 2 - 0 / 2)) / 10


def rows(
    disadvantaged: Sequence[bool],
    accepted: Sequence[bool],
    groups: Sequence[str] | None = None,
    numbers: Sequence[float] = (),
) -> Sides:
    outcomes = np.array(accepted, dtype=bool)
    table = np.array(numbers, dtype=float).reshape(len(outcomes), 1 if numbers else 0)
    return Sides(np.array(disadvantaged, dtype=bool), outcomes, outcomes, groups, table)


def metric(name: str, given: Sides) -> dict[str, object]:
    measured = [
        *sides.measure(sides.PRE_TRAINING, given),
        *sides.measure(sides.POST_TRAINING, given),
    ]
    return next(one for one in measured if one["name"] == name)


def value(name: str, given: Sides) -> object:
    assert "error" not in metric(name, given)
    return metric(name, given)["value"]


CONDITIONAL = pytest.mark.parametrize("name", ["CDDL", "CDDPL"])


@CONDITIONAL
def test_conditional_disparity_is_the_groups_disparity_weighted_by_their_rows(name: str) -> None:
    assert value(name, rows(DISADVANTAGED, ACCEPTED, GROUPS)) == pytest.approx(DISPARITY)


def test_one_looks_at_what_happened_and_one_at_what_was_predicted() -> None:
    given = rows(DISADVANTAGED, ACCEPTED, GROUPS)
    other = replace(given, predicted=~ACCEPTED)
    assert value("CDDL", other) == pytest.approx(DISPARITY)
    assert value("CDDPL", other) == pytest.approx(-DISPARITY)


@CONDITIONAL
def test_a_row_of_an_unknown_group_counts_nowhere(name: str) -> None:
    more = rows([*DISADVANTAGED, True], [*ACCEPTED, False], [*GROUPS, ""])
    assert value(name, more) == pytest.approx(DISPARITY)


@CONDITIONAL
def test_a_disparity_that_the_groups_explain_disappears(name: str) -> None:
    # The disadvantaged are mostly in y, where most are refused; within a group all fare alike.
    disadvantaged = [True, False, True, False, *[True, True, False] * 2]
    accepted = [True, True, False, False, *[False] * 3, *[True] * 3]
    groups = ["x"] * 4 + ["y"] * 6
    assert value(name, rows(disadvantaged, accepted, groups)) == pytest.approx(0.0)


@CONDITIONAL
@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (rows(DISADVANTAGED, ACCEPTED), "No group column is named for the facet."),
        (rows([True] * 10, ACCEPTED, GROUPS), "The advantaged group has no rows."),
        (rows([False] * 10, ACCEPTED, GROUPS), "The disadvantaged group has no rows."),
        (rows(DISADVANTAGED, ACCEPTED, [""] * 10), "The advantaged group has no rows."),
        (rows([], [], []), "The advantaged group has no rows."),
        (rows([*DISADVANTAGED, True], [*ACCEPTED, True], [*GROUPS, "z"]),
         "Groups without refused rows: 1 of 3."),
        (rows([*DISADVANTAGED, True], [*ACCEPTED, False], [*GROUPS, "z"]),
         "Groups without accepted rows: 1 of 3."),
        (rows(DISADVANTAGED, [False] * 10, GROUPS), "Groups without accepted rows: 2 of 2."),
    ],
)  # fmt: skip
def test_conditional_disparity_without_a_value_says_why(
    name: str, given: Sides, reason: str
) -> None:
    found = metric(name, given)
    assert (found["value"], found["error"]) == (None, reason)


# Five advantaged rows near 0, three of them accepted; five near 100, one of them accepted.
NEAR = [0.0, 0.1, 0.2, 0.3, 0.4, 100.0, 100.1, 100.2, 100.3, 100.4]
GRANTED = [True, True, True, False, False, False, False, False, False, True]


def flipped(*pairs: tuple[float, bool]) -> Sides:
    """The ten advantaged rows, and disadvantaged ones with their place and outcome."""
    places, accepted = zip(*pairs, strict=True)
    return rows(
        [*[False] * 10, *[True] * len(pairs)], [*GRANTED, *accepted], None, [*NEAR, *places]
    )


def test_the_flip_test_counts_rows_that_most_of_their_nearest_others_contradict() -> None:
    refused_like_accepted = [(0.0, False), (1.0, False)]
    accepted_like_refused = [(99.0, True)]
    in_accord = [(2.0, True)]
    given = flipped(*refused_like_accepted, *accepted_like_refused, *in_accord)
    assert value("FT", given) == (2 - 1) / 4


def test_as_many_flips_either_way_are_a_flip_test_of_zero() -> None:
    assert value("FT", flipped((0.0, False), (99.0, True))) == 0.0


@pytest.mark.parametrize(
    ("granted", "accepted", "expected"),
    [
        ([True], False, 1.0),  # the only neighbour there is
        ([False], True, -1.0),
        ([True, False], False, 0.0),  # as many say one thing as the other
        ([True, True, False], False, 1.0),
    ],
)
def test_fewer_than_five_neighbours_are_all_asked(
    granted: list[bool], accepted: bool, expected: float
) -> None:
    places = [float(place) for place in range(len(granted) + 1)]
    given = rows([*[False] * len(granted), True], [*granted, accepted], None, places)
    assert value("FT", given) == expected


def test_a_missing_number_stands_at_the_mean_of_the_others() -> None:
    nan = float("nan")
    # The mean of what is known is 100: the last row's neighbours are the refused ones there.
    places = [0.0, 100.0, 100.0, 100.0, 100.0, 100.0, 200.0, nan]
    granted = [True, False, False, False, False, False, True]
    given = rows([False] * 7 + [True], [*granted, True], None, places)
    assert value("FT", given) == -1.0


def test_a_number_that_is_always_missing_tells_nobody_apart() -> None:
    given = flipped((0.0, False))
    column = np.full((len(given.numbers), 1), np.nan)
    assert value("FT", replace(given, numbers=np.hstack([given.numbers, column]))) == 1.0


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (rows([True], [True], None, [1.0]), "The advantaged group has no rows."),
        (rows([False], [True], None, [1.0]), "The disadvantaged group has no rows."),
        (rows([False, True], [True, True]), "No feature is a number."),
    ],
)
def test_a_flip_test_without_a_value_says_why(given: Sides, reason: str) -> None:
    found = metric("FT", given)
    assert (found["value"], found["error"]) == (None, reason)
