"""Rollout: put the version that should serve behind the endpoint, and record what serves."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta

from aws_lambda_powertools.utilities.typing import LambdaContext

from steward import batch, clock
from steward.act.alarms import make_alarms, remove_alarms, trip
from steward.act.model_monitor import remove_schedule
from steward.act.notify import tell
from steward.act.rollout import (
    Plan,
    create,
    delete_endpoint,
    make_servable,
    plan,
    remove_configs,
    update,
)
from steward.act.scaling import scale
from steward.aws import Aws
from steward.commands import Action
from steward.decide.orders import adopted, weigh
from steward.decide.preflight import blocked, held, same_artifact, still_stands, unfit, withdrawn
from steward.decide.repair import FULL_SWEEP, LONG_AGO
from steward.decide.review import sign_off
from steward.decide.rollout import next_step, overdue, since, tidied
from steward.decide.rollout_facts import FORWARD, EndpointFacts, Rollout, RolloutFacts, brakes
from steward.decide.verdict import Verdict
from steward.decide.versions import Version
from steward.errors import BadEvent, NoRoom, NotYet
from steward.events.types import EndpointChanged, LookAt, Ordered, Trigger
from steward.log import count, logger, metrics
from steward.names import VARIANT
from steward.observe.approval import observe_artifact, observe_package
from steward.observe.canary import observe_alarms
from steward.observe.model_monitor import observe_schedules, read_seen
from steward.observe.review import read_exceptional
from steward.observe.rollout import (
    observe_rollout,
    observe_served,
    read_rollout,
    read_start,
)
from steward.record.agenda import off_agenda, read_mark
from steward.record.decisions import is_recorded, record, record_once
from steward.record.orders import record_adopted, record_order, record_signed
from steward.record.rollout import (
    open_rollout,
    record_asking,
    record_end_wanted,
    record_failed,
    record_found,
    record_gone,
    record_not_asked,
    record_served,
    record_withdrawn,
)
from steward.scope import Models, models
from steward.scope import Scope as AnyScope
from steward.settings import RolloutSettings, load
from steward.spec.serving import SERVERLESS

type Scope = AnyScope[RolloutSettings]

# start, wait, finish: a look that goes round more often than this is racing with others.
_MOST_STEPS = 10
# An update that was asked for is seen on the endpoint long before this.
_MAY_STILL_BEGIN = timedelta(minutes=10)
# Whose alarms the full sweep looks for: as many as one request can name.
_LAST_ROLLOUTS = 25
_aws = Aws()


@metrics.log_metrics
def lambda_handler(event: batch.Batch, context: LambdaContext) -> batch.Answer:
    """Take a batch of the rollout queue."""
    del context
    known = models(_aws, load(RolloutSettings))
    return batch.each(event, known.settings, lambda trigger: handle(known, trigger))


def handle(known: Models[RolloutSettings], trigger: Trigger) -> None:
    """One message: an endpoint that changed, a person's order, or a request to look."""
    match trigger:
        case EndpointChanged():
            if scope := known.with_resource(trigger.endpoint):
                look(scope)
        case LookAt():
            look(known.named(trigger.model, trigger.asked_by))
        case Ordered():
            obey(known.named(trigger.model), trigger)
        case _:
            raise BadEvent(f"{type(trigger).__name__} is no business of rollout")


def look(scope: Scope) -> None:
    """Bring a model's endpoint as far as it can go now."""
    mark = read_mark(scope.store, "rollout", scope.model)
    for step in range(_MOST_STEPS):
        facts = observe(scope)
        verdict = next_step(facts)
        if step == 0:  # what follows from it is no longer what the sweep found
            verdict = found_by_sweep(scope, verdict, facts)
            count_stuck(facts)
        scope.log(verdict)
        if verdict.kind in ("hold", "nothing"):
            settle(scope, verdict, *way_on(scope, verdict, facts))
            remove_left(scope, facts)
            off_agenda(scope.store, "rollout", scope.model, mark)
            return
        if not take(scope, verdict, facts):
            return
    raise NotYet(f"{scope.model}: still not settled after {_MOST_STEPS} steps")


def observe(scope: Scope) -> RolloutFacts:
    """Everything that a step rests on."""
    return observe_rollout(scope.aws, scope.store, scope.names, scope.spec, clock.now())


def count_stuck(facts: RolloutFacts) -> None:
    """Count a rollout that does not end, at every look, so that its alarm stays."""
    if open_for := overdue(facts):
        logger.warning("rollout %d is open for %s", facts.in_flight.number, open_for)
        count("RolloutStuck")


