"""Approval: has a version proved enough to serve, and does a person's word on it count?"""

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from steward import times
from steward.decide.people import Identity, is_author
from steward.decide.review import AUTOMATIC, BREAK_GLASS, exception
from steward.decide.verdict import Verdict
from steward.decide.versions import Approval, Version
from steward.spec.model import GateSpec, MetricRule
from steward.words import one_line

CONCERN = "approval"
FAILED, HELD, PASSED = "failed", "held", "passed"
# Passed, only because the model's file says so.
ALLOWED = "allowed"
# How Steward's own words begin.
AUTO = "auto:"
APPROVE = "approve"
# S3's longest URI has less.
_LONGEST = 1200

type Document = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Package:
    """A model package version as the registry tells it now. Empty text: the registry has none."""

    number: int
    arn: str
    state: str
    status: str
    words: str
    created_at: datetime
    created_by: Identity
    modified_at: datetime
    modified_by: Identity
    execution_arn: str
    commit: str
    author: str
    snapshot: str
    artifact_uri: str
    artifact_sha256: str
    image: str
    image_digest: str
    prepared_uri: str
    reports: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Read:
    """A report as it was read: where it lies, and the SHA-256 of its bytes."""

    uri: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Job:
    """A job that a step of the version's run made."""

    arn: str
    step: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was read of a version's reports. None: absent, or it could not be understood.

    `read` has the reports that were there, by name, understood or not; `jobs` those of its run.
    `live_uri` is the artifact that serves now, empty when nothing serves; None: somebody else's
    config serves, so nothing can be compared with it.
    """

    evaluation: Document | None
    bias: Document | None
    explainability: Document | None
    read: Mapping[str, Read]
    jobs: tuple[Job, ...]
    artifact_etag: str | None
    artifact_version: str | None
    run_by: Identity
    run_on_record: bool
    snapshot_on_record: bool
    live_uri: str | None


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was checked: passed, allowed, failed, or held because it is not known."""

    verdict: str
    text: str


def judge(package: Package, evidence: Evidence, gate: GateSpec, now: datetime) -> Verdict:
    """Judge a registered version against the gate: failed before held before passed."""
    findings = list(_findings(package, evidence, gate, now))
    kinds = {finding.verdict for finding in findings}
    kind = next(kind for kind in (FAILED, HELD, PASSED) if kind in kinds or kind == PASSED)
    told = (PASSED, ALLOWED) if kind == PASSED else (kind,)
    texts = [finding.text for finding in findings if finding.verdict in told]
    facts = {
        "package": package.arn,
        "findings": [f"{finding.verdict}: {finding.text}" for finding in findings],
    }
    return Verdict(CONCERN, f"version {package.number}", kind, "; ".join(texts), facts)


def _findings(
    package: Package, evidence: Evidence, gate: GateSpec, now: datetime
) -> Iterator[Finding]:
    yield from _required(package, evidence, gate)
    if gate.max_evidence_age is not None:
        yield _age(package.created_at, gate.max_evidence_age, now)
    if evidence.evaluation is not None:
        yield _test_rows(evidence.evaluation, gate)
        for name, rule in gate.metrics.items():
            yield from _metric(name, rule, evidence, gate.stale)
    if evidence.bias is not None:
        for facet, bias in gate.bias.items():
            for name, most in bias.max_abs.items():
                yield _bias(facet, name, most, evidence.bias)


def _required(package: Package, evidence: Evidence, gate: GateSpec) -> Iterator[Finding]:
    documents = {
        "evaluation": evidence.evaluation,
        "bias": evidence.bias,
        "explainability": evidence.explainability,
    }
    # A rule whose report is missing cannot be said to hold, required or not.
    ruled = {"evaluation": gate.metrics, "bias": gate.bias}
    for name, document in documents.items():
        if document is None and (name in gate.require or ruled.get(name)):
            yield Finding(HELD, f"the {name} report is missing or broken")
    if package.state != "Completed":
        yield Finding(FAILED, f"the package is {package.state}, Completed is needed")
    if "author" in gate.require and not package.author:
        yield Finding(HELD, "nobody knows who wrote the commit")
    lineage = {
        "snapshot": evidence.snapshot_on_record,
        "run": evidence.run_on_record,
        "commit": bool(package.commit),
        "image digest": bool(package.image_digest),
        "artifact": evidence.artifact_etag is not None,
        "artifact digest": bool(package.artifact_sha256),
    }
    missing = [name for name, there in lineage.items() if not there]
    if "lineage" in gate.require and missing:
        yield Finding(HELD, f"the lineage is incomplete: {', '.join(missing)}")


