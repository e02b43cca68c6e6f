"""Reads `[serve]` and `[rollout]`: what a fleet is, and how a version replaces another."""

from collections.abc import Iterator
from datetime import timedelta

from steward.spec.model import AlarmsSpec, AutoscalingSpec, Freeze, RolloutSpec, ServeSpec
from steward.spec.shifting import (
    ALL_AT_ONCE,
    CANARY,
    LINEAR,
    ROLLING,
    SMALLEST,
    STRATEGIES,
    counts,
    longest,
)
from steward.spec.table import Table

INSTANCES, SERVERLESS, ASYNC = KINDS = ("instances", "serverless", "async")
# Three periods of a CloudWatch alarm: a shorter bake ends before anything is known.
SHORTEST_BAKE = timedelta(minutes=3)
_ZERO, _MINUTE, _HOUR = timedelta(0), timedelta(minutes=1), timedelta(hours=1)


def read_serve(table: Table) -> ServeSpec:
    """The table `[serve]`."""
    kind = table.one_of("kind", KINDS, default=INSTANCES)
    if kind == SERVERLESS:
        spec = ServeSpec(
            kind,
            memory_mb=table.integer("memory_mb", 1024, 6144, " (MB)"),
            max_concurrency=table.integer("max_concurrency", 1, 200),
        )
    else:
        spec = ServeSpec(
            kind,
            table.text("instance_type", "such as 'ml.m7i.large'", r"ml\.[a-z0-9-]+\.\w+"),
            table.integer("instances", 1, 100),
        )
    table.close()
    return spec


def read_rollout(table: Table, kind: str) -> RolloutSpec:
    """The table `[rollout]` of a fleet of this kind; its defaults depend on what that can do."""
    shifts = kind != SERVERLESS
    strategy = table.one_of("strategy", STRATEGIES, default=ALL_AT_ONCE)
    waits = shifts and strategy != ROLLING
    spec = RolloutSpec(
        strategy=strategy,
        size_percent=table.integer("size_percent", 1, 50, " (percent)", default=25),
        bake=table.duration("bake", _ZERO, _HOUR, default="5m" if shifts else "0s"),
        termination_wait=table.duration(
            "termination_wait", _ZERO, _HOUR, default="1m" if waits else "0s"
        ),
        timeout=table.duration("timeout", 10 * _MINUTE, 8 * _HOUR, default="1h"),
        min_requests=table.integer("min_requests", 1, 1_000_000, default=50),
        on_no_evidence=table.one_of("on_no_evidence", ("rollback", "promote"), default="rollback"),
        keep_configs=table.integer("keep_configs", 0, 100, default=2),
        freeze=tuple(_freeze(one) for one in table.tables("freeze")),
        alarms=_alarms(table.table("alarms")),
        autoscaling=_autoscaling(table.table("autoscaling")),
        capture_percent=_capture(table.table("capture"), 100 if kind == INSTANCES else 0),
    )
    table.close()
    return spec


def _freeze(table: Table) -> Freeze:
    spec = Freeze(table.time("from"), table.time("to"))
    table.close()
    return spec


def _alarms(table: Table) -> AlarmsSpec:
    given = table.unread()
    spec = AlarmsSpec(
        # A rate of 1 is never exceeded: such an alarm could not fire.
        error_rate=table.number("error_rate", 0, 0.99) if "error_rate" in given else None,
        model_error_rate=(
            table.number("model_error_rate", 0, 0.99) if "model_error_rate" in given else None
        ),
        p99_ms=table.integer("p99_ms", 1, 60_000, " (milliseconds)") if "p99_ms" in given else None,
    )
    table.close()
    return spec


def _autoscaling(table: Table) -> AutoscalingSpec | None:
    if not table.unread():
        return None
    spec = AutoscalingSpec(
        min=table.integer("min", 1, 100),
        max=table.integer("max", 1, 100),
        invocations_per_instance=table.integer("invocations_per_instance", 1, 1_000_000),
    )
    table.close()
    return spec


def _capture(table: Table, default: int) -> int:
    percent = table.integer("percent", 0, 100, " (percent)", default=default)
    table.close()
    return percent


def contradictions(serve: ServeSpec, rollout: RolloutSpec) -> Iterator[str]:
    """What in the two tables cannot be together, each as key, what was found, what is allowed."""
    yield from _of_kind(serve, rollout)
    yield from _of_windows(rollout)
    if serve.kind != SERVERLESS:
        yield from _of_counts(serve, rollout)


def _of_kind(serve: ServeSpec, rollout: RolloutSpec) -> Iterator[str]:
    if serve.kind != INSTANCES and rollout.capture_percent:
        yield (
            f"rollout.capture.percent: found {rollout.capture_percent}, allowed is 0: "
            f"serve.kind {serve.kind!r} captures nothing"
        )
    if serve.kind != SERVERLESS:
        return
    refused = {
        "strategy": rollout.strategy != ALL_AT_ONCE,
        "bake": rollout.bake > _ZERO,
        "termination_wait": rollout.termination_wait > _ZERO,
        "alarms": rollout.alarms != AlarmsSpec(None, None, None),
        "autoscaling": rollout.autoscaling is not None,
    }
    for key in (key for key, found in refused.items() if found):
        yield f"rollout.{key}: serve.kind 'serverless' has no deployment guardrails, leave it out"


def _of_windows(rollout: RolloutSpec) -> Iterator[str]:
    for freeze in rollout.freeze:
        if freeze.begin >= freeze.end:
            yield "rollout.freeze: found a window that ends before it begins"
    scaling = rollout.autoscaling
    if scaling and scaling.min > scaling.max:
        yield f"rollout.autoscaling.min: found {scaling.min}, allowed is max or less"


def _of_counts(serve: ServeSpec, rollout: RolloutSpec) -> Iterator[str]:
    strategy, scaling = rollout.strategy, rollout.autoscaling
    if rollout.bake < SHORTEST_BAKE and (strategy != ALL_AT_ONCE or rollout.bake):
        yield (
            f"rollout.bake: found {rollout.bake}, allowed is 3m or more: three periods of an alarm"
            + (", or 0s for none" if strategy == ALL_AT_ONCE else "")
        )
    if strategy == ROLLING and rollout.termination_wait:
        yield "rollout.termination_wait: strategy 'rolling' has none, leave it out"
    if (low := SMALLEST.get(strategy, 1)) > rollout.size_percent:
        yield (
            f"rollout.size_percent: found {rollout.size_percent}, allowed is {low} to 50 "
            f"for strategy {strategy!r}"
        )
    if scaling and not scaling.min <= serve.instances <= scaling.max:
        yield (
            f"serve.instances: found {serve.instances}, allowed is a number from "
            f"rollout.autoscaling.min ({scaling.min}) to max ({scaling.max})"
        )
        return
    fewest = min(counts(serve, rollout))
    if strategy in (CANARY, LINEAR, ROLLING) and fewest < 2:
        yield (
            f"serve.instances: found {fewest}, allowed is 2 or more for strategy {strategy!r}: "
            "at most half of them are replaced at once"
        )
    elif rollout.timeout <= (needed := longest(serve, rollout)):
        yield f"rollout.timeout: found {rollout.timeout}, allowed is more than all waits ({needed})"
