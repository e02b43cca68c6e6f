"""How two versions of a model differ: data, code, image, hyperparameters, metrics, policy."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from steward.aws import Aws
from steward.lineage.captures import NotOnRecord
from steward.lineage.documents import document
from steward.lineage.nodes import version_id
from steward.lineage.read import Found, nodes, ways_back
from steward.lineage.trace import upstream
from steward.record.store import Store

type Answer = dict[str, object]

_MOST_WAYS = 100


def diff(aws: Aws, store: Store, group: str, first: int, second: int) -> Answer | None:
    """Each part that differs, as the value of the first version and of the second.

    A part that is not known of both is null, and `not_known` says why. None: one of the versions is
    not on record.
    """
    one, other = (_side(aws, store, version_id(group, number)) for number in (first, second))
    if one is None or other is None:
        return None
    not_known = list[Answer]()
    parts: Answer = {}
    for name, read in _PARTS.items():
        values = list[object]()
        for number, side in ((first, one), (second, other)):
            try:
                values.append(read(side))
            except NotOnRecord as reason:
                not_known.append({"version": number, "part": name, "because": str(reason)})
        parts[name] = list(_changes(values[0], values[1])) if len(values) == 2 else None
    asked = {"group": group, "from": first, "to": second}
    return {"diff": asked} | parts | {"not_known": not_known}


@dataclass(frozen=True, slots=True)
class _Side:
    """A version, and everything that it came from."""

    aws: Aws
    store: Store
    version: Found
    known: Mapping[str, Found]

    def named(self, kind: str) -> str | None:
        """The name of what a version came from, by its type."""
        ids = (to for _, to in self.version.links if to.startswith(f"{kind}#"))
        return next((to.partition("#")[2] for to in ids), None)


def _side(aws: Aws, store: Store, version: str) -> _Side | None:
    known = upstream(store, (version,)).nodes
    return _Side(aws, store, known[version], known) if version in known else None


def _code(side: _Side) -> object:
    return side.named("code")


def _image(side: _Side) -> object:
    """By its digest, else by its name."""
    return side.named("image") or side.version.facts.get("image")


def _data(side: _Side) -> object:
    """Version id and digest of each object that was learned from, by key."""
    digest = side.named("snapshot")
    if digest is None:
        raise NotOnRecord("no snapshot of its data is on record")
    snapshot = side.known[f"snapshot#{digest}"]
    if snapshot.links:
        objects = [side.known[to].facts for _, to in snapshot.links if to in side.known]
    else:
        listed = document(side.aws, str(snapshot.facts["manifest"]), digest)["objects"]
        objects = listed if isinstance(listed, list) else []
    return {str(one["key"]): f"{one['version_id']} ({one['sha256']})" for one in objects}


def _hyperparameters(side: _Side) -> object:
    train = _spec(side).get("train")
    return train.get("hyperparameters", {}) if isinstance(train, Mapping) else {}


def _policy(side: _Side) -> object:
    spec = _spec(side)
    return {name: spec[name] for name in ("gate", "rollout", "serve") if name in spec}


def _spec(side: _Side) -> Mapping[str, object]:
    """The model's file as the version's own run was given it; its key is its digest."""
    run = side.known.get(f"run#{side.named('run')}")
    if run is None:
        raise NotOnRecord("no run that made it is on record")
    uri = str(run.facts["spec"])
    return document(side.aws, uri, PurePosixPath(uri).stem)


def _metrics(side: _Side) -> object:
    """The metrics that the gate judged by."""
    ways, _ = ways_back(side.store, side.version.id, _MOST_WAYS)
    judged = [way.node for way in ways if way.node.startswith("decision#")]
    decisions = nodes(side.store, judged).values()
    used = [to for one in decisions for _, to in one.links if to.startswith("evaluation#")]
    for read in nodes(side.store, used[:1]).values():
        found = document(side.aws, str(read.facts["uri"]), str(read.facts["sha256"]))
        return found.get("binary_classification_metrics") or found.get("metrics") or {}
    raise NotOnRecord("no evaluation of it was judged")


_PARTS: Mapping[str, Callable[[_Side], object]] = {
    "data": _data,
    "code": _code,
    "image": _image,
    "hyperparameters": _hyperparameters,
    "metrics": _metrics,
    "policy": _policy,
}


def _changes(one: object, other: object, path: str = "") -> Iterator[Answer]:
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        for key in sorted({*one, *other}, key=str):
            yield from _changes(one.get(key), other.get(key), f"{path}.{key}" if path else str(key))
    elif one != other:
        yield {"what": path or None, "from": one, "to": other}
