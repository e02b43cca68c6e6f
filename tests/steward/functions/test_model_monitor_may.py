"""What schedules of Model Monitor need, the template's roles allow, and no more than that.

The demo's model is watched by Steward's own jobs, so that tests/story never sees these calls.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from local_aws.authorization import sagemaker
from local_aws.authorization.policy import Call, Policies, statements_of
from local_aws.deploy.intrinsics import Resolver
from tests.architecture.test_template import ROLES, template
from tests.privilege import needless
from tests.steward.builders import ACCOUNT, REGION
from tests.steward.functions.house import PREFIX, House
from tests.steward.functions.test_model_monitor import KINDS, UNEM, executed, next_serves, publish

# What only this source of reports needs: statements of the two roles, and one action of another.
OURS = (
    "drift#FindMonitorJobs", "drift#KeepSchedules", "drift#SeeExecutions",
    "rollout#RetireSchedules", "drift#PlanMonitors",
    "rollout#FindEndpoint sagemaker:ListMonitoringSchedules",
)  # fmt: skip
# What the same statements allow for Steward's own jobs: seen in tests/story.
STEWARDS = ("sagemaker:ListProcessingJobs", "/plan.json")
S3 = {"HeadObject": "GetObject", "ListObjectsV2": "ListBucket"}

type Watch = Callable[[str], None]


@pytest.fixture
def watch(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Watch:
    """Says who watches all kinds from now on: model-monitor or steward."""
    monkeypatch.setenv("STEWARD_MODELS", str(tmp_path))
    usual = (root / "models" / "mortgage.toml").read_text(encoding="utf-8")

    def by(source: str) -> None:
        text = re.sub(r"(?m)^kinds = .*$", f"kinds = [{KINDS}]", usual)
        text = text.replace('source = "steward"', f'source = "{source}"')
        (tmp_path / "mortgage.toml").write_text(text, encoding="utf-8")

    return by


@pytest.fixture
def calls(house: House, monkeypatch: pytest.MonkeyPatch) -> Iterator[set[Call]]:
    """All that functions ask SageMaker and S3 for, as what their roles must be allowed."""
    seen: set[Call] = set()
    at_work: list[str] = []
    deliver = house.deliver

    def delivered(concern: str, *events: Any, times: int = 3) -> int:
        at_work.append(concern)
        left = deliver(concern, *events, times=times)
        at_work.pop()
        return left

    def noted(params: dict[str, Any], model: Any, **_: object) -> None:
        if at_work:
            seen.update(
                Call(at_work[-1], action, resource, context)
                for action, resource, context in _needs(model, params)
            )

    monkeypatch.setattr(house, "deliver", delivered)
    clients = (house.aws.sagemaker, house.aws.s3)
    for client in clients:
        client.meta.events.register("provide-client-params.*", noted)
    yield seen
    for client in clients:
        client.meta.events.unregister("provide-client-params.*", noted)


def _needs(model: Any, params: dict[str, Any]) -> Iterator[sagemaker.Need]:
    if model.service_model.service_name == "sagemaker":
        yield from sagemaker.needs(model.name, params)
        return
    thing = "/".join(params[name] for name in ("Bucket", "Key") if name in params)
    yield f"s3:{S3.get(model.name, model.name)}", f"arn:aws:s3:::{thing}", ()


def allowed() -> Policies:
    """What the template allows the functions drift and rollout."""
    names = {"Partition": "aws", "Region": REGION, "AccountId": ACCOUNT}
    constants = {f"AWS::{name}": value for name, value in names.items()}
    constants |= {"Prefix": PREFIX, "ExistingLandingBucket": ""}
    arns = {"ExecutionRole": f"arn:aws:iam::{ACCOUNT}:role/{PREFIX}-execution-{REGION}"}
    made = Resolver(template(), constants, lambda name: name, lambda name, _: arns.get(name, name))
    return Policies(
        {
            concern: statements_of(
                concern,
                made.value(ROLES[f"{concern.title()}Role"]["Policies"][0]["PolicyDocument"]),
            )
            for concern in ("drift", "rollout")
        },
        {},
    )


def test_schedules_need_what_the_template_allows_and_nothing_less(
    house: House, watch: Watch, calls: set[Call]
) -> None:
    watch("model-monitor")
    publish(house)
    house.serving(1)
    for _ in range(2):
        house.look("drift")
        house.sagemaker.settle_schedules()
    house.deliver("drift", executed(house, UNEM))
    house.look("drift")
    next_serves(house)
    for _ in range(2):
        house.look("drift")
        house.sagemaker.settle_schedules()
    watch("steward")
    house.look("drift")
    watch("model-monitor")
    house.look("drift")
    house.sagemaker.settle_schedules("Failed", "no such role")
    house.look("drift")
    house.deliver("rollout", house.order("retire"))
    house.look("drift")
    policies = allowed()
    decided = {
        call: policies.decide(call).allowed for call in calls if call.principal in policies.identity
    }
    assert [call for call, may in decided.items() if not may] == []
    idle = {part for part in needless(policies, decided) if part.startswith(OURS)}
    assert [part for part in idle if not part.endswith(STEWARDS)] == []
