"""Reads a question and answers it; a question that cannot be answered is told why."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

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
from steward.times import iso

_PAGE, _LARGEST_PAGE = 50, 200
# No longer keys are in S3, and none in DynamoDB.
_LONGEST, _LONGEST_SORT_KEY = 1200, 1000
_NAMES: Mapping[str, tuple[str, ...]] = {
    "trace": ("record", "endpoint", "id", "at"),
    "why": ("endpoint", "at"),
    "impact": ("of", "limit", "after"),
    "timeline": ("model", "idle", "limit", "after"),
    "diff": ("model", "from", "to"),
}


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
    for name, value in question.items():
        _allowed(asked, name, value)
    return _ANSWERS[asked](_lineage(aws, settings), question, now)


def _allowed(asked: str, name: str, value: object) -> None:
    """What is misspelt must not be answered as if it had not been asked for."""
    if name not in ("ask", *_NAMES[asked]):
        raise BadEvent(f"{name}: {asked} is asked with {', '.join(_NAMES[asked])}")
    if len(str(value).encode()) > _LONGEST:
        raise BadEvent(f"{name}: it is longer than {_LONGEST} bytes, no name here is")


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
        return lineage.of_moment(endpoint, _past(at, now))
    hours, bucket = hours_of(at, now), lineage.store.bucket
    model = _model(lineage, endpoint)
    found = with_id(lineage.aws, bucket, model, endpoint, inference_id, hours)
    return lineage.of_prediction(found)


def _why(lineage: Lineage, question: Json, now: datetime) -> Answer:
    endpoint, at = fields.text(question, "endpoint"), _past(_time(question) or now, now)
    _model(lineage, endpoint)
    return _known(why(lineage.store, endpoint, at), f"{endpoint} served nothing at {iso(at)}")


def _impact(lineage: Lineage, question: Json, now: datetime) -> Answer:
    del now
    of, after = fields.text(question, "of"), fields.optional_text(question, "after")
    if after is not None and not ("0" <= after < ":" and len(after) <= _LONGEST_SORT_KEY):
        raise BadEvent(f"after: found {after!r}, what a page named as next is needed")
    try:
        found = impact(lineage.store, of, _most(question), after)
    except ValueError as error:
        raise BadEvent(f"of: {error}") from None
    return _known(found, f"{of} is not on record")


def _timeline(lineage: Lineage, question: Json, now: datetime) -> Answer:
    del now
    model, idle = fields.text(question, "model"), _yes(question, "idle")
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
        raise NotOnRecord(f"{endpoint} is no endpoint of prefix {lineage.prefix}")
    return model


def _line(record: str, bucket: str) -> tuple[str, int]:
    uri, _, line = record.rpartition("#")
    try:
        found, _ = split_s3(uri)
    except ValueError:
        found = ""
    if not found or not line.isascii() or not line.isdigit():
        raise BadEvent(f"record: found {record!r}, allowed is s3://{bucket}/key#LINE")
    if found != bucket:
        raise NotOnRecord(f"{record} is not on record: captures lie in {bucket}")
    return uri, int(line)


def _time(question: Json) -> datetime | None:
    """The time that is asked about, in UTC: keys hold hours of UTC."""
    if fields.optional_text(question, "at") is None:
        return None
    return fields.time(question, "at").astimezone(UTC)


def _past(at: datetime, now: datetime) -> datetime:
    """What will serve is not on record, though what serves now is."""
    if at > now:
        raise BadEvent(f"at: found {iso(at)}, it is only {iso(now)}")
    return at


def _yes(question: Json, name: str) -> bool:
    value = question.get(name, "false")
    if value not in (True, False, "true", "false"):
        raise BadEvent(f"{name}: found {value!r}, allowed are true and false")
    return value in (True, "true")


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
