"""What `[serve]` and `[rollout]` may say, and what they may not say together."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from steward.errors import BadSpec
from steward.spec.model import AlarmsSpec, AutoscalingSpec, Freeze, ModelSpec, ServeSpec
from steward.spec.read import read
from tests.steward.builders import minutes
from tests.steward.spec.test_read import MINIMAL

INSTANCES = '[serve]\ninstance_type = "ml.m7i.large"\ninstances = 4\n'
SERVERLESS = '[serve]\nkind = "serverless"\nmemory_mb = 2048\nmax_concurrency = 20\n'
ASYNC = '[serve]\nkind = "async"\ninstance_type = "ml.m7i.large"\ninstances = 2\n'


class House:
    """Writes a small model's file with these tables, and reads it."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "small.toml"

    def spec(self, serve: str, rollout: str = "") -> ModelSpec:
        head = MINIMAL.partition("[serve]")[0]
        self.path.write_text(f"{head}{serve}\n{rollout}")
        return read(self.path)

    def faults(self, serve: str, rollout: str) -> list[str]:
        with pytest.raises(BadSpec) as bad:
            self.spec(serve, rollout)
        return [fault.removeprefix("small.toml: ") for fault in bad.value.faults]


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def test_everything_can_be_said(house: House) -> None:
    rollout = house.spec(
        INSTANCES,
        """
        [rollout]
        strategy = "canary"
        size_percent = 50
        bake = "10m"
        termination_wait = "2m"
        timeout = "2h"
        min_requests = 7
        on_no_evidence = "promote"
        keep_configs = 1
        freeze = [{ from = "2026-12-20T00:00Z", to = "2027-01-04T00:00Z" }]
        [rollout.alarms]
        error_rate = 0.05
        model_error_rate = 0.02
        p99_ms = 500
        [rollout.autoscaling]
        min = 4
        max = 8
        invocations_per_instance = 600
        [rollout.capture]
        percent = 50
        """,
    ).rollout
    assert (rollout.strategy, rollout.size_percent, rollout.bake) == ("canary", 50, minutes(10))
    assert rollout.alarms == AlarmsSpec(0.05, 0.02, 500)
    assert rollout.autoscaling == AutoscalingSpec(4, 8, 600)
    window = Freeze(datetime(2026, 12, 20, tzinfo=UTC), datetime(2027, 1, 4, tzinfo=UTC))
    assert rollout.freeze == (window,)
    assert (rollout.min_requests, rollout.on_no_evidence) == (7, "promote")
    assert (rollout.keep_configs, rollout.capture_percent) == (1, 50)


def test_what_is_not_said_is_careful(house: House) -> None:
    rollout = house.spec(INSTANCES).rollout
    assert (rollout.strategy, rollout.bake) == ("all-at-once", minutes(5))
    assert (rollout.on_no_evidence, rollout.min_requests) == ("rollback", 50)
    assert rollout.alarms == AlarmsSpec(None, None, None)
    assert rollout.autoscaling is None


def test_a_serverless_fleet_has_no_guardrails_and_captures_nothing(house: House) -> None:
    spec = house.spec(SERVERLESS)
    assert spec.serve == ServeSpec("serverless", memory_mb=2048, max_concurrency=20)
    assert (spec.rollout.bake, spec.rollout.termination_wait) == (minutes(0), minutes(0))
    assert spec.rollout.capture_percent == 0


def test_an_asynchronous_fleet_has_instances(house: House) -> None:
    spec = house.spec(ASYNC, '[rollout]\nstrategy = "canary"\nsize_percent = 50')
    assert (spec.serve.kind, spec.serve.instances) == ("async", 2)
    assert spec.rollout.capture_percent == 0


