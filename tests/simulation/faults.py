"""What can happen to a call: the function dies, or AWS answers late, badly or not at all."""

from collections.abc import Callable
from contextlib import suppress

from botocore.exceptions import ClientError, ReadTimeoutError

from local_aws.memory.client import Call
from local_aws.memory.errors import error
from local_aws.memory.items import Json

type Fault = Callable[[Call, Callable[[], Json]], Json]


class Died(BaseException):
    """The function's process has ended: nothing in it can catch that."""


def dies_before(call: Call, answer: Callable[[], Json]) -> Json:
    """Nothing was done."""
    del answer
    raise Died(f"before {call}")


def dies_after(call: Call, answer: Callable[[], Json]) -> Json:
    """It was done, and nobody knows."""
    with suppress(ClientError):
        answer()
    raise Died(f"after {call}")


def answer_lost(call: Call, answer: Callable[[], Json]) -> Json:
    """It was done, and the SDK, which got no answer, asks for it once more.

    The SDK sends a transaction's token again, by which DynamoDB knows that it was done.
    """
    try:
        first = answer()
    except ClientError:
        return answer()
    return first if call.operation == "TransactWriteItems" else answer()


def throttled(call: Call, answer: Callable[[], Json]) -> Json:
    """Nothing was done, and the SDK has given up asking."""
    del answer
    raise error("ThrottlingException", f"Rate exceeded: {call}")


def timed_out(call: Call, answer: Callable[[], Json]) -> Json:
    """It was done, and the function is told that nobody knows."""
    with suppress(ClientError):
        answer()
    raise ReadTimeoutError(endpoint_url=str(call))


def denied(call: Call, answer: Callable[[], Json]) -> Json:
    """A policy forbids it for a while."""
    del answer
    code = "AccessDenied" if call.service == "s3" else "AccessDeniedException"
    raise error(code, f"not authorized to perform {call}", 403)


FAULTS: dict[str, Fault] = {
    "dies before": dies_before,
    "dies after": dies_after,
    "answer lost": answer_lost,
    "throttled": throttled,
    "timed out": timed_out,
    "denied": denied,
}
