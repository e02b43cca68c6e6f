"""Training: note what was uploaded, start a run when one is due, record how it ended."""

from aws_lambda_powertools.utilities.typing import LambdaContext

from steward import batch, clock, digest
from steward.act.notify import tell
from steward.act.training import start_run
from steward.aws import Aws
from steward.decide.training import (
    Run,
    TrainingFacts,
    compose,
    covered,
    judge_order,
    judge_upload,
    next_step,
    nothing_to_learn,
    on_snapshot,
    reasons,
    since,
)
from steward.decide.verdict import Verdict
from steward.errors import BadEvent, NotYet
from steward.events.types import LookAt, ObjectCreated, RunChanged, Trigger
from steward.log import count, logger, metrics
from steward.objects import put_once
from steward.observe.training import (
    accepted_version,
    observe_champion,
    observe_data,
    observe_definition,
    observe_existing,
    observe_pipeline,
    observe_training,
    observe_upload,
    read_snapshot,
)
from steward.record.agenda import off_agenda, read_mark
from steward.record.decisions import record_once
from steward.record.training import (
    forget_pending,
    is_recorded,
    open_run,
    record_finished,
    record_marker,
    record_nothing_to_learn,
    record_snapshot,
    record_started,
    record_upload,
)
from steward.scope import Models, models
from steward.scope import Scope as AnyScope
from steward.settings import TrainingSettings, load

type Scope = AnyScope[TrainingSettings]

# start, resume, wait: a look that goes round more often than this is racing with others.
_MOST_STEPS = 10
_aws = Aws()


@metrics.log_metrics
def lambda_handler(event: batch.Batch, context: LambdaContext) -> batch.Answer:
    """Take a batch of the training queue."""
    del context
    known = models(_aws, load(TrainingSettings))
    return batch.each(
        event,
        known.settings,
        lambda trigger: handle(known, trigger),
        lambda model: look(known.named(model)),
    )


def handle(known: Models[TrainingSettings], trigger: Trigger) -> str | None:
    """One message: an upload, a run that changed, or a request to look.

    Returns the model that is to be looked at after the batch: once for a flood of uploads.
    """
    match trigger:
        case ObjectCreated():
            if scope := known.with_upload(trigger.bucket, trigger.key):
                take_upload(scope, trigger)
                return scope.model
        case RunChanged():
            if scope := known.with_resource(trigger.pipeline):
                look(scope)
        case LookAt():
            look(known.named(trigger.model, trigger.asked_by))
        case _:
            raise BadEvent(f"{type(trigger).__name__} is no business of training")
    return None


def take_upload(scope: Scope, event: ObjectCreated) -> None:
    """Record an upload once: accepted, rejected, or older than what is known."""
    if is_recorded(scope.store, event):
        logger.info("%s is on record already", event.key)
        return
    upload = observe_upload(scope.aws, event)
    if event.key.rpartition("/")[2] == scope.spec.data.marker:
        record_marker(scope.store, scope.model, upload)
        return
    known = accepted_version(scope.store, scope.model, event.key)
    verdict = judge_order(upload, known) or judge_upload(upload, scope.spec)
    scope.log(verdict)
    if verdict.kind == "reject":
        todo = scope.commands.upload(f"s3://{event.bucket}/{event.key}")
        tell(scope, verdict, "an upload was rejected", verdict.reason, todo)
    record_upload(scope.store, scope.spec, upload, verdict, known)


def look(scope: Scope) -> None:
    """Bring a model's training as far as it can go now."""
    mark = read_mark(scope.store, "training", scope.model)
    for step in range(_MOST_STEPS):
        facts = observe_training(scope.aws, scope.store, scope.spec)
        verdict = next_step(facts, scope.spec.train, clock.now())
        if step == 0:  # what follows from it is no longer what the sweep found
            verdict = scope.mended(verdict, since(verdict, facts))
        scope.log(verdict)
        match verdict.kind:
            case "start":
                start(scope, verdict, facts)
            case "resume":
                resume(scope, verdict, facts)
            case "finish":
                finish(scope, verdict, facts)
            case "forget":
                record_once(scope.store, scope.model, verdict)
                forget_pending(scope.store, scope.model, list(facts.pending))
            case "wait":
                record_once(scope.store, scope.model, verdict)
                return
            case _:
                off_agenda(scope.store, "training", scope.model, mark)
                return
    raise NotYet(f"{scope.model}: still not settled after {_MOST_STEPS} steps")


def start(scope: Scope, verdict: Verdict, facts: TrainingFacts) -> None:
    """Compose the snapshot and open the run; the next step of the look starts it."""
    data = observe_data(scope.store, scope.model)
    bucket = scope.settings.landing_bucket
    snapshot = compose(data, observe_existing(scope.aws, bucket, scope.spec.data.prefix, data))
    if not snapshot.objects:
        because = nothing_to_learn(verdict, snapshot)
        record_nothing_to_learn(scope.store, scope.model, because, facts)
        return
    manifest = digest.canonical(snapshot.manifest(scope.model, bucket))
    because = on_snapshot(verdict, snapshot, digest.of_text(manifest))
    run = plan(scope, because, facts, manifest)
    record_snapshot(scope.store, scope.model, run.snapshot, run.snapshot_uri, snapshot)
    open_run(scope.store, scope.model, because, run, facts)


def plan(scope: Scope, verdict: Verdict, facts: TrainingFacts, manifest: str) -> Run:
    """Put manifest and spec under their digests, and name everything that the run will use."""
    spec = digest.as_written(scope.spec.source)
    bucket, name = scope.settings.artifact_bucket, digest.of_text(manifest)
    champion, learned_from = observe_champion(scope.aws, scope.store, scope.names)
    spec_key = f"specs/{scope.model}/{digest.of_text(spec)}.json"
    return Run(
        number=facts.next_number,
        state="open",
        opened_at=clock.now(),
        reasons=reasons(facts, scope.spec.train, clock.now()),
        decision=verdict.id(scope.model),
        definition=observe_pipeline(scope.aws, scope.names),
        snapshot=name,
        snapshot_uri=put_once(scope.aws, bucket, f"snapshots/{scope.model}/{name}.json", manifest),
        spec_uri=put_once(scope.aws, bucket, spec_key, spec),
        champion_uri=champion,
        champion_snapshot_uri=learned_from,
        causes=facts.request.causes if facts.request else (),
    )


def resume(scope: Scope, verdict: Verdict, facts: TrainingFacts) -> None:
    """Start the open run, forget what it has taken, and note its execution."""
    run = facts.in_flight
    execution = start_run(scope.aws, scope.names, run)
    taken = read_snapshot(scope.aws, run.snapshot_uri)
    forget_pending(scope.store, scope.model, covered(facts.pending, taken, run.opened_at))
    definition = observe_definition(scope.aws, execution.arn)
    record_started(scope.store, scope.model, run, execution, definition, repair=verdict.repair)
    count("RunStarted")


def finish(scope: Scope, verdict: Verdict, facts: TrainingFacts) -> None:
    """Record how the run ended; tell the owner when it failed."""
    run, execution = facts.in_flight, facts.ended
    if execution.status != "Succeeded":
        todo = scope.commands.failed_step(execution.arn), scope.commands.status()
        tell(scope, verdict, f"training run {run.number} failed", verdict.reason, *todo)
    record_finished(scope.store, scope.model, verdict, run, execution)
