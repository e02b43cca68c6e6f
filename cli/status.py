"""Tells, for each model, what is registered, what serves, what waits and what comes next."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from cli import repository
from cli.target import Target, now
from steward import times
from steward.aws import Aws
from steward.decide import rollout, training
from steward.decide.rollout_facts import RolloutFacts
from steward.names import Names
from steward.observe.rollout import observe_rollout
from steward.observe.training import observe_training
from steward.record.store import Store
from steward.spec.model import ModelSpec
from steward.spec.read import read_all


@dataclass(frozen=True, slots=True)
class VersionStatus:
    """One registered version. None: nobody has said anything yet, or it never served."""

    version: int
    status: str
    gate: str
    gate_reason: str
    word_by: str | None
    words: str | None
    served_at: str | None


@dataclass(frozen=True, slots=True)
class ModelStatus:
    """One model: its endpoint, versions and training, and what a look would do about each now."""

    model: str
    endpoint: str
    endpoint_status: str
    serves: int | None
    endpoint_next: str
    versions: tuple[VersionStatus, ...]
    runs: int
    last_run: str | None
    uploads_waiting: int
    training_next: str


def status(aws: Aws, target: Target) -> list[ModelStatus]:
    """The state of every model."""
    store = Store(aws, target.lineage_table, target.work_table)
    specs, at = read_all(repository.MODELS).values(), now(target)
    return [_model(aws, store, Names(target.prefix, spec.name), spec, at) for spec in specs]


def _model(aws: Aws, store: Store, names: Names, spec: ModelSpec, at: datetime) -> ModelStatus:
    runs = observe_training(aws, store, spec)
    facts = observe_rollout(aws, store, names, spec, at, watch=False)
    return ModelStatus(
        model=spec.name,
        endpoint=names.endpoint,
        endpoint_status=facts.endpoint.status if facts.endpoint else "absent",
        serves=facts.endpoint.version if facts.endpoint else None,
        endpoint_next=rollout.next_step(facts).reason,
        versions=tuple(_version(facts, number) for number in sorted(facts.registry)),
        runs=runs.run.number if runs.run else 0,
        last_run=(runs.run.outcome or "in flight") if runs.run else None,
        uploads_waiting=len(runs.pending),
        training_next=training.next_step(runs, spec.train, at).reason,
    )


def _version(facts: RolloutFacts, number: int) -> VersionStatus:
    noted = facts.versions.get(number)
    word = noted.approval if noted else None
    return VersionStatus(
        version=number,
        status=facts.registry[number],
        gate=noted.gate if noted else "not judged",
        gate_reason=noted.gate_reason if noted else "",
        word_by=word.by if word else None,
        words=word.words if word else None,
        served_at=times.iso(noted.served_at) if noted and noted.served_at else None,
    )


def lines(models: list[ModelStatus]) -> Iterator[str]:
    """The state as a tree for people."""
    for model in models:
        yield model.model
        yield f"  endpoint {model.endpoint}: {model.endpoint_status}"
        yield f"    {model.endpoint_next}"
        for version in model.versions:
            live = ", serves now" if version.version == model.serves else ""
            yield f"  version {version.version}: {version.status}{live}"
            yield f"    gate {version.gate}: {version.gate_reason}"
            if version.word_by:
                yield f"    {version.word_by}: {version.words or 'no words'}"
        runs = f"run {model.runs} {model.last_run}" if model.runs else "no run yet"
        yield f"  training: {runs}"
        yield f"    {model.training_next}"
