"""Answers of the lineage as pages get them; a test names only what it is about."""

from collections.abc import Mapping

AT = "2026-11-20T12:00:00.000Z"


def entry(
    node_id: str, *links: tuple[str, str], end: object = None, **facts: object
) -> dict[str, object]:
    """A node of an answer's graph."""
    return {
        "depth": 0,
        "term": "",
        "id": node_id,
        "at": AT,
        "facts": facts,
        "end": end,
        "links": [{"term": term, "to": to} for term, to in links],
    }


def dataset(number: int) -> dict[str, object]:
    """An object that was learned from."""
    return entry(f"dataset#{number}", key=f"mortgage/incoming/part-{number}.csv", rows=300)


def prediction(**given: object) -> dict[str, object]:
    """An answer about a prediction of version 1."""
    asked: Mapping[str, object] = {
        "inference_id": "L1",
        "at": AT,
        "endpoint": "steward-mortgage",
        "version": 1,
        "candidates": [1],
        "by": "capture",
    }
    rollout = "rollout#steward-mortgage/1"
    served = {"since": AT, "versions": {"1": 100}, "rollout": rollout}
    version = "model-version#steward-mortgage/1"
    usual: dict[str, object] = {
        "prediction": asked,
        "served": [served],
        "graph": [
            entry(version, ("wasGeneratedBy", "run#x")),
            entry("run#x", end={"status": "Succeeded"}, number=1),
            entry(rollout, ("used", version), end={"outcome": "served"}, direction="forward"),
        ],
    }
    return usual | given
