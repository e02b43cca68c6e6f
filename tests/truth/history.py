"""A random history: people, AWS and time do things to two models, in an order that a seed gives."""

import json
import random
import re
from collections import Counter
from collections.abc import Callable, Sequence

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from cli import repository
from cli.local import target
from cli.orders import Ordering, rollback
from cli.people import people
from cli.target import Refused
from local_aws.client import LocalAws
from steward.aws import Aws
from steward.names import Names
from steward.record.store import Store
from steward.spec.read import read_all
from tests.story.dumps import queues
from tests.strategies.models import ENVIRONMENT, archive, name_of
from tests.strategies.street import IMAGE

REQUESTS = 6
# How often each thing happens, in comparison with the others.
_HAPPENS = {
    "ask": 60,
    "let_time_pass": 40,
    "register": 24,
    "approve": 10,
    "reject": 8,
    "abort": 6,
    "pause": 3,
    "resume": 12,
    "retire": 2,
    "roll_back": 5,
    "update_by_hand": 6,
    "delete_by_hand": 2,
    "repeat_events": 6,
    "lose_events": 6,
}
_WAITS = (20, 60, 90, 180)
_GOOD, _BAD, _BROKEN = "good", "bad", "broken"
_KINDS = {_GOOD: 7, _BAD: 2, _BROKEN: 1}
# A fleet that is to run this never answers its first ping.
_ABSENT = {"SAGEMAKER_PROGRAM": "absent.py"}


