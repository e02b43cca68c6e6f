"""What a drawn graph is made of: what goes in, and what comes out with its place."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Shape:
    """How many boxes stand side by side, how wide they are, and what is left between them."""

    columns: int
    width: int
    gutter: int

    @property
    def whole(self) -> int:
        """The width of the drawing."""
        return self.columns * self.width + (self.columns + 1) * self.gutter

    def left(self, column: int) -> float:
        """Where a column begins."""
        return self.gutter + column * (self.width + self.gutter)

    def middle_of(self, gutter: int) -> float:
        """The middle of a gutter; the first one is left of all columns."""
        return self.gutter / 2 + gutter * (self.width + self.gutter)


WIDE, NARROW = Shape(4, 212, 38), Shape(2, 138, 26)


@dataclass(frozen=True, slots=True)
class Vertex:
    """What a box stands for; `tone` is how it is coloured, `about` its last line."""

    id: str
    kind: str
    title: str
    about: str
    tone: str


@dataclass(frozen=True, slots=True)
class Edge:
    """That one vertex came from another, and how."""

    source: str
    target: str
    term: str

    @property
    def bundle(self) -> tuple[str, str]:
        """Edges with the same end and term are drawn as one where they run together."""
        return self.target, self.term


@dataclass(frozen=True, slots=True)
class Box:
    """A vertex with its place, its kind in one line that fits and its title in a few."""

    vertex: Vertex
    kind: str
    x: float
    y: float
    width: float
    height: float
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """An edge with its way."""

    edge: Edge
    path: str
    tone: str


@dataclass(frozen=True, slots=True)
class Label:
    """A term, once for all lines that end at a box with it."""

    text: str
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Drawing:
    """Everything to draw, in a rectangle from 0, 0."""

    width: float
    height: float
    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]
    labels: tuple[Label, ...]
