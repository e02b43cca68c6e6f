"""Reads `models/<name>.toml` into a ModelSpec, or says everything that is wrong with it at once."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

from steward import digest
from steward.errors import BadSpec
from steward.spec.model import (
    BiasRule,
    DataSpec,
    GateSpec,
    MetricRule,
    ModelSpec,
    TrainSpec,
)
from steward.spec.monitoring import contradictions as monitoring_contradictions
from steward.spec.monitoring import read_monitor, read_retrain
from steward.spec.serving import contradictions, read_rollout, read_serve
from steward.spec.table import Table

METRICS = ("auc", "accuracy", "precision", "recall", "f1")
BIAS_METRICS = (
    "AD", "CDDPL", "DAR", "DCAcc", "DCR", "DI", "DPPL", "DRR", "FT", "GE", "RD", "SD", "TE",
)  # fmt: skip
CONDITIONAL = ("CDDPL",)
EVIDENCE = ("evaluation", "bias", "explainability", "lineage")
REQUIRED = (*EVIDENCE, "author")
_COLUMN = r"[A-Za-z_][A-Za-z0-9_]{0,62}"
_MINUTE, _DAY = timedelta(minutes=1), timedelta(days=1)


def read_all(folder: Path) -> dict[str, ModelSpec]:
    """Every model of a folder by name; BadSpec lists the faults of all files together."""
    specs: dict[str, ModelSpec] = {}
    faults: list[str] = []
    for path in sorted(folder.glob("*.toml")):
        try:
            specs[path.stem] = read(path)
        except BadSpec as bad:
            faults.extend(bad.faults)
    faults.extend(_overlaps(specs))
    if faults:
        raise BadSpec(tuple(faults))
    return specs


def digests(specs: Mapping[str, ModelSpec]) -> dict[str, str]:
    """Of each model's file, what its digest begins with: the same as runs name it by."""
    return {
        name: digest.of_text(digest.as_written(spec.source))[:12] for name, spec in specs.items()
    }


def read(path: Path) -> ModelSpec:
    """One model's file; BadSpec when it is not TOML or breaks a bound."""
    try:
        source = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadSpec((f"{path.name}: not TOML: {error}",)) from error
    except OSError as error:
        raise BadSpec((f"{path.name}: cannot be read: {error.strerror}",)) from error
    faults: list[str] = []
    root = Table(f"{path.name}: ", source, faults)
    if not re.fullmatch(r"[a-z]([a-z0-9-]{0,18}[a-z0-9])?", path.stem):
        faults.append(
            f"{path.name}: the file's name is the model's: found {path.stem!r}, "
            "allowed is a small letter, then up to 19 small letters, digits or '-', no '-' last"
        )
    root.integer("schema", 1, 1)
    spec = ModelSpec(
        name=path.stem,
        description=root.text("description", "a text", default=path.stem),
        owner=root.text("owner", "a text that names who answers for the model"),
        data=_data(root.table("data"), f"{path.name}: data", faults),
        train=_train(root.table("train")),
        gate=_gate(root.table("gate")),
        serve=(serve := read_serve(root.table("serve"))),
        rollout=read_rollout(root.table("rollout"), serve.kind),
        monitor=read_monitor(root.table("monitor")),
        retrain=read_retrain(root.table("retrain")),
        source=source | {"model": path.stem},
    )
    root.close()
    # Only of what was understood: a refused value would contradict its neighbours too.
    faults = faults or _contradictions(path.name, spec)
    if faults:
        raise BadSpec(tuple(faults))
    return spec


def _data(table: Table, where: str, faults: list[str]) -> DataSpec:
    pii, features = table.table("pii"), table.table("features")
    spec = DataSpec(
        prefix=table.text("prefix", "a key prefix that ends in '/'", r"[^/].*/"),
        marker=table.text("marker", "a file name", r"[^/]+", default="_SUCCESS"),
        key=table.text("key", "a column name", _COLUMN),
        label=table.text("label", "a column name", _COLUMN),
        time=table.text("time", "a column name", f"({_COLUMN})?", default="") or None,
        facets=table.texts("facets", "column names", _COLUMN),
        pii={name: pii.one_of(name, ("drop", "hash")) for name in pii.unread()},
        features={
            name: features.one_of(name, ("number", "integer", "category"))
            for name in features.unread()
        },
    )
    table.close()
    if not spec.features:
        faults.append(f"{where}.features: missing, allowed is one feature or more")
    return spec


