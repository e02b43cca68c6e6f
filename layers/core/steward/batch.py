"""A queue's batch, message by message: one that fails comes back, the others are done."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    process_partial_response,
)
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from steward.errors import BadEvent, NotYet
from steward.events.parse import parse
from steward.events.types import Trigger
from steward.log import logger

if TYPE_CHECKING:
    from steward.settings import Deployment


def each(
    event: dict[str, object],
    context: LambdaContext,
    settings: "Deployment",
    handle: Callable[[Trigger], None],
) -> PartialItemFailureResponse:
    """Parse and handle every message; a failed one is reported to the queue by its id."""

    def record_handler(record: SQSRecord) -> None:
        logger.append_keys(message_id=record.message_id)
        try:
            handle(parse(record.body, settings.account_id, settings.aws_region))
        except BadEvent as bad:
            logger.error("message refused: %s", bad)
            raise
        except NotYet as soon:
            logger.warning("the queue will deliver it again: %s", soon)
            raise
        except Exception:
            logger.exception("message failed, the queue will deliver it again")
            raise

    # One processor a call: it keeps the failures of its batch.
    processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)
    return process_partial_response(event, record_handler, processor, context)
