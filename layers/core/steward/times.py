"""Times as text and back: always UTC, always milliseconds, so that text order is time order."""

from datetime import UTC, datetime


def iso(when: datetime) -> str:
    """`when` as ISO 8601 in UTC with milliseconds."""
    return when.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse(text: str) -> datetime:
    """Read an ISO 8601 time; one without an offset is UTC."""
    when = datetime.fromisoformat(text)
    return when if when.tzinfo else when.replace(tzinfo=UTC)
