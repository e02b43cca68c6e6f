"""The nodes of an answer as a page tells them: names for people, facts, and links both ways."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from cli.pages.drawing import Edge, Vertex
from cli.pages.parts import plain
from cli.trace import TERMS, Entry, facts_of, kind_of, name_of
from steward import digest

_TONES = {
    "dataset": "data", "snapshot": "data", "capture": "data",
    "run": "training", "job": "training", "code": "training", "image": "training",
    "decision": "approval", "approval": "approval", "person": "approval", "agent": "approval",
    "evaluation": "approval", "bias-report": "approval", "explainability-report": "approval",
    "drift-report": "drift", "rollout": "rollout", "model-version": "serving",
}  # fmt: skip
_KINDS = {"explainability-report": "explainability", "bias-report": "bias"}
# These last; without an end on record they have not ended, as far as anybody knows.
_LASTING = ("run", "rollout")
# More alike nodes that lead no further are one box.
_MOST_ALIKE = 4
_MOST_BOXES = 60


@dataclass(frozen=True, slots=True)
class Link:
    """A way from one node to another, in words; no anchor: that one is not on the page."""

    term: str
    name: str
    anchor: str


@dataclass(slots=True)
class Told:
    """One node. `rest` are the facts that no word was found for; `came` and `led` its links."""

    id: str
    anchor: str
    kind: str
    tone: str
    title: str
    at: str
    when: str
    facts: tuple[tuple[str, str], ...]
    rest: tuple[tuple[str, str], ...]
    is_open: bool
    came: list[Link] = field(default_factory=list)
    led: list[Link] = field(default_factory=list)

    @property
    def name(self) -> str:
        """Kind and title, a word that both have once."""
        said = self.title.startswith(f"{self.kind.rpartition(' ')[2]} ")
        return self.title if said else f"{self.kind} {self.title}"


@dataclass(frozen=True, slots=True)
class Fold:
    """Nodes of a kind that are drawn as one box, and stand in one list."""

    anchor: str
    title: str
    kind: str
    tone: str
    nodes: tuple[Told, ...]


@dataclass(frozen=True, slots=True)
class Story:
    """What a page tells of an answer: nodes one by one, folds, and what is drawn of them."""

    nodes: tuple[Told, ...]
    folds: tuple[Fold, ...]
    vertices: tuple[Vertex, ...]
    edges: tuple[Edge, ...]
    anchors: Mapping[str, str]
    undrawn: int


def story(graph: Sequence[Entry]) -> Story:
    """Every node of an answer's graph once, with the ways between them."""
    nodes = {str(entry["id"]): _told(entry) for entry in graph}
    edges = list(dict.fromkeys(_edges(graph)))
    for edge in edges:
        _link(nodes, edge)
    folds = _folds(nodes, edges)
    place = {node.id: fold.anchor for fold in folds for node in fold.nodes}
    vertices = [_vertex(node) for node in nodes.values() if node.id not in place]
    vertices += [_folded(fold) for fold in folds]
    drawn = _nearest(vertices, edges, place)
    return Story(
        nodes=tuple(node for node in nodes.values() if node.id not in place),
        folds=tuple(folds),
        vertices=tuple(drawn),
        edges=tuple(_between(edges, place)),
        anchors={node.id: node.anchor for node in nodes.values()}
        | {fold.anchor: fold.anchor for fold in folds},
        undrawn=len(vertices) - len(drawn),
    )


def _told(entry: Entry) -> Told:
    facts, kind = tuple(facts_of(entry)), kind_of(entry)
    known = entry["facts"] if isinstance(entry["facts"], Mapping) else {}
    shown = {value for _, value in facts}
    return Told(
        id=str(entry["id"]),
        anchor=anchor_of(str(entry["id"])),
        kind=_KINDS.get(kind, kind.replace("-", " ")),
        tone=_TONES.get(kind, ""),
        title=_title(entry),
        at=str(entry["at"]),
        when=moment(str(entry["at"])),
        facts=facts,
        rest=tuple(
            (name.replace("_", " "), text)
            for name, value in sorted(known.items())
            if (text := plain(value)) and text not in shown
        ),
        is_open=kind in _LASTING and not entry["end"] and known.get("direction") != "found",
    )


def anchor_of(node_id: str) -> str:
    """Where on the page a node stands."""
    return f"node-{digest.of_text(node_id)[:12]}"


def moment(at: str) -> str:
    """A time as people write it, to the second."""
    return at.replace("T", " ").partition(".")[0]


