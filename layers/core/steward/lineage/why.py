"""Why an endpoint serves what it serves: one paragraph, and the facts that it is made of."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from steward import times
from steward.lineage.captures import NotOnRecord
from steward.lineage.read import Found, Served, candidates_at, nodes
from steward.lineage.whole import whole_facts
from steward.record.store import Store

type Answer = dict[str, object]

_MOST_TRIED = 20


def why(store: Store, endpoint: str, at: datetime) -> Answer | None:
    """What served at a moment and why, as it was known then; None: nothing did."""
    served = candidates_at(store, endpoint, at)
    if not served:
        return None
    now = served[0]
    rollout = nodes(store, [now.rollout]).get(now.rollout)
    behind = nodes(store, [to for _, to in rollout.links]).values() if rollout else ()
    by_kind = {node.id.partition("#")[0]: node for node in behind}
    decision = by_kind.get("decision")
    tried, more = _tried(store, endpoint, now, at)
    facts: Answer = {
        "endpoint": endpoint,
        "at": times.iso(at),
        "versions": dict(now.versions),
        "since": times.iso(now.since),
        "rollout": now.rollout,
        "direction": rollout.facts.get("direction") if rollout else None,
        "because": _whole(store, decision).get("reason") if decision else None,
        "replaced": _replaced(store, now),
        "approval": _word(store, by_kind.get("approval")),
        "tried_since": tried,
        "more_was_tried": more,
        "may_also_have_served": [dict(one.versions) for one in served[1:]],
    }
    return {"why": facts, "text": " ".join(_sentences(facts))}


def _replaced(store: Store, now: Served) -> object:
    """What served before, with shares; empty: nothing did any more; None: nothing ever had."""
    partition, until = f"serving#{now.endpoint}", times.iso(now.since)
    rows = store.page(store.lineage, partition, "0", until, 2, newest_first=True)
    return rows[1]["versions"] if len(rows) > 1 else None


def _word(store: Store, found: Found | None) -> Mapping[str, object] | None:
    """Who approved what serves, in which words, on which numbers."""
    if found is None:
        return None
    judged = next((to for _, to in found.links if to.startswith("decision#")), None)
    decision = nodes(store, [judged]).get(judged) if judged else None
    gate = _whole(store, decision) if decision else {}
    return {
        "id": found.id,
        "by": found.facts.get("by"),
        "at": times.iso(found.at),
        "words": found.facts.get("words"),
        "gate": gate.get("verdict"),
        "numbers": gate.get("reason"),
    }


def _whole(store: Store, decision: Found) -> Mapping[str, object]:
    """All of a decision; its beginning, if the rest of it is gone."""
    try:
        return whole_facts(store, decision)
    except NotOnRecord as why:
        return {**decision.facts, "reason": f"{decision.facts['reason']} ({why})"}


def _tried(store: Store, endpoint: str, now: Served, at: datetime) -> tuple[list[Answer], bool]:
    """What was tried since and does not serve, newest last; whether more was tried before."""
    low, high = f"{times.iso(now.since)}#~", f"{times.iso(at)}#~"
    rows = store.page(
        store.lineage, f"shifting#{endpoint}", low, high, _MOST_TRIED + 1, newest_first=True
    )
    newest = rows[_MOST_TRIED - 1 :: -1]
    found = nodes(store, [str(row["rollout"]) for row in newest])
    tried = [_try(row, found.get(str(row["rollout"])), at) for row in newest]
    return tried, len(rows) > _MOST_TRIED


def _try(row: Mapping[str, object], rollout: Found | None, at: datetime) -> Answer:
    """How a rollout had ended by then, if it had."""
    over = rollout is not None and rollout.ended_at is not None and rollout.ended_at <= at
    end = rollout.end if rollout and over else None
    ended = rollout.ended_at if rollout and over else None
    return {
        "version": row["version"],
        "rollout": row["rollout"],
        "outcome": (end or {}).get("outcome") if over else "under way",
        "reason": (end or {}).get("reason"),
        "ended": times.iso(ended) if ended else None,
    }


def _sentences(facts: Answer) -> Iterator[str]:
    versions, because = _versions(facts["versions"]), facts["because"]
    yield f"{facts['endpoint']} served {versions} at {facts['at']}, since {facts['since']}."
    if facts["replaced"] == {}:
        yield "Before that it served nothing."
    elif facts["replaced"] is not None:
        before = _versions(facts["replaced"])
        back = facts["direction"] == "back"
        yield f"It went back from {before}: {because}." if back else f"It replaced {before}."
    if facts["direction"] == "found":
        yield f"It was found there, no rollout of ours brought it: {because}."
    else:
        yield _approved(facts["approval"])
    if facts["more_was_tried"]:
        yield f"Of what was tried since then, these are the last {_MOST_TRIED}."
    yield from map(_outcome, _list(facts["tried_since"]))
    for one in _list(facts["may_also_have_served"]):
        yield f"Traffic was being shifted: {_versions(one)} may have answered as well."


def _outcome(one: Mapping[str, object]) -> str:
    if one["ended"] is None:
        return f"Version {one['version']} was on its way."
    because = f": {one['reason']}" if one["reason"] else ""
    return f"Since then version {one['version']} was tried: {one['outcome']}{because}."


def _list(value: object) -> list[Mapping[str, object]]:
    return value if isinstance(value, list) else []


def _versions(value: object) -> str:
    shares = value if isinstance(value, Mapping) else {}
    if len(shares) == 1:
        return f"version {next(iter(shares))}"
    return ", ".join(f"version {number} ({share} %)" for number, share in shares.items())


def _approved(word: object) -> str:
    if not isinstance(word, Mapping):
        return "Its approval is not on record."
    words = f': "{word["words"]}"' if word["words"] else ", without words"
    gate = f" The gate said {word['gate']}: {word['numbers']}." if word["gate"] else ""
    return f"It was approved by {word['by']} at {word['at']}{words}.{gate}"
