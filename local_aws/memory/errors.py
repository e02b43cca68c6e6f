"""DynamoDB's errors, as boto3 raises them; named like a client's `exceptions`."""

from collections.abc import Sequence
from typing import Any

from botocore.exceptions import ClientError

# Errors name an operation; which one it was is seen in the traceback.
_WHO = "in-memory DynamoDB"


class ResourceNotFoundException(ClientError):
    """There is no such table."""

    def __init__(self, table: str) -> None:
        super().__init__(_answer("ResourceNotFoundException", f"there is no table {table}"), _WHO)


class TransactionCanceledException(ClientError):
    """A condition did not hold; the response says which."""

    def __init__(self, held: Sequence[bool]) -> None:
        failed = {"Code": "ConditionalCheckFailed", "Message": "The conditional request failed"}
        reasons = [{"Code": "None"} if one else dict(failed) for one in held]
        text = f"{held.count(False)} of {len(held)} conditions did not hold"
        answer = _answer("TransactionCanceledException", text, CancellationReasons=reasons)
        super().__init__(answer, _WHO)


def invalid(text: str) -> ClientError:
    """The error of a request that DynamoDB would refuse."""
    return ClientError(_answer("ValidationException", text), _WHO)


def _answer(code: str, text: str, **more: object) -> Any:
    """As AWS answers; botocore's type of it knows no service's own members."""
    return {"Error": {"Code": code, "Message": text}, **more}