def _title(entry: Entry) -> str:
    """Its shortest name that says which one it is."""
    facts = entry["facts"] if isinstance(entry["facts"], Mapping) else {}
    title = _TITLES.get(kind_of(entry))
    return (title(name_of(entry), facts) if title else "") or name_of(entry) or str(entry["id"])


def _text(facts: Entry, name: str) -> str:
    return str(facts.get(name) or "")


def _last(name: str) -> str:
    return name.rpartition("/")[2]


_TITLES: dict[str, Callable[[str, Entry], str]] = {
    "dataset": lambda _, facts: _last(_text(facts, "key")),
    "run": lambda _, facts: f"run {facts['number']}" if "number" in facts else "",
    "job": lambda _, facts: _text(facts, "step"),
    "model-version": lambda name, _: f"version {_last(name)}",
    "rollout": lambda name, _: f"rollout {_last(name)}",
    "approval": lambda name, facts: (
        f"{_text(facts, 'status')} by {_text(facts, 'by')}"
        if facts.get("by")
        else f"version {_last(name)}"
    ),
    "decision": lambda _, facts: f"{facts.get('concern')}: {facts.get('verdict')}",
    "drift-report": lambda _, facts: (
        f"{facts['violations']} violations" if "violations" in facts else ""
    ),
    "code": lambda name, _: name[:12],
    "image": lambda name, _: name.removeprefix("sha256:")[:12],
    "agent": lambda name, _: name.rpartition(":")[2],
    "capture": lambda name, _: " ".join(name.split("/")[1:]).replace("T", " ").partition(".")[0],
}


def _edges(graph: Sequence[Entry]) -> Iterable[Edge]:
    for entry in graph:
        links = entry.get("links")
        for link in links if isinstance(links, list) else []:
            yield Edge(str(entry["id"]), str(link["to"]), str(link["term"]))


def _link(nodes: Mapping[str, Told], edge: Edge) -> None:
    source, target = nodes[edge.source], nodes.get(edge.target)
    term = TERMS.get(edge.term, edge.term)
    name = target.name if target else f"{edge.target}, which is not on record"
    source.came.append(Link(term, name, target.anchor if target else ""))
    if target:
        target.led.append(Link(term, source.name, source.anchor))


def _folds(nodes: Mapping[str, Told], edges: Sequence[Edge]) -> list[Fold]:
    """Nodes of one kind that came from nothing and led to the same."""
    alike = defaultdict[tuple[object, ...], list[Told]](list)
    for node in nodes.values():
        sources = tuple(edge.source for edge in edges if edge.target == node.id)
        if sources and not node.came:
            alike[node.kind, *sources].append(node)
    return [
        Fold(
            anchor=anchor_of(" ".join(node.id for node in group)),
            title=f"{len(group)} {'objects' if group[0].kind == 'dataset' else group[0].kind}",
            kind=group[0].kind,
            tone=group[0].tone,
            nodes=tuple(group),
        )
        for group in alike.values()
        if len(group) > _MOST_ALIKE
    ]


def _between(edges: Iterable[Edge], place: Mapping[str, str]) -> Iterable[Edge]:
    """Edges as they are drawn: those to a folded node lead to its fold."""
    return dict.fromkeys(
        Edge(edge.source, place.get(edge.target, edge.target), edge.term) for edge in edges
    )


def _vertex(node: Told) -> Vertex:
    kind = f"{node.kind}, not ended" if node.is_open else node.kind
    return Vertex(node.id, kind, node.title, node.when, node.tone)


def _folded(fold: Fold) -> Vertex:
    return Vertex(fold.anchor, fold.kind, fold.title, "listed below", fold.tone)


def _nearest(
    vertices: Sequence[Vertex], edges: Sequence[Edge], place: Mapping[str, str]
) -> list[Vertex]:
    """As many as can be looked at: those with the fewest steps from the question."""
    targets = defaultdict[str, list[str]](list)
    for edge in _between(edges, place):
        targets[edge.source].append(edge.target)
    aims = {target for found in targets.values() for target in found}
    level = [vertex.id for vertex in vertices if vertex.id not in aims]
    level = level or [vertex.id for vertex in vertices[:1]]
    near: dict[str, None] = {}
    while level:
        near |= dict.fromkeys(level)
        level = [to for vertex in level for to in targets[vertex] if to not in near]
        level = list(dict.fromkeys(level))
    kept = set(list(near)[:_MOST_BOXES])
    return [vertex for vertex in vertices if vertex.id in kept]
