"""functions/rollout: serverless and asynchronous fleets, which have no guardrails or no answers."""

from pathlib import Path

import pytest

from tests.steward.functions.house import ARTIFACTS, NAME, House
from tests.steward.functions.parts import approved, row

SERVERLESS = '[serve]\nkind = "serverless"\nmemory_mb = 2048\nmax_concurrency = 20\n\n'
ASYNCHRONOUS = '[serve]\nkind = "async"\ninstance_type = "ml.m7i.large"\ninstances = 4\n\n'
CANARY = '[rollout]\nstrategy = "canary"\n\n'


def serve(house: House, folder: Path, root: Path, patch: pytest.MonkeyPatch, *tables: str) -> None:
    """The model's file says something else under [serve] and [rollout]."""
    text = (root / "models" / "mortgage.toml").read_text()
    head, retrain = text.partition("[serve]")[0], text.partition("[retrain]")[2]
    (folder / "mortgage.toml").write_text(f"{head}{''.join(tables)}[retrain]{retrain}")
    patch.setenv("STEWARD_MODELS", str(folder))
    house.serving(1)
    house.clock.pass_by(minutes=60)
    approved(house, 2, against=1)
    house.look("rollout")


class TestServerless:
    @pytest.fixture
    def serverless(
        self, house: House, tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch
    ) -> House:
        serve(house, tmp_path, root, monkeypatch, SERVERLESS)
        return house

    def test_has_its_size_and_captures_nothing(self, serverless: House) -> None:
        config = serverless.sagemaker.configs[row(serverless)["config_name"]]
        (variant,) = config["ProductionVariants"]
        assert variant["ServerlessConfig"] == {"MemorySizeInMB": 2048, "MaxConcurrency": 20}
        assert "InstanceType" not in variant
        assert "DataCaptureConfig" not in config

    def test_is_updated_without_a_policy_alarms_or_scaling(self, serverless: House) -> None:
        assert serverless.sagemaker.endpoints[NAME]["deployment"] is None
        assert serverless.cloudwatch.alarms == {}
        serverless.sagemaker.settle()
        serverless.look("rollout")
        assert row(serverless)["outcome"] == "served"
        assert serverless.autoscaling.calls == []

    def test_that_is_found_wanting_is_replaced_afterwards(self, serverless: House) -> None:
        serverless.deliver("rollout", serverless.order("abort"))
        assert serverless.cloudwatch.aborted == []
        serverless.sagemaker.settle()
        serverless.look("rollout")
        assert (row(serverless)["version"], row(serverless)["direction"]) == (1, "back")


def test_an_asynchronous_fleet_writes_below_its_version_and_is_guarded(
    house: House, tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    serve(house, tmp_path, root, monkeypatch, ASYNCHRONOUS, CANARY)
    config = house.sagemaker.configs[row(house)["config_name"]]
    output = config["AsyncInferenceConfig"]["OutputConfig"]
    assert output["S3OutputPath"] == f"s3://{ARTIFACTS}/async/mortgage/v2"
    deployment = house.sagemaker.endpoints[NAME]["deployment"]
    routing = deployment["BlueGreenUpdatePolicy"]["TrafficRoutingConfiguration"]
    assert routing["Type"] == "CANARY"
    assert list(house.cloudwatch.alarms) == [f"{NAME}-r2-abort"]
