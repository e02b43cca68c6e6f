"""Reads one TOML table key by key, and notes every fault instead of stopping at the first."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from steward import times
from steward.spec.cron import Cron, read_cron
from steward.spec.model import Scalar


class Table:
    """One table of a model's file. Values with faults read as a harmless stand-in."""

    def __init__(self, where: str, values: Mapping[str, object], faults: list[str]) -> None:
        self._where = where
        self._left = dict(values)
        self._faults = faults

    def _fault(self, key: str, found: object, allowed: str) -> None:
        self._faults.append(f"{self._where}{key}: found {found!r}, allowed is {allowed}")

    def _take(self, key: str, allowed: str, default: object) -> object:
        if key not in self._left and default is None:
            self._faults.append(f"{self._where}{key}: missing, allowed is {allowed}")
        return self._left.pop(key, default)

    def table(self, key: str) -> "Table":
        """The table below `key`; an absent one is empty, so that its keys are missed by name."""
        value = self._left.pop(key, {})
        if not isinstance(value, dict):
            self._fault(key, value, "a table")
            value = {}
        return Table(f"{self._where}{key}.", value, self._faults)

    def tables(self, key: str) -> list["Table"]:
        """A list of tables below `key`; an absent one is empty."""
        value = self._left.pop(key, [])
        if isinstance(value, list) and all(isinstance(one, dict) for one in value):
            return [Table(f"{self._where}{key}.", one, self._faults) for one in value]
        self._fault(key, value, "a list of tables")
        return []

    def unread(self) -> tuple[str, ...]:
        """The keys not read yet."""
        return tuple(self._left)

    def text(self, key: str, allowed: str, pattern: str = r".+", default: str | None = None) -> str:
        """A text that matches `pattern` wholly; `allowed` says so in words."""
        value = self._take(key, allowed, default)
        if isinstance(value, str) and re.fullmatch(pattern, value):
            return value
        if value is not None:
            self._fault(key, value, allowed)
        return ""

    def one_of(self, key: str, choices: Sequence[str], default: str | None = None) -> str:
        """A text that is one of `choices`."""
        allowed = " or ".join(repr(choice) for choice in choices)
        value = self._take(key, allowed, default)
        if isinstance(value, str) and value in choices:
            return value
        if value is not None:
            self._fault(key, value, allowed)
        return choices[0]

    def number(
        self, key: str, low: float, high: float, unit: str = "", default: float | None = None
    ) -> float:
        """A number from `low` to `high`, both included."""
        allowed = f"a number from {low:g} to {high:g}{unit}"
        value = self._take(key, allowed, default)
        if isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high:
            return float(value)
        if value is not None:
            self._fault(key, value, allowed)
        return low

    def integer(
        self, key: str, low: int, high: int, unit: str = "", default: int | None = None
    ) -> int:
        """A whole number from `low` to `high`, both included."""
        allowed = f"a whole number from {low} to {high}{unit}"
        value = self._take(key, allowed, default)
        if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high:
            return value
        if value is not None:
            self._fault(key, value, allowed)
        return low

    def duration(
        self, key: str, low: timedelta, high: timedelta, default: str | None = None
    ) -> timedelta:
        """A duration such as `10m`, from `low` to `high`."""
        allowed = f"<int>s|m|h|d from {times.short(low)} to {times.short(high)}"
        value = self._take(key, allowed, default)
        length = times.duration(value) if isinstance(value, str) else None
        if length is not None and low <= length <= high:
            return length
        if value is not None:
            self._fault(key, value, allowed)
        return low

    def time(self, key: str) -> datetime:
        """A moment, written as a text: the file is also kept as JSON."""
        allowed = "a time in UTC such as '2026-12-20T00:00Z'"
        value = self._take(key, allowed, None)
        try:
            return times.parse(value) if isinstance(value, str) else self._no_time(key, value)
        except ValueError:
            return self._no_time(key, value)

    def _no_time(self, key: str, value: object) -> datetime:
        if value is not None:
            self._fault(key, value, "a time in UTC such as '2026-12-20T00:00Z'")
        return datetime.min.replace(tzinfo=UTC)

    def texts(
        self, key: str, allowed: str, pattern: str = r".+", default: tuple[str, ...] = ()
    ) -> tuple[str, ...]:
        """A list of texts that match `pattern`."""
        value = self._left.pop(key, list(default))
        if isinstance(value, list) and all(
            isinstance(item, str) and re.fullmatch(pattern, item) for item in value
        ):
            return tuple(value)
        self._fault(key, value, f"a list of {allowed}")
        return default

    def boolean(self, key: str, *, default: bool) -> bool:
        """true or false."""
        value = self._left.pop(key, default)
        if isinstance(value, bool):
            return value
        self._fault(key, value, "true or false")
        return default

    def cron(self, key: str) -> Cron | None:
        """A cron expression in UTC; None when the key is absent."""
        value = self._left.pop(key, None)
        if value is None:
            return None
        try:
            return read_cron(str(value))
        except ValueError as error:
            self._fault(key, value, f"a cron expression such as '0 3 * * 1', in UTC ({error})")
        return None

    def scalars(self) -> dict[str, Scalar]:
        """Everything left in the table, each a text, a number or a truth value."""
        found: dict[str, Scalar] = {}
        for key in self.unread():
            value = self._left.pop(key)
            if isinstance(value, str | int | float | bool):
                found[key] = value
            else:
                self._fault(key, value, "a text, a number, true or false")
        return found

    def scalar(self, key: str) -> Scalar:
        """A text, a number or a truth value."""
        value = self._take(key, "a text, a number, true or false", None)
        if isinstance(value, str | int | float | bool):
            return value
        if value is not None:
            self._fault(key, value, "a text, a number, true or false")
        return ""

    def close(self) -> None:
        """Whatever was not read is a fault: an unknown key is refused."""
        for key in self.unread():
            self._faults.append(f"{self._where}{key}: unknown key, it is not part of the format")
