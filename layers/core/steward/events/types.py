"""What can reach a function, as facts in the past tense.

They are hints: what AWS answers now is the truth.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class ObjectCreated:
    """An object version was written to a bucket."""

    bucket: str
    key: str
    version_id: str | None
    etag: str
    size: int
    sequencer: str
    at: datetime


@dataclass(frozen=True, slots=True)
class RunChanged:
    """A pipeline execution changed its status."""

    pipeline: str
    execution_arn: str


@dataclass(frozen=True, slots=True)
class PackageChanged:
    """A model package version was registered, approved, rejected or edited."""

    group: str
    version: int
    updated: tuple[str, ...]
    modified_at: datetime | None


@dataclass(frozen=True, slots=True)
class EndpointChanged:
    """An endpoint, or a deployment on it, changed its state."""

    endpoint: str


@dataclass(frozen=True, slots=True)
class DriftReported:
    """A monitor of the team's own found drift in `rows` predictions of a version.

    `violations` has the entries of Model Monitor's `constraint_violations.json`.
    """

    model: str
    version: int
    kind: str
    window: tuple[datetime, datetime]
    rows: int
    violations: tuple[Mapping[str, object], ...]
    at: datetime


@dataclass(frozen=True, slots=True)
class AlarmChanged:
    """An alarm on a metric of a monitor fired."""

    alarm: str
    endpoint: str
    namespace: str
    metric: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class JobChanged:
    """A processing job changed its status."""

    job: str


@dataclass(frozen=True, slots=True)
class LookAt:
    """Another function, or the sweep, asks to look at a model; `asked_by` names the sweep alone."""

    model: str
    asked_by: str = ""


@dataclass(frozen=True, slots=True)
class Ordered:
    """A person asks for something that no word in the registry can say.

    `id` is the order's own; `version` and `config` are what an adoption is about, `decision` what
    a sign-off is.
    """

    order: str
    model: str
    by: str
    why: str
    id: str
    at: datetime
    version: int = 0
    config: str = ""
    decision: str = ""


type Trigger = (
    ObjectCreated
    | RunChanged
    | PackageChanged
    | EndpointChanged
    | DriftReported
    | AlarmChanged
    | JobChanged
    | LookAt
    | Ordered
)
