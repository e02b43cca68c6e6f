"""Approval: judge what was registered, tell the approver, note who said what."""

from aws_lambda_powertools.utilities.typing import LambdaContext

from steward import batch, clock
from steward.act.notify import ask_to_look, notify
from steward.aws import Aws
from steward.decide.approval import Package, judge, says_something_new, weigh
from steward.decide.freshness import too_late
from steward.decide.verdict import Verdict
from steward.decide.versions import Version
from steward.errors import BadEvent, NotYet
from steward.events.types import LookAt, PackageChanged, Trigger
from steward.log import count, logger, metrics
from steward.observe.approval import (
    observe_evidence,
    observe_package,
    observe_registry,
)
from steward.observe.serving import read_versions
from steward.observe.training import read_run
from steward.record.approval import approval_id, record_judgement, record_word, with_word
from steward.scope import Models, models
from steward.scope import Scope as AnyScope
from steward.settings import ApprovalSettings, load

type Scope = AnyScope[ApprovalSettings]

_aws = Aws()


@metrics.log_metrics
def lambda_handler(event: batch.Batch, context: LambdaContext) -> batch.Answer:
    """Take a batch of the approval queue."""
    del context
    known = models(_aws, load(ApprovalSettings))
    return batch.each(event, known.settings, lambda trigger: handle(known, trigger))


def handle(known: Models[ApprovalSettings], trigger: Trigger) -> None:
    """One message: a version that changed, or a request to look."""
    match trigger:
        case PackageChanged():
            if scope := known.with_resource(trigger.group):
                look(scope, trigger)
        case LookAt():
            look(known.named(trigger.model), None)
        case _:
            raise BadEvent(f"{type(trigger).__name__} is no business of approval")


def look(scope: Scope, event: PackageChanged | None) -> None:
    """Judge versions that were not judged yet, and note words that were not noted yet."""
    registry = observe_registry(scope.aws, scope.names.group)
    versions = read_versions(scope.store, scope.model)
    if event and event.version not in registry:
        logger.info("%s has no version %d", scope.names.group, event.version)
    noted, failures = False, list[Exception]()
    for number in sorted(registry):
        hint = event if event and event.version == number else None
        version = versions.get(number)
        if hint or version is None or is_open(scope, version, registry[number].status):
            try:
                noted = attend(scope, registry[number].arn, version, hint) or noted
            except Exception as failure:  # noqa: BLE001  # the other versions are looked at first
                logger.warning("version %d could not be looked at: %r", number, failure)
                failures.append(failure)
    if noted:
        ask_to_look(scope.aws, scope.settings.rollout_queue_url, scope.model)
    if failures:
        raise failures[0]


def is_open(scope: Scope, version: Version, status: str) -> bool:
    """Whether the registry may hold a word that was not noted yet."""
    if status != version.status:
        return True
    late = too_late(version, scope.spec.gate, clock.now())
    return status == "Approved" and (version.why_not(status) is not None or late is not None)


def attend(scope: Scope, arn: str, version: Version | None, event: PackageChanged | None) -> bool:
    """Bring one version up to date; True when a word on it was noted."""
    package = observe_package(scope.aws, arn)
    if package.state in ("Pending", "InProgress"):
        return False
    version = version or judged(scope, package)
    updated, modified_at = (event.updated, event.modified_at) if event else ((), None)
    if not says_something_new(version, package, updated, modified_at):
        logger.info("version %d: %s is on record already", package.number, package.status)
        return False
    node = approval_id(scope.names.group, package)
    verdict, approval = weigh(version, package, scope.spec.gate, node)
    logger.info(verdict.reason, extra={"model": scope.model, "verdict": verdict.kind})
    why_not = with_word(version, package, approval).why_not(package.status)
    if package.status == "Approved" and why_not:
        tell(scope, verdict, f"the approval of version {package.number} changes nothing", why_not)
    record_word(scope.store, scope.names, verdict, version, package, approval)
    return True


def judged(scope: Scope, package: Package) -> Version:
    """Judge a version, tell the approver, then record: a message may come twice, but it comes."""
    evidence = observe_evidence(scope.aws, scope.store, scope.names, package)
    run = read_run(scope.store, scope.model)
    if not evidence.run_on_record and run and run.open:
        raise NotYet(f"{package.arn}: its run {run.number} is about to be recorded")
    verdict = judge(package, evidence, scope.spec.gate, clock.now())
    logger.info(verdict.reason, extra={"model": scope.model, "verdict": verdict.kind})
    subject = f"version {package.number}: the gate says {verdict.kind}"
    tell(scope, verdict, subject, request(scope, verdict, package))
    count("VersionJudged")
    return record_judgement(scope.store, scope.names, scope.spec.gate, verdict, package, evidence)


def request(scope: Scope, verdict: Verdict, package: Package) -> str:
    """Ask for a word, with the commands to give it."""
    command = (
        f"aws sagemaker update-model-package --region {scope.settings.aws_region} "
        f"--model-package-arn {package.arn} --model-approval-status"
    )
    findings = verdict.facts["findings"]
    listed = "\n".join(f"  - {one}" for one in findings) if isinstance(findings, list) else ""
    words = "<your words>" if verdict.kind == "passed" else "override: <reason>"
    return (
        f"Version {package.number} of {scope.model} was registered. The gate says {verdict.kind}:\n"
        f"{listed}\n\nTo approve:\n  {command} Approved --approval-description '{words}'\n"
        f"To reject:\n  {command} Rejected --approval-description '<your words>'"
    )


def tell(scope: Scope, verdict: Verdict, subject: str, text: str) -> None:
    """Write to the model's owner."""
    about = verdict.id(scope.model)
    signed = f"{text}\n\nOwner: {scope.spec.owner}"
    notify(scope.aws, scope.settings.topic_arn, scope.model, about, subject, signed)
