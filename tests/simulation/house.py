"""One deployment of the template in memory: its functions run here, on an account of their own."""

import importlib
import json
import os
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, cast

from local_aws.account import ACCOUNT, REGION
from local_aws.events.bus import views
from local_aws.kernel import Event, Measurement
from local_aws.memory.account import Clients, InMemoryAccount
from local_aws.memory.client import Call
from local_aws.memory.deployed import Deployed, Function
from local_aws.memory.items import Json
from local_aws.memory.messages import Message, Queue
from local_aws.memory.rules import Ids
from local_aws.sagemaker.core import Caller
from steward import clock
from steward.aws import Aws
from steward.log import logger, metrics
from steward.names import Names
from steward.record.store import Store
from steward.spec.model import ModelSpec
from steward.spec.read import read
from tests.simulation.stage import Backstage, Script

ROOT = Path(__file__).resolve().parents[2]
PREFIX = "steward"
CONCERNS = ("training", "approval", "rollout", "drift")
FUNCTIONS = (*CONCERNS, "sweep")
MIDNIGHT = datetime(2026, 11, 20, tzinfo=UTC)
ALICE, BOB = (Caller(f"arn:aws:iam::{ACCOUNT}:user/{name}") for name in ("alice", "bob"))

type Interfere = Callable[[str, Call, Callable[[], Json]], Json]


@cache
def deployed() -> Deployed:
    """The template, read once."""
    os.environ.setdefault("AWS_DEFAULT_REGION", REGION)
    return Deployed(ROOT / "template.yaml")


@cache
def apps() -> dict[str, ModuleType]:
    """The functions' modules."""
    return {name: importlib.import_module(f"{name}.app") for name in FUNCTIONS}


@cache
def handlers() -> dict[str, Callable[..., str | None]]:
    """What each function does with a message."""
    return {name: vars(apps()[name])["handle"] for name in CONCERNS}


@cache
def mortgage() -> ModelSpec:
    """The example's file."""
    return read(ROOT / "models" / "mortgage.toml")


@contextmanager
def given_back() -> Iterator[None]:
    """Afterwards the functions' modules, the clock and the environment are as they were before."""
    environment, level = dict(os.environ), logger.level
    kept = [(module, name, vars(module)[name]) for module, name in _taken()]
    try:
        yield
    finally:
        os.environ.clear()
        os.environ |= environment
        logger.setLevel(level)
        vars(metrics).pop("add_metric", None)
        for module, name, value in kept:
            setattr(module, name, value)


def _taken() -> Iterator[tuple[ModuleType, str]]:
    """What a house puts something of its own in the place of."""
    yield clock, "now"
    for module in (importlib.import_module("steward.scope"), apps()["sweep"]):
        yield module, "read_all"
    for name, app in apps().items():
        yield app, "_aws"
        if name in CONCERNS:
            yield app, "handle"


def uninterrupted(_: str, __: Call, answer: Callable[[], Json]) -> Json:
    """No call is interfered with."""
    return answer()


