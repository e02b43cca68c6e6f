"""Draws a graph as boxes in a grid, and lines between them: a pure function of the graph.

The gutters between the columns of the grid are free in every row. So a line to the next row goes
straight there, any other one through a gutter, and none runs behind a box.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from cli.pages.drawing import Box, Drawing, Edge, Label, Line, Shape, Vertex
from cli.pages.layers import columns_of, rows, tracked
from cli.pages.text import wrapped

# Of a box: a line for its kind, the lines of its title, one for its time.
_HEAD, _LINE, _FOOT = 26, 16, 24
_MOST_LINES = 3
# Kinds and titles are set in a monospaced font, so that their widths are known.
_LETTER, _SMALL = 7.3, 6.4
_MARGIN = 12
# Below a row lines bend; above a box stand the terms of the lines that end there.
_BEND, _LABEL, _TIP = 36, 14, 10
_TRACK = 7  # between two lines in a gutter
_ARROW = "m-3.5,-6l3.5,6l3.5,-6"


def draw(vertices: Sequence[Vertex], edges: Sequence[Edge], shape: Shape) -> Drawing:
    """Place every vertex once, and every edge whose ends are there."""
    known = {vertex.id: vertex for vertex in vertices}
    edges = [edge for edge in edges if edge.source in known and edge.target in known]
    grid = _Grid(shape, known, list(dict.fromkeys(edges)))
    return Drawing(shape.whole, grid.height, grid.boxes(), grid.lines(), grid.labels())


class _Grid:
    """Rows and columns of vertices, from which every coordinate follows."""

    def __init__(self, shape: Shape, known: Mapping[str, Vertex], edges: Sequence[Edge]) -> None:
        self.shape, self.known, self.edges = shape, known, edges
        self.rows = rows(list(known), edges, shape.columns)
        self.row = {vertex: place for place, row in enumerate(self.rows) for vertex in row}
        self.column = columns_of(self.rows, edges, shape.columns)
        cells = int((shape.width - 2 * _MARGIN) // _LETTER)
        self.titles = {
            name: wrapped(vertex.title, cells, _MOST_LINES) for name, vertex in known.items()
        }
        self.terms = defaultdict[str, list[str]](list)
        for target, term in dict.fromkeys(edge.bundle for edge in edges):
            self.terms[target].append(term)
        self._measure()

    def _measure(self) -> None:
        """For each row: where lines to it have bent, where its boxes begin, how high they are."""
        self.bends: list[float] = []
        self.tops: list[float] = []
        self.heights: list[float] = []
        # Only a circle leads to the first row, or on from the last one.
        y = 2.0 + (_BEND if any(self.row[edge.target] == 0 for edge in self.edges) else 0)
        for row in self.rows:
            self.bends.append(y)
            terms = max(len(self.terms[name]) for name in row)
            y += _TIP + _LABEL * terms if terms else 0
            self.tops.append(y)
            lines = max(len(self.titles[name]) for name in row)
            self.heights.append(_HEAD + _LINE * lines + _FOOT)
            y += self.heights[-1] + _BEND
        goes_on = any(self.row[edge.source] == len(self.rows) - 1 for edge in self.edges)
        self.height = y + 2 - (0 if goes_on else _BEND)

    def boxes(self) -> tuple[Box, ...]:
        small = int((self.shape.width - 2 * _MARGIN) // _SMALL)
        return tuple(
            Box(
                vertex=vertex,
                kind=" ".join(wrapped(vertex.kind, small, 1)),
                x=self.shape.left(self.column[name]),
                y=self.tops[self.row[name]],
                width=self.shape.width,
                height=self.heights[self.row[name]],
                lines=self.titles[name],
            )
            for name, vertex in self.known.items()
        )

    def labels(self) -> tuple[Label, ...]:
        return tuple(
            Label(
                text=term,
                x=self._end((target, term)),
                y=self.tops[self.row[target]] - _TIP - _LABEL * place,
            )
            for target, terms in self.terms.items()
            for place, term in enumerate(terms)
        )

    def lines(self) -> tuple[Line, ...]:
        gutters = self._gutters()
        starts = self._starts(gutters)
        return tuple(self._line(edge, starts[edge], gutters.get(edge)) for edge in self.edges)

    def _end(self, bundle: tuple[str, str]) -> float:
        """Where lines with a term end: evenly apart on the upper side of the box."""
        target, term = bundle
        terms = self.terms[target]
        share = (terms.index(term) + 1) / (len(terms) + 1)
        return self.shape.left(self.column[target]) + share * self.shape.width

    def _gutters(self) -> dict[Edge, float]:
        """Where each line runs down that does not end in the next row."""
        chosen: dict[Edge, int] = {}
        bundles = defaultdict[int, list[tuple[str, str]]](list)
        for edge in self.edges:
            if self.row[edge.target] != self.row[edge.source] + 1:
                chosen[edge] = gutter = self._nearest_gutter(edge, bundles)
                bundles[gutter].append(edge.bundle)
        asides = {gutter: self._asides(gutter, chosen) for gutter in bundles}
        return {
            edge: self.shape.middle_of(gutter) + asides[gutter][edge.bundle]
            for edge, gutter in chosen.items()
        }

    def _nearest_gutter(self, edge: Edge, bundles: Mapping[int, Sequence[tuple[str, str]]]) -> int:
        """One on the way; rather one that is a little further than a crowded one."""
        start = self.shape.left(self.column[edge.source]) + self.shape.width / 2
        end = self._end(edge.bundle)

        def cost(gutter: int) -> float:
            x = self.shape.middle_of(gutter)
            others = set(bundles.get(gutter, ())) - {edge.bundle}
            return abs(x - start) + abs(x - end) + 2 * _TRACK * len(others)

        return min(range(self.shape.columns + 1), key=cost)

    def _asides(self, gutter: int, chosen: Mapping[Edge, int]) -> dict[tuple[str, str], float]:
        """How far from the gutter's middle each bundle runs, beside all that pass it."""
        spans: dict[tuple[str, str], tuple[int, int]] = {}
        for edge in (edge for edge, place in chosen.items() if place == gutter):
            ends = self.row[edge.source], self.row[edge.target]
            known = spans.get(edge.bundle, ends)
            spans[edge.bundle] = min(*known, *ends), max(*known, *ends)
        tracks = tracked(spans)
        many = max(tracks.values()) + 1
        step = min(_TRACK, self.shape.gutter * 0.8 / many)
        return {bundle: (track - (many - 1) / 2) * step for bundle, track in tracks.items()}

    def _starts(self, gutters: Mapping[Edge, float]) -> dict[Edge, float]:
        """Where each line leaves its box: evenly apart below it, in the order they part."""
        leaving = defaultdict[str, list[Edge]](list)
        for edge in self.edges:
            leaving[edge.source].append(edge)
        starts: dict[Edge, float] = {}
        for source, edges in leaving.items():
            left, step = self.shape.left(self.column[source]), self.shape.width / (len(edges) + 1)
            edges.sort(key=lambda edge: gutters.get(edge, self._end(edge.bundle)))
            starts |= {edge: left + step * place for place, edge in enumerate(edges, start=1)}
        return starts

    def _line(self, edge: Edge, start: float, gutter: float | None) -> Line:
        row, to = self.row[edge.source], self.row[edge.target]
        low, bend, end = self.tops[row] + self.heights[row], self.bends[to], self._end(edge.bundle)
        path = f"M{start:.1f},{low:.1f}"
        if gutter is None:
            path += _curve(start, low, end, bend)
        else:
            path += f"{_curve(start, low, gutter, low + _BEND)}V{bend - _BEND:.1f}"
            path += _curve(gutter, bend - _BEND, end, bend)
        return Line(edge, f"{path}V{self.tops[to]:.1f}{_ARROW}", self.known[edge.target].tone)


def _curve(x: float, y: float, to_x: float, to_y: float) -> str:
    middle = (y + to_y) / 2
    return f"C{x:.1f},{middle:.1f} {to_x:.1f},{middle:.1f} {to_x:.1f},{to_y:.1f}"
