"""What a SAM template deploys, read once and made in as many in-memory accounts as are wanted."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

from moto.events.models import EventPattern

from local_aws.account import ACCOUNT, REGION
from local_aws.deploy import compute, messaging, stack, storage
from local_aws.deploy.translate import translate
from local_aws.memory.account import InMemoryAccount, queue_url
from local_aws.memory.messages import Queue
from local_aws.memory.rules import Rule

__all__ = ["Deployed", "Function", "Mapping", "compute", "messaging", "storage"]

type Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Function:
    """A function: its variables, and the queue that feeds it by batches."""

    name: str
    role: str
    environment: dict[str, str]
    queue: str | None = None
    batch_size: int = 1
    window: timedelta = timedelta(0)


class _Recorder:
    """An API that makes nothing: it notes the calls, and answers with names by AWS's rules."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, Json]] = []
        self._numbers = count(1)

    def __call__(self, service: str, operation: str, **request: Any) -> Json:
        del service
        self.calls.append((operation, request))
        answer = getattr(self, operation, None)
        return answer(request) if answer else {}

    def of(self, operation: str) -> Iterator[Json]:
        """The requests of an operation, in order."""
        return (request for name, request in self.calls if name == operation)

    def create_queue(self, request: Json) -> Json:
        return {"QueueUrl": queue_url(request["QueueName"])}

    def create_topic(self, request: Json) -> Json:
        return {"TopicArn": f"arn:aws:sns:{REGION}:{ACCOUNT}:{request['Name']}"}

    def subscribe(self, request: Json) -> Json:
        return {"SubscriptionArn": f"{request['TopicArn']}:{next(self._numbers)}"}

    def put_rule(self, request: Json) -> Json:
        return {"RuleArn": f"arn:aws:events:{REGION}:{ACCOUNT}:rule/{request['Name']}"}

    def create_role(self, request: Json) -> Json:
        arn = f"arn:aws:iam::{ACCOUNT}:role/{request['RoleName']}"
        return {"Role": {"Arn": arn, "RoleId": f"AROA{next(self._numbers)}"}}

    def create_policy(self, request: Json) -> Json:
        return {"Policy": {"Arn": f"arn:aws:iam::{ACCOUNT}:policy/{request['PolicyName']}"}}

    def publish_layer_version(self, request: Json) -> Json:
        layer = f"arn:aws:lambda:{REGION}:{ACCOUNT}:layer:{request['LayerName']}:1"
        return {"LayerVersionArn": layer}

    def create_function(self, request: Json) -> Json:
        name = request["FunctionName"]
        return {"FunctionArn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"}

    def create_function_url_config(self, request: Json) -> Json:
        return {"FunctionArn": request["FunctionName"], "FunctionUrl": "https://url"}

    def create_event_source_mapping(self, _: Json) -> Json:
        return {"UUID": str(next(self._numbers))}

    def create_table(self, request: Json) -> Json:
        arn = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{request['TableName']}"
        return {"TableDescription": {"TableArn": arn}}

    def get_random_password(self, _: Json) -> Json:
        return {"RandomPassword": "in memory"}

    def create_secret(self, request: Json) -> Json:
        return {"ARN": f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{request['Name']}"}

    def create_key(self, _: Json) -> Json:
        number = next(self._numbers)
        arn = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{number}"
        return {"KeyMetadata": {"KeyId": str(number), "Arn": arn}}


class Deployed:
    """A template's tables, buckets, queues, topics, keys, rules and functions."""

    def __init__(self, template: Path, parameters: Mapping[str, str] | None = None) -> None:
        given = dict(parameters or {})
        self._made = _Recorder()
        translated = translate(template.resolve(), given)
        self.outputs = stack.Stack(translated, self._made, "steward", given).deploy()
        self.tables = [one["TableName"] for one in self._made.of("create_table")]
        self._patterns = dict(_patterns(self._made))
        self.functions = {one.name: one for one in self._functions()}

    def into(self, account: InMemoryAccount) -> None:
        """Make everything in an account."""
        announcing = {
            one["Bucket"] for one in self._made.of("put_bucket_notification_configuration")
        }
        for one in self._made.of("create_bucket"):
            account.s3.create(one["Bucket"], announces=one["Bucket"] in announcing)
        for one in self._made.of("create_topic"):
            account.sns.topics[self._made.create_topic(one)["TopicArn"]] = []
        account.kms.create(self.outputs["LedgerKey"])
        account.sqs.queues.update(self._queues())

    def rules(self) -> list[Rule]:
        """The rules that put events on queues."""
        return [
            Rule(put["Rule"], self._patterns[put["Rule"]], _url_of(target["Arn"]))
            for put in self._made.of("put_targets")
            for target in put["Targets"]
            if put["Rule"] in self._patterns
        ]

    def _queues(self) -> dict[str, Queue]:
        asked = {one["QueueName"]: one["Attributes"] for one in self._made.of("create_queue")}
        made = {queue_url(name): Queue() for name in asked}
        for name, attributes in asked.items():
            queue, redrive = (
                made[queue_url(name)],
                json.loads(attributes.get("RedrivePolicy", "{}")),
            )
            queue.visibility = timedelta(seconds=int(attributes.get("VisibilityTimeout", 30)))
            if redrive:
                queue.most = int(redrive["maxReceiveCount"])
                queue.dead = made[_url_of(redrive["deadLetterTargetArn"])]
        return made

    def _functions(self) -> Iterator[Function]:
        feeds = {one["FunctionName"]: one for one in self._made.of("create_event_source_mapping")}
        for one in self._made.of("create_function"):
            name, variables = one["FunctionName"], one.get("Environment", {}).get("Variables", {})
            feed = feeds.get(name)
            more: Json = {}
            if feed:
                more = {
                    "queue": _url_of(feed["EventSourceArn"]),
                    "batch_size": int(feed.get("BatchSize", 10)),
                    "window": timedelta(seconds=int(feed.get("MaximumBatchingWindowInSeconds", 0))),
                }
            yield Function(name, one["Role"], {k: str(v) for k, v in variables.items()}, **more)


def _patterns(made: _Recorder) -> Iterator[tuple[str, EventPattern]]:
    for rule in made.of("put_rule"):
        if "EventPattern" in rule:
            yield rule["Name"], EventPattern.load(rule["EventPattern"])


def _url_of(arn: str) -> str:
    return queue_url(arn.rpartition(":")[2])
