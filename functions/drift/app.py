"""Drift: record what a monitor found, and page a person about it."""

from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.typing import LambdaContext

from steward import batch
from steward.act.notify import notify
from steward.aws import Aws
from steward.decide.drift import judge
from steward.errors import BadEvent
from steward.events.types import ObjectCreated, Trigger
from steward.log import count, logger, metrics
from steward.observe.drift import observe_report
from steward.record.decisions import is_recorded, record
from steward.scope import Models, models
from steward.settings import DriftSettings, load

_aws = Aws()


@metrics.log_metrics
def lambda_handler(event: dict[str, object], context: LambdaContext) -> PartialItemFailureResponse:
    """Take a batch of the drift queue."""
    known = models(_aws, load(DriftSettings))
    return batch.each(event, context, known.settings, lambda trigger: handle(known, trigger))


def handle(known: Models[DriftSettings], trigger: Trigger) -> None:
    """One message: a violation file that arrived."""
    if not isinstance(trigger, ObjectCreated):
        raise BadEvent(f"{type(trigger).__name__} is no business of drift")
    scope = known.with_report(trigger.key)
    verdict = judge(observe_report(scope.aws, trigger))
    logger.info(verdict.reason, extra={"model": scope.model, "verdict": verdict.kind})
    if is_recorded(scope.store, scope.model, verdict):
        return
    if verdict.kind != "ignore":
        text = f"{verdict.reason}\n\n{verdict.subject}\n\nOwner: {scope.spec.owner}"
        about = verdict.id(scope.model)
        notify(scope.aws, scope.settings.topic_arn, scope.model, about, "drift", text)
    record(scope.store, scope.model, verdict)
    count("DriftReport")
