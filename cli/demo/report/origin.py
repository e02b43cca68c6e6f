"""Where a prediction came from, as a chain of the few links that matter and as the whole tree."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from cli.documents import listed, mapping
from cli.pages.page import Picture, pictured
from cli.pages.told import anchor_of
from cli.trace import Entry, facts_of, kind_of, name_of, term_of

_DIGITS = 12


@dataclass(frozen=True, slots=True)
class Link:
    """One link of the chain: what it is, which one, and a word about it."""

    kind: str
    name: str
    about: str


@dataclass(frozen=True, slots=True)
class DataObject:
    """An object version that was learned from. No `rows`: they were not counted."""

    key: str
    version: str
    rows: object
    sha256: str


@dataclass(frozen=True, slots=True)
class Leaf:
    """A node of the tree with what it came from."""

    term: str
    kind: str
    name: str
    at: str
    facts: tuple[tuple[str, str], ...]
    anchor: str
    below: list["Leaf"] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Origin:
    """Everything behind one prediction; only the newest one's is drawn."""

    version: object
    chain: tuple[Link, ...]
    objects: tuple[DataObject, ...]
    tree: tuple[Leaf, ...]
    picture: Picture | None = None


def origins(answers: Iterable[object]) -> list[Origin]:
    """The origin of each prediction that the lineage was asked about."""
    known = [answer for answer in map(mapping, answers) if answer.get("graph")]
    found = [_origin(answer) for answer in known]
    return [*found[:-1], *(_drawn(*both) for both in zip(found[-1:], known[-1:], strict=True))]


def _drawn(origin: Origin, answer: Mapping[str, object]) -> Origin:
    told, picture = pictured(_graph(answer))
    # The tree tells them one by one.
    firsts = {fold.anchor: fold.nodes[0].anchor for fold in told.folds}
    drawn = picture and replace(picture, anchors={**picture.anchors, **firsts})
    return replace(origin, picture=drawn)


def _graph(answer: Mapping[str, object]) -> list[Entry]:
    return [mapping(entry) for entry in listed(answer.get("graph"))]


def _origin(answer: Mapping[str, object]) -> Origin:
    prediction, graph = mapping(answer.get("prediction")), _graph(answer)
    return Origin(
        version=prediction.get("version"),
        chain=(_asked(prediction), *_links(graph)),
        objects=tuple(_object(entry) for entry in graph if kind_of(entry) == "dataset"),
        tree=tuple(_tree(graph)),
    )


def _asked(prediction: Mapping[str, object]) -> Link:
    second = str(prediction.get("at")).partition(".")[0].replace("T", " ")
    about = f"{prediction.get('endpoint')}, {second} UTC"
    return Link("Prediction", str(prediction.get("inference_id")), about)


def _links(graph: list[Entry]) -> Iterator[Link]:
    """The first node of each kind that matters, from the answer to the data."""
    first = {kind_of(entry): entry for entry in reversed(graph)}
    for kind, link in _LINKS.items():
        if kind in first:
            yield link(name_of(first[kind]), mapping(first[kind]["facts"]))


def _version(name: str, facts: Entry) -> Link:
    digest = str(facts.get("artifact_sha256"))[:_DIGITS]
    return Link("Model version", name.rpartition("/")[2], f"artifact {digest}")


def _approval(_: str, facts: Entry) -> Link:
    return Link(f"{facts.get('status')} by", str(facts.get("by")), str(facts.get("words")))


def _run(_: str, facts: Entry) -> Link:
    why = ", ".join(map(str, listed(facts.get("reasons"))))
    return Link("Training run", str(facts.get("number")), f"because of {why}")


def _drift(_: str, facts: Entry) -> Link:
    about = ", ".join(str(mapping(one).get("about")) for one in listed(facts.get("listed")))
    return Link("Drift report", f"{facts.get('violations')} violations", f"about {about}")


def _code(name: str, _: Entry) -> Link:
    return Link("Code", name, "commit of the pipeline's source")


def _snapshot(name: str, facts: Entry) -> Link:
    return Link("Data snapshot", name, f"{facts.get('objects')} objects")


_LINKS = {
    "model-version": _version,
    "approval": _approval,
    "run": _run,
    "drift-report": _drift,
    "code": _code,
    "snapshot": _snapshot,
}


def _object(entry: Entry) -> DataObject:
    facts = mapping(entry["facts"])
    return DataObject(
        key=str(facts.get("key")),
        version=str(facts.get("version_id")),
        rows=facts.get("rows"),
        sha256=str(facts.get("sha256")),
    )


def _tree(graph: list[Entry]) -> Iterator[Leaf]:
    """Entries come depth first, so each belongs below the last one that is one less deep."""
    path: list[Leaf] = []
    for entry in graph:
        leaf = Leaf(
            term=term_of(entry),
            kind=kind_of(entry),
            name=name_of(entry),
            at=str(entry["at"]),
            facts=tuple(facts_of(entry)),
            anchor=anchor_of(str(entry["id"])),
        )
        depth = int(str(entry["depth"]))
        if depth:
            path[depth - 1].below.append(leaf)
        else:
            yield leaf
        path[depth:] = [leaf]
