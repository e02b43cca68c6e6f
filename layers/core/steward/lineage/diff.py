"""How two versions of a model differ: data, code, image, hyperparameters, metrics, policy."""

import json
from collections.abc import Iterator, Mapping

from steward.aws import Aws, ClientError
from steward.lineage.nodes import version_id
from steward.lineage.read import Found, nodes, ways_back
from steward.lineage.trace import upstream
from steward.names import split_s3
from steward.record.store import Store

type Answer = dict[str, object]

_MOST_WAYS = 100


def diff(aws: Aws, store: Store, group: str, first: int, second: int) -> Answer | None:
    """Each part that differs, as the value of the first version and of the second.

    None: one of them is not on record. A part that is not known of a version is null there.
    """
    sides = [_side(aws, store, version_id(group, number)) for number in (first, second)]
    if not all(sides):
        return None
    one, other = (side or {} for side in sides)
    parts: Answer = {
        name: list(_changes(one.get(name), other.get(name)))
        for name in ("code", "image", "data", "hyperparameters", "metrics", "policy")
    }
    return {"diff": {"group": group, "from": first, "to": second}} | parts


def _side(aws: Aws, store: Store, version: str) -> Answer | None:
    trace = upstream(store, (version,))
    node = trace.nodes.get(version)
    if node is None:
        return None
    spec = _spec(aws, trace.nodes, node)
    train = spec.get("train")
    return {
        "code": _named(node, "code"),
        "image": _named(node, "image"),
        "data": _data(trace.nodes),
        "hyperparameters": train.get("hyperparameters") if isinstance(train, Mapping) else None,
        "metrics": _metrics(aws, store, version),
        "policy": {name: spec[name] for name in ("gate", "rollout", "serve") if name in spec},
    }


def _named(node: Found, kind: str) -> str | None:
    return next((to.partition("#")[2] for _, to in node.links if to.startswith(f"{kind}#")), None)


def _data(known: Mapping[str, Found]) -> dict[str, object]:
    """Version id and digest of each object that was learned from, by key."""
    return {
        str(node.facts["key"]): f"{node.facts.get('version_id')} ({node.facts.get('sha256')})"
        for node in known.values()
        if node.id.startswith("dataset#")
    }


def _spec(aws: Aws, known: Mapping[str, Found], version: Found) -> Mapping[str, object]:
    """The model's file as the version's own run was given it."""
    run = next((to for _, to in version.links if to.startswith("run#")), "")
    uri = known[run].facts.get("spec") if run in known else None
    return _document(aws, str(uri)) if uri else {}


def _metrics(aws: Aws, store: Store, version: str) -> object:
    """The metrics that the gate judged by."""
    ways, _ = ways_back(store, version, _MOST_WAYS)
    decisions = nodes(store, [way.node for way in ways if way.node.startswith("decision#")])
    used = [to for one in decisions.values() for _, to in one.links if to.startswith("evaluation#")]
    for evaluation in nodes(store, used).values():
        found = _document(aws, str(evaluation.facts["uri"]))
        return found.get("binary_classification_metrics") or found.get("metrics")
    return None


def _document(aws: Aws, uri: str) -> Mapping[str, object]:
    """A JSON object in S3, empty when it is not there any more."""
    bucket, key = split_s3(uri)
    try:
        found = json.loads(aws.s3.get_object(Bucket=bucket, Key=key)["Body"].read())
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] != 404:
            raise
        return {}
    return found if isinstance(found, Mapping) else {}


def _changes(one: object, other: object, path: str = "") -> Iterator[Answer]:
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        for key in sorted({*one, *other}, key=str):
            yield from _changes(one.get(key), other.get(key), f"{path}.{key}" if path else str(key))
    elif one != other:
        yield {"what": path or None, "from": one, "to": other}