def _age(at: datetime, most: timedelta, now: datetime) -> Finding:
    # Without the time of now: the same finding an hour later is the same decision.
    text = f"the evidence is of {times.minute(at)}, {times.short(most)} old at most is allowed"
    return Finding(PASSED if now <= at + most else HELD, text)


def _test_rows(evaluation: Document, gate: GateSpec) -> Finding:
    rows = _number(evaluation, "rows", "test")
    text = f"{rows if rows is None else int(rows)} test rows, {gate.min_test_rows} are needed"
    return Finding(PASSED if rows is not None and rows >= gate.min_test_rows else HELD, text)


def _metric(name: str, rule: MetricRule, evidence: Evidence, stale: str) -> Iterator[Finding]:
    path = "binary_classification_metrics", name, "value"
    value = _number(evidence.evaluation, *path)
    if value is None:
        yield Finding(HELD, f"{name} is missing from the evaluation")
        return
    if rule.min is not None:
        kind = PASSED if value >= rule.min else FAILED
        yield Finding(kind, f"{name} {value:.3f}, at least {rule.min:.3f} is needed")
    if rule.max_drop is not None and evidence.live_uri != "":
        yield from _margin(name, value, rule.max_drop, evidence, stale)


def compared_with(evidence: Evidence, gate: GateSpec) -> str | None:
    """The artifact that a version was measured against; empty: none, None: the gate asks for none.

    When nothing served there was nothing to be worse than, whatever was measured.
    """
    if all(rule.max_drop is None for rule in gate.metrics.values()):
        return None
    return (_champion(evidence) or "") if evidence.live_uri != "" else ""


def _champion(evidence: Evidence) -> str | None:
    uri = _find(evidence.evaluation, "champion", "uri")
    return one_line(uri, _LONGEST) if isinstance(uri, str) and uri else None


def _margin(
    name: str, value: float, most: float, evidence: Evidence, stale: str
) -> Iterator[Finding]:
    """The drop, if it is against the version that serves, or may be against a former one.

    What was compared with nothing is not stale but missing, and is never allowed.
    """
    compared = _champion(evidence)
    if compared is None or compared != evidence.live_uri:
        kind = ALLOWED if stale == "allow" and compared else HELD
        text = f"compared with {compared}, serving is {evidence.live_uri}"
        yield Finding(kind, f"the evidence is stale: {text}")
        if kind == HELD:
            return
    yield _drop(name, value, most, evidence)


def _drop(name: str, value: float, most: float, evidence: Evidence) -> Finding:
    champion = _find(evidence.evaluation, "champion")
    is_live = _champion(evidence) == evidence.live_uri
    whose = "the serving version" if is_live else "the version it was compared with"
    path = "champion", "binary_classification_metrics", name, "value"
    theirs = _number(evidence.evaluation, *path)
    if theirs is None:
        return Finding(HELD, f"{name} of {whose} is missing from the evaluation")
    # A contest on recent rows measures both anew; without one, both were measured on the test rows.
    contest = _find(champion, "candidate")
    ours = value if contest is None else _number(champion, "candidate", name, "value")
    if ours is None:
        return Finding(HELD, f"{name} of the new version is missing from the contest")
    basis = _find(champion, "basis")
    rows = f"the same {one_line(basis, 20) if isinstance(basis, str) else 'test'} rows"
    text = f"{name} {ours:.3f} against {theirs:.3f} of {whose} on {rows}"
    kind = PASSED if theirs - ours <= most else FAILED
    return Finding(kind, f"{text}, a drop of {most:.3f} is allowed")


def _bias(facet: str, name: str, most: float, report: Document) -> Finding:
    facets = _find(report, "post_training_bias_metrics", "facets", facet)
    entries = [
        metric
        for group in _listed(facets)
        for metric in _listed(_find(group, "metrics"))
        if _find(metric, "name") == name
    ]
    known = [value for entry in entries if (value := _measured(_find(entry, "value"))) is not None]
    if not known or len(known) < len(entries):
        return Finding(HELD, f"{name} of {facet} is undefined or missing")
    worst = max(known, key=abs)
    kind = PASSED if abs(worst) <= most else FAILED
    text = f"bias {name} of {facet} {worst:.3f}, at most {most:.3f} either way is allowed"
    return Finding(kind, text)


def automatic(gate: GateSpec, verdict: Verdict, *, allowed: bool) -> Verdict:
    """A judgement with the fact what Steward itself does: APPROVE, or why it does not.

    Without that fact a person is asked anyway. What passed only because the model's file allows
    something has not proved everything.
    """
    if gate.mode != "auto" or verdict.kind != PASSED:
        return verdict
    itself = APPROVE if allowed else "this deployment does not allow it"
    if any(finding.startswith(f"{ALLOWED}:") for finding in findings_of(verdict)):
        itself = "it has not proved everything"
    return replace(verdict, facts={**verdict.facts, "automatic": itself})


