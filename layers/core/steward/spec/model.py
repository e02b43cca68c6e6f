"""What a team says about its model; `read.py` makes these values from `models/<name>.toml`."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from steward.spec.cron import Cron

type Scalar = str | int | float | bool


@dataclass(frozen=True, slots=True)
class DataSpec:
    """Where the model's data lands and what a row holds; `time`: the column of a row's moment."""

    prefix: str
    marker: str | None
    key: str
    label: str
    time: str | None
    facets: tuple[str, ...]
    pii: Mapping[str, str]
    features: Mapping[str, str]

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that `[data]` names."""
        times = (self.time,) if self.time else ()
        named = (self.key, self.label, *times, *self.facets, *self.pii, *self.features)
        return tuple(dict.fromkeys(named))


@dataclass(frozen=True, slots=True)
class TrainSpec:
    """When a run starts and how it trains.

    Uploads wait until they have `new_rows` rows together; 0: for no number.
    """

    pipeline: str
    quiet_period: timedelta
    max_wait: timedelta
    schedule: Cron | None
    new_rows: int
    test_percent: int
    hyperparameters: Mapping[str, Scalar]


@dataclass(frozen=True, slots=True)
class MetricRule:
    """Bounds of one metric: its value, and its drop against the version that serves."""

    min: float | None
    max_drop: float | None


@dataclass(frozen=True, slots=True)
class BiasRule:
    """Bounds of the bias metrics of one facet; `max_abs` bounds the metric's absolute value.

    `group`: the column whose values the conditional metrics are computed within.
    """

    disadvantaged: Scalar
    group: str | None
    max_abs: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class GateSpec:
    """What a version must prove before it may serve.

    `mode`: `manual`, or `auto`: Steward approves what has proved everything.
    `stale`: what is done about a comparison with another version than serves: `hold` or `allow`.
    `max_evidence_age` and `approval_expires` bound the start of a rollout; None: no bound.
    """

    mode: str
    stale: str
    max_evidence_age: timedelta | None
    approval_expires: timedelta | None
    threshold: float
    min_test_rows: int
    require: tuple[str, ...]
    approvers: tuple[str, ...]
    metrics: Mapping[str, MetricRule]
    bias: Mapping[str, BiasRule]


@dataclass(frozen=True, slots=True)
class ServeSpec:
    """The fleet that answers: `instances` or `async` of a type, or `serverless` of a size."""

    kind: str
    instance_type: str = ""
    instances: int = 0
    memory_mb: int = 0
    max_concurrency: int = 0


@dataclass(frozen=True, slots=True)
class AlarmsSpec:
    """What no minute of the new fleet may exceed; None: not watched.

    `error_rate` and `model_error_rate` are shares of its requests, 0 to 1; `p99_ms` is the 99th
    percentile of the model's latency.
    """

    error_rate: float | None
    model_error_rate: float | None
    p99_ms: int | None


@dataclass(frozen=True, slots=True)
class AutoscalingSpec:
    """Instances follow the requests per instance and minute."""

    min: int
    max: int
    invocations_per_instance: int


@dataclass(frozen=True, slots=True)
class Freeze:
    """A time in which nothing moves forward; `end` is no part of it."""

    begin: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class RolloutSpec:
    """How a version replaces another."""

    strategy: str
    size_percent: int
    bake: timedelta
    termination_wait: timedelta
    timeout: timedelta
    min_requests: int
    on_no_evidence: str
    keep_configs: int
    freeze: tuple[Freeze, ...]
    alarms: AlarmsSpec
    autoscaling: AutoscalingSpec | None
    capture_percent: int


@dataclass(frozen=True, slots=True)
class MonitorSpec:
    """What is watched in production, in windows of `every`; no kinds: nothing.

    A window is looked at `capture_lag` after its end, and `outcome_delay` later where outcomes are
    needed. `alpha` is the false discovery rate among a window's features; `min_effect` the least
    Kolmogorov-Smirnov D or Cramer's V that counts; `max_drop` the most that a metric may lose.
    """

    source: str
    kinds: tuple[str, ...]
    every: timedelta
    min_rows: int
    alpha: float
    min_effect: float
    max_drop: float
    capture_lag: timedelta
    outcomes: str
    outcome_delay: timedelta
    instance_type: str


@dataclass(frozen=True, slots=True)
class RetrainSpec:
    """Which kinds of drift ask for a run, and what must be true for that.

    A feature must have drifted in `flagged` of the last `of` windows; `budget` counts the runs that
    drift asked for within 30 days; `cooldown` is the time between two of them.
    """

    on: tuple[str, ...]
    flagged: int
    of: int
    cooldown: timedelta
    budget: int
    min_new_rows: int
    schema_break_blocks_training: bool


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """One model's file, checked. `source` is the parsed TOML, for the pipeline to read."""

    name: str
    description: str
    owner: str
    data: DataSpec
    train: TrainSpec
    gate: GateSpec
    serve: ServeSpec
    rollout: RolloutSpec
    monitor: MonitorSpec
    retrain: RetrainSpec
    source: Mapping[str, object]

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that a data file must have, those of groups too."""
        groups = (rule.group for rule in self.gate.bias.values() if rule.group)
        return tuple(dict.fromkeys((*self.data.columns, *groups)))
