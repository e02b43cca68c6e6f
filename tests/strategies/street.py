"""Four models on one embedded AWS, each rolled out by its strategy under concurrent requests."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import boto3
import pytest
from botocore.config import Config

from cli import repository
from cli.local import embedded, target
from cli.orders import adopt
from cli.people import people
from local_aws.client import LocalAws
from steward.aws import Aws
from steward.decide.rollout_facts import Rollout
from steward.names import Names
from steward.observe.rollout import read_rollout
from steward.record.store import Store
from steward.spec.read import read_all
from tests.strategies.models import ENVIRONMENT, INSTANCES, STRATEGIES, archive, file_of, name_of

CLIENTS, AT_ONCE, AT_LEAST = 8, 40, 2000
IMAGE = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/sagemaker-scikit-learn:1"
_MOST_JUMPS = 600


@dataclass
class Case:
    """What became of one rollout: who answered while what was live, and what was lost.

    `wrong` holds answers of versions that were not live; `stages` counts the requests of each stage
    of the deployment that met the new version and the old one.
    """

    model: str
    answers: Counter[int] = field(default_factory=Counter)
    failed: Counter[int] = field(default_factory=Counter)
    lost: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    stages: dict[str, Counter[str]] = field(default_factory=dict)
    served: list[int] = field(default_factory=list)
    last: Rollout | None = None

    @property
    def shares(self) -> list[float]:
        """The new version's share of the requests, stage by stage."""
        return [one["new"] / one.total() for one in self.stages.values()]

    @property
    def requests(self) -> int:
        return self.answers.total() + self.failed.total() + len(self.lost)


@dataclass(frozen=True)
class Moment:
    """Which versions are live, and which stage of a deployment goes on, if any."""

    live: frozenset[int]
    stage: str


