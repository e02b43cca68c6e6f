"""Approval: judge what was registered, tell the approver, note who said what."""

from aws_lambda_powertools.utilities.typing import LambdaContext

from steward import batch, clock
from steward.act.approval import approve
from steward.act.notify import ask_to_look, tell
from steward.aws import Aws
from steward.decide.approval import (
    APPROVE,
    AUTO,
    PASSED,
    Package,
    automatic,
    by_steward,
    findings_of,
    judge,
    says_something_new,
    weigh,
)
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
from steward.record.decisions import record_once
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
            look(known.named(trigger.model, trigger.asked_by), None)
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
    """Whether the registry may hold a word that was not noted yet, or Steward is to say one."""
    if status != version.status or version.awaits_steward:
        return True
    late = too_late(version, scope.spec.gate, clock.now())
    return status == "Approved" and (version.why_not(status) is not None or late is not None)


def attend(scope: Scope, arn: str, version: Version | None, event: PackageChanged | None) -> bool:
    """Bring one version up to date; True when a word on it was noted."""
    package = observe_package(scope.aws, arn)
    if package.state in ("Pending", "InProgress"):
        return False
    version = version or judged(scope, package)
    if version.awaits_steward and package.status == version.status:
        speak(scope, version)
        return False
    updated, modified_at = (event.updated, event.modified_at) if event else ((), None)
    if not says_something_new(version, package, updated, modified_at):
        logger.info("version %d: %s is on record already", package.number, package.status)
        return False
    take_word(scope, version, package)
    return True


def take_word(scope: Scope, version: Version, package: Package) -> None:
    """Weigh a word, tell the owner what is unusual about it, and note it."""
    role = scope.settings.approval_role if scope.settings.automatic else ""
    node = approval_id(scope.names.group, package)
    verdict, approval = weigh(version, package, scope.spec.gate, node, role)
    verdict = scope.mended(verdict, package.modified_at)
    scope.log(verdict)
    why_not = with_word(version, package, approval).why_not(package.status)
    commands = scope.commands
    if package.status == "Approved" and why_not:
        subject = f"the approval of version {package.number} changes nothing"
        again = commands.approve(package.arn, words_for(version.gate))
        tell(scope, verdict, subject, why_not, again, commands.reject(package.arn))
    elif "exception" in verdict.facts:
        subject = f"version {package.number}: {verdict.facts['exception']}"
        signed = commands.sign_off(verdict.id(scope.model))
        tell(scope, verdict, subject, verdict.reason, signed, commands.reject(package.arn))
    record_word(scope.store, scope.names, verdict, version, package, approval)


def speak(scope: Scope, version: Version) -> None:
    """Put Steward's own word on record, then say it; it is noted as any other word is."""
    verdict = by_steward(version, allowed=scope.settings.automatic)
    scope.log(verdict)
    record_once(scope.store, scope.model, verdict)
    if verdict.kind == APPROVE:
        approve(scope.aws, version.arn, f"{AUTO} {version.gate_reason}")


def judged(scope: Scope, package: Package) -> Version:
    """Judge a version, tell the approver, then record: a message may come twice, but it comes."""
    evidence = observe_evidence(scope.aws, scope.store, scope.names, package)
    run = read_run(scope.store, scope.model)
    if not evidence.run_on_record and run and run.open:
        raise NotYet(f"{package.arn}: its run {run.number} is about to be recorded")
    gate = scope.spec.gate
    verdict = judge(package, evidence, gate, clock.now())
    verdict = automatic(gate, verdict, allowed=scope.settings.automatic)
    verdict = scope.mended(verdict, package.modified_at)
    scope.log(verdict)
    ask(scope, verdict, package)
    count("VersionJudged")
    return record_judgement(scope.store, scope.names, gate, verdict, package, evidence)


def ask(scope: Scope, verdict: Verdict, package: Package) -> None:
    """Ask for a word on a version, or say that Steward has one of its own."""
    itself = verdict.facts.get("automatic")
    findings = "\n".join(f"  - {one}" for one in findings_of(verdict))
    text = f"Version {package.number} of {scope.model} was registered. The gate says "
    text += f"{verdict.kind}:\n{findings}"
    commands, subject = scope.commands, f"version {package.number}: the gate says {verdict.kind}"
    if itself == APPROVE:
        text += "\n\nSteward approves it, as the model's file asks."
        tell(scope, verdict, subject, text, commands.reject(package.arn))
        return
    if itself:
        text += f"\n\nThe model's file asks for automatic approval, and {itself}."
    todo = commands.approve(package.arn, words_for(verdict.kind)), commands.reject(package.arn)
    tell(scope, verdict, subject, text, *todo)


def words_for(gate: str) -> str:
    """The words that an approval needs after what the gate said."""
    return "<your words>" if gate == PASSED else "override: <reason>"