def found_by_sweep(scope: Scope, verdict: Verdict, facts: RolloutFacts) -> Verdict:
    """The verdict, marked if the sweep mends by it."""
    marked = scope.mended(verdict, since(verdict, facts))
    # One that waits for room in the account is asked for again every minute; nobody forgot it.
    waits = marked.repair and verdict.kind in ("resume", "withdraw")
    if waits and is_recorded(scope.store, scope.model, blocked(facts.in_flight)):
        return verdict
    return marked


def remove_left(scope: Scope, facts: RolloutFacts) -> None:
    """In the full sweep: remove alarms that rollouts which are over left behind.

    Configs that are left go when the next rollout ends: now, one might just be taken into use.
    """
    last = facts.rollout
    if scope.asked_by != FULL_SWEEP or last is None or last.open:
        return
    # The first one replaces nothing and has none.
    numbers = range(max(2, last.number - _LAST_ROLLOUTS + 1), last.number + 1)
    if not numbers:
        return
    if alarms := remove_alarms(scope.aws, scope.names, *numbers):
        verdict = scope.mended(tidied(alarms), LONG_AGO)
        scope.log(verdict)
        record_once(scope.store, scope.model, verdict)


def way_on(scope: Scope, verdict: Verdict, facts: RolloutFacts) -> tuple[Action, ...]:
    """With which commands what is held may go on."""
    commands = scope.commands
    version = facts.versions.get(int(str(verdict.facts.get("version", 0))))
    if facts.pause:
        return commands.status(), commands.resume()
    if version:
        return commands.status(), commands.approve(version.arn, "<these words>")
    return (commands.status(),)


def take(scope: Scope, verdict: Verdict, facts: RolloutFacts) -> bool:
    """Take one step; True when the look goes on at once."""
    return _STEPS.get(verdict.kind, wait)(scope, verdict, facts)


def wait(scope: Scope, verdict: Verdict, facts: RolloutFacts) -> bool:
    """Record what is waited for; tell the owner first when it is that SageMaker rolls out."""
    if is_recorded(scope.store, scope.model, verdict):
        return False
    rollout = facts.rollout
    if rollout and rollout.open and rollout.called_at and not rollout.cause:
        announce(scope, rollout)
    record(scope.store, scope.model, verdict)
    return False


def start(scope: Scope, verdict: Verdict, facts: RolloutFacts) -> bool:
    """Open the rollout of the version that should serve, if its bytes are the registered ones."""
    number, last = int(str(verdict.facts["version"])), facts.rollout
    if other := other_bytes(scope, facts.versions[number]):
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
        live=last.live if last else None,
        variant=variant(facts),
    )
    if not open_rollout(scope.store, scope.names, verdict, rollout, last):
        return True
    return ask(scope, replace(facts, rollout=rollout))


def announce(scope: Scope, rollout: Rollout) -> None:
    """Tell the owner that a version is being rolled out, why, and how to stop it."""
    commands, started = scope.commands, read_start(scope.store, rollout)
    todo = [commands.status()]
    if rollout.direction == FORWARD:
        todo.append(commands.abort())
    if "exception" in started.facts:
        todo.append(commands.sign_off(rollout.decision))
    tell(scope, started, f"version {rollout.version} is rolled out", started.reason, *todo)


def resume(scope: Scope, verdict: Verdict, facts: RolloutFacts) -> bool:
    """Take up an open rollout that SageMaker does not know of; its version may have gone."""
    if verdict.repair:
        record_once(scope.store, scope.model, verdict)
    rollout = facts.in_flight
    version, status = facts.versions[rollout.version], facts.registry.get(rollout.version)
    if status is None:
        why_not = facts.why_not(rollout.version)
    else:
        why_not = still_stands(version, rollout, status, rollout.config_name)
    if why_not := why_not or other_bytes(scope, version):
        return withdraw(scope, withdrawn(rollout, why_not), facts)
    return ask(scope, facts)


def other_bytes(scope: Scope, version: Version) -> str | None:
    """Why a version's artifact or image is not what was registered; None when it is."""
    package = observe_package(scope.aws, version.arn)
    etag, artifact_version = observe_artifact(scope.aws, version.artifact.uri)
    return same_artifact(version, etag, artifact_version, package.image_digest)


def planned(scope: Scope, facts: RolloutFacts, number: int) -> Plan:
    """The requests that make a version servable."""
    settings = scope.settings
    return plan(
        scope.names,
        scope.spec,
        facts.versions[number],
        variant(facts),
        settings.execution_role_arn,
        settings.artifact_bucket,
    )


def variant(facts: RolloutFacts) -> str:
    """The variant's name: guardrails need the one that serves."""
    return facts.endpoint.variants[0] if facts.endpoint and facts.endpoint.variants else VARIANT


