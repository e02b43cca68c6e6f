"""Rollout: put the version that should serve behind the endpoint, and record what serves."""

from datetime import timedelta

from aws_lambda_powertools.utilities.typing import LambdaContext

from steward import batch, clock
from steward.act.notify import notify
from steward.act.rollout import Plan, deploy, make_servable, plan
from steward.aws import Aws
from steward.decide.approval import Package
from steward.decide.rollout import (
    Rollout,
    RolloutFacts,
    blocked,
    held,
    next_step,
    same_artifact,
    still_stands,
    withdrawn,
)
from steward.decide.verdict import Verdict
from steward.decide.versions import Version
from steward.errors import BadEvent, NoRoom, NotYet
from steward.events.types import EndpointChanged, LookAt, Trigger
from steward.log import count, logger, metrics
from steward.observe.approval import observe_artifact, observe_package
from steward.observe.rollout import observe_rollout
from steward.observe.serving import read_version
from steward.record.agenda import off_agenda, read_mark
from steward.record.decisions import is_recorded, record
from steward.record.rollout import (
    open_rollout,
    record_asking,
    record_failed,
    record_not_asked,
    record_served,
    record_withdrawn,
)
from steward.scope import Models, models
from steward.scope import Scope as AnyScope
from steward.settings import RolloutSettings, load

type Scope = AnyScope[RolloutSettings]

# start, resume, wait: a look that goes round more often than this is racing with others.
_MOST_STEPS = 10
# An update that was asked for is seen on the endpoint long before this.
_MAY_STILL_BEGIN = timedelta(minutes=10)
_aws = Aws()


@metrics.log_metrics
def lambda_handler(event: batch.Batch, context: LambdaContext) -> batch.Answer:
    """Take a batch of the rollout queue."""
    del context
    known = models(_aws, load(RolloutSettings))
    return batch.each(event, known.settings, lambda trigger: handle(known, trigger))


def handle(known: Models[RolloutSettings], trigger: Trigger) -> None:
    """One message: an endpoint that changed, or a request to look."""
    match trigger:
        case EndpointChanged():
            if scope := known.with_resource(trigger.endpoint):
                look(scope)
        case LookAt():
            look(known.named(trigger.model))
        case _:
            raise BadEvent(f"{type(trigger).__name__} is no business of rollout")


def look(scope: Scope) -> None:
    """Bring a model's endpoint as far as it can go now."""
    mark = read_mark(scope.store, "rollout", scope.model)
    for _ in range(_MOST_STEPS):
        facts = observe_rollout(scope.aws, scope.store, scope.names)
        verdict = next_step(facts)
        logger.info(verdict.reason, extra={"model": scope.model, "verdict": verdict.kind})
        match verdict.kind:
            case "start":
                if not start(scope, verdict, facts):
                    return
            case "resume":
                if not resume(scope, facts):
                    return
            case "finish":
                finish(scope, verdict, facts)
            case "fail":
                fail(scope, verdict, facts)
            case "wait":
                record(scope.store, scope.model, verdict)
                return
            case _:
                settle(scope, verdict)
                off_agenda(scope.store, "rollout", scope.model, mark)
                return
    raise NotYet(f"{scope.model}: still not settled after {_MOST_STEPS} steps")


def start(scope: Scope, verdict: Verdict, facts: RolloutFacts) -> bool:
    """Open the approved version's rollout; False when its bytes are not the registered ones."""
    number, last = int(str(verdict.facts["version"])), facts.rollout
    version = facts.versions[number]
    other = other_bytes(scope, version, observe_package(scope.aws, version.arn))
    if other:
        settle(scope, held(verdict, other))
        return False
    rollout = Rollout(
        number=last.number + 1 if last else 1,
        state="open",
        version=number,
        direction=str(verdict.facts["direction"]),
        approval=str(verdict.facts["approval"]),
        decision=verdict.id(scope.model),
        config_name=planned(scope, facts, number).name,
        opened_at=clock.now(),
        highest=last.highest if last else 0,
        stepped_back_at=last.stepped_back_at if last else None,
    )
    open_rollout(scope.store, scope.names, verdict, rollout, last)
    return True


def other_bytes(scope: Scope, version: Version, package: Package) -> str | None:
    """Why a version's artifact or image is not what was registered; None when it is."""
    etag, artifact_version = observe_artifact(scope.aws, version.artifact.uri)
    return same_artifact(version, etag, artifact_version, package.image_digest)


