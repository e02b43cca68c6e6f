"""What the lineage is made of: nodes and edges in the terms of W3C PROV (www.w3.org/TR/prov-dm)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from steward import digest, times

USED = "used"
WAS_GENERATED_BY = "wasGeneratedBy"
WAS_DERIVED_FROM = "wasDerivedFrom"
WAS_INFORMED_BY = "wasInformedBy"
WAS_INFLUENCED_BY = "wasInfluencedBy"
WAS_ASSOCIATED_WITH = "wasAssociatedWith"
WAS_ATTRIBUTED_TO = "wasAttributedTo"
HAD_MEMBER = "hadMember"

# A node carries the ids of what it came from, as many as fit into 1 KB; more stand in a manifest.
MOST_LINKS = 10


@dataclass(frozen=True, slots=True)
class Link:
    """What a node came from, by a PROV term; `to` is a node's id."""

    term: str
    to: str


@dataclass(frozen=True, slots=True)
class Node:
    """A fact that never changes. `id` is `<type>#<identity>`; `at` is when it was true on AWS."""

    id: str
    at: datetime
    facts: Mapping[str, object] = field(default_factory=dict)
    links: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True)
class End:
    """How an activity that is a node already ended."""

    id: str
    at: datetime
    facts: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Serving:
    """Which versions an endpoint serves from `since` on, with their shares in percent."""

    endpoint: str
    since: datetime
    versions: Mapping[str, int]
    rollout: str

    @property
    def key(self) -> dict[str, str]:
        """The item's key; the end of an interval is the start of the next and is never stored."""
        return {"pk": f"serving#{self.endpoint}", "sk": times.iso(self.since)}


@dataclass(frozen=True, slots=True)
class Shift:
    """From `opened_at` until its rollout ended, traffic of an endpoint may go to `version`."""

    endpoint: str
    opened_at: datetime
    version: int
    rollout: str


def dataset_id(bucket: str, key: str, identity: str) -> str:
    """Node id of an object version; `identity` is its version id, else etag and sequencer."""
    return f"dataset#{digest.of([bucket, key, identity])[:32]}"


def object_partition(bucket: str, key: str) -> str:
    """Where the versions of an object that were seen stand, in the order in which they came."""
    return f"object#{digest.of([bucket, key])[:32]}"


def snapshot_id(sha256: str) -> str:
    """Node id of a snapshot, by the digest of its manifest."""
    return f"snapshot#{sha256}"


def run_id(execution_arn: str) -> str:
    """Node id of a pipeline execution: `<pipeline>/<execution id>`."""
    pipeline, _, execution = execution_arn.partition(":pipeline/")[2].partition("/execution/")
    return f"run#{pipeline}/{execution}"


def capture_id(endpoint: str, version: int, start: datetime) -> str:
    """Node id of what was captured of a version in a window that was looked at."""
    return f"capture#{endpoint}/v{version}/{times.iso(start)}"


def drift_report_id(identity: Sequence[object]) -> str:
    """Node id of what a monitor found in a window, by what makes it this report and no other."""
    return f"drift-report#{digest.of(identity)[:32]}"


def report_id(kind: str, uri: str, sha256: str) -> str:
    """Node id of a version's evidence as it was read: an evaluation, or another report."""
    named = kind if kind == "evaluation" else f"{kind}-report"
    return f"{named}#{digest.of([uri, sha256])[:32]}"


def version_id(group: str, version: int) -> str:
    """Node id of a registered model version."""
    return f"model-version#{group}/{version}"


def rollout_id(endpoint: str, number: int) -> str:
    """Node id of a rollout."""
    return f"rollout#{endpoint}/{number}"
