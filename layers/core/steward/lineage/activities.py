"""What OpenLineage calls a run: pipeline executions, their jobs, rollouts, words, monitors."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Literal

from steward.lineage import facets
from steward.lineage.facets import Json
from steward.lineage.history import History, facts_of, kind_of, name_of
from steward.lineage.nodes import (
    USED,
    WAS_GENERATED_BY,
    WAS_INFLUENCED_BY,
    WAS_INFORMED_BY,
)

type Ending = Literal["COMPLETE", "FAIL", "ABORT"]

# How SageMaker and Steward call the ends of things; one that is not known is no success.
_ENDINGS: dict[str, Ending] = {
    "Succeeded": "COMPLETE",
    "served": "COMPLETE",
    "Stopped": "ABORT",
    "withdrawn": "ABORT",
    "revoked": "ABORT",
    "deleted": "ABORT",
}


@dataclass(frozen=True, slots=True)
class Ended:
    """How and when an activity ended; `reason` is why it did not succeed."""

    how: Ending
    at: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Activity:
    """One run of a job. `group` is what the model's names begin with; no `ended`: it goes on.

    `inputs` and `outputs` are ids of nodes; `at_end` is what is known only then.
    """

    id: str
    group: str
    job: str
    kind: str
    at: str
    ended: Ended | None
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    run: str | None = None
    about: Json = field(default_factory=dict)
    at_end: Json = field(default_factory=dict)


def activities(history: History) -> Iterator[Activity]:
    """Every activity on record, in no order."""
    for node_id in history.nodes:
        read = _READERS.get(kind_of(node_id))
        found = read(history, node_id) if read else None
        if found:
            yield found


def _training(history: History, node_id: str) -> Activity:
    group = name_of(node_id).partition("/")[0]
    return Activity(
        node_id, group, group, "PIPELINE", _at(history, node_id), _ended(history, node_id),
        inputs=tuple(history.up(node_id, USED)),
        outputs=tuple(history.down(node_id, WAS_GENERATED_BY)),
        run=node_id,
    )  # fmt: skip


def _step(history: History, node_id: str) -> Activity | None:
    runs = history.up(node_id, WAS_INFORMED_BY, "run")
    if not runs:
        return None
    group = name_of(runs[0]).partition("/")[0]
    job = f"{group}.{history.facts(node_id).get('step')}"
    return Activity(
        node_id, group, job, "TASK", _at(history, node_id), _step_ended(history, node_id, runs[0]),
        inputs=tuple(history.up(node_id, USED)),
        outputs=tuple(history.down(node_id, WAS_GENERATED_BY)),
        run=runs[0],
    )  # fmt: skip


def _step_ended(history: History, node_id: str, run: str) -> Ended | None:
    """A job has no end of its own on record; that of a run that succeeded is not before it."""
    of_run = _ended(history, run)
    return _ended(history, node_id) or (of_run if of_run and of_run.how == "COMPLETE" else None)


def _rollout(history: History, node_id: str) -> Activity:
    endpoint = name_of(node_id).rpartition("/")[0]
    versions = history.up(node_id, USED, "model-version")
    words = history.up(node_id, WAS_INFORMED_BY, "approval")
    told, at_end = _rollout_told(history, node_id, endpoint)
    about = _word_told(history, words[0]) if words else {}
    return Activity(
        node_id, endpoint, f"{endpoint}/rollout", "ROLLOUT", _at(history, node_id),
        _rollout_ended(history, node_id),
        inputs=tuple(versions),
        about=about | facets.rollout(told),
        at_end=facets.rollout(told | at_end),
    )  # fmt: skip


def _rollout_ended(history: History, node_id: str) -> Ended | None:
    """What was found to serve was never opened, so it has no end: it is complete as it is found."""
    serving = history.servings.get(node_id)
    if serving and node_id not in history.ends:
        return Ended("COMPLETE", str(serving["sk"]))
    return _ended(history, node_id)


def _rollout_told(history: History, node_id: str, endpoint: str) -> tuple[Json, Json]:
    """What is known when it starts, and what is known when it ended."""
    facts, end = history.facts(node_id), facts_of(history.ends.get(node_id, {}))
    serving = history.servings.get(node_id, {})
    numbers = [one.rpartition("/")[2] for one in history.up(node_id, USED, "model-version")]
    told: Json = {
        "endpoint": endpoint,
        "direction": facts.get("direction"),
        "config": facts.get("config"),
        "version": int(numbers[0]) if numbers else None,
    }
    return told, {
        "outcome": end.get("outcome") or (facts.get("direction") if serving else None),
        "reason": end.get("reason"),
        "askedAt": end.get("asked_at"),
        "since": serving.get("sk"),
        "shares": serving.get("versions"),
    }


def _word(history: History, node_id: str) -> Activity:
    group, at = name_of(node_id).partition("/")[0], _at(history, node_id)
    return Activity(
        node_id, group, f"{group}/approval", "APPROVAL", at, Ended("COMPLETE", at),
        inputs=tuple(history.up(node_id, USED)),
        about=_word_told(history, node_id),
    )  # fmt: skip


def _word_told(history: History, node_id: str) -> Json:
    judged = history.up(node_id, WAS_INFORMED_BY, "decision")
    gate = history.nodes.get(judged[0]) if judged else None
    return facets.approval(_at(history, node_id), history.facts(node_id), gate)


def _window(history: History, node_id: str) -> Activity | None:
    versions = history.up(node_id, WAS_INFLUENCED_BY, "model-version")
    if not versions:
        return None
    group, at = name_of(versions[0]).partition("/")[0], _at(history, node_id)
    facts = history.facts(node_id)
    bounds = facts.get("window")
    # A report is written when its job has ended; when that began is not on record.
    gone = Ended("FAIL", at, "the report does not exist any more: nobody knows what it found")
    return Activity(
        node_id, group, f"{group}/monitor/{facts.get('kind')}", "MONITOR", at,
        gone if facts.get("gone") else Ended("COMPLETE", at),
        inputs=tuple(versions),
        about=facets.nominal_time(bounds) if isinstance(bounds, list) else {},
        at_end=facets.drift(facts),
    )  # fmt: skip


_READERS: dict[str, Callable[[History, str], Activity | None]] = {
    "run": _training,
    "job": _step,
    "rollout": _rollout,
    "approval": _word,
    "drift-report": _window,
}


def _at(history: History, node_id: str) -> str:
    return str(history.nodes[node_id]["at"])


def _ended(history: History, node_id: str) -> Ended | None:
    end = history.ends.get(node_id)
    if end is None:
        return None
    facts = facts_of(end)
    word = str(facts.get("outcome") or facts.get("status"))
    reason = str(facts.get("failure") or facts.get("reason") or f"it ended as {word}")
    step = facts.get("failed_step")
    return Ended(
        _ENDINGS.get(word, "FAIL"), str(end["at"]), f"step {step}: {reason}" if step else reason
    )
