"""The only place that asks the time."""

from datetime import UTC, datetime


def now() -> datetime:
    """The present time, UTC."""
    return datetime.now(UTC)
