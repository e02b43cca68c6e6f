"""What the template of this checkout says of a deployment, with its names and ARNs filled in."""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial

from samtranslator.yaml_helper import yaml_parse

from cli import repository
from cli.doctor.facts import Read, Role, Wanted
from cli.target import Target
from local_aws.deploy.intrinsics import NO_VALUE, Resolver, Value

type Resource = dict[str, Value]
# Type -> the property that names it, and its ARN; what AWS names itself is looked up.
_NAMES = {
    "AWS::DynamoDB::Table": ("TableName", "dynamodb:{region}:{account}:table/{name}"),
    "AWS::Events::Rule": ("Name", "events:{region}:{account}:rule/{name}"),
    "AWS::IAM::ManagedPolicy": ("ManagedPolicyName", "iam::{account}:policy/{name}"),
    "AWS::IAM::Role": ("RoleName", "iam::{account}:role/{name}"),
    "AWS::S3::Bucket": ("BucketName", "s3:::{name}"),
    "AWS::SNS::Topic": ("TopicName", "sns:{region}:{account}:{name}"),
    "AWS::SQS::Queue": ("QueueName", "sqs:{region}:{account}:{name}"),
    "AWS::Serverless::Function": ("FunctionName", "lambda:{region}:{account}:function:{name}"),
    "AWS::CloudWatch::Alarm": ("AlarmName", "cloudwatch:{region}:{account}:alarm:{name}"),
    "AWS::SecretsManager::Secret": ("Name", ""),
    "AWS::KMS::Alias": ("AliasName", ""),
}
_REF_IS_ARN = ("AWS::SNS::Topic", "AWS::IAM::ManagedPolicy")
_RUNBOOK = re.compile(r"docs/runbooks/[\w-]+\.md")

# Kind and name of a key or a secret -> its ARN, as AWS says.
type LookUp = Callable[[str, str], str]


class Deployed:
    """The template with its names filled in for one deployment."""

    def __init__(self, target: Target, parameters: Mapping[str, str], look_up: LookUp) -> None:
        template = yaml_parse(repository.TEMPLATE.read_text(encoding="utf-8"))
        self.target, self._look_up = target, look_up
        self._resources: dict[str, Resource] = template["Resources"]
        given = {
            name: str(parameters.get(name, declared.get("Default", "")))
            for name, declared in template["Parameters"].items()
        }
        pseudo = {
            "AWS::AccountId": target.account,
            "AWS::NoValue": NO_VALUE,
            "AWS::Partition": "aws",
            "AWS::Region": target.region,
            "AWS::URLSuffix": "amazonaws.com",
        }
        self._resolver = Resolver(template, pseudo | given, self._ref, self._get_att)

    def of_type(self, kind: str) -> Iterator[tuple[str, Resource]]:
        """Name and properties of every resource of a type that is deployed, not yet filled in."""
        for logical, resource in self._resources.items():
            condition = resource.get("Condition")
            there = condition is None or self._resolver.condition(condition)
            if resource["Type"] == kind and there:
                yield self.name(logical), resource["Properties"]

    def name(self, logical: str) -> str:
        """The name that the template gives a resource."""
        resource = self._resources[logical]
        return str(self.value(resource["Properties"][_NAMES[resource["Type"]][0]]))

    def value(self, value: Value) -> Value:
        """A value with every function in it replaced."""
        return self._resolver.value(value)

    def _ref(self, logical: str) -> str:
        kind = self._resources[logical]["Type"]
        arn_wanted = kind in _REF_IS_ARN or kind in ("AWS::SecretsManager::Secret", "AWS::KMS::Key")
        return self._arn(logical) if arn_wanted else self.name(logical)

    def _get_att(self, logical: str, attribute: str) -> str:
        return self._arn(logical) if attribute == "Arn" else self.name(logical)

    def _arn(self, logical: str) -> str:
        kind = self._resources[logical]["Type"]
        if kind == "AWS::KMS::Key":
            return self._look_up(kind, self._alias_of(logical))
        form = _NAMES[kind][1]
        if not form:
            return self._look_up(kind, self.name(logical))
        where = self.target
        rest = form.format(region=where.region, account=where.account, name=self.name(logical))
        return f"arn:aws:{rest}"

    def _alias_of(self, key: str) -> str:
        return next(
            self.name(logical)
            for logical, resource in self._resources.items()
            if resource["Type"] == "AWS::KMS::Alias"
            and resource["Properties"]["TargetKeyId"] == {"Ref": key}
        )


def wanted(deployed: Deployed, tried: Callable[[Callable[[], Role]], Read[Role]]) -> Wanted:
    """What a deployment should be; a role that names what could not be looked up is unread."""
    alarms = dict(deployed.of_type("AWS::CloudWatch::Alarm"))
    return Wanted(
        rules={
            name: frozenset(deployed.value(one["Arn"]) for one in rule["Targets"])
            for name, rule in deployed.of_type("AWS::Events::Rule")
        },
        takes=dict(_takes(deployed)),
        lost=lost(deployed),
        alarms={name: frozenset(deployed.value(a["AlarmActions"])) for name, a in alarms.items()},
        runbooks={name: _runbook(deployed, alarm) for name, alarm in alarms.items()},
        roles={
            name: tried(partial(_role, deployed, name, role))
            for name, role in deployed.of_type("AWS::IAM::Role")
        },
    )


def lost(deployed: Deployed) -> list[str]:
    """The queues of what was given up: no function takes from them."""
    taken = dict(_takes(deployed))
    return [name for name, _ in deployed.of_type("AWS::SQS::Queue") if name not in taken]


def _takes(deployed: Deployed) -> Iterator[tuple[str, str]]:
    """Each queue that feeds a function, and the function."""
    for function, properties in deployed.of_type("AWS::Serverless::Function"):
        for event in properties.get("Events", {}).values():
            if event["Type"] == "SQS":
                arn = str(deployed.value(event["Properties"]["Queue"]))
                yield arn.rpartition(":")[2], function


def _runbook(deployed: Deployed, alarm: Resource) -> str:
    found = _RUNBOOK.search(deployed.value(alarm["AlarmDescription"]))
    return found[0] if found else "docs/runbooks/"


def _role(deployed: Deployed, name: str, role: Resource) -> Role:
    inline = deployed.value(role.get("Policies", []))
    attached = [
        f"arn:aws:iam::{deployed.target.account}:policy/{policy}"
        for policy, properties in deployed.of_type("AWS::IAM::ManagedPolicy")
        if name in deployed.value(properties.get("Roles", []))
    ]
    return Role(
        trust=deployed.value(role["AssumeRolePolicyDocument"]),
        policies={one["PolicyName"]: one["PolicyDocument"] for one in inline},
        attached=frozenset(attached),
    )
