"""Reads a question and answers it; a question that cannot be answered is told why."""

from collections.abc import Callable, Mapping
from datetime import datetime

from steward.aws import Aws
from steward.errors import BadEvent
from steward.events import fields
from steward.events.fields import Json
from steward.lineage.answer import Answer, Lineage
from steward.lineage.captures import NotOnRecord, at_record, hours_of, with_id
from steward.lineage.diff import diff
from steward.lineage.impact import impact
from steward.lineage.timeline import timeline
from steward.lineage.why import why
from steward.names import Names, model_of, split_s3
from steward.record.store import Store
from steward.settings import LineageSettings

_PAGE, _LARGEST_PAGE = 50, 200


def ask(aws: Aws, settings: LineageSettings, question: Json, now: datetime) -> Answer:
    """The answer as JSON; `{"error": ...}` when there is none. `now` is when it is asked."""
    try:
        return answer(aws, settings, question, now)
    except (BadEvent, NotOnRecord) as reason:
        return {"error": str(reason)}


def answer(aws: Aws, settings: LineageSettings, question: Json, now: datetime) -> Answer:
    """The answer to `question["ask"]`, a trace if it does not say.

    Raises BadEvent for what is no question, NotOnRecord when nothing is known of what it is about.
    """
    asked = fields.optional_text(question, "ask") or "trace"
    if asked not in _ANSWERS:
        raise BadEvent(f"ask: found {asked!r}, allowed are {', '.join(_ANSWERS)}")
    return _ANSWERS[asked](_lineage(aws, settings), question, now)


def _lineage(aws: Aws, settings: LineageSettings) -> Lineage:
    store = Store(aws, settings.lineage_table, work="", bucket=settings.artifact_bucket)
    return Lineage(aws, store, settings.prefix)


def _trace(lineage: Lineage, question: Json, now: datetime) -> Answer:
    record = fields.optional_text(question, "record")
    if record is not None:
        return lineage.of_prediction(at_record(lineage.aws, *_line(record, lineage.store.bucket)))
    endpoint, at = fields.text(question, "endpoint"), _time(question)
    inference_id = fields.optional_text(question, "id")
    if inference_id is None:
        if at is None:
            raise BadEvent("a trace names a record, an id, or a time (at)")
        return lineage.of_moment(endpoint, at)
    hours, bucket = hours_of(at, now), lineage.store.bucket
    model = _model(lineage, endpoint)
    found = with_id(lineage.aws, bucket, model, endpoint, inference_id, hours)
    return lineage.of_prediction(found)


def _why(lineage: Lineage, question: Json, now: datetime) -> Answer:
    endpoint, at = fields.text(question, "endpoint"), _time(question) or now
    _model(lineage, endpoint)
    return _known(why(lineage.store, endpoint, at), f"{endpoint} served nothing at {at:%FT%TZ}")


def _impact(lineage: Lineage, question: Json, now: datetime) -> Answer:
    del now
    of, after = fields.text(question, "of"), fields.optional_text(question, "after")
    if after is not None and not "0" <= after < ":":
        raise BadEvent(f"after: found {after!r}, what a page named as next is needed")
    try:
        found = impact(lineage.store, of, _most(question), after)
    except ValueError as error:
        raise BadEvent(f"of: {error}") from None
    return _known(found, f"{of} is not on record")


def _timeline(lineage: Lineage, question: Json, now: datetime) -> Answer:
    del now
    model, idle = fields.text(question, "model"), "idle" in question
    found = timeline(lineage.store, model, _most(question), _number(question, "after"), idle=idle)
    return _known(found, f"nothing is on record of {model}")


def _diff(lineage: Lineage, question: Json, now: datetime) -> Answer:
    del now
    group = Names(lineage.prefix, fields.text(question, "model")).group
    one, other = (_number(question, name) for name in ("from", "to"))
    found = diff(lineage.aws, lineage.store, group, one, other)
    return _known(found, f"not both of the versions {one} and {other} of {group} are on record")


_ANSWERS: Mapping[str, Callable[[Lineage, Json, datetime], Answer]] = {
    "trace": _trace,
    "why": _why,
    "impact": _impact,
    "timeline": _timeline,
    "diff": _diff,
}
QUESTIONS = tuple(_ANSWERS)


def _known(found: Answer | None, otherwise: str) -> Answer:
    if found is None:
        raise NotOnRecord(otherwise)
    return found


def _model(lineage: Lineage, endpoint: str) -> str:
    model = model_of(lineage.prefix, endpoint)
    if model is None:
        raise BadEvent(f"endpoint: found {endpoint!r}, ours begin with {lineage.prefix}-")
    return model


def _line(record: str, bucket: str) -> tuple[str, int]:
    uri, _, line = record.rpartition("#")
    try:
        found, _ = split_s3(uri)
    except ValueError:
        found = ""
    if not found or not line.isdigit():
        raise BadEvent(f"record: found {record!r}, allowed is s3://{bucket}/key#LINE")
    if found != bucket:
        raise BadEvent(f"record: found one in {found!r}, captures lie in {bucket!r}")
    return uri, int(line)


def _time(question: Json) -> datetime | None:
    return fields.time(question, "at") if fields.optional_text(question, "at") else None


def _most(question: Json) -> int:
    most = _number(question, "limit") if "limit" in question else _PAGE
    if not 1 <= most <= _LARGEST_PAGE:
        raise BadEvent(f"limit: found {most}, allowed is 1 to {_LARGEST_PAGE}")
    return most


def _number(question: Json, name: str) -> int:
    """A whole number, which a URL holds as text; 0 when `after` is absent."""
    value = question.get(name, "0" if name == "after" else None)
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or not value.isascii() or not value.isdigit() or len(value) > 12:
        raise BadEvent(f"{name}: found {value!r}, a whole number is needed")
    return int(value)
