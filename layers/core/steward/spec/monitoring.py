"""Reads `[monitor]` and `[retrain]`: what is watched in production, and what follows from it."""

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

from steward.spec.kinds import BIAS, DATA_QUALITY, KINDS, NEED_OUTCOMES, PREDICTION_DRIFT
from steward.spec.model import MonitorSpec, RetrainSpec
from steward.spec.table import Table

if TYPE_CHECKING:
    from steward.spec.model import ModelSpec

STEWARD, MODEL_MONITOR = SOURCES = ("steward", "model-monitor")
_ZERO, _HOUR, _DAY = timedelta(0), timedelta(hours=1), timedelta(days=1)
# The lengths of a window that divide a day, so that windows begin at the same hours every day.
_EVERY = (1, 2, 3, 4, 6, 8, 12, 24)
# A definition's environment has 50 values of 256 letters; names of up to 63 do not fill each.
_MOST_LETTERS = 9000


def read_monitor(table: Table) -> MonitorSpec:
    """The table `[monitor]`; without `kinds` nothing is watched."""
    spec = MonitorSpec(
        source=table.one_of("source", SOURCES, default=STEWARD),
        kinds=tuple(dict.fromkeys(table.texts("kinds", " or ".join(KINDS), "|".join(KINDS)))),
        every=table.duration("every", _HOUR, _DAY, default="1h"),
        min_rows=table.integer("min_rows", 30, 10_000_000, default=200),
        alpha=table.number("alpha", 0.000001, 0.2, default=0.01),
        min_effect=table.number("min_effect", 0.01, 1, default=0.1),
        max_drop=table.number("max_drop", 0, 1, default=0.05),
        capture_lag=table.duration("capture_lag", _ZERO, _DAY, default="15m"),
        outcomes=table.text("outcomes", "a key prefix that ends in '/'", r"([^/].*/)?", default=""),
        outcome_delay=table.duration("outcome_delay", _ZERO, 365 * _DAY, default="0s"),
        instance_type=table.text(
            "instance_type", "such as 'ml.m5.large'", r"ml\.[a-z0-9-]+\.\w+", default="ml.m5.large"
        ),
    )
    table.close()
    return spec


def read_retrain(table: Table) -> RetrainSpec:
    """The table `[retrain]`; without `on` nothing retrains."""
    spec = RetrainSpec(
        on=table.texts("on", " or ".join(KINDS), "|".join(KINDS)),
        flagged=table.integer("flagged", 1, 100, default=3),
        of=table.integer("of", 1, 100, default=3),
        cooldown=table.duration("cooldown", _ZERO, 365 * _DAY, default="7d"),
        budget=table.integer("budget", 0, 1000, " (runs in 30 days)", default=4),
        min_new_rows=table.integer("min_new_rows", 0, 1_000_000_000, default=0),
        schema_break_blocks_training=table.boolean("schema_break_blocks_training", default=False),
    )
    table.close()
    return spec


def contradictions(spec: "ModelSpec") -> Iterator[str]:
    """What in the two tables cannot be, each as key, what was found, what is allowed."""
    monitor, retrain = spec.monitor, spec.retrain
    hours = monitor.every / _HOUR
    if hours not in _EVERY:
        allowed = ", ".join(f"{hour}h" for hour in _EVERY)
        yield f"monitor.every: found {hours:g}h, allowed is one of {allowed}"
    if retrain.flagged > retrain.of:
        yield f"retrain.flagged: found {retrain.flagged}, allowed is 1 to retrain.of ({retrain.of})"
    if not monitor.kinds:
        return
    if not spec.rollout.capture_percent:
        yield "monitor.kinds: nothing is captured to watch, set rollout.capture.percent above 0"
    yield from _of_outcomes(spec)
    if BIAS in monitor.kinds and not spec.gate.bias:
        yield "monitor.kinds: 'bias' needs a table [gate.bias.<facet>] that says what is too much"
    if monitor.source == MODEL_MONITOR:
        yield from _of_model_monitor(spec)


def _of_model_monitor(spec: "ModelSpec") -> Iterator[str]:
    if PREDICTION_DRIFT in spec.monitor.kinds:
        yield "monitor.kinds: Model Monitor knows no 'prediction_drift', leave it out"
    letters = len(",".join(spec.data.features))
    if DATA_QUALITY in spec.monitor.kinds and letters > _MOST_LETTERS:
        yield (
            f"data.features: found names of {letters} letters together, allowed are "
            f"{_MOST_LETTERS} with Model Monitor, which is told them in a job definition"
        )


def _of_outcomes(spec: "ModelSpec") -> Iterator[str]:
    monitor, data = spec.monitor, spec.data
    needing = [kind for kind in monitor.kinds if kind in NEED_OUTCOMES]
    if needing and not monitor.outcomes:
        yield f"monitor.outcomes: missing, allowed is a prefix: {', '.join(needing)} need outcomes"
    overlaps = monitor.outcomes.startswith(data.prefix) or data.prefix.startswith(monitor.outcomes)
    if monitor.outcomes and overlaps:
        yield (
            f"monitor.outcomes: found {monitor.outcomes!r}, allowed is a prefix apart from "
            f"data.prefix ({data.prefix!r})"
        )
