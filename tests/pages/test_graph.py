"""A drawn graph shows every box once and whole, every edge, and no line behind a box."""

import random
import re
from collections.abc import Iterator
from itertools import combinations, pairwise

import pytest

from cli.pages.drawing import NARROW, WIDE, Box, Drawing, Edge, Line, Shape, Vertex
from cli.pages.graph import draw
from cli.pages.layers import tracked

SHAPES = pytest.mark.parametrize("shape", [WIDE, NARROW], ids=["wide", "narrow"])
TERMS = ("used", "wasGeneratedBy", "wasInformedBy")

type Point = tuple[float, float]


def vertices(names: str) -> list[Vertex]:
    return [Vertex(name, "run", f"title of {name}", "noon", "training") for name in names]


def edges(*named: str) -> list[Edge]:
    return [Edge(both[0], both[1], "used") for both in named]


def any_graph(seed: int) -> tuple[list[Vertex], list[Edge]]:
    """Up to 60 vertices that came from some of those after them, with titles of any length."""
    chance = random.Random(seed)  # noqa: S311  # any graph will do
    names = [f"node {number}" for number in range(chance.randint(1, 60))]
    boxes = [Vertex(one, "run", "word " * chance.randint(1, 30), "noon", "data") for one in names]
    pairs = [pair for pair in combinations(names, 2) if chance.random() < 3 / len(names)]
    return boxes, [Edge(*pair, chance.choice(TERMS)) for pair in pairs]


def points(line: Line) -> Iterator[Point]:
    """Where a line runs, up to its arrow."""
    x = y = 0.0
    for kind, numbers in re.findall(r"([MCV])([-\d., ]+)", line.path):
        found = [float(one) for one in re.split(r"[ ,]+", numbers)]
        if kind == "M":
            x, y = found
        elif kind == "V":
            yield from ((x, y + (found[0] - y) * part / 8) for part in range(9))
            y = found[0]
        else:
            yield from curve((x, y), *zip(found[::2], found[1::2], strict=True))
            x, y = found[-2:]


def curve(*four: Point) -> Iterator[Point]:
    for place in range(9):
        part = place / 8
        weights = [(1 - part) ** 3, 3 * part * (1 - part) ** 2, 3 * part**2 * (1 - part), part**3]
        x, y = (sum(w * p[axis] for w, p in zip(weights, four, strict=True)) for axis in (0, 1))
        yield x, y


def is_inside(point: Point, box: Box, by: float = 0.2) -> bool:
    x, y = point
    return box.x + by < x < box.x + box.width - by and box.y + by < y < box.y + box.height - by


def overlap(one: Box, other: Box) -> bool:
    return (
        one.x < other.x + other.width
        and other.x < one.x + one.width
        and one.y < other.y + other.height
        and other.y < one.y + one.height
    )


def place(drawing: Drawing, name: str) -> Box:
    return next(box for box in drawing.boxes if box.vertex.id == name)


@SHAPES
@pytest.mark.parametrize("seed", range(12))
def test_of_any_graph_everything_is_drawn_and_nothing_is_hidden(seed: int, shape: Shape) -> None:
    known, ways = any_graph(seed)
    drawing = draw(known, ways, shape)
    assert sorted(box.vertex.id for box in drawing.boxes) == sorted(one.id for one in known)
    assert [line.edge for line in drawing.lines] == ways
    assert not [pair for pair in combinations(drawing.boxes, 2) if overlap(*pair)]
    for line in drawing.lines:
        way = list(points(line))
        assert not [box for box in drawing.boxes if any(is_inside(one, box) for one in way)], line


@SHAPES
@pytest.mark.parametrize("seed", range(12))
def test_of_any_graph_all_stays_in_the_picture(seed: int, shape: Shape) -> None:
    drawing = draw(*any_graph(seed), shape)
    corners = [
        (box.x + side * box.width, box.y + box.height) for box in drawing.boxes for side in (0, 1)
    ]
    for x, y in (*corners, *(one for line in drawing.lines for one in points(line))):
        assert 0 <= x <= drawing.width
        assert 0 <= y <= drawing.height


def test_a_line_goes_from_a_box_down_to_the_one_it_came_from() -> None:
    drawing = draw(vertices("ab"), edges("ab"), WIDE)
    (line,) = drawing.lines
    above, below = place(drawing, "a"), place(drawing, "b")
    found = list(points(line))
    assert found[0][1] == pytest.approx(above.y + above.height, abs=0.1)
    assert found[-1][1] == pytest.approx(below.y, abs=0.1)


def test_what_came_from_several_stands_below_all_of_them() -> None:
    drawing = draw(vertices("abcd"), edges("ab", "bc", "ac", "cd", "ad"), WIDE)
    tops = [place(drawing, name).y for name in "abcd"]
    assert all(one < other for one, other in pairwise(tops))


def test_more_than_fit_into_a_row_stand_in_several() -> None:
    drawing = draw(vertices("abcdefg"), edges(*(f"a{name}" for name in "bcdefg")), WIDE)
    assert len({place(drawing, name).y for name in "bcdefg"}) == 2


def test_a_term_is_told_once_for_all_lines_that_end_with_it() -> None:
    drawing = draw(vertices("abc"), [*edges("ac", "bc"), Edge("a", "c", "wasInformedBy")], WIDE)
    assert sorted(label.text for label in drawing.labels) == ["used", "wasInformedBy"]


def test_lines_that_pass_each_other_run_side_by_side() -> None:
    spans = {"long": (0, 9), "first": (1, 3), "second": (4, 6), "between": (2, 5)}
    assert tracked(spans) == {"long": 0, "first": 1, "between": 2, "second": 1}


def test_a_circle_is_drawn_all_the_same() -> None:
    drawing = draw(vertices("abc"), edges("ab", "bc", "ca"), WIDE)
    assert len(drawing.boxes) == len(drawing.lines) == 3
    assert all(0 <= y <= drawing.height for line in drawing.lines for _, y in points(line))


def test_an_edge_whose_end_is_not_there_is_left_out() -> None:
    assert draw(vertices("a"), edges("ab"), WIDE).lines == ()


def test_nothing_makes_an_empty_picture() -> None:
    drawing = draw([], [], WIDE)
    assert (drawing.boxes, drawing.lines, drawing.labels) == ((), (), ())
