"""Cron expressions of five fields, in UTC: minute, hour, day of month, month, day of week."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_FIELDS = (
    ("minute", 0, 59),
    ("hour", 0, 23),
    ("day of month", 1, 31),
    ("month", 1, 12),
    ("day of week", 0, 7),
)
# Every 29th of February comes back within this.
_LONGEST = timedelta(days=8 * 366)


@dataclass(frozen=True, slots=True)
class Cron:
    """A schedule. As in cron itself, a day fits either of its two fields when both are given."""

    text: str
    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    either_day: bool

    def latest(self, now: datetime) -> datetime | None:
        """The last time that is not after `now`; None when there was none for eight years."""
        day = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        earliest = day - _LONGEST
        while day >= earliest:
            if self._fits(day) and (found := self._last_of(day, now)):
                return found
            day -= timedelta(days=1)
        return None

    def _fits(self, day: datetime) -> bool:
        if day.month not in self.months:
            return False
        # Cron counts Sunday as 0, Python counts Monday as 0.
        fits = (day.day in self.days, (day.weekday() + 1) % 7 in self.weekdays)
        return any(fits) if self.either_day else all(fits)

    def _last_of(self, day: datetime, now: datetime) -> datetime | None:
        times = (
            day.replace(hour=hour, minute=minute)
            for hour in sorted(self.hours, reverse=True)
            for minute in sorted(self.minutes, reverse=True)
        )
        return next((time for time in times if time <= now), None)


def read_cron(text: str) -> Cron:
    """Read an expression such as `0 3 * * 1`; ValueError says which field is wrong and why."""
    parts = text.split()
    if len(parts) != len(_FIELDS):
        raise ValueError(f"{len(parts)} fields, five are needed")
    sets = [_field(part, *field) for part, field in zip(parts, _FIELDS, strict=True)]
    minutes, hours, days, months, weekdays = sets
    cron = Cron(
        text,
        minutes,
        hours,
        days,
        months,
        frozenset(day % 7 for day in weekdays),
        either_day="*" not in (parts[2][0], parts[4][0]),
    )
    if cron.latest(datetime(2100, 1, 1, tzinfo=UTC)) is None:
        raise ValueError("no such day ever comes")
    return cron


def _field(text: str, name: str, low: int, high: int) -> frozenset[int]:
    try:
        return frozenset(
            value for part in text.split(",") for value in _part(part.split("/"), low, high)
        )
    except ValueError:
        raise ValueError(f"{name} {text!r}, a number from {low} to {high} is needed") from None


def _part(part: Sequence[str], low: int, high: int) -> range:
    """One of `*`, `5`, `1-5`, `*/15`, `0-30/10`."""
    span, step = (part[0], int(part[1])) if len(part) == 2 else (part[0], 1)
    first, _, last = span.partition("-")
    begin = low if span == "*" else int(first)
    end = int(last) if last else high if span == "*" or len(part) == 2 else begin
    if len(part) > 2 or step < 1 or not low <= begin <= end <= high:
        raise ValueError(part)
    return range(begin, end + 1, step)
