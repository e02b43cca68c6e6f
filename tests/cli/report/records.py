"""A record as a story leaves it, of any number of versions; a test names only what it is about."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from cli import repository
from cli.demo.report.record import Node, Record, Registered, Serving, Watched
from cli.demo.stage import Result
from steward.spec.read import read
from tests.steward import builders
from tests.steward.builders import after

FINE = [Result("boot", True, 0.1, "7 rules are enabled"), Result("upload", True, 0.9, "3 files")]
HOSTILE = "<script>alert(1)</script>\"'><img src=https://evil.example/x onerror=alert(1)>"
SPEC = read(repository.MODELS / "mortgage.toml")


def record(rounds: int = 2, /, **given: object) -> Record:
    """A version per round of twenty minutes; the last one serves."""
    usual = Record(
        spec=SPEC,
        now=after(20 * rounds + 20),
        live=rounds or None,
        nodes=tuple(node for number in range(1, rounds + 1) for node in _round(number)),
        served=tuple(
            Serving(after(20 * number + 5), {str(number): 100}) for number in range(1, rounds + 1)
        ),
        versions=tuple(registered(number) for number in range(1, rounds + 1)),
        watched=tuple(watched(number) for number in range(1, rounds + 1)),
    )
    return replace(usual, **given)  # type: ignore[arg-type]


def hostile_record() -> Record:
    """A record in which everything that somebody could have written is hostile."""
    version = registered(1, HOSTILE)
    assert version.noted
    noted = replace(version.noted, gate=HOSTILE, gate_reason=HOSTILE)
    noted = replace(noted, approval=builders.approval(1, by=HOSTILE, words=HOSTILE))
    nodes = (
        upload(HOSTILE, after(1)),
        upload(HOSTILE, after(2), "reject", reason=HOSTILE),
        node("drift-report", "1", after(3), violations=1, version=HOSTILE,
             listed=[{"about": HOSTILE, "check": HOSTILE}]),
        decision(HOSTILE, HOSTILE, HOSTILE, HOSTILE, after(4)),
        decision("rollout", HOSTILE, "start", HOSTILE, after(5)),
    )  # fmt: skip
    return record(
        1,
        nodes=nodes,
        unread=(HOSTILE,),
        versions=(replace(version, status=HOSTILE, noted=noted),),
        watched=(watched(1, HOSTILE, words=HOSTILE),),
    )


def registered(number: int = 1, words: str = "it is good", **reports: object) -> Registered:
    """A version that a person approved; `reports` replace the usual ones, None: there is none."""
    champion = builders.champion(0.70 + number / 100 - 0.02) if number > 1 else None
    usual: dict[str, object] = {
        "evaluation": builders.evaluation(0.70 + number / 100, champion=champion),
        "bias": builders.bias_report(0.05),
        "explainability": explanation(income=0.1, debt=0.05),
    }
    noted = builders.approved(number, approval=builders.approval(number, words=words))
    documents = {name: found for name, found in (usual | reports).items() if found is not None}
    return Registered(number, "Approved", noted, documents)  # type: ignore[arg-type]


def watched(number: int, feature: str = "unem", words: str = "it went up") -> Watched:
    """An hour in which a feature went up, and another one stayed."""
    features = [
        {"feature": "obrat", "effect": 0.05, "flagged": False},
        {"feature": feature, "effect": 0.3, "flagged": True},
    ]
    return Watched(
        start=after(60 * number),
        version=1,
        rows=200,
        verdict=words,
        reason=words,
        analysis={"version": "1.0", "features": features},
        statistics=statistics({feature: [2.0, 3.0, 3.0, 4.0], "obrat": [30.0, 31.0]}),
        baseline=statistics({feature: [1.0, 1.0, 2.0, 3.0], "obrat": [30.0, 31.0]}),
    )


def statistics(values: Mapping[str, list[float]]) -> dict[str, object]:
    """Model Monitor's statistics.json, as far as the report reads it."""
    features = [
        {
            "name": name,
            "numerical_statistics": {"distribution": {"kll": {"sketch": {"data": [column]}}}},
        }
        for name, column in values.items()
    ]
    return {"version": 0, "features": features}


def explanation(**worth: float) -> dict[str, object]:
    importance = {"global_importance_values": worth, "expected_value": 0.8}
    return {"explanations": {"permutation_importance": {"approve": importance}}}


def node(kind: str, name: str, at: datetime, **facts: object) -> Node:
    return Node(kind, name, at, facts)


def upload(key: str, at: datetime, judgement: str = "accept", **facts: object) -> Node:
    usual = {"key": f"mortgage/incoming/{key}", "size": 1000, "judgement": judgement}
    return node("dataset", key, at, **(usual | facts))


def decision(concern: str, subject: str, verdict: str, reason: str, at: datetime) -> Node:
    told = {"concern": concern, "subject": subject, "verdict": verdict, "reason": reason}
    return node("decision", f"{concern}-{subject}-{verdict}", at, **told)


def answer(number: int = 1, key: str = "mortgage/incoming/part-1.csv") -> dict[str, object]:
    """What the lineage answers about a prediction of a version."""
    facts: Mapping[str, dict[str, object]] = {
        "model-version#steward-mortgage": {"artifact_sha256": "7" * 64},
        "run#steward-mortgage": {"number": number, "reasons": ["uploads", "drift"]},
        "snapshot#5": {"objects": 1},
        "dataset#1": {"key": key, "version_id": "v-1", "rows": 300, "sha256": "9" * 64},
    }
    graph = [
        {
            "depth": depth,
            "term": "used" if depth else "",
            "id": f"{name}/{number}",
            "at": "2026-11-20T12:00:00.000Z",
            "facts": told,
            "end": None,
        }
        for depth, (name, told) in enumerate(facts.items())
    ]
    asked = {"inference_id": f"L{number}", "version": number, "endpoint": "steward-mortgage"}
    return {"prediction": asked | {"at": "2026-11-20T12:00:00.000Z"}, "graph": graph}


def _round(number: int) -> list[Node]:
    start = 20 * number - 15
    run = Node("run", f"r{number}", after(start + 11), {"number": number}, after(start + 12))
    return [
        upload(f"part-{number}.csv", after(start)),
        decision("training", f"run {number}", "start", "uploads are quiet", after(start + 11)),
        run,
        decision("approval", f"version {number}", "passed", "auc is enough", after(start + 13)),
    ]
