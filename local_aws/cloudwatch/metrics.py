"""Metrics: what was measured, added up by the minute, and its statistics over longer periods."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from math import ceil

MINUTE = timedelta(minutes=1)
SIMPLE = ("Average", "Sum", "Minimum", "Maximum", "SampleCount")

type Key = tuple[str, str, tuple[tuple[str, str], ...]]


def key(namespace: str, name: str, dimensions: Mapping[str, str]) -> Key:
    """What tells one metric from another; the order of its dimensions does not."""
    return namespace, name, tuple(sorted(dimensions.items()))


def floor(when: datetime, period: timedelta) -> datetime:
    """The beginning of the period that a moment lies in."""
    seconds = int(period.total_seconds())
    return datetime.fromtimestamp(int(when.timestamp()) // seconds * seconds, UTC)


@dataclass
class Sample:
    """Values and how often each was measured."""

    counts: Counter[float] = field(default_factory=Counter)

    def add(self, value: float, count: float = 1.0) -> None:
        """One more value, or several that are the same."""
        self.counts[value] += count  # type: ignore[assignment]  # CloudWatch counts in doubles

    def statistic(self, name: str) -> float:
        """`Average`, `Sum`, ..., or a percentile such as `p99`, by nearest rank."""
        number = sum(self.counts.values())
        if name == "SampleCount":
            return float(number)
        if name == "Minimum":
            return min(self.counts)
        if name == "Maximum":
            return max(self.counts)
        if name.startswith("p"):
            return self._percentile(float(name[1:]), number)
        total = sum(value * count for value, count in self.counts.items())
        return total / number if name == "Average" else total

    def _percentile(self, percent: float, number: float) -> float:
        left = ceil(number * percent / 100)
        for value in sorted(self.counts):
            left -= self.counts[value]
            if left <= 0:
                return value
        return max(self.counts)


@dataclass
class Metrics:
    """Everything that was measured."""

    samples: dict[Key, dict[datetime, Sample]] = field(default_factory=dict)

    def add(self, metric: Key, when: datetime, value: float, count: float = 1.0) -> None:
        """Add a value to its minute."""
        minutes = self.samples.setdefault(metric, {})
        minutes.setdefault(floor(when, MINUTE), Sample()).add(value, count)

    def points(
        self, metric: Key, start: datetime, end: datetime, period: timedelta, statistic: str
    ) -> Iterator[tuple[datetime, float]]:
        """Each period from `start` until before `end` in which something was measured."""
        minutes = self.samples.get(metric, {})
        periods: dict[datetime, Sample] = {}
        for minute in sorted(minutes):
            begin = floor(minute, period)
            if start <= begin < end:
                _merge(periods.setdefault(begin, Sample()), minutes[minute])
        for begin, sample in periods.items():
            yield begin, sample.statistic(statistic)

    def keys(self, namespace: str | None, name: str | None) -> Iterable[Key]:
        """The metrics of a namespace and of a name, if these are given."""
        return [
            one for one in self.samples if namespace in (None, one[0]) and name in (None, one[1])
        ]


def _merge(into: Sample, more: Sample) -> None:
    for value, count in more.counts.items():
        into.add(value, count)
