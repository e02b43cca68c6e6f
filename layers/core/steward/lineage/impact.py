"""What something reached: the versions made with it, and where and when these served.

Bounded: a page begins from some of what came from it directly; from each of these everything is
followed down to versions. What had more than is followed is named, to be asked on its own.
"""

from collections.abc import Iterator
from datetime import datetime
from itertools import groupby, pairwise

from steward import times
from steward.lineage.nodes import object_partition
from steward.lineage.read import Found, Served, nodes, served_from, shifts_from, ways_back
from steward.names import split_s3
from steward.record.store import Store

type Answer = dict[str, object]

# A version's jobs are those of its run, so nothing is found by way of them.
_FOLLOWED = ("dataset", "snapshot", "run")
_REACHED = (*_FOLLOWED, "model-version")
_ASKED = (*_REACHED, "code", "image", "job")
_MOST_WAYS, _MOST_NODES, _MOST_INTERVALS = 100, 500, 1000


def impact(store: Store, name: str, most: int, after: str | None = None) -> Answer | None:
    """What an object, dataset, commit, image or version reached; None: it is not on record.

    A page takes up to `most` of what came from it directly, behind the key `after`.
    """
    starts, ids, more = _starts(store, name, most, after)
    if not starts:
        return None
    below, cut = _descend(store, ids)
    found = nodes(store, [one for one in below if _kind(one) == "model-version"])
    versions = sorted(found.values(), key=lambda version: (version.at, version.id))
    served, more_served = _served(store, versions)
    return {
        "impact": {"of": name, "ids": starts},
        "versions": [_version(one) for one in versions],
        "served": served,
        "next": more,
        "cut": [*cut, *more_served],
    }


def _starts(
    store: Store, name: str, most: int, after: str | None
) -> tuple[list[str], list[str], str | None]:
    """The nodes that are meant, what came from them directly on this page, and what follows it."""
    if name.startswith("s3://"):
        return _objects(store, name, most, after)
    start = _id(name)
    if start not in nodes(store, [start]):
        return [], [], None
    if _kind(start) == "model-version":
        return [start], [start], None
    ways, more = ways_back(store, start, most, after)
    return [start], [way.node for way in ways if _kind(way.node) in _REACHED], more


def _objects(
    store: Store, uri: str, most: int, after: str | None
) -> tuple[list[str], list[str], str | None]:
    """The versions of an object: its bytes at each time that it was uploaded."""
    low = "0" if after is None else f"{after}\0"
    rows = store.page(store.lineage, object_partition(*split_s3(uri)), low, ":", most + 1)
    keys = [str(row["sk"]) for row in rows]
    known = [key.partition("#")[2] for key in keys[:most]]
    return known, known, keys[most - 1] if len(keys) > most else None


def _id(name: str) -> str:
    """The node that is meant; raises ValueError for one that no version was made with."""
    if "#" not in name:
        return f"image#{name}" if name.startswith("sha256:") else f"code#{name}"
    if _kind(name) not in _ASKED:
        raise ValueError(f"found {name!r}, versions are made with: {', '.join(_ASKED)}")
    return name


def _descend(store: Store, ids: list[str]) -> tuple[list[str], list[str]]:
    """Everything that came from these, themselves too, and the nodes that had more than that."""
    seen, cut = dict.fromkeys(ids), list[str]()
    level = list(seen)
    while level:
        below = list[str]()
        for node_id in level:
            if _kind(node_id) not in _FOLLOWED:
                continue
            ways, more = ways_back(store, node_id, _MOST_WAYS)
            new = [way.node for way in ways if _kind(way.node) in _REACHED]
            new = [one for one in dict.fromkeys(new) if one not in seen]
            room = _MOST_NODES - len(seen)
            if more or len(new) > room:
                cut.append(node_id)
            seen |= dict.fromkeys(new[:room])
            below += new[:room]
        level = below
    return list(seen), cut


def _version(version: Found) -> dict[str, object]:
    group, number = _named(version)
    return {
        "id": version.id,
        "group": group,
        "version": int(number),
        "at": times.iso(version.at),
    }


def _served(store: Store, versions: list[Found]) -> tuple[list[dict[str, object]], list[str]]:
    """When each version served, or was being tried, and the endpoints with more than was read.

    An endpoint is named as its model's group, and serves no version before that is registered.
    """
    served, cut = list[dict[str, object]](), list[str]()
    by_group = sorted(versions, key=lambda version: (_named(version)[0], version.at))
    for endpoint, group in groupby(by_group, key=lambda version: _named(version)[0]):
        of_group = list(group)
        since = of_group[0].at
        steps, more = served_from(store, endpoint, since, _MOST_INTERVALS)
        shifts, more_shifts = shifts_from(store, endpoint, since, _MOST_INTERVALS)
        served += _intervals(of_group, [*_whole(steps), *_tried(steps, shifts)])
        cut += [f"serving#{endpoint}"] if more or more_shifts else []
    return served, cut


type Interval = tuple[Served, str, str | None]
type Shifts = list[tuple[Served, datetime | None]]


def _whole(steps: list[Served]) -> Iterator[Interval]:
    """What served; the end of an interval is the start of the next."""
    for step, following in pairwise([*steps, None]):
        if step is not None:
            yield step, "served", times.iso(following.since) if following else None


def _tried(steps: list[Served], shifts: Shifts) -> Iterator[Interval]:
    """What may have answered while traffic was shifted to it, from what served then."""
    for shift, until in shifts:
        before = [step for step in steps if step.since <= shift.since]
        # Requests to an endpoint that is being created are refused.
        if before and before[-1].versions:
            yield shift, "shift", times.iso(until) if until else None


def _intervals(versions: list[Found], intervals: list[Interval]) -> Iterator[dict[str, object]]:
    ids = {_named(version)[1]: version.id for version in versions}
    for one, how, until in sorted(intervals, key=lambda interval: interval[0].since):
        for number in sorted(ids.keys() & one.versions):
            yield {
                "endpoint": one.endpoint,
                "version": ids[number],
                "rollout": one.rollout,
                "how": how,
                "since": times.iso(one.since),
                "until": until,
            }


def _named(version: Found) -> tuple[str, str]:
    """Group and number of a version."""
    group, _, number = version.id.partition("#")[2].rpartition("/")
    return group, number


def _kind(node_id: str) -> str:
    return node_id.partition("#")[0]