@pytest.mark.parametrize(
    ("serve", "rollout", "fault"),
    [
        (INSTANCES, 'bake = "2m"', "rollout.bake: found 0:02:00, allowed is 3m or more"),
        (INSTANCES, 'strategy = "linear"\nbake = "0s"', "rollout.bake: found 0:00:00, allowed is"),
        (INSTANCES, 'strategy = "linear"\nsize_percent = 9', "rollout.size_percent: found 9"),
        (INSTANCES, 'strategy = "rolling"\nsize_percent = 4', "rollout.size_percent: found 4"),
        (INSTANCES, 'strategy = "canary"\nsize_percent = 51', "rollout.size_percent: found 51"),
        (INSTANCES, 'strategy = "rolling"\ntermination_wait = "1m"', "rollout.termination_wait: "),
        (INSTANCES, 'timeout = "10m"\nbake = "1h"', "rollout.timeout: found 0:10:00, allowed is"),
        (INSTANCES, 'strategy = "linear"\nsize_percent = 10\ntimeout = "20m"', "rollout.timeout"),
        (INSTANCES.replace("4", "1"), 'strategy = "canary"', "serve.instances: found 1, allowed"),
        (INSTANCES, "freeze = 3", "rollout.freeze: found 3, allowed is a list of tables"),
        (
            INSTANCES,
            'freeze = [{ from = "noon", to = "2027-01-01" }]',
            "rollout.freeze.from: found",
        ),
        (INSTANCES, "freeze = [{ from = 2026-12-20, to = 3 }]", "rollout.freeze.from: found"),
        (INSTANCES, 'freeze = [{ from = "2027-01-02", to = "2027-01-01" }]', "rollout.freeze: f"),
        (INSTANCES, 'freeze = [{ to = "2027-01-01" }]', "rollout.freeze.from: missing, allowed"),
        (INSTANCES, "[rollout.alarms]\nerror_rate = 1", "rollout.alarms.error_rate: found 1"),
        (INSTANCES, "[rollout.alarms]\np99_ms = 0", "rollout.alarms.p99_ms: found 0, allowed is"),
        (INSTANCES, "[rollout.alarms]\nlatency = 1", "rollout.alarms.latency: unknown key"),
        (INSTANCES, "[rollout.autoscaling]\nmin = 1", "rollout.autoscaling.max: missing"),
        (
            INSTANCES,
            "[rollout.autoscaling]\nmin = 5\nmax = 4\ninvocations_per_instance = 9",
            "rollout.autoscaling.min: found 5, allowed is max or less",
        ),
        (
            INSTANCES,
            "[rollout.autoscaling]\nmin = 5\nmax = 8\ninvocations_per_instance = 9",
            "serve.instances: found 4, allowed is a number from rollout.autoscaling.min (5)",
        ),
        (SERVERLESS, 'strategy = "canary"', "rollout.strategy: serve.kind 'serverless' has no"),
        (SERVERLESS, 'bake = "5m"', "rollout.bake: serve.kind 'serverless' has no deployment"),
        (SERVERLESS, "[rollout.alarms]\nerror_rate = 0.1", "rollout.alarms: serve.kind"),
        (SERVERLESS, "[rollout.capture]\npercent = 1", "rollout.capture.percent: found 1, allowed"),
        (ASYNC, "[rollout.capture]\npercent = 1", "rollout.capture.percent: found 1, allowed is 0"),
        (SERVERLESS.replace("2048", "100"), "", "serve.memory_mb: found 100, allowed is"),
        (SERVERLESS + "instances = 3\n", "", "serve.instances: unknown key"),
    ],
)
def test_is_refused(house: House, serve: str, rollout: str, fault: str) -> None:
    assert house.faults(serve, f"[rollout]\n{rollout}")[0].startswith(fault)


def test_all_faults_are_told_together(house: House) -> None:
    found = house.faults(
        SERVERLESS, '[rollout]\nstrategy = "canary"\nbake = "5m"\n[rollout.capture]\npercent = 9'
    )
    assert [fault.partition(":")[0] for fault in found] == [
        "rollout.capture.percent", "rollout.strategy", "rollout.bake",
    ]  # fmt: skip
