"""What one monitor job is asked to do, from the JSON file that started it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypedDict, cast

from tabular.failing import StepFailed
from tabular.files import only_file, read_json

KINDS = ("data_quality", "prediction_drift", "model_quality", "bias", "explainability")
HOUR = timedelta(hours=1)


class _BiasRule(TypedDict):
    disadvantaged: str | int | float | bool
    group: str | None
    max_abs: dict[str, float]


class _Raw(TypedDict):
    model: str
    version: int
    kind: str
    endpoint: str
    schedule: str
    window: dict[str, str]
    captures: str
    outcomes: str | None
    outcomes_until: str | None
    baseline: str
    spec: str
    model_data: str
    min_rows: int
    alpha: float
    min_effect: float
    max_drop: float
    bias: dict[str, _BiasRule]


@dataclass(frozen=True)
class Window:
    """A span of time, its end not included."""

    start: datetime
    end: datetime

    def __contains__(self, time: datetime) -> bool:
        return self.start <= time < self.end

    def folders(self) -> Iterator[str]:
        """The hour folders `yyyy/mm/dd/hh/` in which something of this span may lie."""
        hour = self.start.replace(minute=0, second=0, microsecond=0)
        while hour < self.end:
            yield hour.strftime("%Y/%m/%d/%H/")
            hour += HOUR


@dataclass(frozen=True)
class BiasRule:
    """What a facet is held to."""

    disadvantaged: str
    group: str | None  # the column that conditional metrics are weighted over
    max_abs: Mapping[str, float]  # metric -> the largest absolute value that is no violation


@dataclass(frozen=True)
class Plan:
    """One model version, one kind of check, one window."""

    model: str
    version: int
    kind: str
    endpoint: str
    schedule: str
    window: Window
    captures: str  # s3:// prefix, like the next three
    outcomes: str | None
    outcomes_until: datetime | None
    baseline: str
    spec: str  # s3:// URI
    model_data: str  # s3:// URI
    min_rows: int
    alpha: float
    min_effect: float
    max_drop: float
    bias: Mapping[str, BiasRule]

    @property
    def groups(self) -> tuple[str, ...]:
        """The columns that bias is conditioned on, each once."""
        return tuple(dict.fromkeys(rule.group for rule in self.bias.values() if rule.group))


def read_plan(folder: Path) -> Plan:
    """Read the plan that lies alone in `folder`."""
    try:
        raw = cast(_Raw, read_json(only_file(folder, "*.json")))
        plan = _plan(raw)
    except KeyError as missing:
        raise StepFailed(f"The plan has no {missing.args[0]}.") from missing
    except (TypeError, ValueError, AttributeError) as error:
        raise StepFailed(f"The plan cannot be read: {error}.") from error
    if plan.kind not in KINDS:
        raise StepFailed(f"The plan's kind is {plan.kind}; allowed are {', '.join(KINDS)}.")
    if plan.window.end <= plan.window.start:
        raise StepFailed(f"The plan's window ends at {plan.window.end}, before it starts.")
    return plan


def _plan(raw: _Raw) -> Plan:
    until = raw.get("outcomes_until")
    return Plan(
        model=raw["model"],
        version=raw["version"],
        kind=raw["kind"],
        endpoint=raw["endpoint"],
        schedule=raw["schedule"],
        window=Window(_time(raw["window"]["start"]), _time(raw["window"]["end"])),
        captures=raw["captures"],
        outcomes=raw.get("outcomes"),
        outcomes_until=_time(until) if until else None,
        baseline=raw["baseline"],
        spec=raw["spec"],
        model_data=raw["model_data"],
        min_rows=raw["min_rows"],
        alpha=raw["alpha"],
        min_effect=raw["min_effect"],
        max_drop=raw["max_drop"],
        bias={facet: _rule(rule) for facet, rule in raw.get("bias", {}).items()},
    )


def _rule(raw: _BiasRule) -> BiasRule:
    return BiasRule(str(raw["disadvantaged"]), raw.get("group"), raw.get("max_abs", {}))


def _time(text: str) -> datetime:
    time = datetime.fromisoformat(text)
    return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
