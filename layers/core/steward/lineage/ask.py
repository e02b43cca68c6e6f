"""Reads a question and answers it; a question that cannot be answered is told why."""

from datetime import datetime

from steward.aws import Aws
from steward.errors import BadEvent
from steward.events import fields
from steward.events.fields import Json
from steward.lineage.answer import Answer, Lineage
from steward.lineage.captures import NoPrediction, at_record, hours_of, with_id
from steward.names import model_of
from steward.record.store import Store
from steward.settings import LineageSettings


def ask(aws: Aws, settings: LineageSettings, question: Json, now: datetime) -> Answer:
    """The answer as JSON; `{"error": ...}` when there is none. `now` is when it is asked."""
    store = Store(aws, lineage=settings.lineage_table, work="")
    lineage = Lineage(aws, store, settings.prefix)
    try:
        return _answer(aws, lineage, settings.artifact_bucket, question, now)
    except (BadEvent, NoPrediction) as reason:
        return {"error": str(reason)}


def _answer(aws: Aws, lineage: Lineage, bucket: str, question: Json, now: datetime) -> Answer:
    record = fields.optional_text(question, "record")
    if record is not None:
        return lineage.of_prediction(at_record(aws, *_line(record)))
    endpoint = fields.text(question, "endpoint")
    at = _time(question)
    inference_id = fields.optional_text(question, "id")
    if inference_id is None:
        if at is None:
            raise BadEvent("a question names a record, an id, or a time (at)")
        return lineage.of_moment(endpoint, at)
    model = model_of(lineage.prefix, endpoint)
    if model is None:
        raise BadEvent(f"endpoint: found {endpoint!r}, ours begin with {lineage.prefix}-")
    hours = hours_of(at, now)
    return lineage.of_prediction(with_id(aws, bucket, model, endpoint, inference_id, hours))


def _line(record: str) -> tuple[str, int]:
    uri, _, line = record.rpartition("#")
    if not uri.startswith("s3://") or not line.isdigit():
        raise BadEvent(f"record: found {record!r}, allowed is s3://bucket/key#LINE")
    return uri, int(line)


def _time(question: Json) -> datetime | None:
    return fields.time(question, "at") if fields.optional_text(question, "at") else None
