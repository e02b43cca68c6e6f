"""Why an endpoint serves what it serves: one paragraph, and the facts that it is made of."""

from collections.abc import Mapping
from datetime import datetime

from steward import times
from steward.lineage.read import Found, Served, candidates_at, nodes
from steward.lineage.whole import whole_facts
from steward.record.store import Store

type Answer = dict[str, object]

_MOST_TRIED = 20


def why(store: Store, endpoint: str, at: datetime) -> Answer | None:
    """What served at a moment and why; None: nothing did."""
    served = candidates_at(store, endpoint, at)
    if not served:
        return None
    now = served[0]
    before = store.page(
        store.lineage, f"serving#{endpoint}", "0", times.iso(now.since), 2, newest_first=True
    )
    replaced = before[1]["versions"] if len(before) > 1 else None
    tried = _tried(store, endpoint, now, at)
    known = nodes(store, [now.rollout])
    rollout = known.get(now.rollout)
    words = _word(store, rollout)
    facts: Answer = {
        "endpoint": endpoint,
        "at": times.iso(at),
        "versions": dict(now.versions),
        "since": times.iso(now.since),
        "rollout": now.rollout,
        "direction": rollout.facts.get("direction") if rollout else None,
        "replaced": replaced,
        "approval": words,
        "tried_since": tried,
        "may_also_have_served": [dict(one.versions) for one in served[1:]],
    }
    return {"why": facts, "text": _text(facts)}


def _word(store: Store, rollout: Found | None) -> Mapping[str, object] | None:
    """Who approved what serves, in which words, on which numbers."""
    links = rollout.links if rollout else ()
    approval = next((to for _, to in links if to.startswith("approval#")), None)
    found = nodes(store, [approval]).get(approval) if approval else None
    if found is None:
        return None
    judged = next((to for _, to in found.links if to.startswith("decision#")), None)
    decision = nodes(store, [judged]).get(judged) if judged else None
    gate = whole_facts(store, decision) if decision else {}
    return {
        "id": found.id,
        "by": found.facts.get("by"),
        "at": times.iso(found.at),
        "words": found.facts.get("words"),
        "gate": gate.get("verdict"),
        "numbers": gate.get("reason"),
    }


def _tried(store: Store, endpoint: str, now: Served, at: datetime) -> list[Answer]:
    """What was tried since and does not serve, newest last."""
    low, high = f"{times.iso(now.since)}#~", f"{times.iso(at)}#~"
    rows = store.page(store.lineage, f"shifting#{endpoint}", low, high, _MOST_TRIED)
    found = nodes(store, [str(row["rollout"]) for row in rows])
    tried = []
    for row in rows:
        rollout = found.get(str(row["rollout"]))
        end = rollout.end if rollout and rollout.end else {}
        ended = rollout.ended_at if rollout else None
        over = ended is not None and ended <= at
        tried.append(
            {
                "version": row["version"],
                "rollout": row["rollout"],
                "outcome": end.get("outcome") if over else "under way",
                "reason": end.get("reason") if over else None,
                "ended": times.iso(ended) if ended and over else None,
            }
        )
    return tried


def _text(facts: Answer) -> str:
    sentences = [f"{facts['endpoint']} served {_versions(facts['versions'])} at {facts['at']}"]
    sentences[0] += f", since {facts['since']}."
    replaced = facts["replaced"]
    if replaced is not None:
        step = "It went back from" if facts["direction"] == "back" else "It replaced"
        sentences.append(f"{step} {_versions(replaced)}.")
    sentences.append(_approved(facts["approval"], facts["direction"]))
    tried = facts["tried_since"]
    for one in tried if isinstance(tried, list) else []:
        because = f": {one['reason']}" if one["reason"] else ""
        sentences.append(
            f"Since then version {one['version']} was tried: {one['outcome']}{because}."
        )
    return " ".join(sentences)


def _versions(value: object) -> str:
    shares = value if isinstance(value, Mapping) else {}
    if not shares:
        return "nothing"
    if len(shares) == 1:
        return f"version {next(iter(shares))}"
    return ", ".join(f"version {number} ({share} %)" for number, share in shares.items())


def _approved(word: object, direction: object) -> str:
    if not isinstance(word, Mapping):
        found = "It was found there: nobody of ours brought it."
        return found if direction == "found" else "Its approval is not on record."
    words = f': "{word["words"]}"' if word["words"] else ", without words"
    gate = f" The gate said {word['gate']}: {word['numbers']}." if word["gate"] else ""
    return f"It was approved by {word['by']} at {word['at']}{words}.{gate}"