def planned(scope: Scope, facts: RolloutFacts, number: int) -> Plan:
    """The requests that make a version servable."""
    settings = scope.settings
    return plan(
        scope.names,
        scope.spec,
        facts.versions[number],
        settings.execution_role_arn,
        settings.artifact_bucket,
    )


def resume(scope: Scope, facts: RolloutFacts) -> bool:
    """Ask SageMaker for the open rollout; True when the look goes on at once."""
    rollout = facts.in_flight
    try:
        why_not = not_after_all(scope, facts, rollout)
        if why_not:
            return withdraw(scope, rollout, why_not)
        ask(scope, facts, rollout)
    except NoRoom:
        settle(scope, blocked(rollout))
    return False


def ask(scope: Scope, facts: RolloutFacts, rollout: Rollout) -> None:
    """Note that SageMaker is asked, and ask; what it does is seen at the next look."""
    asking = record_asking(scope.store, scope.model, rollout, facts.endpoint)
    if asking is None:
        raise NotYet(f"rollout {rollout.number} was changed by another look at the same moment")
    config, exists = rollout.config_name, facts.endpoint is not None
    try:
        deploy(scope.aws, scope.names.endpoint, config, scope.spec, exists=exists)
    except NoRoom:
        record_not_asked(scope.store, scope.model, asking, rollout)
        raise
    count("RolloutStarted")


def withdraw(scope: Scope, rollout: Rollout, why_not: str) -> bool:
    """Close a rollout that was not asked for; one that was may still begin to move for a while."""
    if rollout.called_at and clock.now() - rollout.called_at < _MAY_STILL_BEGIN:
        logger.info("%s, but SageMaker may have been asked at %s", why_not, rollout.called_at)
        return False
    verdict = withdrawn(rollout, why_not)
    record_withdrawn(scope.store, scope.names, verdict, rollout)
    return True


def not_after_all(scope: Scope, facts: RolloutFacts, rollout: Rollout) -> str | None:
    """Make the version servable unless it may not serve, and read that again last of all."""
    if rollout.version not in facts.registry:
        return facts.why_not(rollout.version)
    wanted = planned(scope, facts, rollout.version)
    why_not = no_more(scope, facts, rollout, wanted)
    if why_not:
        return why_not
    make_servable(scope.aws, wanted)
    return no_more(scope, facts, rollout, wanted)


def no_more(scope: Scope, facts: RolloutFacts, rollout: Rollout, wanted: Plan) -> str | None:
    """Why the rollout that was opened may not be asked for, as everything is now."""
    registered = facts.versions[rollout.version]
    version = read_version(scope.store, scope.model, rollout.version)
    package = observe_package(scope.aws, registered.arn)
    stands = still_stands(version, rollout, package.status, wanted.name)
    return stands or other_bytes(scope, registered, package)


def finish(scope: Scope, verdict: Verdict, facts: RolloutFacts) -> None:
    """Tell the owner what serves, then close the rollout."""
    rollout, endpoint = facts.in_flight, facts.endpoint
    if endpoint is None:
        raise NotYet("the endpoint vanished between two reads")
    tell(scope, verdict, f"version {rollout.version} serves")
    version = facts.versions[rollout.version]
    record_served(scope.store, scope.names, verdict, rollout, version, endpoint)


def fail(scope: Scope, verdict: Verdict, facts: RolloutFacts) -> None:
    """Tell the owner that the version does not serve, then close the rollout."""
    rollout, endpoint = facts.in_flight, facts.endpoint
    if endpoint is None:
        raise NotYet("the endpoint vanished between two reads")
    tell(scope, verdict, f"the rollout of version {rollout.version} failed")
    version = facts.versions[rollout.version]
    record_failed(scope.store, scope.names, verdict, rollout, version, endpoint)


def settle(scope: Scope, verdict: Verdict) -> None:
    """Record that nothing is done; page once when it is because something is wrong."""
    if verdict.kind == "hold" and not is_recorded(scope.store, scope.model, verdict):
        tell(scope, verdict, f"{verdict.subject} is held")
    record(scope.store, scope.model, verdict)


def tell(scope: Scope, verdict: Verdict, subject: str) -> None:
    """Write to the model's owner."""
    about = verdict.id(scope.model)
    text = f"{verdict.reason}\n\nOwner: {scope.spec.owner}"
    notify(scope.aws, scope.settings.topic_arn, scope.model, about, subject, text)
