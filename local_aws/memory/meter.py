"""What was asked of DynamoDB, and what AWS would bill for it.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
"""

from dataclasses import astuple, dataclass

READ_UNIT, WRITE_UNIT = 4 * 1024, 1024


@dataclass(frozen=True, slots=True)
class Use:
    """Requests, the items they read, and units as DynamoDB bills them."""

    requests: int = 0
    items_read: int = 0
    read_units: float = 0.0
    write_units: int = 0

    def __add__(self, other: "Use") -> "Use":
        return Use(*(one + more for one, more in zip(astuple(self), astuple(other), strict=True)))


class Meter:
    """Counts by operation, such as `Query`, since the last reset."""

    def __init__(self) -> None:
        self.by_operation: dict[str, Use] = {}

    def count(self, operation: str, use: Use) -> None:
        """Add what one request used."""
        self.by_operation[operation] = self.by_operation.get(operation, Use()) + use

    def total(self) -> Use:
        """All operations together."""
        return sum(self.by_operation.values(), Use())

    def reset(self) -> None:
        """Begin at zero again."""
        self.by_operation.clear()


def read_units(size: int, *, consistent: bool) -> float:
    """Of one read; what finds nothing costs as much as the smallest item."""
    units = max(1, -(-size // READ_UNIT))
    return float(units) if consistent else units / 2


def transaction_units(size: int) -> int:
    """Of one item of a transaction: it is prepared, then written."""
    return 2 * max(1, -(-size // WRITE_UNIT))
