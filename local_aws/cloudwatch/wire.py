"""CloudWatch's wire: AWS JSON 1.0, with the codes of the older protocol in a header."""

import json
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Protocol

from local_aws.sagemaker.values import Json


class CloudWatchError(Exception):
    """A refusal with AWS's error code."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code, self.message, self.status = code, message, status


class HttpRequest(Protocol):
    """The part of moto's request that is used."""

    def get_data(self) -> bytes:
        """The body."""


type Answer = tuple[int, dict[str, str], str]


def refusal(error: CloudWatchError) -> Answer:
    """A refusal as AWS words it."""
    body: Json = {"__type": error.code, "message": error.message}
    headers = {"x-amzn-errortype": error.code, "x-amzn-query-error": f"{error.code};Sender"}
    return reply(error.status, body, headers)


def reply(status: int, body: Json, headers: Mapping[str, str] | None = None) -> Answer:
    """An answer to a request."""
    common = {"Content-Type": "application/x-amz-json-1.0", "x-amzn-RequestId": str(uuid.uuid4())}
    return status, {**common, **(headers or {})}, json.dumps(body, default=_epoch)


def _epoch(value: object) -> float:
    if isinstance(value, datetime):
        return value.astimezone(UTC).timestamp()
    raise TypeError(f"{type(value).__name__} cannot be sent as JSON")
