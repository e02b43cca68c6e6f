"""A short history of the model `mortgage` as the items of its Lineage table."""

from steward import times
from tests.steward.builders import ARTIFACT, after

type Item = dict[str, object]

GROUP = "steward-mortgage"
RUN_1, RUN_2, RUN_3 = (f"run#{GROUP}/r{number}" for number in (1, 2, 3))
JOB = "job#train-0001"
VERSION = f"model-version#{GROUP}/1"
APPROVAL = f"approval#{GROUP}/1/2026-11-20T12:20:00+00:00"
ROLLOUTS = [f"rollout#{GROUP}/{number}" for number in range(1, 6)]
SERVED, FAILED, WITHDRAWN, REVOKED, OPEN = ROLLOUTS
REPORT = "drift-report#d1"


def at(minute: float) -> str:
    return times.iso(after(minute))


def node(id_: str, minute: float, facts: Item | None = None, *links: tuple[str, str]) -> Item:
    """A node; links are pairs of a PROV term and another node's id."""
    return {
        "pk": id_,
        "sk": "node",
        "at": at(minute),
        "facts": facts or {},
        "links": [{"term": term, "to": to} for term, to in links],
        "recorded_at": at(minute + 1),
    }


def end(id_: str, minute: float, **facts: object) -> Item:
    """How an activity ended."""
    return {"pk": id_, "sk": "end", "at": at(minute), "facts": facts, "recorded_at": at(minute)}


def serving(minute: float, rollout: str, **shares: int) -> Item:
    """What serves from a moment on: v1=100."""
    versions = {name.removeprefix("v"): share for name, share in shares.items()}
    return {"pk": f"serving#{GROUP}", "sk": at(minute), "versions": versions, "rollout": rollout}


def dataset(name: str) -> Item:
    facts: Item = {
        "bucket": "landing",
        "key": f"mortgage/incoming/{name}.csv",
        "version_id": f"version-of-{name}",
        "size": 4096,
        "rows": 300,
    }
    return node(f"dataset#{name}", 0, facts)


def rollout(id_: str, minute: float) -> Item:
    facts: Item = {"direction": "forward", "config": f"{GROUP}-v1-00000000"}
    links = ("used", VERSION), ("wasInformedBy", APPROVAL), ("wasInformedBy", "decision#d2")
    return node(id_, minute, facts, *links)


def version(commit: str = "0123abcd") -> Item:
    """Registered by the first run, from one commit."""
    facts: Item = {"artifact": ARTIFACT.format(1), "artifact_version": "artifact-version-1"}
    return node(
        VERSION, 15, facts,
        ("wasGeneratedBy", RUN_1), ("wasGeneratedBy", JOB), ("wasDerivedFrom", "snapshot#5ada"),
        ("wasInfluencedBy", f"code#{commit}"), ("wasInfluencedBy", "image#sha256:88"),
    )  # fmt: skip


def report(**given: object) -> Item:
    """Of the hour before noon."""
    facts: Item = {
        "source": "steward",
        "kind": "data_quality",
        "version": 1,
        "window": [at(-60), at(0)],
        "rows": 500,
        "unmeasured": False,
        "violations": 2,
        "gone": False,
    }
    return node(REPORT, 30, facts | given, ("wasInfluencedBy", VERSION))


def history() -> list[Item]:
    """Three runs, of which one goes on; a version with a word on it; five rollouts; a report."""
    snapshot: Item = {"manifest": "s3://artifacts/snapshots/5ada.json", "objects": 2, "bytes": 8192}
    trained = ("used", "snapshot#5ada"), ("wasInformedBy", "decision#d0")
    said = {"status": "Approved", "by": "alice", "words": "good", "counts": True, "reason": "-"}
    gate = {"verdict": "pass", "reason": "auc is 0.72, 0.65 is needed", "model": "mortgage"}
    evaluation: Item = {"uri": "s3://artifacts/runs/r1/evaluation.json", "sha256": "ea" * 32}
    return [
        dataset("a"), dataset("b"),
        node("snapshot#5ada", 1, snapshot, ("hadMember", "dataset#a"), ("hadMember", "dataset#b")),
        node("decision#d0", 9), node("decision#d1", 16) | gate, node("decision#d2", 21),
        node("code#0123abcd", 15), node("image#sha256:88", 15), node("person#alice", 20),
        node(RUN_1, 10, {"number": 1}, *trained),
        node(JOB, 12, {"step": "Train"}, ("wasInformedBy", RUN_1)),
        node("evaluation#ea", 15, evaluation, ("wasGeneratedBy", RUN_1)),
        version(),
        end(RUN_1, 18, status="Succeeded", failure="", failed_step=""),
        node(APPROVAL, 20, said, ("used", VERSION), ("wasAttributedTo", "person#alice"),
             ("wasInformedBy", "decision#d1")),
        rollout(SERVED, 22),
        end(SERVED, 25, outcome="served", reason="InService with our config", asked_at=at(22)),
        serving(25, SERVED, v1=100),
        report(),
        node(RUN_2, 40, {"number": 2}, *trained),
        end(RUN_2, 45, status="Failed", failure="no rows", failed_step="Prepare"),
        rollout(FAILED, 50), end(FAILED, 55, outcome="failed", reason="the alarm p99 fired"),
        rollout(WITHDRAWN, 60), end(WITHDRAWN, 61, outcome="withdrawn", reason="it was paused"),
        rollout(REVOKED, 65), end(REVOKED, 66, outcome="revoked", reason="bob took it back"),
        serving(70, SERVED),
        node(RUN_3, 80, {"number": 3}, *trained),
        rollout(OPEN, 90),
    ]  # fmt: skip
