"""The models of the simulations: the example, and others with other ways of rolling out."""

from dataclasses import replace
from datetime import timedelta

from steward.spec.model import ModelSpec, RolloutSpec
from tests.simulation.house import mortgage

# Its versions come from runs: without what a run writes down there is nothing to compare with.
WATCHED = "watched"
_MINUTE = timedelta(minutes=1)


def _model(name: str, rollout: RolloutSpec, **changes: object) -> ModelSpec:
    usual = mortgage()
    data = replace(usual.data, prefix=f"{name}/incoming/")
    train = replace(usual.train, quiet_period=3 * _MINUTE, max_wait=20 * _MINUTE)
    monitor = replace(usual.monitor, outcomes=f"{name}/outcomes/")
    # Else most versions would be held: another one serves than they were compared with.
    gate = replace(usual.gate, stale="allow")
    whole = replace(
        usual, name=name, data=data, train=train, gate=gate, rollout=rollout, monitor=monitor
    )
    return replace(whole, **changes)  # type: ignore[arg-type]


def every() -> list[ModelSpec]:
    """All at once, without a bake; a canary; linear, without evidence; watched by Model Monitor."""
    usual = replace(mortgage().rollout, min_requests=30, bake=3 * _MINUTE)
    plain = replace(usual, strategy="all-at-once", bake=timedelta(0), autoscaling=None)
    linear = replace(usual, strategy="linear", on_no_evidence="promote", size_percent=50)
    kinds = ("data_quality", "model_quality")
    monitor = replace(mortgage().monitor, source="model-monitor", kinds=kinds)
    return [
        _model("plain", plain),
        _model("mortgage", usual),
        _model("linear", linear, gate=replace(mortgage().gate, mode="auto", stale="allow")),
        _model(WATCHED, plain, monitor=replace(monitor, outcomes="watched/outcomes/")),
    ]
