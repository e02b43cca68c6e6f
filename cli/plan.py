"""What a rollout of a model would do, before anything is done."""

import json
from collections.abc import Iterator, Mapping
from datetime import timedelta

from steward.act.rollout import Plan, way
from steward.decide.rollout_facts import FORWARD
from steward.names import ALARMS, Names
from steward.spec.model import ModelSpec
from steward.spec.serving import SERVERLESS
from steward.spec.shifting import ROLLING, has_brake, longest, shifts, size


def lines(spec: ModelSpec, names: Names) -> Iterator[str]:
    """The policy as SageMaker is told it, how long it takes, what is billed, where no brake is."""
    policy, serve = spec.rollout, spec.serve
    yield f"{names.endpoint}: {_fleet(spec)}, {policy.strategy}"
    if serve.kind == SERVERLESS:
        yield "no DeploymentConfig: serverless endpoints have no deployment guardrails"
        yield "no brake: a version that fails serves on until it is rejected"
        return
    alarms = [names.alarm(1, kind) for kind in _alarms(spec)] if has_brake(policy) else []
    config = way(spec, FORWARD, serve.instances, alarms)
    yield f"DeploymentConfig, here for rollout 1: {json.dumps(config, indent=2)}"
    steps = shifts(policy, serve.instances)
    yield f"traffic is shifted in {steps} step{'s' if steps > 1 else ''}"
    yield f"waits: {_length(longest(serve, policy))} at most, on top of making the new fleet"
    yield f"given up after {_length(policy.timeout)}"
    usually = f"{serve.instances} at other times"
    yield f"billed meanwhile: up to {_billed(spec)} x {serve.instance_type}, {usually}"
    yield from _brakes(spec)


def _fleet(spec: ModelSpec) -> str:
    serve = spec.serve
    if serve.kind == SERVERLESS:
        return f"serverless, {serve.memory_mb} MB, at most {serve.max_concurrency} requests at once"
    kind = "asynchronous, " if serve.kind == "async" else ""
    return f"{kind}{serve.instances} x {serve.instance_type}"


def _billed(spec: ModelSpec) -> int:
    """Blue/green has both fleets at once; rolling replaces a batch at a time."""
    most = spec.rollout.autoscaling.max if spec.rollout.autoscaling else spec.serve.instances
    if spec.rollout.strategy == ROLLING:
        return most + size(spec.rollout, most)
    return 2 * most


def _alarms(spec: ModelSpec) -> list[str]:
    given = spec.rollout.alarms
    limits = dict(
        zip(ALARMS[1:], (given.error_rate, given.model_error_rate, given.p99_ms), strict=True)
    )
    return [ALARMS[0], *[kind for kind, limit in limits.items() if limit is not None]]


def _brakes(spec: ModelSpec) -> Iterator[str]:
    policy = spec.rollout
    if not has_brake(policy):
        yield "no brake: without a bake no alarm can end a rollout; the way back follows afterwards"
        return
    yield "no brake: on the first deployment, while a fleet is made, and on the way back"
    if len(_alarms(spec)) == 1:
        yield "no alarm of CloudWatch watches: only the judge, people and a revocation can end it"
    evidence = f"at least {policy.min_requests} requests to the new fleet"
    yield f"without {evidence} before the end of a bake: {policy.on_no_evidence}"


def changes(wanted: Plan, live: Mapping[str, object]) -> Iterator[str]:
    """What another rollout of the same version would change of the config that serves."""
    config: Mapping[str, object] = {**wanted.config}
    for name in ("ProductionVariants", "DataCaptureConfig", "AsyncInferenceConfig"):
        before, after = _flat(name, live.get(name)), _flat(name, config.get(name))
        for key in sorted(set(before) | set(after)):
            if before.get(key) != after.get(key) and not key.endswith("ModelName"):
                yield f"{key}: {before.get(key, 'absent')} -> {after.get(key, 'absent')}"


def _flat(name: str, value: object) -> dict[str, object]:
    if isinstance(value, Mapping):
        found: dict[str, object] = {}
        for key, entry in value.items():
            found |= _flat(f"{name}.{key}", entry)
        return found
    if isinstance(value, list):
        found = {}
        for place, entry in enumerate(value):
            found |= _flat(f"{name}[{place}]", entry)
        return found
    return {} if value is None else {name: value}


def _length(span: timedelta) -> str:
    minutes = span.total_seconds() / 60
    return f"{minutes:g} minute{'' if minutes == 1 else 's'}"
