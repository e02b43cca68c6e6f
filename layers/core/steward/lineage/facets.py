"""Facets of OpenLineage: plain values that name the schema they follow.

The standard's own are at openlineage.io/docs/spec/facets; ours are described in docs/openlineage.
"""

from collections.abc import Mapping, Sequence

from steward.lineage.history import Item

type Json = dict[str, object]

PRODUCER = "https://steward.invalid/"
SCHEMA = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent"
_STANDARD = "https://openlineage.io/spec/facets"
_OURS = f"{PRODUCER}openlineage"


def job_type(kind: str) -> Json:
    """Job facet: what kind of activity it is."""
    told = {"processingType": "BATCH", "integration": "STEWARD", "jobType": kind}
    return {"jobType": _facet(_STANDARD, "2-0-4", "JobTypeJobFacet", told)}


def code(commit: str, repository: str | None) -> Json:
    """Job facets: the commit; and where it lies, if that is known and it was committed."""
    facets: Json = {
        "steward_code": _facet(_OURS, "1-0-0", "StewardCodeJobFacet", {"commit": commit})
    }
    if repository is None or commit.startswith("uncommitted-"):
        return facets
    place = {"type": "git", "url": repository, "repoUrl": repository, "version": commit}
    return facets | {
        "sourceCodeLocation": _facet(_STANDARD, "1-1-0", "SourceCodeLocationJobFacet", place)
    }


def parent(run_id: str, namespace: str, job: str) -> Json:
    """Run facet: the run that a run is a part of."""
    told = {"run": {"runId": run_id}, "job": {"namespace": namespace, "name": job}}
    return {"parent": _facet(_STANDARD, "1-2-0", "ParentRunFacet", told)}


def error(message: str) -> Json:
    """Run facet: why it failed."""
    told = {"message": message, "programmingLanguage": "PYTHON"}
    return {"errorMessage": _facet(_STANDARD, "1-0-1", "ErrorMessageRunFacet", told)}


def nominal_time(bounds: Sequence[object]) -> Json:
    """Run facet: the window that was looked at."""
    start, end = bounds
    told = {"nominalStartTime": start, "nominalEndTime": end}
    return {"nominalTime": _facet(_STANDARD, "1-0-1", "NominalTimeRunFacet", told)}


def version(identity: object) -> Json:
    """Dataset facet: which version of it; none, if that is not known."""
    if not identity:
        return {}
    told = {"datasetVersion": str(identity)}
    return {"version": _facet(_STANDARD, "1-0-1", "DatasetVersionDatasetFacet", told)}


def measures(rows: object, size: object, files: object, changed: object) -> Json:
    """Input facet: how much it is; the record has no figures of single columns."""
    told = {"rowCount": rows, "bytes": size, "fileCount": files, "lastUpdated": changed}
    facet = _facet(_STANDARD, "1-0-3", "DataQualityMetricsInputDatasetFacet", told)
    return {"dataQualityMetrics": facet | {"columnMetrics": {}}}


def approval(at: object, said: Item, gate: Item | None) -> Json:
    """Run facet: a person's word, and what the gate had said."""
    told = {
        "who": said.get("by"),
        "at": at,
        "status": said.get("status"),
        "words": said.get("words"),
        "counts": said.get("counts"),
        "reason": said.get("reason"),
        "gate": gate and {"verdict": gate.get("verdict"), "reason": gate.get("reason")},
    }
    return {"steward_approval": _facet(_OURS, "1-0-0", "StewardApprovalRunFacet", told)}


def rollout(told: Mapping[str, object]) -> Json:
    """Run facet: what was to serve where, and what became of it."""
    return {"steward_rollout": _facet(_OURS, "1-0-0", "StewardRolloutRunFacet", told)}


def drift(found: Item) -> Json:
    """Run facet: what a monitor found in a window."""
    names = ("kind", "source", "rows", "violations", "unmeasured", "gone")
    told = {name: found.get(name) for name in names}
    return {"steward_drift": _facet(_OURS, "1-0-0", "StewardDriftRunFacet", told)}


def _facet(base: str, number: str, name: str, told: Mapping[str, object]) -> Json:
    known = {key: value for key, value in told.items() if value is not None}
    url = f"{base}/{number}/{name}.json#/$defs/{name}"
    return {"_producer": PRODUCER, "_schemaURL": url} | known
