"""Commands about rollouts: what a plan tells, what a rollback rejects, what people may order."""

from dataclasses import replace

import boto3
import pytest

from cli import repository
from cli.orders import to_reject
from cli.plan import changes, lines
from cli.target import Refused
from steward.act.rollout import plan
from steward.names import Names
from steward.spec.model import AutoscalingSpec, ModelSpec, ServeSpec
from steward.spec.read import read
from tests.cli.conftest import Steward
from tests.steward.builders import (
    approved,
    config,
    endpoint,
    minutes,
    rollout,
    rollout_facts,
    rollout_spec,
    served,
    version,
)  # fmt: skip

NAMES = Names("steward", "mortgage")


def spec(serve: ServeSpec | None = None, **policy: object) -> ModelSpec:
    usual = read(repository.MODELS / "mortgage.toml")
    return replace(usual, serve=serve or usual.serve, rollout=rollout_spec(**policy))


class TestPlan:
    def told(self, **policy: object) -> str:
        return "\n".join(lines(spec(**policy), NAMES))  # type: ignore[arg-type]

    def test_tells_policy_time_instances_and_where_no_brake_is(self) -> None:
        told = self.told()
        assert '"Type": "CANARY"' in told
        assert '"AlarmName": "steward-mortgage-r1-abort"' in told
        assert "traffic is shifted in 2 steps" in told
        assert "waits: 11 minutes at most" in told
        assert "billed meanwhile: up to 8 x ml.m7i.large, 4 at other times" in told
        assert "no brake: on the first deployment" in told
        assert (
            "without at least 50 requests to the new fleet before the end of a bake: roll" in told
        )

    def test_counts_the_most_instances_that_scaling_allows(self) -> None:
        assert "up to 16 x" in self.told(autoscaling=AutoscalingSpec(4, 8, 600))

    def test_of_rolling_counts_a_batch_more(self) -> None:
        assert "up to 5 x" in self.told(strategy="rolling", termination_wait=minutes(0))

    def test_says_that_nothing_brakes_without_a_bake(self) -> None:
        told = self.told(strategy="all-at-once", bake=minutes(0))
        assert "no brake: without a bake no alarm can end a rollout" in told
        assert "AutoRollbackConfiguration" not in told

    def test_of_a_serverless_fleet_has_no_guardrails(self) -> None:
        serverless = ServeSpec("serverless", memory_mb=2048, max_concurrency=5)
        told = "\n".join(lines(spec(serverless), NAMES))
        assert "2048 MB, at most 5 requests at once" in told
        assert "have no deployment guardrails" in told

    def test_tells_what_would_change_of_what_serves(self) -> None:
        def requests(one: ModelSpec) -> dict[str, object]:
            made = plan(NAMES, one, version(1), "AllTraffic", "role", "artifacts")
            return {**made.config}

        smaller = spec(ServeSpec("instances", "ml.m7i.large", 2), capture_percent=0)
        wanted = plan(NAMES, spec(), version(1), "AllTraffic", "role", "artifacts")
        told = list(changes(wanted, requests(smaller)))
        assert "ProductionVariants[0].InitialInstanceCount: 2 -> 4" in told
        assert "DataCaptureConfig.InitialSamplingPercentage: absent -> 100" in told
        assert list(changes(wanted, requests(spec()))) == []

    @pytest.mark.usefixtures("aws")
    def test_is_told_before_anything_serves(self, steward: Steward) -> None:
        ran = steward("plan", "mortgage")
        assert ran.code == 0
        assert ran.out.endswith("against what serves now: nothing of Steward's serves\n")

    def test_of_no_model_is_refused(self, steward: Steward) -> None:
        ran = steward("plan", "nothing")
        assert (ran.code, ran.out) == (2, "")
        assert "There is no models/nothing.toml" in ran.err


class TestRollback:
    LAST = rollout(3, state="closed", outcome="served", live=config(3), highest=3)

    def test_rejects_what_serves(self) -> None:
        facts = rollout_facts(served(1), served(2), served(3), live=endpoint(3), last=self.LAST)
        assert to_reject(facts, None) == [3]

    def test_further_back_rejects_what_stands_between(self) -> None:
        facts = rollout_facts(served(1), served(2), served(3), live=endpoint(3), last=self.LAST)
        assert to_reject(facts, 1) == [3, 2]

    def test_to_what_never_served_is_refused(self) -> None:
        facts = rollout_facts(served(1), approved(2), served(3), live=endpoint(3), last=self.LAST)
        with pytest.raises(Refused, match=r"Version 2 is none to go back to: .* these are: \[1\]"):
            to_reject(facts, 2)

    def test_without_anywhere_to_go_is_refused(self) -> None:
        with pytest.raises(Refused, match="no other approved version has served"):
            to_reject(rollout_facts(served(1), live=endpoint(1)), None)
        with pytest.raises(Refused, match="Nothing of Steward's serves"):
            to_reject(rollout_facts(served(1)), None)


@pytest.mark.usefixtures("aws")
class TestOrders:
    @pytest.mark.parametrize("order", ["abort", "pause", "resume", "retire"])
    def test_reach_the_function(self, steward: Steward, order: str) -> None:
        ran = steward(order, "mortgage", "--why", "a test")
        assert ran.code == 0
        assert f"ordered as arn:aws:iam::123456789012:root: {order} (order " in ran.out
        steward("resume", "mortgage", "--why", "the end of a test")

    def test_need_words(self, steward: Steward) -> None:
        ran = steward("pause", "mortgage")
        assert ran.code == 2
        assert "--why" in ran.err

    def test_of_many_pages_are_refused_before_they_are_sent(self, steward: Steward) -> None:
        ran = steward("pause", "mortgage", "--why", "x" * 5000)
        assert ran.code == 2
        assert "why: found 'xxx" in ran.err
        assert "a text of at most 4096 bytes is needed" in ran.err

    def test_of_an_endpoint_of_no_model_or_of_none_are_refused(self, steward: Steward) -> None:
        ran = steward("adopt", "theirs", "--why", "a test")
        assert ran.code == 2
        assert "theirs is no endpoint of a model's file" in ran.err
        ran = steward("adopt", "steward-mortgage", "--why", "a test")
        assert ran.code == 1
        assert "steward-mortgage is absent" in ran.err

    def test_a_rollback_without_anything_that_serves_is_refused(self, steward: Steward) -> None:
        ran = steward("rollback", "mortgage", "--why", "a test")
        assert ran.code == 1
        assert boto3.client("sqs").list_queues()


def test_how_traffic_is_shifted_is_not_in_the_name_of_what_serves() -> None:
    """So changing a bake time redeploys nothing; changing the fleet does, with the next rollout."""

    def name(one: ModelSpec) -> str:
        return plan(NAMES, one, version(1), "AllTraffic", "role", "artifacts").name

    usual = name(spec())
    assert name(spec(strategy="linear", bake=minutes(30), min_requests=7)) == usual
    assert name(spec(ServeSpec("instances", "ml.m7i.large", 5))) != usual
    assert name(spec(capture_percent=50)) != usual
