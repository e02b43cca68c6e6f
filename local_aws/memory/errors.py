"""AWS's errors, as boto3 raises them: a class of its own for each code."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from botocore.exceptions import ClientError

# Errors name an operation; which one it was is seen in the traceback.
_WHO = "in-memory AWS"


class Kinds:
    """A client's `exceptions`: the class of each code."""

    def __getattr__(self, code: str) -> type[ClientError]:
        return kind(code)


@cache
def kind(code: str) -> type[ClientError]:
    """The class of the errors with a code."""
    return type(code, (ClientError,), {"__doc__": f"An error with the code {code}."})


def error(code: str, text: str, status: int = 400, **more: object) -> ClientError:
    """An error as AWS answers it."""
    # botocore's type of an answer knows no service's own members.
    answer: Any = {
        "Error": {"Code": code, "Message": text},
        "ResponseMetadata": {"HTTPStatusCode": status},
        **more,
    }
    return kind(code)(answer, _WHO)


def invalid(text: str) -> ClientError:
    """The error of a request that would be refused."""
    return error("ValidationException", text)


def no_table(name: str) -> ClientError:
    """There is no such table."""
    return error("ResourceNotFoundException", f"there is no table {name}")


def cancelled(held: Sequence[bool]) -> ClientError:
    """Conditions of a transaction did not hold; the response says which."""
    failed = {"Code": "ConditionalCheckFailed", "Message": "The conditional request failed"}
    reasons = [{"Code": "None"} if one else dict(failed) for one in held]
    text = f"{held.count(False)} of {len(held)} conditions did not hold"
    return error("TransactionCanceledException", text, CancellationReasons=reasons)
