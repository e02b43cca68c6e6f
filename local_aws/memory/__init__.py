"""AWS in memory, in place of `steward.aws.Aws`: for what is too large to go through a port.

A call costs microseconds, where botocore alone takes a third of a millisecond. What is answered is
held to the embedded AWS by tests that both must pass. One thread at a time.
"""

from local_aws.memory.dynamodb import InMemoryDynamoDB
from local_aws.memory.meter import Meter as Meter
from local_aws.memory.meter import Use as Use


class InMemoryAws:
    """The clients that are covered; the tables are there from the start, and empty."""

    def __init__(self, *tables: str) -> None:
        self.dynamodb = InMemoryDynamoDB(*tables)

    def __getattr__(self, service: str) -> object:
        raise AttributeError(f"the in-memory AWS covers dynamodb only, not {service}")
