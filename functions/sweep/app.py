"""Sweep: ask the concerns to look at the models that are due; decide nothing."""

from aws_lambda_powertools.utilities.typing import LambdaContext

from steward.act.notify import ask_to_look
from steward.aws import Aws
from steward.errors import BadEvent
from steward.events import fields
from steward.log import logger
from steward.record.agenda import read_agenda
from steward.record.store import Store
from steward.settings import SweepSettings, load
from steward.spec.read import read_all

# Models with nothing on the agenda are looked at this often, so that a lost event costs minutes.
_FULL_LOOK_MINUTES = 15
_aws = Aws()


def lambda_handler(event: dict[str, object], context: LambdaContext) -> dict[str, int]:
    """Every minute: what is on the agenda; every quarter of an hour: every model."""
    del context
    settings = load(SweepSettings)
    due = read_agenda(Store(_aws, lineage="", work=settings.work_table))
    if is_full_look(event):
        due |= everything(settings)
    queues = {
        "training": settings.training_queue_url,
        "approval": settings.approval_queue_url,
        "rollout": settings.rollout_queue_url,
    }
    for concern, model in sorted(due):
        ask_to_look(_aws, queues[concern], model)
    logger.info("asked for %d looks", len(due), extra={"looks": sorted(map("/".join, due))})
    return {"looks": len(due)}


def is_full_look(event: dict[str, object]) -> bool:
    """Whether the schedule's minute is one in which every model is looked at."""
    try:
        return fields.time(event, "time").minute % _FULL_LOOK_MINUTES == 0
    except BadEvent:
        return True


def everything(settings: SweepSettings) -> set[tuple[str, str]]:
    """Every concern of every model."""
    concerns = ("training", "approval", "rollout")
    return {(concern, model) for model in read_all(settings.models) for concern in concerns}
