"""Drift: judge what a monitor found in production; ask for a run, page a person, or do nothing."""

from aws_lambda_powertools.utilities.typing import LambdaContext

from steward import batch, clock
from steward.act.notify import ask_to_look, notify
from steward.aws import Aws
from steward.decide.drift import DriftReport, judge
from steward.decide.verdict import Verdict
from steward.errors import BadEvent, NotYet
from steward.events.types import DriftReported, ObjectCreated, Trigger
from steward.log import count, logger, metrics
from steward.observe.drift import file_id, observe_drift, observe_file, report_of
from steward.record.drift import is_judged, record_report
from steward.scope import Models, models
from steward.scope import Scope as AnyScope
from steward.settings import DriftSettings, load

type Scope = AnyScope[DriftSettings]

# Of the others the record says enough: nothing was found, or a run is on its way.
_TOLD = {"retrain": "drift asks for a training run", "page": "a monitor needs a person"}
_aws = Aws()


@metrics.log_metrics
def lambda_handler(event: batch.Batch, context: LambdaContext) -> batch.Answer:
    """Take a batch of the drift queue."""
    del context
    known = models(_aws, load(DriftSettings))
    return batch.each(event, known.settings, lambda trigger: handle(known, trigger))


def handle(known: Models[DriftSettings], trigger: Trigger) -> None:
    """One message: a violation file that arrived, or a report as an event."""
    match trigger:
        case ObjectCreated():
            scope = known.with_report(trigger.key)
            if not is_judged(scope.store, file_id(trigger)):
                take(scope, observe_file(scope.aws, trigger))
        case DriftReported():
            scope, report = known.named(trigger.model), report_of(trigger)
            if not is_judged(scope.store, report.id):
                take(scope, report)
        case _:
            raise BadEvent(f"{type(trigger).__name__} is no business of drift")


def take(scope: Scope, report: DriftReport) -> None:
    """Judge a report, tell its owner, record it, and pass the request on."""
    facts = observe_drift(scope.aws, scope.store, scope.names)
    verdict = judge(report, facts, scope.spec.retrain, clock.now())
    logger.info(verdict.reason, extra={"model": scope.model, "verdict": verdict.kind})
    if verdict.kind in _TOLD:
        tell(scope, verdict, _TOLD[verdict.kind])
    if not record_report(scope.store, scope.model, verdict, report, facts):
        raise NotYet(f"{report.source}: a run was opened or asked for while it was judged")
    if verdict.kind == "retrain":
        # Should this message be lost, the sweep finds the request on the agenda.
        ask_to_look(scope.aws, scope.settings.training_queue_url, scope.model)
    count("DriftReport")


def tell(scope: Scope, verdict: Verdict, subject: str) -> None:
    """Write to the model's owner."""
    text = f"{verdict.reason}\n\n{verdict.subject}\n\nOwner: {scope.spec.owner}"
    about = verdict.id(scope.model)
    notify(scope.aws, scope.settings.topic_arn, scope.model, about, subject, text)
