"""Sweep: ask the concerns to look at the models that are due, and sign the ledgers once a day."""

from aws_lambda_powertools.utilities.typing import LambdaContext

from steward import clock, digest
from steward.act.checkpoint import key_of, put, sign
from steward.act.notify import ask_to_look
from steward.aws import Aws
from steward.decide.checkpoint import Signed, broken, heads_of, is_due, statement
from steward.decide.repair import FULL_SWEEP, SWEEP
from steward.errors import BadEvent
from steward.events import fields
from steward.log import count, logger, metrics
from steward.observe.checkpoint import read_checkpoint, read_heads, read_signed, signed_from
from steward.record.agenda import note_checkpoint, read_agenda
from steward.record.store import Store
from steward.settings import SweepSettings, load
from steward.spec.read import digests, read_all

# Models with nothing on the agenda are looked at this often, so that a lost event costs minutes.
_FULL_LOOK_MINUTES = 15
CONCERNS = ("training", "approval", "rollout", "drift")
_aws = Aws()


@metrics.log_metrics
def lambda_handler(event: dict[str, object], context: LambdaContext) -> dict[str, int]:
    """Every minute: what is on the agenda; every quarter of an hour: every model."""
    del context
    logger.append_keys(event_id=event.get("id"))
    settings = load(SweepSettings)
    specs = read_all(settings.models)
    known = set(specs)
    store = Store(_aws, settings.lineage_table, settings.work_table)
    agenda = read_agenda(store)
    due, asks = agenda.due, SWEEP
    if is_full_look(event):
        due |= {(concern, model) for model in known for concern in CONCERNS}
        asks = FULL_SWEEP
    # A model whose file was removed keeps its rows, and nobody looks at them.
    looks = sorted((concern, model) for concern, model in due if model in known)
    queues = (
        settings.training_queue_url,
        settings.approval_queue_url,
        settings.rollout_queue_url,
        settings.drift_queue_url,
    )
    for concern, model in looks:
        ask_to_look(_aws, queues[CONCERNS.index(concern)], model, asks)
    checkpoint(store, settings, known, signed_from(agenda.checkpoint))
    # Said at the end: `steward doctor` knows by it that sweeps run, and on which files of models.
    told = {"looks": list(map("/".join, looks)), "specs": digests(specs)}
    logger.info("asked for %d looks", len(looks), extra=told)
    return {"looks": len(looks)}


def checkpoint(
    store: Store, settings: SweepSettings, models: set[str], last: Signed | None
) -> None:
    """Sign where the ledgers end, unless that was done today or nothing is on record yet."""
    now = clock.now()
    if not is_due(last, now):
        return
    for fault in broken(last, read_signed(store, last)):
        told = {"error": "LedgerBroken", "reason": fault}
        logger.error("the ledger is not as it was signed", extra=told)
        count("LedgerBroken")
    heads = heads_of(read_heads(store, models), last)
    if not heads:
        return
    stated = statement(settings.prefix, now, heads, last)
    today = now.date()
    signed = Signed(today, digest.of(stated), heads)
    if not put(_aws, settings.ledger_bucket, today, sign(_aws, settings.ledger_key, stated)):
        signed = read_checkpoint(_aws, settings.ledger_bucket, key_of(today), today)
    note_checkpoint(store, signed)
    logger.info("signed the ledgers", extra={"heads": heads, "sha256": signed.sha256})


def is_full_look(event: dict[str, object]) -> bool:
    """Whether the schedule's minute is one in which every model is looked at."""
    try:
        return fields.time(event, "time").minute % _FULL_LOOK_MINUTES == 0
    except BadEvent:
        return True