def by_steward(version: Version, *, allowed: bool) -> Verdict:
    """Steward's own word on a version, as it was decided when the version was judged."""
    facts = {"package": version.arn, "gate": version.gate, "judgement": version.decision}
    subject = f"version {version.number}"
    if version.automatic == APPROVE and allowed:
        reason = f"approved by Steward itself, as the model's file asks: {version.gate_reason}"
        return Verdict(CONCERN, subject, "approve", reason, facts)
    why = "this deployment does not allow it" if version.automatic == APPROVE else version.automatic
    reason = f"the model's file asks for automatic approval, and {why}: a person is to approve"
    return Verdict(CONCERN, subject, "held", reason, {**facts, "why": why})


def findings_of(verdict: Verdict) -> list[str]:
    """Everything that a judgement found, each with its own verdict."""
    return [str(one) for one in _listed(verdict.facts.get("findings"))]


def says_something_new(
    version: Version, package: Package, updated: tuple[str, ...], modified_at: datetime | None
) -> bool:
    """Whether the registry holds a word on this version that was not noted yet.

    The registry keeps no time of approval, and every edit moves LastModifiedTime: so it is a new
    word only if the status is another one, or an event lists ModelApprovalStatus with a later
    time, or the approver's words ask for it.
    """
    if package.status != version.status:
        return True
    if package.status != "Approved" or version.approval is None:
        return False
    later = modified_at is not None and modified_at > version.modified_at
    asked = package.words.startswith(("retry:", "override:"))
    return ("ModelApprovalStatus" in updated and later) or (
        asked and package.words != version.approval.words
    )


def weigh(
    version: Version, package: Package, gate: GateSpec, node: str, role: str = ""
) -> tuple[Verdict, Approval]:
    """Note a word on a version, and whether it counts.

    `role` is the one under which Steward approves, empty where it may not.
    """
    who = package.modified_by
    itself = _is_steward(version, package, gate, role)
    against = _against(version, package, gate) if package.status == "Approved" else None
    against = None if itself else against
    name = who.person or who.arn or "somebody AWS does not name"
    reason = f"{package.status} by {name}: {package.words or 'no words'}"
    kind = {"Approved": "approved", "Rejected": "rejected"}.get(package.status, "reopened")
    approval = Approval(
        id=node,
        at=package.modified_at,
        by=who.person or who.arn,
        words=package.words,
        counts=package.status == "Approved" and against is None,
        reason=against or reason,
    )
    facts: dict[str, object] = {
        "package": package.arn,
        "status": package.status,
        "by": approval.by,
        "words": package.words,
        "modified_at": package.modified_at.isoformat(),
        "gate": version.gate,
    }
    if approval.counts and approval.overrides:
        facts |= exception(BREAK_GLASS, approval.by)
    elif itself:
        facts |= exception(AUTOMATIC, approval.by)
    verdict = Verdict(
        CONCERN, f"version {version.number}", "held" if against else kind, approval.reason, facts
    )
    return verdict, approval


def _is_steward(version: Version, package: Package, gate: GateSpec, role: str) -> bool:
    """Whether the word is the one that Steward has on record as decided before it was said."""
    decided = gate.mode == "auto" and version.gate == PASSED and version.automatic == APPROVE
    said = package.status == "Approved" and package.words.startswith(AUTO)
    return decided and said and package.modified_by.is_role(role)


def _against(version: Version, package: Package, gate: GateSpec) -> str | None:
    who, maker = package.modified_by, package.created_by
    if who.person is None:
        return f"the approval does not count: {who.arn or 'the approver'} is no person with a name"
    if who.person == maker.person or (who.arn and who.arn == maker.arn):
        return f"the approval does not count: {who.person} also made the version"
    if who.person == version.run_by:
        return f"the approval does not count: {who.person} also started its run"
    if is_author(who.person, package.author):
        return f"the approval does not count: {who.person} may also have written the commit"
    if not who.is_listed(gate.approvers):
        return f"the approval does not count: {who.arn} is not on the list of approvers"
    return None


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _find(document: object, *path: str) -> object:
    for step in path:
        document = document.get(step) if isinstance(document, Mapping) else None
    return document


def _number(document: object, *path: str) -> float | None:
    return _measured(_find(document, *path))


def _measured(value: object) -> float | None:
    """A finite number; JSON as Python reads it knows truth values, NaN and 10**999 too."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    return float(value) if abs(value) <= sys.float_info.max else None
