"""Everything that the demo leaves on AWS, as plain values that can be compared."""

from collections.abc import Iterable

import boto3

from cli.demo.stage import Stage
from steward.record.items import from_item

# Verdicts by which nothing is done; such decisions may be added by a second look.
IDLE = ("wait", "nothing", "hold", "ignore", "supersede")

type Items = dict[tuple[str, str], dict[str, object]]


def registry(stage: Stage) -> list[dict[str, object]]:
    """Every version, whole."""
    sagemaker = stage.aws.sagemaker
    listed = sagemaker.list_model_packages(ModelPackageGroupName=stage.names.group)
    arns = [found["ModelPackageArn"] for found in listed["ModelPackageSummaryList"]]
    return [_plain(sagemaker.describe_model_package(ModelPackageName=arn)) for arn in sorted(arns)]


def endpoint(stage: Stage) -> list[dict[str, object]]:
    """The endpoint, and every config and model that was ever made for one."""
    sagemaker = stage.aws.sagemaker
    configs = sagemaker.list_endpoint_configs()["EndpointConfigs"]
    models = sagemaker.list_models()["Models"]
    runs = sagemaker.list_pipeline_executions(PipelineName=stage.names.pipeline)
    return [
        _plain(sagemaker.describe_endpoint(EndpointName=stage.names.endpoint)),
        *[dict(found) for found in configs],
        *[dict(found) for found in models],
        *[dict(found) for found in runs["PipelineExecutionSummaries"]],
    ]


def table(stage: Stage, name: str) -> Items:
    """Every item by its key."""
    pages = stage.aws.dynamodb.get_paginator("scan").paginate(TableName=name)
    items = [from_item(item) for page in pages for item in page["Items"]]
    return {(str(item["pk"]), str(item["sk"])): item for item in items}


def without_idle_decisions(items: Items) -> Items:
    """The items less the decisions that nothing was to be done, and their place in the chain."""
    idle = {pk for (pk, _), item in items.items() if item.get("verdict") in IDLE}
    return {
        key: item
        for key, item in items.items()
        if key[0] not in idle and item.get("decision") not in idle
        # Nor the ways back to them, from what they were made on.
        if not any(key[1].endswith(f"#{one}") for one in idle)
    }


def queues() -> dict[str, tuple[str, str]]:
    """Rule name to its target, an SQS queue's URL or a function's ARN, by kind."""
    events, sqs = boto3.client("events"), boto3.client("sqs")
    found: dict[str, tuple[str, str]] = {}
    for rule in events.list_rules()["Rules"]:
        arn = events.list_targets_by_rule(Rule=rule["Name"])["Targets"][0]["Arn"]
        if arn.split(":")[2] == "sqs":
            name = arn.rpartition(":")[2]
            found[rule["Name"]] = ("queue", sqs.get_queue_url(QueueName=name)["QueueUrl"])
        else:
            found[rule["Name"]] = ("function", arn)
    return found


def dead_letters(names: Iterable[str]) -> dict[str, int]:
    """How many messages lie in each of these queues."""
    sqs = boto3.client("sqs")
    counted = {}
    for name in names:
        url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
        answer = sqs.get_queue_attributes(
            QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"]
        )
        counted[name] = int(answer["Attributes"]["ApproximateNumberOfMessages"])
    return counted


def _plain(answer: object) -> dict[str, object]:
    assert isinstance(answer, dict)
    return {key: value for key, value in answer.items() if key != "ResponseMetadata"}