def ask(scope: Scope, facts: RolloutFacts) -> bool:
    """Make the version servable and guarded, read its approval last of all, and ask SageMaker."""
    rollout = facts.in_flight
    version = facts.versions[rollout.version]
    try:
        wanted = planned(scope, facts, rollout.version)
        make_servable(scope.aws, wanted)
        alarms, why_wait = guarded(scope, rollout)
        if why_wait:
            settle(scope, held(withdrawn(rollout, why_wait), why_wait))
            return False
        status = observe_package(scope.aws, version.arn).status
        if why_not := still_stands(version, rollout, status, wanted.name):
            return withdraw(scope, withdrawn(rollout, why_not), facts)
        deploy(scope, rollout, version, facts.endpoint, alarms)
    except NoRoom:
        settle(scope, blocked(rollout))
    return False


def guarded(scope: Scope, rollout: Rollout) -> tuple[Sequence[str], str | None]:
    """The alarms that will guard the rollout, and why they would not."""
    if not brakes(rollout, scope.spec.rollout):
        return (), None
    alarms = make_alarms(scope.aws, scope.names, rollout, scope.spec.rollout.alarms)
    return alarms, unfit(alarms, observe_alarms(scope.aws, scope.names, rollout.number))


def deploy(
    scope: Scope,
    rollout: Rollout,
    version: Version,
    endpoint: EndpointFacts | None,
    alarms: Sequence[str],
) -> None:
    """Note that SageMaker is asked, and ask; what it does is seen at the next look."""
    asking = record_asking(scope.store, scope.model, rollout, version, endpoint)
    if asking is None:
        raise NotYet(f"rollout {rollout.number} or its version changed at the same moment")
    try:
        if endpoint is None:
            create(scope.aws, scope.names.endpoint, rollout.config_name)
        else:
            update(scope.aws, scope.names, scope.spec, rollout, endpoint, alarms)
    except NoRoom:
        record_not_asked(scope.store, scope.model, asking, rollout)
        raise
    count("RolloutStarted")


def withdraw(scope: Scope, verdict: Verdict, facts: RolloutFacts) -> bool:
    """Close a rollout that was not asked for; one that was may still begin to move for a while."""
    rollout = facts.in_flight
    if rollout.called_at and clock.now() - rollout.called_at < _MAY_STILL_BEGIN:
        logger.info("%s, but SageMaker was asked at %s", verdict.reason, rollout.called_at)
        return False
    remove_guards(scope, rollout)
    record_withdrawn(scope.store, scope.names, verdict, rollout)
    return True


def end(scope: Scope, verdict: Verdict, facts: RolloutFacts) -> bool:
    """Note who or what wants the end of a rollout under way; if not an alarm, trip ours."""
    rollout = facts.in_flight
    if verdict.kind == "abort" and brakes(rollout, scope.spec.rollout):
        trip(scope.aws, scope.names, rollout)
    record_end_wanted(scope.store, scope.names, verdict, rollout, str(verdict.facts["by"]))
    return True


def finish(scope: Scope, verdict: Verdict, facts: RolloutFacts) -> bool:
    """Tell the owner what serves, tidy up, then close the rollout."""
    rollout, endpoint = facts.in_flight, seen(facts)
    todo = [scope.commands.trace(scope.names.endpoint), scope.commands.rollback()]
    if "exception" in verdict.facts:
        todo.append(scope.commands.sign_off(verdict.id(scope.model)))
    tell(scope, verdict, f"version {rollout.version} serves", verdict.reason, *todo)
    rescale(scope, rollout)
    remove_guards(scope, rollout)
    back = [n for n in facts.eligible() if facts.versions[n].served_at and n != rollout.version]
    kept = frozenset({rollout.version, *back[:1]})
    remove_configs(
        scope.aws, scope.names, rollout.config_name, kept, scope.spec.rollout.keep_configs
    )
    version = facts.versions[rollout.version]
    record_served(scope.store, scope.names, verdict, rollout, version, endpoint)
    return True


def fail(scope: Scope, verdict: Verdict, facts: RolloutFacts) -> bool:
    """Tell the owner that the version does not serve, then close the rollout.

    Its alarms go last: they are part of why, which a look that died is to find again.
    """
    rollout, endpoint = facts.in_flight, seen(facts)
    again = scope.commands.approve(facts.versions[rollout.version].arn, "retry: <reason>")
    subject = f"the rollout of version {rollout.version} failed"
    tell(scope, verdict, subject, verdict.reason, scope.commands.status(), again)
    settled = endpoint.status == "InService"
    if settled:
        rescale(scope, rollout)
    version = facts.versions[rollout.version]
    record_failed(scope.store, scope.names, verdict, rollout, version, endpoint)
    if settled:
        remove_guards(scope, rollout)
    return True


