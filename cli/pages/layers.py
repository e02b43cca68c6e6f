"""Orders a graph from top to bottom: rows, and in each row a column for every vertex."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations

from cli.pages.drawing import Edge


def rows(ids: Sequence[str], edges: Iterable[Edge], columns: int) -> list[list[str]]:
    """Each vertex below all that came from it; a layer takes as many rows as it needs."""
    layers = defaultdict[int, list[str]](list)
    for vertex, depth in _layers(ids, edges).items():
        layers[depth].append(vertex)
    found = []
    for _, layer in sorted(layers.items()):
        many = -(-len(layer) // columns)
        size = -(-len(layer) // many)
        found += [layer[start : start + size] for start in range(0, len(layer), size)]
    return found


def columns_of(
    rows: Sequence[Sequence[str]], edges: Iterable[Edge], columns: int
) -> dict[str, int]:
    """A column for each vertex, near the middle of those above that came from it."""
    sources = defaultdict[str, list[str]](list)
    for edge in edges:
        sources[edge.target].append(edge.source)
    found: dict[str, int] = {}
    for row in rows:
        aims = {vertex: _middle(found, sources[vertex], columns) for vertex in row}
        ordered = sorted(row, key=aims.__getitem__)
        wanted = [aims[vertex] for vertex in ordered]
        found |= zip(ordered, _nearest(wanted, columns), strict=True)
    return found


def tracked[T](spans: Mapping[T, tuple[int, int]]) -> dict[T, int]:
    """A track for each span, so that no two that meet are on the same one."""
    ends: list[int] = []
    found: dict[T, int] = {}
    for name, (first, last) in sorted(spans.items(), key=lambda one: one[1]):
        free = (track for track, end in enumerate(ends) if end < first)
        found[name] = track = next(free, len(ends))
        ends[track : track + 1] = [last]
    return found


def _layers(ids: Sequence[str], edges: Iterable[Edge]) -> dict[str, int]:
    """As many layers down as the longest way to a vertex; of a circle one edge leads back up."""
    targets = defaultdict[str, list[str]](list)
    for edge in edges:
        targets[edge.source].append(edge.target)
    depths = dict.fromkeys(ids, 0)
    above: set[str] = set()
    for vertex in _downwards(ids, targets):
        above.add(vertex)
        for target in targets[vertex]:
            if target not in above:
                depths[target] = max(depths[target], depths[vertex] + 1)
    return depths


def _downwards(ids: Sequence[str], targets: Mapping[str, Sequence[str]]) -> list[str]:
    """Every vertex before those that it came from, as far as there is no circle."""
    done: list[str] = []
    seen: set[str] = set()
    stack = [(vertex, False) for vertex in reversed(ids)]
    while stack:
        vertex, left = stack.pop()
        if left:
            done.append(vertex)
        elif vertex not in seen:
            seen.add(vertex)
            below = [(target, False) for target in targets.get(vertex, ())]
            stack += [(vertex, True), *below]
    return list(reversed(done))


def _middle(found: Mapping[str, int], sources: Iterable[str], columns: int) -> float:
    above = [found[source] for source in sources if source in found]
    return sum(above) / len(above) if above else (columns - 1) / 2


def _nearest(wanted: Sequence[float], columns: int) -> tuple[int, ...]:
    """Different columns in this order, all together as near as can be."""

    def distance(chosen: Sequence[int]) -> float:
        return sum(abs(place - aim) for place, aim in zip(chosen, wanted, strict=True))

    return min(combinations(range(columns), len(wanted)), key=distance)
