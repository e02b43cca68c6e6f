"""Lineage: answer where a prediction came from, or what an endpoint served at a moment.

Invoked directly with `{"record": "s3://...#LINE"}`, `{"endpoint", "id"}` (and `"at"`) or
`{"endpoint", "at"}`; the answer is the same JSON as `steward trace --json`.
"""

from aws_lambda_powertools.utilities.typing import LambdaContext

from steward import clock
from steward.aws import Aws
from steward.lineage.ask import ask
from steward.log import logger
from steward.settings import LineageSettings, load

_aws = Aws()


def lambda_handler(event: dict[str, object], context: LambdaContext) -> dict[str, object]:
    """Answer one question."""
    del context
    settings = load(LineageSettings)
    logger.info("asked", extra={"question": sorted(event)})
    return ask(_aws, settings, event, clock.now())
