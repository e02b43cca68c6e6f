"""What a team says about its model; `read.py` makes these values from `models/<name>.toml`."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

type Scalar = str | int | float | bool


@dataclass(frozen=True, slots=True)
class DataSpec:
    """Where the model's data lands and what a row holds."""

    prefix: str
    marker: str | None
    key: str
    label: str
    facets: tuple[str, ...]
    pii: Mapping[str, str]
    features: Mapping[str, str]

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that a data file must have."""
        named = (self.key, self.label, *self.facets, *self.pii, *self.features)
        return tuple(dict.fromkeys(named))


@dataclass(frozen=True, slots=True)
class TrainSpec:
    """When a run starts and how it trains."""

    pipeline: str
    quiet_period: timedelta
    max_wait: timedelta
    test_percent: int
    hyperparameters: Mapping[str, Scalar]


@dataclass(frozen=True, slots=True)
class MetricRule:
    """Bounds of one metric: its value, and its drop against the version that serves."""

    min: float | None
    max_drop: float | None


@dataclass(frozen=True, slots=True)
class BiasRule:
    """Bounds of the bias metrics of one facet; `max_abs` bounds the metric's absolute value."""

    disadvantaged: Scalar
    max_abs: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class GateSpec:
    """What a version must prove before it may serve."""

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
class RetrainSpec:
    """Which kinds of drift ask for a run, and how long after one they ask for none."""

    on: tuple[str, ...]
    cooldown: timedelta


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
    retrain: RetrainSpec
    source: Mapping[str, object]