def _train(table: Table) -> TrainSpec:
    parameters = table.table("hyperparameters").scalars()
    spec = TrainSpec(
        pipeline=table.one_of("pipeline", ("tabular",)),
        quiet_period=table.duration("quiet_period", _MINUTE, _DAY, default="10m"),
        max_wait=table.duration("max_wait", _MINUTE, 30 * _DAY, default="6h"),
        schedule=table.cron("schedule"),
        new_rows=table.integer("new_rows", 0, 1_000_000_000, default=0),
        test_percent=table.integer("test_percent", 1, 90, " (percent)", default=30),
        hyperparameters=parameters,
    )
    table.one_of("use", ("all",), default="all")
    table.close()
    return spec


def _gate(table: Table) -> GateSpec:
    metrics, bias = table.table("metrics"), table.table("bias")
    spec = GateSpec(
        mode=table.one_of("mode", ("manual", "auto"), default="manual"),
        stale=table.one_of("stale", ("hold", "allow"), default="hold"),
        max_evidence_age=_bound(table, "max_evidence_age"),
        approval_expires=_bound(table, "approval_expires"),
        threshold=table.number("threshold", 0, 1, default=0.5),
        min_test_rows=table.integer("min_test_rows", 1, 10_000_000, default=150),
        require=table.texts("require", " or ".join(REQUIRED), "|".join(REQUIRED), EVIDENCE),
        approvers=table.texts("approvers", "ARN patterns", r"arn:.+"),
        metrics={one: _metric(metrics.table(one)) for one in metrics.unread() if one in METRICS},
        bias={facet: _bias(bias.table(facet)) for facet in bias.unread()},
    )
    metrics.close()
    table.close()
    return spec


def _bound(table: Table, key: str) -> timedelta | None:
    return table.duration(key, timedelta(hours=1), 3650 * _DAY) if key in table.unread() else None


def _metric(table: Table) -> MetricRule:
    present = table.unread()
    rule = MetricRule(
        min=table.number("min", 0, 1) if "min" in present else None,
        max_drop=table.number("max_drop", 0, 1) if "max_drop" in present else None,
    )
    table.close()
    return rule


def _bias(table: Table) -> BiasRule:
    bounds = table.table("max_abs")
    known = [name for name in bounds.unread() if name in BIAS_METRICS]
    rule = BiasRule(
        disadvantaged=table.scalar("disadvantaged"),
        group=table.text("group", "a column name", f"({_COLUMN})?", default="") or None,
        max_abs={name: bounds.number(name, 0, 100) for name in known},
    )
    bounds.close()
    table.close()
    return rule


def _contradictions(file: str, spec: ModelSpec) -> list[str]:
    data = spec.data
    once = [data.key, data.label, *data.facets, *data.pii, *((data.time,) if data.time else ())]
    never = set(once)
    faults = [
        f"{file}: data: found {name!r} twice, allowed is one role for a column: "
        "key, label, facet, time or personal data"
        for name in sorted({name for name in once if once.count(name) > 1})
    ]
    faults += [
        f"{file}: data.features.{name}: the key, the label, a facet, the time or personal data "
        "is never a feature"
        for name in sorted(never & set(data.features))
    ]
    faults += [
        f"{file}: gate.bias.{facet}: found a facet that data.facets does not list, "
        f"allowed is one of {list(data.facets)}"
        for facet in sorted(set(spec.gate.bias) - set(data.facets))
    ]
    if "score" in spec.columns:
        faults.append(f"{file}: data: found a column 'score', allowed is another name: a run's own")
    faults += [f"{file}: {fault}" for fault in _of_groups(spec)]
    if spec.train.max_wait < spec.train.quiet_period:
        faults.append(f"{file}: train.max_wait: found less than quiet_period, allowed is more")
    faults += [f"{file}: {fault}" for fault in contradictions(spec.serve, spec.rollout)]
    faults += [f"{file}: {fault}" for fault in monitoring_contradictions(spec)]
    return faults


def _of_groups(spec: ModelSpec) -> Iterator[str]:
    """What conditional bias metrics are conditional on must be known, and be something else."""
    never = {spec.data.key, spec.data.label, *spec.data.pii}
    for facet, rule in spec.gate.bias.items():
        key = f"gate.bias.{facet}"
        if rule.group in {facet, *never}:
            yield (
                f"{key}.group: found {rule.group!r}, allowed is a column other than the facet "
                "itself, the key, the label and personal data"
            )
        needing = [name for name in CONDITIONAL if name in rule.max_abs and not rule.group]
        if needing:
            yield f"{key}.group: missing, allowed is a column name: {needing[0]} needs it"


def _overlaps(specs: dict[str, ModelSpec]) -> list[str]:
    ordered = sorted(specs.values(), key=lambda spec: spec.data.prefix)
    return [
        f"{right.name}.toml: data.prefix: found {right.data.prefix!r}, which overlaps with "
        f"{left.data.prefix!r} of {left.name}.toml; allowed are prefixes apart from each other"
        for left, right in pairwise(ordered)
        if right.data.prefix.startswith(left.data.prefix)
    ]
