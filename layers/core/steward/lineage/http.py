"""Questions over HTTPS: a function URL's request becomes a question, its answer a response.

Shapes: payload format 2.0 of Lambda function URLs. `GET /<question>?<name>=<value>`; who may ask is
decided by IAM before anything of this runs.
"""

from datetime import datetime
from urllib.parse import parse_qsl

from steward import digest
from steward.aws import Aws
from steward.errors import BadEvent
from steward.events.fields import Json, text
from steward.lineage.ask import QUESTIONS, answer
from steward.lineage.captures import NotOnRecord
from steward.log import logger
from steward.settings import LineageSettings

type Response = dict[str, object]

# Lambda refuses a response of more than 6 MB without a word about why.
_LARGEST = 5 * 1024 * 1024
_PATHS = ", ".join(f"/{asked}" for asked in QUESTIONS)


def is_request(event: Json) -> bool:
    """Whether an event is a request to a function URL."""
    return event.get("version") == "2.0" and "requestContext" in event


def respond(aws: Aws, settings: LineageSettings, event: Json, now: datetime) -> Response:
    """Answer a request; what went wrong on our side is logged, and told without its inside."""
    try:
        found = _response(200, answer(aws, settings, _question(event), now))
    except BadEvent as reason:
        return _response(400, {"error": str(reason)})
    except NotOnRecord as reason:
        return _response(404, {"error": str(reason)})
    except Exception:  # noqa: BLE001  # who asks is told nothing of it
        logger.exception("not answered")
        return _response(500, {"error": "this could not be answered now; try again"})
    if len(str(found["body"]).encode()) > _LARGEST:
        return _response(413, {"error": "the answer is too large; ask with a smaller limit"})
    return found


def _question(event: Json) -> Json:
    method = text(event, "requestContext", "http", "method")
    if method != "GET":
        raise BadEvent(f"method: found {method}, allowed is GET")
    asked = question_of(event)
    if asked is None:
        raise NotOnRecord(f"{event.get('rawPath')} is no question; these are: {_PATHS}")
    # The parameters that AWS has parsed join what is given twice by a comma.
    given = parse_qsl(str(event.get("rawQueryString") or ""), keep_blank_values=True)
    names = ["ask", *(name for name, _ in given)]
    for name in names:
        if names.count(name) > 1:
            raise BadEvent(f"{name}: it is given more than once")
    return {"ask": asked, **dict(given)}


def question_of(event: Json) -> str | None:
    """The question that a request's path names; None: it names none."""
    asked = str(event.get("rawPath")).strip("/")
    return asked if asked in QUESTIONS else None


def _response(status: int, body: Json) -> Response:
    return {
        "statusCode": status,
        "headers": {"content-type": "application/json", "cache-control": "no-store"},
        "body": digest.as_written(body),
    }
