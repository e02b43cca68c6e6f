"""The models of the simulations: the example, and others with other ways of rolling out."""

from dataclasses import replace
from datetime import timedelta

from steward.spec.model import ModelSpec, RolloutSpec
from tests.simulation.house import mortgage

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
    """A canary; all at once, without a bake; linear, promoted without evidence; and with a schedule."""
    usual = replace(mortgage().rollout, min_requests=30, bake=3 * _MINUTE)
    plain = replace(usual, strategy="all-at-once", bake=timedelta(0), autoscaling=None)
    linear = replace(usual, strategy="linear", on_no_evidence="promote", size_percent=50)
    monitor = replace(mortgage().monitor, source="model-monitor", kinds=("data_quality",))
    return [
        _model("mortgage", usual),
        _model("plain", plain),
        _model("linear", linear),
        _model("watched", plain, monitor=replace(monitor, outcomes="watched/outcomes/")),
    ]
