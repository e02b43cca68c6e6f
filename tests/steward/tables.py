"""The in-memory DynamoDB behind a real client, which checks every request against AWS's API.

moto needs milliseconds for each call, and whole stories make hundreds of them.
"""

from botocore import xform_name

from local_aws.memory.dynamodb import InMemoryDynamoDB
from tests.steward.standin import Json, Standin

TABLES = ("lineage", "work")


class FakeTables(Standin):
    """Steward's two tables, with the keys `pk` and `sk`."""

    service = "dynamodb"

    def __init__(self) -> None:
        super().__init__()
        self._tables = InMemoryDynamoDB(*TABLES)

    def items(self) -> list[Json]:
        """Copies of all items, in order."""
        scan = self._tables.get_paginator("scan")
        pages = (page for name in TABLES for page in scan.paginate(TableName=name))
        return [item for page in pages for item in page["Items"]]

    def before(self, operation: str, request: Json) -> Json:
        # The client adds a token to each transaction, for repeats that there are none of here.
        given = {name: value for name, value in request.items() if name != "ClientRequestToken"}
        answer: Json = getattr(self._tables, xform_name(operation))(**given)
        return answer
