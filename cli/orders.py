"""What a person orders of a rollout, and how a version is taken back through the registry."""

import json
import uuid
from dataclasses import dataclass

import boto3

from cli.target import Misused, Refused, Target, now
from steward import times
from steward.aws import Aws
from steward.decide.people import Identity
from steward.decide.rollout_facts import RolloutFacts
from steward.errors import BadEvent
from steward.events.parse import parse
from steward.names import Names, model_of
from steward.observe.rollout import observe_rollout, observe_served
from steward.observe.serving import observe_endpoint
from steward.record.store import Store
from steward.spec.model import ModelSpec


@dataclass(frozen=True, slots=True)
class Ordering:
    """A deployment, a model there, and who orders what because of what."""

    target: Target
    spec: ModelSpec
    why: str

    @property
    def names(self) -> Names:
        return Names(self.target.prefix, self.spec.name)

    @property
    def by(self) -> str:
        """Who calls, as AWS knows him."""
        arn = boto3.client("sts").get_caller_identity()["Arn"]
        return Identity(arn=arn).person or arn

    def facts(self) -> RolloutFacts:
        """The model's endpoint and versions as they are now."""
        aws, where = Aws(), self.target
        store = Store(aws, where.lineage_table, where.work_table)
        return observe_rollout(aws, store, self.names, self.spec, now(where), watch=False)

    def send(self, order: str, **more: object) -> str:
        """Send an order to the function that alone touches endpoints; returns its id.

        Raises Misused when the function would not take it, such as a reason of many pages.
        """
        number = uuid.uuid4().hex
        body = {
            "order": order,
            "model": self.spec.name,
            "by": self.by,
            "why": self.why,
            "id": number,
            "at": times.iso(now(self.target)),
        }
        text = json.dumps(body | more)
        try:
            parse(text, self.target.account, self.target.region)
        except BadEvent as bad:
            raise Misused(str(bad)) from None
        sqs = boto3.client("sqs")
        url = sqs.get_queue_url(QueueName=self.target.function("rollout"))["QueueUrl"]
        sqs.send_message(QueueUrl=url, MessageBody=text)
        return number


def rollback(ordering: Ordering, to: int | None) -> list[int]:
    """Reject what serves, and whatever else stands above the version to go back to."""
    rejected = to_reject(ordering.facts(), to)
    sagemaker = boto3.client("sagemaker")
    where, group = ordering.target, ordering.names.group
    head = f"arn:aws:sagemaker:{where.region}:{where.account}:model-package/{group}"
    # The live one last: whoever is stopped in between has changed nothing that serves.
    for number in sorted(rejected):
        sagemaker.update_model_package(
            ModelPackageArn=f"{head}/{number}",
            ModelApprovalStatus="Rejected",
            ApprovalDescription=f"rollback: {ordering.why}",
        )
    return rejected


def to_reject(facts: RolloutFacts, to: int | None) -> list[int]:
    """The versions to reject so that the one to go back to is what should serve. Raises Refused."""
    live = facts.endpoint.version if facts.endpoint else None
    if live is None:
        raise Refused("Nothing of Steward's serves, so there is nothing to go back from.")
    former = [n for n in facts.eligible() if n != live and facts.versions[n].served_at]
    if not former:
        raise Refused(f"Version {live} serves, and no other approved version has served before.")
    back = to or former[0]
    if back not in former:
        why = facts.why_not(back) or "it has not served before, or serves now"
        raise Refused(f"Version {back} is none to go back to: {why}; these are: {former}.")
    return [live, *[number for number in former if number > back]]


def adopt(target: Target, specs: dict[str, ModelSpec], endpoint: str, why: str) -> tuple[int, str]:
    """Register what an endpoint serves as a version, and order to take it over.

    Returns version and config. Raises Misused or Refused.
    """
    model = model_of(target.prefix, endpoint)
    if model not in specs:
        known = ", ".join(f"{target.prefix}-{name}" for name in sorted(specs))
        raise Misused(f"{endpoint} is no endpoint of a model's file; those have the names {known}.")
    ordering = Ordering(target, specs[model], why)
    found = observe_endpoint(Aws(), endpoint)
    if found is None or found.status != "InService":
        state = found.status if found else "absent"
        raise Refused(f"{endpoint} is {state}; only what is InService can be taken over.")
    if len(found.variants) != 1:
        raise Refused(f"{endpoint} has the variants {list(found.variants)}, allowed is one.")
    if ordering.names.version_of(found.config) is not None:
        raise Refused(f"{endpoint} serves {found.config}, which is Steward's own.")
    number = _registered(ordering, found.config)
    ordering.send("adopt", version=number, config=found.config)
    return number, found.config


def _registered(ordering: Ordering, config: str) -> int:
    """The version that a config serves: the one it was made from, or one made of its artifact."""
    aws, group = Aws(), ordering.names.group
    serves = observe_served(aws, config)
    if f":model-package/{group}/" in serves:
        return int(serves.rpartition("/")[2])
    sagemaker = aws.sagemaker
    variant = sagemaker.describe_endpoint_config(EndpointConfigName=config)["ProductionVariants"][0]
    model = sagemaker.describe_model(ModelName=variant.get("ModelName", ""))
    container = model.get("PrimaryContainer", {})
    if not container.get("ModelDataUrl") or not container.get("Image"):
        raise Refused(f"{config} serves no model of one container with an artifact.")
    made = sagemaker.create_model_package(
        ModelPackageGroupName=group,
        ModelPackageDescription=f"Adopted from {config}",
        ModelApprovalStatus="PendingManualApproval",
        ClientToken=uuid.uuid5(uuid.NAMESPACE_URL, f"{group}/{config}").hex,
        InferenceSpecification={
            "Containers": [
                {
                    "Image": container["Image"],
                    "ModelDataUrl": container["ModelDataUrl"],
                    "Environment": container.get("Environment", {}),
                }
            ],
            "SupportedContentTypes": ["text/csv"],
            "SupportedResponseMIMETypes": ["text/csv"],
        },
    )
    return int(made["ModelPackageArn"].rpartition("/")[2])