def rescale(scope: Scope, rollout: Rollout) -> None:
    """After an update, bring the variant's scaling to what the model's file says."""
    if scope.spec.serve.kind != SERVERLESS:
        scale(scope.aws, scope.names.endpoint, rollout.variant, scope.spec.rollout.autoscaling)


def remove_guards(scope: Scope, rollout: Rollout) -> None:
    """Remove the rollout's alarms, if it can have any."""
    if brakes(rollout, scope.spec.rollout):
        remove_alarms(scope.aws, scope.names, rollout.number)


def gone(scope: Scope, verdict: Verdict, facts: RolloutFacts) -> bool:
    """Tell the owner that the endpoint is gone, and write that nothing serves."""
    if facts.rollout is None:
        raise NotYet("the rollout vanished between two reads")
    tell(scope, verdict, "the endpoint is gone", verdict.reason)
    if facts.rollout.open:
        remove_guards(scope, facts.rollout)
    record_gone(scope.store, scope.names, verdict, facts.rollout)
    return True


def found(scope: Scope, verdict: Verdict, facts: RolloutFacts) -> bool:
    """Tell the owner that somebody else deployed, and write what serves."""
    tell(scope, verdict, "the endpoint was changed by somebody else", verdict.reason)
    record_found(scope.store, scope.names, verdict, facts.rollout, seen(facts))
    return True


def take_down(scope: Scope, verdict: Verdict, facts: RolloutFacts) -> bool:
    """Delete an endpoint that never served, or that a person retires."""
    record_once(scope.store, scope.model, verdict)
    if not unwatched(scope):
        return False
    if verdict.kind == "retire" and scope.spec.serve.kind != SERVERLESS:
        scale(scope.aws, scope.names.endpoint, variant(facts), None)
    delete_endpoint(scope.aws, scope.names.endpoint)
    return False


def unwatched(scope: Scope) -> bool:
    """Whether no schedule of Model Monitor looks at the endpoint: AWS wants those gone first."""
    if read_seen(scope.store, scope.model) is None:
        return True
    schedules = observe_schedules(scope.aws, scope.names).values()
    for schedule in schedules:
        if not schedule.is_pending:
            remove_schedule(scope.aws, schedule.name)
    return not schedules


_STEPS: dict[str, Callable[[Scope, Verdict, RolloutFacts], bool]] = {
    "start": start,
    "resume": resume,
    "withdraw": withdraw,
    "note": end,
    "abort": end,
    "finish": finish,
    "fail": fail,
    "gone": gone,
    "found": found,
    "remove": take_down,
    "retire": take_down,
}


def seen(facts: RolloutFacts) -> EndpointFacts:
    """The endpoint that a verdict is about."""
    if facts.endpoint is None:
        raise NotYet("the endpoint vanished between two reads")
    return facts.endpoint


def obey(scope: Scope, order: Ordered) -> None:
    """Write down what a person ordered, then look: the look does what follows from it."""
    if order.order == "sign-off":
        sign(scope, order)
        return
    if order.order == "adopt":
        adopt(scope, order)
    else:
        verdict, holds = weigh(order, read_rollout(scope.store, scope.model))
        record_order(scope.store, scope.model, order, verdict, holds)
    look(scope)


def sign(scope: Scope, order: Ordered) -> None:
    """Note that somebody else has looked at an exception, or why that does not count."""
    verdict = sign_off(order, read_exceptional(scope.store, order.decision))
    logger.info(verdict.reason, extra={"model": scope.model, "verdict": verdict.kind})
    if verdict.kind == "sign-off":
        record_signed(scope.store, order, verdict)
    else:
        settle(scope, verdict)


def adopt(scope: Scope, order: Ordered) -> None:
    """Take over what serves, if it is the version that was registered for it."""
    facts = observe(scope)
    version = facts.versions.get(order.version)
    if version is None:
        raise NotYet(f"version {order.version} has not been judged yet")
    live = facts.endpoint.config if facts.endpoint else None
    serves = observe_served(scope.aws, order.config) if live == order.config else ""
    verdict, after = adopted(order, version, live, serves)
    logger.info(verdict.reason, extra={"model": scope.model, "verdict": verdict.kind})
    if after is None or facts.endpoint is None:
        settle(scope, verdict)
        return
    record_adopted(scope.store, order, verdict, version, after, facts.endpoint)


def settle(scope: Scope, verdict: Verdict, *todo: Action) -> None:
    """Record that nothing is done; page once when it is because something is wrong."""
    if is_recorded(scope.store, scope.model, verdict):
        return
    if verdict.kind in ("hold", "refuse"):
        tell(scope, verdict, f"{verdict.subject} is held", verdict.reason, *todo)
    record(scope.store, scope.model, verdict)
