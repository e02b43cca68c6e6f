"""What something reached: the versions made with it, and where and when these served.

Bounded: a page begins from some of what came from it directly; from each of these everything is
followed down to endpoints. What had more than is followed is named, to be asked on its own.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime

from steward import times
from steward.lineage.nodes import object_partition
from steward.lineage.read import Found, nodes, ways_back
from steward.names import split_s3
from steward.record.store import Store

type Answer = dict[str, object]

# On the way down; everything else that came from these says nothing about what served.
_FOLLOWED = ("dataset", "snapshot", "run", "code", "image", "job", "model-version")
_REACHED = (*_FOLLOWED, "rollout")
_MOST_WAYS, _MOST_NODES = 100, 500


def impact(store: Store, name: str, most: int, after: str | None = None) -> Answer | None:
    """What an object, dataset, commit, image or version reached; None: it is not on record.

    A page takes up to `most` of what came from it directly, behind the key `after`.
    """
    starts, ids, more = _starts(store, name, most, after)
    if not starts:
        return None
    below, cut = _descend(store, ids)
    found = nodes(store, below)
    rollouts = [node for node in found.values() if _kind(node.id) == "rollout"]
    return {
        "impact": {"of": name, "ids": starts},
        "versions": sorted(_versions(found.values()), key=lambda one: str(one["at"])),
        "served": [one for node in sorted(rollouts, key=_age) for one in _served(store, node)],
        "next": more,
        "cut": cut,
    }


def _starts(
    store: Store, name: str, most: int, after: str | None
) -> tuple[list[str], list[str], str | None]:
    """The nodes that are meant, what came from them directly on this page, and what follows it."""
    if name.startswith("s3://"):
        rows = store.page(store.lineage, object_partition(*split_s3(name)), after or "0", ":", most)
        known = [str(row["sk"]).partition("#")[2] for row in rows if row["sk"] != after]
        return known, known, str(rows[-1]["sk"]) if len(rows) == most else None
    start = _id(name)
    if start not in nodes(store, [start]):
        return [], [], None
    ways, more = ways_back(store, start, most, after)
    return [start], [way.node for way in ways if _kind(way.node) in _REACHED], more


def _id(name: str) -> str:
    if "#" in name:
        return name
    return f"image#{name}" if name.startswith("sha256:") else f"code#{name}"


def _descend(store: Store, ids: list[str]) -> tuple[list[str], list[str]]:
    """Everything that came from these, themselves too, and the nodes that had more than that."""
    seen, cut, level = dict.fromkeys(ids), list[str](), list(dict.fromkeys(ids))
    while level:
        below: dict[str, None] = {}
        for node_id in level:
            if _kind(node_id) not in _FOLLOWED:
                continue
            ways, more = ways_back(store, node_id, _MOST_WAYS)
            if more or len(seen) + len(below) > _MOST_NODES:
                cut.append(node_id)
            below |= dict.fromkeys(way.node for way in ways if _kind(way.node) in _REACHED)
        level = [node_id for node_id in below if node_id not in seen][: _MOST_NODES - len(seen)]
        seen |= dict.fromkeys(level)
    return list(seen), cut


def _versions(found: Iterable[Found]) -> Iterator[dict[str, object]]:
    for node in found:
        if _kind(node.id) == "model-version":
            group, _, number = node.id.partition("#")[2].rpartition("/")
            yield {"id": node.id, "group": group, "version": int(number), "at": times.iso(node.at)}


def _served(store: Store, rollout: Found) -> Iterator[dict[str, object]]:
    """When what a rollout brought served: wholly, or to some while it was being tried."""
    endpoint = rollout.id.partition("#")[2].rpartition("/")[0]
    version = next((to for _, to in rollout.links if _kind(to) == "model-version"), "")
    told: dict[str, object] = {"endpoint": endpoint, "version": version, "rollout": rollout.id}
    end = rollout.end or {}
    asked, ended = end.get("asked_at"), rollout.ended_at
    if asked:
        until = times.iso(ended) if ended else None
        yield told | {"how": "shift", "since": asked, "until": until}
    since = ended if rollout.end is not None else rollout.at
    if since is None or end.get("outcome", "served") != "served":
        return
    rows = store.page(store.lineage, f"serving#{endpoint}", times.iso(since), ":", 2)
    if rows and rows[0]["rollout"] == rollout.id:
        until = str(rows[1]["sk"]) if len(rows) > 1 else None
        yield told | {"how": "served", "since": str(rows[0]["sk"]), "until": until}


def _age(node: Found) -> datetime:
    return node.at


def _kind(node_id: str) -> str:
    return node_id.partition("#")[0]
