"""A model version as Steward knows it: what was registered, judged, approved and served."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Artifact:
    """The model's bytes and container as they were at registration. None: it could not be read."""

    uri: str
    version_id: str | None
    etag: str | None
    sha256: str | None
    image: str
    image_digest: str | None


@dataclass(frozen=True, slots=True)
class Approval:
    """A person's word on a version. `counts` is False when it may not be acted on."""

    id: str
    at: datetime
    by: str
    words: str
    counts: bool
    reason: str

    @property
    def overrides(self) -> bool:
        """Whether the words are `override: <reason>`: they set aside what was not proved."""
        reason = self.words.removeprefix("override:").strip()
        return self.words.startswith("override:") and bool(reason)


@dataclass(frozen=True, slots=True)
class Version:
    """One version's row. `status` is the registry's word as last noted; `gate` is our judgement.

    `created_by` and `run_by` made the version and started its run; `compared_with` is the artifact
    that it was measured against, empty when there was none, None when the gate does not compare.
    `automatic` is what was decided of its approval by Steward itself; None when a person is to.
    `evidence_at` is when it was registered with its evidence.
    `reports`: the folder of its run's reports, empty if it has none of ours.
    `adopted` is a config of somebody else's that serves this version.
    `revision` counts the row's writes, so that a write on top of a stale read is refused.
    """

    number: int
    arn: str
    status: str
    modified_at: datetime
    gate: str
    gate_reason: str
    artifact: Artifact
    created_by: str
    run_by: str | None
    compared_with: str | None
    decision: str
    approval: Approval | None = None
    served_at: datetime | None = None
    failed_under: str | None = None
    adopted: str | None = None
    reports: str = ""
    evidence_at: datetime | None = None
    automatic: str | None = None
    revision: int = 1

    @property
    def awaits_steward(self) -> bool:
        """Whether nobody has said a word yet, and Steward is to, or to say why it does not."""
        unsaid = self.approval is None and self.status == "PendingManualApproval"
        return unsaid and self.automatic is not None

    @property
    def overridden(self) -> bool:
        """Whether the approver's words override a gate that did not pass."""
        return self.approval is not None and self.approval.overrides

    def why_not(self, status: str) -> str | None:
        """Why this version may not serve under the registry's `status`; None when it may."""
        if status != "Approved":
            return f"version {self.number} is {status}"
        if self.approval is None or self.status != "Approved":
            return f"the approval of version {self.number} has not been noted yet"
        if not self.approval.counts:
            return self.approval.reason
        if self.gate != "passed" and not self.overridden:
            return (
                f"the gate of version {self.number} says {self.gate} ({self.gate_reason}), "
                "and the approval's words do not say 'override: <reason>'"
            )
        if self.failed_under == self.approval.id:
            return f"version {self.number} failed under this approval"
        return None
