"""Lineage: answer where a prediction came from, and what follows from it.

Asked over HTTPS (`GET /trace?...`, see steward/lineage/http.py), or invoked directly with a
question such as `{"ask": "why", "endpoint": ...}`; the answer is the same JSON as the command's.
"""

from aws_lambda_powertools.utilities.typing import LambdaContext

from steward import clock
from steward.aws import Aws
from steward.lineage.ask import QUESTIONS, ask
from steward.lineage.http import is_request, question_of, respond
from steward.log import logger
from steward.settings import LineageSettings, load

_aws = Aws()


def lambda_handler(event: dict[str, object], context: LambdaContext) -> dict[str, object]:
    """Answer one question."""
    del context
    settings = load(LineageSettings)
    by_url = is_request(event)
    asked = question_of(event) if by_url else event.get("ask", "trace")
    logger.info("asked", extra={"question": asked if asked in QUESTIONS else None})
    if by_url:
        return respond(_aws, settings, event, clock.now())
    return ask(_aws, settings, event, clock.now())