class History:
    """What happened so far: `said` in words, and `answered` by whom each request was, by its id."""

    def __init__(self, local: LocalAws, seed: int, strategies: Sequence[str]) -> None:
        self.local, self.target, self.aws = local, target(local), Aws()
        self.store = Store(
            self.aws, self.target.lineage_table, self.target.work_table, self.target.artifact_bucket
        )
        self.models = [name_of(strategy) for strategy in strategies]
        self.said: list[str] = []
        self.answered: dict[str, tuple[str, int]] = {}
        self._seed, self._random = seed, random.Random(seed)  # noqa: S311 - no secret
        self._specs = read_all(repository.MODELS)
        self._approver = people(self.target)["approver"].session.client("sagemaker")
        self._runtime = boto3.client(
            "sagemaker-runtime", config=Config(retries={"total_max_attempts": 1})
        )
        self._events, self._sqs = boto3.client("events"), boto3.client("sqs")
        self._arns: dict[str, list[str]] = {model: [] for model in self.models}
        self._held: set[str] = set()
        self._lost: dict[str, int] = {}  # rules whose events are lost, and for how long still
        self._asked = 0

    def names(self, model: str) -> Names:
        return Names(self.target.prefix, model)

    def begin(self) -> None:
        """Requests to what is not there yet, and a first version of each model."""
        self.ask(self.models[0])
        for model in self.models:
            self.register(model, _GOOD)

    def go_on(self) -> None:
        """One more thing happens, which one does not hang on what became of those before."""
        step = f"{self._seed}/{len(self.said)}"
        self._random = random.Random(step)  # noqa: S311 - no secret
        self._find_again()
        what = self._random.choices(list(_HAPPENS), list(_HAPPENS.values()))[0]
        model = self._random.choice(self.models)
        event: Callable[[str], str | None] = getattr(self, what)
        said = event(model)
        self.said.append(f"{len(self.said) + 1}. {what} {model}: {said or 'impossible'}")
        self.local.settle()

    def end(self) -> None:
        """Nothing more is done or lost, and everything under way ends."""
        self._find_again(all_of_them=True)
        for model in sorted(self._held):
            self.resume(model)
        # The last look at every model is a quarter of an hour away at most.
        for _ in range(8):
            self.ask(self.models[0])
            self.local.advance(120)

    # ---- what people do

    def register(self, model: str, kind: str = "") -> str:
        kind = kind or self._random.choices(list(_KINDS), list(_KINDS.values()))[0]
        version = len(self._arns[model]) + 1
        bucket, key = self.target.artifact_bucket, f"models/{model}/v{version}/model.tar.gz"
        body = archive(version, failing=0.6 if kind == _BAD else 0.0)
        self.aws.s3.put_object(Bucket=bucket, Key=key, Body=body)
        container = {
            "Image": IMAGE,
            "ModelDataUrl": f"s3://{bucket}/{key}",
            "Environment": ENVIRONMENT | (_ABSENT if kind == _BROKEN else {}),
        }
        made = self.aws.sagemaker.create_model_package(
            ModelPackageGroupName=self.names(model).group,
            ModelApprovalStatus="PendingManualApproval",
            InferenceSpecification={
                "Containers": [container],  # type: ignore[list-item]
                "SupportedContentTypes": ["text/csv"],
                "SupportedResponseMIMETypes": ["text/csv"],
            },
        )
        self._arns[model].append(made["ModelPackageArn"])
        self.local.settle()
        approved = version == 1 or self._random.random() < 0.7
        if approved:
            self._say(made["ModelPackageArn"], "Approved")
        return f"version {version}, {kind}{', approved' if approved else ''}"

    def approve(self, model: str) -> str:
        return self._say(self._random.choice(self._arns[model]), "Approved")

    def reject(self, model: str) -> str:
        """What serves, as often as any other version."""
        live = self._serves(model)
        arns = self._arns[model]
        if live and self._random.random() < 0.5:
            return self._say(arns[live - 1], "Rejected")
        return self._say(self._random.choice(arns), "Rejected")

    def _say(self, arn: str, status: str) -> str:
        self._approver.update_model_package(
            ModelPackageArn=arn,
            ModelApprovalStatus=status,  # type: ignore[arg-type]
            ApprovalDescription=f"override: word {self._random.randrange(10**6)}",
        )
        return f"{status} {arn.rpartition('/')[2]}"

    def abort(self, model: str) -> str:
        return self._order(model, "abort")

    def pause(self, model: str) -> str:
        self._held.add(model)
        return self._order(model, "pause")

    def retire(self, model: str) -> str:
        self._held.add(model)
        return self._order(model, "retire")

    def resume(self, model: str) -> str:
        model = next(iter(sorted(self._held)), model)
        self._held.discard(model)
        return f"{model} {self._order(model, 'resume')}"

    def _order(self, model: str, order: str) -> str:
        self._ordering(model).send(order)
        return "ordered"

    def roll_back(self, model: str) -> str | None:
        try:
            rejected = rollback(self._ordering(model), None)
        except Refused:
            return None
        return f"rejected {rejected}"

    def _ordering(self, model: str) -> Ordering:
        return Ordering(self.target, self._specs[model], "it came up")

    def update_by_hand(self, model: str) -> str | None:
        """Somebody brings a config of ours to serve that is not the one that does."""
        live, configs = self._serves(model), self._configs(model)
        others = [name for name in configs if self.names(model).version_of(name) != live]
        # Of two in a row while no event arrives, the first one leaves no mark anywhere on AWS.
        if live is None or not others or self._lost:
            return None
        config = self._random.choice(others)
        self.aws.sagemaker.update_endpoint(
            EndpointName=self.names(model).endpoint, EndpointConfigName=config
        )
        return config

    def delete_by_hand(self, model: str) -> str | None:
        if self._serves(model) is None:
            return None
        self.aws.sagemaker.delete_endpoint(EndpointName=self.names(model).endpoint)
        return "deleted"

    def ask(self, model: str) -> str:
        """Requests, to an endpoint that bakes if one does."""
        model = self._baking() or model
        answers = Counter(self._answer(model) for _ in range(REQUESTS))
        return f"{model} {dict(answers)}"

    def _answer(self, model: str) -> str:
        self._asked += 1
        identity = f"request-{self._asked}"
        try:
            answer = self._runtime.invoke_endpoint(
                EndpointName=self.names(model).endpoint,
                ContentType="text/csv",
                Accept="text/csv",
                Body=f"{self._random.random():.3f}",
                InferenceId=identity,
            )
        except ClientError as refused:
            return refused.response["Error"]["Code"]
        words = answer["Body"].read().decode()
        found = re.fullmatch(r"version (\d+)", words)
        assert found, words
        self.answered[identity] = model, int(found[1])
        return words

    # ---- what AWS does

    def let_time_pass(self, model: str) -> str:
        del model
        seconds = self._random.choice(_WAITS)
        self.local.advance(seconds)
        return f"{seconds} s"

    def repeat_events(self, model: str) -> str:
        """Some events of the last minutes are delivered once more, in any order."""
        del model
        urls = queues()
        recent = [one for one in self.local.events() if "steward-sweep" not in one["matched"]][-40:]
        chosen = self._random.sample(recent, min(5, len(recent)))
        for entry in chosen:
            for rule in entry["matched"]:
                kind, where = urls[rule]
                if kind == "queue":
                    self._sqs.send_message(QueueUrl=where, MessageBody=json.dumps(entry["event"]))
        return f"{len(chosen)} again"

    def lose_events(self, model: str) -> str:
        del model
        rule = self._random.choice(("steward-endpoint", "steward-version"))
        self._events.disable_rule(Name=rule)
        self._lost[rule] = self._random.randint(2, 10)
        return f"those of {rule}"

    def _find_again(self, *, all_of_them: bool = False) -> None:
        for rule in list(self._lost):
            self._lost[rule] -= 1
            if all_of_them or not self._lost[rule]:
                self._events.enable_rule(Name=rule)
                del self._lost[rule]

    # ---- what is read

    def _baking(self) -> str | None:
        """A model whose endpoint gives traffic to a new fleet now."""
        for model in self.models:
            found = self._endpoint(model)
            pending = found.get("PendingDeploymentSummary", {}) if found else {}
            for variant in pending.get("ProductionVariants", []):
                if any(one["Status"] == "Baking" for one in variant["VariantStatus"]):
                    return model
        return None

    def _serves(self, model: str) -> int | None:
        """The version that serves, unless the endpoint is moving."""
        found = self._endpoint(model)
        if found is None or found["EndpointStatus"] != "InService":
            return None
        return self.names(model).version_of(found["EndpointConfigName"])

    def _endpoint(self, model: str) -> dict | None:
        try:
            return self.aws.sagemaker.describe_endpoint(EndpointName=self.names(model).endpoint)
        except ClientError:
            return None

    def _configs(self, model: str) -> list[str]:
        found = self.aws.sagemaker.list_endpoint_configs(
            NameContains=f"{self.names(model).group}-v"
        )
        return [one["EndpointConfigName"] for one in found["EndpointConfigs"]]