class House:
    """A deployment, its models, and what happens around them."""

    def __init__(
        self,
        script: Script,
        specs: Iterable[ModelSpec],
        interfere: Interfere = uninterrupted,
        *,
        automatic: bool = False,
    ) -> None:
        self.specs = {spec.name: spec for spec in specs}
        self.interfere = interfere
        # Whether a fault has struck since all was quiet.
        self.hurt = False
        stage = Backstage(script)
        self.account = stage.account = InMemoryAccount(MIDNIGHT, stage, *deployed().tables)
        self.world = self.account.world
        deployed().into(self.account)
        self._rules, self._ids = deployed().rules(), Ids(self.world)
        self.world.publish = self._publish
        self.outputs = deployed().outputs
        self.root = cast(Aws, self.account.clients())
        self.store = Store(
            self.root,
            self.outputs["LineageTable"],
            self.outputs["WorkTable"],
            self.outputs["ArtifactBucket"],
        )
        self._automatic = automatic
        self.handled: Callable[[Callable[[], str | None]], str | None] = lambda handle: handle()
        self.enter()
        self._publish_models()

    # ---- putting it in place

    def enter(self) -> None:
        """The functions' modules work on this house from now on."""
        for function in deployed().functions.values():
            os.environ.update(function.environment)
        os.environ |= {
            "ALLOW_AUTOMATIC_APPROVAL": str(self._automatic).lower(),
            "AWS_REGION": REGION,
            "POWERTOOLS_METRICS_DISABLED": "true",
        }
        logger.setLevel("CRITICAL")
        # Powertools prints what was counted a hundred times, told to be silent or not.
        vars(metrics)["add_metric"] = lambda **_: None
        warnings.filterwarnings("ignore", "No application metrics to publish")
        clock.now = lambda: self.now()  # noqa: PLW0108  # a simulation replaces it
        for name, app in apps().items():
            vars(app)["_aws"] = self.clients_of(name)
            if name in CONCERNS:
                vars(app)["handle"] = partial(self._handle, handlers()[name])
        for module in ("steward.scope", "sweep.app"):
            vars(importlib.import_module(module))["read_all"] = lambda _: self.specs

    def _handle(self, handle: Callable[..., str | None], *message: object) -> str | None:
        return self.handled(lambda: handle(*message))

    def clients_of(self, name: str) -> Clients:
        """AWS as a function has it: with its role, and its calls interfered with."""
        role = (
            self.function(name).role.replace(":iam:", ":sts:").replace(":role/", ":assumed-role/")
        )
        return self.account.clients(
            Caller(f"{role}/{PREFIX}-{name}"),
            lambda call, answer: self.interfere(name, call, answer),
        )

    def now(self) -> datetime:
        """The time as functions see it."""
        return self.world.now()

    def _publish_models(self) -> None:
        definition = (ROOT / "pipelines" / "tabular" / "definition.json").read_text()
        sagemaker: Any = self.root.sagemaker
        for model in self.specs:
            name = f"{PREFIX}-{model}"
            sagemaker.create_model_package_group(ModelPackageGroupName=name)
            sagemaker.create_pipeline(
                PipelineName=name,
                ClientRequestToken=name.ljust(32, "-"),
                PipelineDefinition=definition,
                RoleArn=self.outputs["ExecutionRole"],
            )
        files = {name: f"s3://code/{name}" for name in ("tabular.zip", "monitor.zip", "watch.py")}
        body = json.dumps({"image": "sklearn", "files": files | {"preprocess.py": "s3://code/p"}})
        self.write("ArtifactBucket", "published/monitor.json", body.encode())

    def function(self, name: str) -> Function:
        """What the template says of a function."""
        return deployed().functions[f"{PREFIX}-{name}"]

    def queue(self, name: str) -> Queue:
        """The queue that feeds a function."""
        return self.account.sqs.queues[str(self.function(name).queue)]

    def dead(self) -> dict[str, list[Message]]:
        """What lies among dead letters, by queue."""
        queues = self.account.sqs.queues.items()
        dead = {url for url, _ in queues if url.endswith(("-dlq", "-undelivered"))}
        return {url: queue.messages for url, queue in queues if url in dead and queue.messages}

    # ---- events and deliveries

    def _publish(self, event: Event) -> None:
        whole = self._ids.completed(event)
        seen = views(whole)
        for rule in self._rules:
            if rule.wants(seen):
                self.route(rule.name, rule.queue, whole)

    def route(self, rule: str, queue: str, event: Event) -> None:
        """Put an event on the queue of a rule that wants it."""
        del rule
        self.account.sqs.send(queue, json.dumps(event))

    def run(self, name: str, messages: list[Message]) -> set[str]:
        """Hand messages to a function; returns the ids of those that it says failed."""
        batch = {"Records": [_record(one) for one in messages]}
        answer = apps()[name].lambda_handler(batch, SimpleNamespace())
        return {one["itemIdentifier"] for one in answer["batchItemFailures"]}

    def sweep(self, *, full: bool = True) -> None:
        """The minute's sweep; a full one is that of a quarter of an hour."""
        at = self.world.now().strftime("%Y-%m-%dT%H:00:00Z" if full else "%Y-%m-%dT%H:01:00Z")
        apps()["sweep"].lambda_handler({"time": at}, SimpleNamespace())

    def ask(self, name: str, body: Json) -> None:
        """Put a message on a function's queue."""
        self.account.sqs.send(str(self.function(name).queue), json.dumps(body))

    # ---- what people and AWS do

    def write(self, bucket: str, key: str, body: bytes) -> Json:
        """Put an object in a bucket, named by the stack's output."""
        return self.account.s3.put({"Bucket": self.outputs[bucket], "Key": key, "Body": body})

    def upload(self, model: str, name: str, rows: int = 300) -> None:
        """Somebody brings data."""
        spec = self.specs[model]
        columns = list(spec.data.columns)
        lines = [",".join(columns), *[",".join(["1"] * len(columns))] * rows]
        self.write("LandingBucket", spec.data.prefix + name, "\n".join(lines).encode())

    def say(
        self, model: str, version: int, status: str, words: str = "looks good", who: Caller = ALICE
    ) -> None:
        """Somebody sets a version's status in the registry."""
        sagemaker: Any = self.account.clients(who).sagemaker
        sagemaker.update_model_package(
            ModelPackageArn=f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:model-package/"
            f"{PREFIX}-{model}/{version}",
            ModelApprovalStatus=status,
            ApprovalDescription=words,
        )

    def order(self, kind: str, model: str, number: int, **more: object) -> None:
        """Bob orders something."""
        at = self.world.now().strftime("%Y-%m-%dT%H:%M:%SZ")
        body: Json = {"order": kind, "model": model, "by": "bob", "why": "customers complain"}
        self.ask("rollout", body | {"id": f"order-{number}", "at": at} | more)

    def traffic(self, model: str, new: tuple[int, int], old: tuple[int, int] = (300, 3)) -> None:
        """A minute's requests and errors of the fleet in the making, and of the one that serves."""
        endpoint = self.account.sagemaker.endpoints._endpoints.get(Names(PREFIX, model).endpoint)
        pending = endpoint.pending if endpoint else None
        if endpoint is None or pending is None or not pending.stage:
            return
        variant = pending.variants[0].name
        whole = {"EndpointName": endpoint.name, "VariantName": variant}
        fleets = [(whole | {"EndpointConfigName": pending.config.name}, new)]
        fleets.append((whole, (new[0] + old[0], new[1] + old[1])))
        for dimensions, (requests, errors) in fleets:
            for name, value, count in (
                ("Invocations", 1.0, requests),
                ("InvocationModelErrors", 1.0, errors),
                ("InvocationModelErrors", 0.0, requests - errors),
            ):
                if count:
                    self.world.measure(
                        Measurement("AWS/SageMaker", name, dimensions, value, count=count)
                    )

    # ---- how it is

    def versions(self, model: str) -> dict[int, str]:
        """The versions in the registry, and their status."""
        found = self.account.sagemaker.registry._groups[f"{PREFIX}-{model}"].packages
        return {number: package.approval for number, package in found.items()}

    def said(self) -> list[Json]:
        """What people were told."""
        return self.account.sns.topics[self.outputs["PeopleTopic"]]


def _record(message: Message) -> Json:
    return {
        "messageId": message.id,
        "receiptHandle": f"handle-{message.id}",
        "body": message.body,
        "attributes": {"ApproximateReceiveCount": str(message.received)},
        "messageAttributes": {},
        "md5OfBody": "",
        "eventSource": "aws:sqs",
        "eventSourceARN": "",
        "awsRegion": REGION,
    }


def all_of(queues: Iterable[Queue]) -> Iterator[Message]:
    """Every message that waits."""
    return (message for queue in queues for message in queue.messages)
