"""Reads what the lineage holds: nodes by id, what came from them, and what served when."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from steward import times
from steward.record.store import Store

# Sort keys of the ways back begin with a time; ":" sorts behind every digit.
_FIRST_WAY, _LAST_WAY = "0", ":"


@dataclass(frozen=True, slots=True)
class Found:
    """A node, with how it ended if it is an activity, and what it came from.

    `bulk` names its whole facts, when the table has them in short.
    """

    id: str
    at: datetime
    facts: Mapping[str, object]
    end: Mapping[str, object] | None
    ended_at: datetime | None
    links: tuple[tuple[str, str], ...]
    bulk: str | None = None


@dataclass(frozen=True, slots=True)
class Served:
    """What an endpoint serves from `since` on: version to share in percent, and why."""

    endpoint: str
    since: datetime
    versions: Mapping[str, int]
    rollout: str


@dataclass(frozen=True, slots=True)
class Way:
    """That a node came from this one: by which PROV term, and when."""

    key: str
    at: datetime
    term: str
    node: str


def nodes(store: Store, ids: Iterable[str]) -> dict[str, Found]:
    """The nodes that are on record, by id: one batch read for fifty."""
    keys = [(node_id, sk) for node_id in ids for sk in ("node", "end")]
    return {node.id: node for node in _found(store.many(store.lineage, keys))}


def ways_back(
    store: Store, node_id: str, most: int, after: str | None = None
) -> tuple[list[Way], str | None]:
    """What came from a node, oldest first, up to `most`; then the key to go on after, if any."""
    low = _FIRST_WAY if after is None else f"{after}\0"
    rows = store.page(store.lineage, node_id, low, _LAST_WAY, most + 1)
    ways = [_way(str(row["sk"])) for row in rows[:most]]
    return ways, ways[-1].key if len(rows) > most else None


def _way(key: str) -> Way:
    at, _, term, node = key.split("#", 3)
    return Way(key, times.parse(at), term, node)


def served_at(store: Store, endpoint: str, when: datetime) -> Served | None:
    """What an endpoint served at a moment: one query with limit 1. None: nothing yet."""
    row = store.last(store.lineage, f"serving#{endpoint}", until=times.iso(when))
    return _served(endpoint, row) if row else None


def _served(endpoint: str, row: Mapping[str, object]) -> Served:
    versions = row["versions"]
    return Served(
        endpoint=endpoint,
        since=times.parse(str(row["sk"])),
        versions={str(k): int(str(v)) for k, v in versions.items()}
        if isinstance(versions, Mapping)
        else {},
        rollout=str(row["rollout"]),
    )


def candidates_at(store: Store, endpoint: str, when: datetime) -> list[Served]:
    """What may have answered at a moment: one entry, or two while traffic was being shifted.

    From the call that started a rollout until its end, however it ended, its version may have;
    before the first deployment ended, nothing has.
    """
    now = served_at(store, endpoint, when)
    # A rollout's number follows the time in the key; "~" sorts behind every number.
    row = store.last(store.lineage, f"shifting#{endpoint}", until=f"{times.iso(when)}#~")
    # An endpoint that was taken down serves no version from then on.
    if now is None or not now.versions:
        return []
    if row is None or row["rollout"] == now.rollout:
        return [now]
    shift = _shift(endpoint, row)
    span = _span(shift, store.get(store.lineage, shift.rollout, "end"))
    if span is None or not span[0] <= when or (span[1] and when >= span[1]):
        return [now]
    return [now, shift]


def served_from(
    store: Store, endpoint: str, since: datetime, most: int
) -> tuple[list[Served], bool]:
    """What an endpoint served at a moment and from then on, in order; whether there is more."""
    before = served_at(store, endpoint, since)
    low = f"{times.iso(since)}\0"
    rows = store.page(store.lineage, f"serving#{endpoint}", low, _LAST_WAY, most + 1)
    then = [_served(endpoint, row) for row in rows[:most]]
    return [*([before] if before else []), *then], len(rows) > most


def shifts_from(
    store: Store, endpoint: str, since: datetime, most: int
) -> tuple[list[tuple[Served, datetime | None]], bool]:
    """To what traffic may have been shifted, from when until when; whether there is more.

    Those of rollouts that were opened from a moment on, in order; None: it goes on.
    """
    low = times.iso(since)
    rows = store.page(store.lineage, f"shifting#{endpoint}", low, _LAST_WAY, most + 1)
    shifts = [_shift(endpoint, row) for row in rows[:most]]
    ends = store.many(store.lineage, [(shift.rollout, "end") for shift in shifts])
    by_rollout = {str(end["pk"]): end for end in ends}
    spans = [(shift, _span(shift, by_rollout.get(shift.rollout))) for shift in shifts]
    return [(replace(shift, since=span[0]), span[1]) for shift, span in spans if span], len(
        rows
    ) > most


def _shift(endpoint: str, row: Mapping[str, object]) -> Served:
    since = times.parse(str(row["sk"]).partition("#")[0])
    return Served(endpoint, since, {str(row["version"]): 100}, str(row["rollout"]))


def _span(
    shift: Served, end: Mapping[str, object] | None
) -> tuple[datetime, datetime | None] | None:
    """From when until when a rollout's version may have answered; None: it never has."""
    if end is None:
        return shift.since, None
    facts = _facts(end)
    if facts.get("outcome") == "withdrawn":
        return None
    # When the time of the call was lost, since the rollout's opening is all that is known.
    asked = times.parse(str(facts.get("asked_at") or times.iso(shift.since)))
    return asked, times.parse(str(end["at"]))


def _found(items: list[dict[str, object]]) -> Iterator[Found]:
    ends = {str(item["pk"]): item for item in items if item["sk"] == "end"}
    for item in items:
        if item["sk"] != "node":
            continue
        node_id, end = str(item["pk"]), ends.get(str(item["pk"]))
        yield Found(
            id=node_id,
            at=times.parse(str(item["at"])),
            facts=_facts(item),
            end=_facts(end) if end else None,
            ended_at=times.parse(str(end["at"])) if end else None,
            links=_links(item.get("links")),
            bulk=str(item["bulk"]) if "bulk" in item else None,
        )


def _facts(item: Mapping[str, object]) -> Mapping[str, object]:
    facts = item.get("facts")
    known = facts if isinstance(facts, Mapping) else {}
    told = ("concern", "subject", "verdict", "reason")
    return {**{name: item[name] for name in told if name in item}, **known}


def _links(value: object) -> tuple[tuple[str, str], ...]:
    links = value if isinstance(value, list) else []
    return tuple(
        (str(link["term"]), str(link["to"])) for link in links if isinstance(link, Mapping)
    )