class Street:
    """The four models."""

    def __init__(self, local: LocalAws) -> None:
        self.local, self.target, self.aws = local, target(local), Aws()
        self.store = Store(self.aws, self.target.lineage_table, self.target.work_table)
        # A busy machine answers late, and a late answer is not lost.
        config = Config(
            max_pool_connections=CLIENTS, retries={"total_max_attempts": 1}, read_timeout=300
        )
        self._runtime = boto3.client("sagemaker-runtime", config=config)
        self._approver = people(self.target)["approver"].session.client("sagemaker")
        self._asked = 0

    def names(self, model: str) -> Names:
        return Names(self.target.prefix, model)

    def approve(self, model: str, version: int, failing: float) -> None:
        """Register a version by hand, and approve it."""
        uri = self._artifact(model, version, failing)
        made = self.aws.sagemaker.create_model_package(
            ModelPackageGroupName=self.names(model).group,
            ModelApprovalStatus="PendingManualApproval",
            InferenceSpecification={
                "Containers": [
                    {
                        "Image": IMAGE,
                        "ModelDataUrl": uri,
                        "Environment": ENVIRONMENT,
                    }
                ],
                "SupportedContentTypes": ["text/csv"],
                "SupportedResponseMIMETypes": ["text/csv"],
            },
        )
        self.local.settle()
        self._say_yes(made["ModelPackageArn"])

    def _artifact(self, model: str, version: int, failing: float) -> str:
        bucket, key = self.target.artifact_bucket, f"models/{model}/v{version}/model.tar.gz"
        self.aws.s3.put_object(Bucket=bucket, Key=key, Body=archive(version, failing))
        return f"s3://{bucket}/{key}"

    def _say_yes(self, arn: str) -> None:
        self._approver.update_model_package(
            ModelPackageArn=arn,
            ModelApprovalStatus="Approved",
            ApprovalDescription="override: made for this test",
        )
        self.local.settle()

    def adopt(self, model: str) -> None:
        """Somebody has made the endpoint by hand; Steward takes it over as version 1."""
        sagemaker, name = self.aws.sagemaker, self.names(model).endpoint
        sagemaker.create_model(
            ModelName="theirs",
            ExecutionRoleArn=self.target.execution_role,
            PrimaryContainer={
                "Image": IMAGE,
                "ModelDataUrl": self._artifact(model, 1, failing=0.0),
                "Environment": ENVIRONMENT,
            },
        )
        sagemaker.create_endpoint_config(
            EndpointConfigName="handmade",
            ProductionVariants=[
                {
                    "VariantName": "blue",
                    "ModelName": "theirs",
                    "InstanceType": "ml.m7i.large",
                    "InitialInstanceCount": INSTANCES,
                }
            ],
        )
        sagemaker.create_endpoint(EndpointName=name, EndpointConfigName="handmade")
        waiter = sagemaker.describe_endpoint
        self._until(lambda: waiter(EndpointName=name)["EndpointStatus"] == "InService")
        specs = read_all(repository.MODELS)
        assert adopt(self.target, specs, name, "it was here first") == (1, "handmade")
        self._until(lambda: self._ended(model, 1))
        head = f"arn:aws:sagemaker:{self.target.region}:{self.target.account}:model-package"
        self._say_yes(f"{head}/{name}/1")

    def first(self) -> None:
        """Version 1 of each model comes to serve; that of the last one did before Steward."""
        for strategy in STRATEGIES[:-1]:
            self.approve(name_of(strategy), 1, failing=0.0)
        self.adopt(name_of(STRATEGIES[-1]))
        models = [name_of(strategy) for strategy in STRATEGIES]
        self._until(lambda: all(self._ended(model, 1) for model in models))

    def round(self, version: int, rollout: int, failing: float, *, alarms: bool) -> dict[str, Case]:
        """The same version of all four models is approved and rolled out, with traffic."""
        cases = {strategy: Case(name_of(strategy)) for strategy in STRATEGIES}
        for case in cases.values():
            self.approve(case.model, version, failing)
        if not alarms:
            self._switch_off(rollout)
        with ThreadPoolExecutor(CLIENTS) as pool:
            for _ in range(_MOST_JUMPS):
                left = [one for one in cases.values() if not self._ended(one.model, rollout)]
                if not left:
                    break
                self._pass(pool, left, version)
            for case in cases.values():
                while case.requests < AT_LEAST:
                    self._pass(pool, [case], version, jump=False)
        for case in cases.values():
            case.last = read_rollout(self.store, case.model)
            rows = self.store.query(
                self.store.lineage, f"serving#{self.names(case.model).endpoint}"
            )
            case.served = [int(next(iter(row["versions"]))) for row in rows]  # type: ignore[call-overload]
        return cases

    def _switch_off(self, rollout: int) -> None:
        """Nobody but SageMaker knows then that these alarms were named to it."""
        for strategy in STRATEGIES:
            names = self.names(name_of(strategy))
            self.aws.cloudwatch.delete_alarms(AlarmNames=names.alarms(rollout))

    def _pass(
        self, pool: ThreadPoolExecutor, cases: list[Case], version: int, *, jump: bool = True
    ) -> None:
        """Requests of concurrent clients while the clock moves on."""
        before = {case.model: self._moment(case.model) for case in cases}
        asked = {
            case.model: [pool.submit(self._ask, case.model) for _ in range(AT_ONCE)]
            for case in cases
        }
        if jump:
            self.local.jump()
            self.local.settle()
        for case in cases:
            answers = [one.result() for one in asked[case.model]]
            _count(case, answers, before[case.model], self._moment(case.model), version)

    def _ask(self, model: str) -> tuple[str, str]:
        """What became of one request: answered, failed or lost, and the words."""
        self._asked += 1
        body = f"{self._asked % 100 / 100:.2f}"
        try:
            answer = self._runtime.invoke_endpoint(
                EndpointName=self.names(model).endpoint,
                ContentType="text/csv",
                Accept="text/csv",
                Body=body,
            )
            return "answered", answer["Body"].read().decode()
        except self._runtime.exceptions.ModelError as error:
            return "failed", str(error)
        except Exception as error:  # noqa: BLE001  # whatever it is, the request is lost
            return "lost", repr(error)

    def _moment(self, model: str) -> Moment:
        names = self.names(model)
        found = self.aws.sagemaker.describe_endpoint(EndpointName=names.endpoint)
        # What was adopted is version 1.
        live: set[int | None] = {names.version_of(found["EndpointConfigName"]) or 1}
        pending = found.get("PendingDeploymentSummary")
        stage = ""
        for variant in pending.get("ProductionVariants", []) if pending else []:
            for status in variant.get("VariantStatus", []):
                if status["Status"] in ("ActivatingTraffic", "Baking") and pending:
                    live.add(names.version_of(pending["EndpointConfigName"]))
                if status["Status"] == "Baking":
                    stage = str(status["StartTime"])
        return Moment(frozenset(one for one in live if one), stage)

    def _ended(self, model: str, rollout: int) -> bool:
        last = read_rollout(self.store, model)
        return last is not None and last.number >= rollout and not last.open

    def _until(self, reached: Callable[[], bool]) -> None:
        for _ in range(_MOST_JUMPS):
            self.local.settle()
            if reached():
                return
            self.local.jump()
        raise AssertionError("the clock was moved on for nothing")


def _count(
    case: Case, answers: list[tuple[str, str]], before: Moment, after: Moment, version: int
) -> None:
    for kind, words in answers:
        found = re.search(r"version (\d+)", words)
        if kind == "lost" or found is None:
            case.lost.append(words)
            continue
        number = int(found[1])
        (case.answers if kind == "answered" else case.failed)[number] += 1
        if number not in before.live | after.live:
            case.wrong.append(f"version {number} answered while {sorted(before.live)} were live")
        if before.stage and before == after:
            stage = case.stages.setdefault(before.stage, Counter())
            stage["new" if number == version else "old"] += 1


@contextmanager
def open_street(folder: Path) -> Iterator[Street]:
    """The four models on an embedded AWS of their own."""
    files = {name_of(strategy): file_of(strategy) for strategy in STRATEGIES}
    with of_models(folder, files, repository.TEMPLATE.read_text()) as local:
        yield Street(local)


@contextmanager
def of_models(folder: Path, files: Mapping[str, str], template: str) -> Iterator[LocalAws]:
    """The repository with other models' files and this template, on an embedded AWS of its own."""
    here = folder / "repository"
    (here / "models").mkdir(parents=True)
    for path in repository.ROOT.iterdir():
        if path.name not in ("models", "template.yaml", ".git", ".steward", "build"):
            (here / path.name).symlink_to(path)
    # A link would lead back to the repository's own models.
    (here / "template.yaml").write_text(template)
    for name, text in files.items():
        (here / "models" / f"{name}.toml").write_text(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(repository, "MODELS", here / "models")
        patch.setattr(repository, "TEMPLATE", here / "template.yaml")
        with embedded(folder / "aws") as local:
            yield local
