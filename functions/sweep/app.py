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
CONCERNS = ("training", "approval", "rollout", "drift")
_aws = Aws()


def lambda_handler(event: dict[str, object], context: LambdaContext) -> dict[str, int]:
    """Every minute: what is on the agenda; every quarter of an hour: every model."""
    del context
    settings = load(SweepSettings)
    known = set(read_all(settings.models))
    due = read_agenda(Store(_aws, lineage="", work=settings.work_table))
    if is_full_look(event):
        due |= {(concern, model) for model in known for concern in CONCERNS}
    # A model whose file was removed keeps its rows, and nobody looks at them.
    looks = sorted((concern, model) for concern, model in due if model in known)
    queues = (
        settings.training_queue_url,
        settings.approval_queue_url,
        settings.rollout_queue_url,
        settings.drift_queue_url,
    )
    for concern, model in looks:
        ask_to_look(_aws, queues[CONCERNS.index(concern)], model)
    logger.info("asked for %d looks", len(looks), extra={"looks": list(map("/".join, looks))})
    return {"looks": len(looks)}


def is_full_look(event: dict[str, object]) -> bool:
    """Whether the schedule's minute is one in which every model is looked at."""
    try:
        return fields.time(event, "time").minute % _FULL_LOOK_MINUTES == 0
    except BadEvent:
        return True
