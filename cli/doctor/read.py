"""Reads how a deployment is; what AWS does not tell is unread, never well."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from functools import partial
from typing import cast

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from cli import repository
from cli.doctor.facts import Alarm, Document, Ledger, Read, Role, Rule, Sweep, Unread
from cli.publish import publish
from cli.target import Refused, Target, now
from steward import times
from steward.act.checkpoint import key_of
from steward.aws import Aws, error_code
from steward.lineage.ledger import partition, place
from steward.record.store import Store
from steward.spec.read import read_all

_GONE = (
    "AWS.SimpleQueueService.NonExistentQueue",
    "NoSuchEntity",
    "QueueDoesNotExist",
    "ResourceNotFoundException",
)
# What a sweep says at its end. The time of its line is when it was.
_SWEPT = '"asked for"'
_LOOK_BACK, _WEEK = timedelta(hours=1), timedelta(days=7)


def tried[T](read: Callable[[], T]) -> Read[T]:
    """What `read` gives; None when AWS says that it is not there, or why AWS does not tell."""
    try:
        return read()
    except ClientError as error:
        return None if error_code(error) in _GONE else Unread(str(error))
    except (BotoCoreError, Refused) as error:
        return Unread(str(error))


def _each[T](names: Iterable[str], read: Callable[[str], T]) -> dict[str, Read[T]]:
    return {name: tried(partial(read, name)) for name in names}


def parameters(target: Target) -> dict[str, str]:
    """What the stack was told, as far as more than names follows from it: its functions know."""
    landing = target.landing_bucket
    approval = boto3.client("lambda").get_function_configuration(
        FunctionName=target.function("approval")
    )
    return {
        "Prefix": target.prefix,
        "ExistingLandingBucket": "" if landing == target.own_landing_bucket else landing,
        "AllowAutomaticApproval": approval["Environment"]["Variables"]["ALLOW_AUTOMATIC_APPROVAL"],
    }


def arn_of(kind: str, name: str) -> str:
    """ARN of a key, by its alias, or of a secret: AWS makes up a part of both."""
    if kind == "AWS::KMS::Key":
        return boto3.client("kms").describe_key(KeyId=name)["KeyMetadata"]["Arn"]
    return boto3.client("secretsmanager").describe_secret(SecretId=name)["ARN"]


def rules(names: Iterable[str]) -> dict[str, Read[Rule]]:
    """The rules of these names."""
    events = boto3.client("events")

    def read(name: str) -> Rule:
        state = events.describe_rule(Name=name)["State"]
        targets = events.list_targets_by_rule(Rule=name)["Targets"]
        return Rule(state, frozenset(one["Arn"] for one in targets))

    return _each(names, read)


def takers(target: Target, queues: Iterable[str]) -> dict[str, Read[tuple[str, str]]]:
    """The function that takes from each queue, and whether it does."""
    functions = boto3.client("lambda")

    def read(queue: str) -> tuple[str, str] | None:
        arn = f"arn:aws:sqs:{target.region}:{target.account}:{queue}"
        found = functions.list_event_source_mappings(EventSourceArn=arn)["EventSourceMappings"]
        taken = [(one["FunctionArn"].rpartition(":")[2], one["State"]) for one in found]
        return taken[0] if taken else None

    return _each(queues, read)


def waiting(queues: Iterable[str]) -> dict[str, Read[int]]:
    """How many messages lie in each queue, those that somebody looks at included."""
    sqs = boto3.client("sqs")

    def read(queue: str) -> int:
        found = sqs.get_queue_attributes(
            QueueUrl=sqs.get_queue_url(QueueName=queue)["QueueUrl"],
            AttributeNames=[
                "ApproximateNumberOfMessages",
                "ApproximateNumberOfMessagesNotVisible",
            ],
        )
        return sum(map(int, found["Attributes"].values()))

    return _each(queues, read)


def alarms(names: Sequence[str]) -> Mapping[str, Read[Alarm]]:
    """The alarms of these names."""
    cloudwatch = boto3.client("cloudwatch")

    def read() -> dict[str, Read[Alarm]]:
        pages = (names[start : start + 100] for start in range(0, len(names), 100))
        answers = [cloudwatch.describe_alarms(AlarmNames=page) for page in pages]
        return {
            one["AlarmName"]: Alarm(
                one["StateValue"],
                one.get("StateReason", ""),
                one["ActionsEnabled"],
                frozenset(one["AlarmActions"]),
            )
            for answer in answers
            for one in answer["MetricAlarms"]
        }

    found = tried(read)
    return dict.fromkeys(names, found) if isinstance(found, Unread) else found or {}


def roles(names: Iterable[str]) -> dict[str, Read[Role]]:
    """The roles of these names, with everything that they may do."""
    iam = boto3.client("iam")

    def inline(name: str) -> Iterator[tuple[str, Document]]:
        for page in iam.get_paginator("list_role_policies").paginate(RoleName=name):
            for policy in page["PolicyNames"]:
                found = iam.get_role_policy(RoleName=name, PolicyName=policy)
                yield policy, cast(Document, found["PolicyDocument"])

    def read(name: str) -> Role:
        pages = iam.get_paginator("list_attached_role_policies").paginate(RoleName=name)
        attached = [one["PolicyArn"] for page in pages for one in page["AttachedPolicies"]]
        trust = iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]
        return Role(cast(Document, trust), dict(inline(name)), frozenset(attached))

    return _each(names, read)


def sweep(target: Target) -> Read[Sweep]:
    """The last sweep that came to its end, by what it logged."""

    def read() -> Sweep | None:
        pages = boto3.client("logs").get_paginator("filter_log_events")
        lines = [
            event
            for page in pages.paginate(
                logGroupName=f"/aws/lambda/{target.function('sweep')}",
                startTime=_milliseconds(target),
                filterPattern=_SWEPT,
            )
            for event in page["events"]
        ]
        if not lines:
            return None
        last = max(lines, key=lambda line: line["timestamp"])
        at = times.from_milliseconds(last["timestamp"])
        return Sweep(at, json.loads(last["message"]).get("specs", {}))

    return tried(read)


def _milliseconds(target: Target) -> int:
    return int((now(target) - _LOOK_BACK).timestamp() * 1000)


def published(target: Target) -> Read[Sequence[str]]:
    """What `steward publish` would do."""
    return tried(lambda: publish(target, dry_run=True))


def ledger(target: Target) -> Read[Ledger]:
    """Since when there is something to sign, and when it was signed last."""

    def read() -> Ledger:
        aws, today = Aws(), now(target).date()
        store = Store(aws, target.lineage_table, target.work_table)
        ledgers = [partition(model) for model in read_all(repository.MODELS)]
        first = [store.page(store.lineage, one, place(1), "~", most=1) for one in ledgers]
        begun = [times.parse(str(entry["at"])) for entries in first for entry in entries]
        found = aws.s3.list_objects_v2(
            Bucket=target.ledger_bucket,
            Prefix="checkpoints/",
            StartAfter=key_of(today - _WEEK),
        )
        days = [day for one in found.get("Contents", []) if (day := _day(one["Key"]))]
        return Ledger(min(begun, default=None), max(days, default=None))

    return tried(read)


def _day(key: str) -> date | None:
    day = key.removeprefix("checkpoints/").removesuffix(".json").replace("/", "-")
    try:
        return date.fromisoformat(day)
    except ValueError:
        return None
