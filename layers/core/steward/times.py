"""Times as text and back: always UTC, always milliseconds, so that text order is time order."""

import re
from datetime import UTC, datetime, timedelta

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def iso(when: datetime) -> str:
    """`when` as ISO 8601 in UTC with milliseconds."""
    return when.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse(text: str) -> datetime:
    """Read an ISO 8601 time; one without an offset is UTC."""
    when = datetime.fromisoformat(text)
    return when if when.tzinfo else when.replace(tzinfo=UTC)


def from_milliseconds(milliseconds: int) -> datetime:
    """The time so many milliseconds after 1970, as CloudWatch Logs counts."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def duration(text: str) -> timedelta | None:
    """Read a duration such as `90s`, `10m`, `1h` or `7d`; None if it is none."""
    found = re.fullmatch(r"(\d{1,6})([smhd])", text)
    return timedelta(**{_UNITS[found[2]]: int(found[1])}) if found else None


def short(length: timedelta) -> str:
    """`length` as a duration in the greatest unit that says it exactly."""
    seconds = int(length.total_seconds())
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds and seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def minute(when: datetime) -> str:
    """`when` for people to read: UTC, to the minute."""
    return f"{when.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
