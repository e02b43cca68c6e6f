"""Makes every resource of a translated template, each after those that it names."""

import math
import re
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local_aws.account import ACCOUNT, REGION
from local_aws.deploy import compute, messaging, storage
from local_aws.deploy.intrinsics import NO_VALUE, Resolver, TemplateError
from local_aws.deploy.resource import MAKERS, Api, Made, Request

__all__ = ["DeployError", "Stack", "compute", "messaging", "storage"]

# Said on a resource, not to the service that makes it.
PARTS = {
    "Type", "Properties", "Condition", "DependsOn", "Metadata", "DeletionPolicy",
    "UpdateReplacePolicy",
}  # fmt: skip


class DeployError(Exception):
    """The template could not be deployed; one sentence names the resource and what is wrong."""


class Stack:
    """One deployment of one translated template. There is no update and no delete."""

    def __init__(
        self, template: Mapping[str, Any], api: Api, name: str, parameters: Mapping[str, str]
    ) -> None:
        self._template = template
        self._api = api
        self._name = name
        self._made: dict[str, Made] = {}
        self._under_way: list[str] = []
        constants = _pseudo_parameters(name) | _parameters(template, parameters)
        self._resolver = Resolver(template, constants, self._ref, self._get_att)

    def deploy(self) -> dict[str, str]:
        """Make everything; returns the outputs. Raises DeployError."""
        try:
            return self._deploy()
        except TemplateError as wrong:
            raise DeployError(str(wrong)) from wrong

    def _deploy(self) -> dict[str, str]:
        for logical_id, resource in self._template["Resources"].items():
            if self._wanted(resource):
                self._resource(logical_id)
        return {
            key: str(self._resolver.value(output["Value"]))
            for key, output in self._template.get("Outputs", {}).items()
            if self._wanted(output)
        }

    def _wanted(self, thing: Mapping[str, Any]) -> bool:
        return "Condition" not in thing or self._resolver.condition(thing["Condition"])

    def _ref(self, logical_id: str) -> str:
        return self._resource(logical_id).ref

    def _get_att(self, logical_id: str, attribute: str) -> str:
        made = self._resource(logical_id)
        if attribute not in made.attributes:
            raise TemplateError(f"the attribute {logical_id}.{attribute} is not covered")
        return made.attributes[attribute]

    def _resource(self, logical_id: str) -> Made:
        if logical_id in self._made:
            return self._made[logical_id]
        if logical_id in self._under_way:
            circle = " -> ".join([*self._under_way, logical_id])
            raise DeployError(f"the resources name each other in a circle: {circle}")
        resource = self._template["Resources"].get(logical_id)
        if resource is None or not self._wanted(resource):
            raise TemplateError(f"there is no resource {logical_id}")
        self._under_way.append(logical_id)
        try:
            self._made[logical_id] = self._make(logical_id, resource)
        except (TemplateError, BotoCoreError, ClientError, LookupError, TypeError) as wrong:
            said = (
                str(wrong)
                if isinstance(wrong, TemplateError | BotoCoreError | ClientError)
                else repr(wrong)
            )
            raise DeployError(f"{logical_id} ({resource['Type']}): {said}") from wrong
        finally:
            self._under_way.pop()
        return self._made[logical_id]

    def _make(self, logical_id: str, resource: Mapping[str, Any]) -> Made:
        if unknown := set(resource) - PARTS:
            raise TemplateError(f"{', '.join(sorted(unknown))} is not covered")
        if resource["Type"] not in MAKERS:
            raise TemplateError("this type is not covered")
        before = resource.get("DependsOn", [])
        for other in [before] if isinstance(before, str) else before:
            self._resource(other)
        properties = self._resolver.value(resource.get("Properties", {}))
        request = Request(self._api, self._name, logical_id, properties)
        made = MAKERS[resource["Type"]](request)
        request.must_be_done()
        return made


def _pseudo_parameters(stack: str) -> dict[str, object]:
    return {
        "AWS::AccountId": ACCOUNT,
        "AWS::NoValue": NO_VALUE,
        "AWS::Partition": "aws",
        "AWS::Region": REGION,
        "AWS::StackId": f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/{stack}/local",
        "AWS::StackName": stack,
        "AWS::URLSuffix": "amazonaws.com",
    }


def _parameters(template: Mapping[str, Any], given: Mapping[str, str]) -> dict[str, object]:
    declared = template.get("Parameters", {})
    if unknown := set(given) - set(declared):
        raise DeployError(f"the template has no parameter {', '.join(sorted(unknown))}")
    return {name: _parameter(name, what, given.get(name)) for name, what in declared.items()}


def _parameter(name: str, declared: Mapping[str, Any], given: str | None) -> str:
    value = given if given is not None else declared.get("Default")
    if value is None:
        raise DeployError(f"the parameter {name} has no default and no value was given")
    text = str(value)
    if not re.fullmatch(declared.get("AllowedPattern", ".*"), text, re.DOTALL):
        wanted = declared.get("ConstraintDescription", declared["AllowedPattern"])
        raise DeployError(f"the parameter {name} is {text!r}; allowed is: {wanted}")
    if declared.get("Type") == "Number":
        _check_number(name, declared, text)
    allowed = declared.get("AllowedValues")
    if allowed and text not in map(str, allowed):
        raise DeployError(
            f"the parameter {name} is {text!r}; allowed is: {', '.join(map(str, allowed))}"
        )
    return text


def _check_number(name: str, declared: Mapping[str, Any], text: str) -> None:
    low, high = declared.get("MinValue", -math.inf), declared.get("MaxValue", math.inf)
    try:
        fits = float(low) <= float(text) <= float(high)
    except ValueError:
        fits = False
    if not fits:
        wanted = f"a number from {low} to {high}"
        raise DeployError(f"the parameter {name} is {text!r}; allowed is: {wanted}")
