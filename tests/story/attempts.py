"""What is forbidden, tried: even by somebody who may do anything else."""

import json
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import ClientError

from cli.demo.stage import Stage

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient

ANYTHING = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
}
# A model's code runs as the role that trains: it tries to approve its version, and a new one.
APPROVES_ITSELF = """
import boto3
from botocore.exceptions import ClientError

_sagemaker = boto3.client("sagemaker")
for _attempt, _what in (
    (_sagemaker.update_model_package, {{"ModelPackageArn": "{version}"}}),
    (_sagemaker.create_model_package, {{"ModelPackageGroupName": "{group}"}}),
):
    try:
        _attempt(**_what, ModelApprovalStatus="Approved")
    except ClientError:
        pass
"""


def attempts(stage: Stage, key: tuple[str, str]) -> Iterator[tuple[str, str]]:
    """What is forbidden even to somebody who may do anything else."""
    s3, bucket = stage.aws.s3, stage.target.artifact_bucket
    model = {"Bucket": bucket, "Key": "runs/x"}
    yield "write a model", refused(partial(s3.put_object, **model, Body=b""))
    yield "delete a model", refused(partial(s3.delete_object, **model))
    yield "delete a model's version", refused(partial(s3.delete_object, **model, VersionId="1"))
    for folder in ("code", "definitions", "record", "snapshots", "specs"):
        there = {"Bucket": bucket, "Key": f"{folder}/x"}
        yield f"overwrite what is in {folder}", refused(partial(s3.put_object, **there, Body=b""))
    signed = partial(s3.put_object, Bucket=stage.target.ledger_bucket, Key="checkpoints/x")
    yield "sign in the sweep's place", refused(partial(signed, Body=b"", IfNoneMatch="*"))
    for what, attempt in without_tls(stage):
        yield f"use {what} without TLS", refused(attempt)
    functions = boto3.Session(*key).client("lambda")
    ask_directly = partial(functions.invoke, FunctionName=stage.target.function("lineage"))
    yield "ask the lineage but not by its URL", refused(ask_directly)
    yield "approve as trainer", approve(stage, almighty(stage, "trainer"))
    approver = almighty(stage, "approver")
    yield "train as approver", train(stage, approver)
    register = partial(approver.create_model_package, ModelPackageGroupName=stage.names.group)
    yield "register as approver", refused(register)


def approve(stage: Stage, sagemaker: "SageMakerClient") -> str:
    arn = f"arn:aws:sagemaker:{stage.target.region}:{stage.target.account}:model-package"
    return refused(
        lambda: sagemaker.update_model_package(
            ModelPackageArn=f"{arn}/{stage.names.group}/3", ModelApprovalStatus="Approved"
        )
    )


def train(stage: Stage, sagemaker: "SageMakerClient") -> str:
    return refused(
        lambda: sagemaker.start_pipeline_execution(
            PipelineName=stage.names.pipeline, ClientRequestToken="1" * 32
        )
    )


def without_tls(stage: Stage) -> Iterator[tuple[str, Callable[[], object]]]:
    """One use of each bucket, queue, topic and key by the account's root, over plain HTTP."""
    s3, sqs, sns, kms = (plain(service) for service in ("s3", "sqs", "sns", "kms"))
    target = stage.target
    for bucket in (target.artifact_bucket, target.landing_bucket, target.ledger_bucket):
        yield bucket, partial(s3.list_objects, Bucket=bucket)
        yield f"what is in {bucket}", partial(s3.get_object, Bucket=bucket, Key="x")
    for url in boto3.client("sqs").list_queues(QueueNamePrefix=f"{target.prefix}-")["QueueUrls"]:
        yield url, partial(sqs.send_message, QueueUrl=url, MessageBody="{}")
    (topic,) = boto3.client("sns").list_topics()["Topics"]
    yield topic["TopicArn"], partial(sns.publish, TopicArn=topic["TopicArn"], Message="hear")
    for use in ("data", "ledger"):
        yield f"the key {use}", partial(kms.describe_key, KeyId=f"alias/{target.prefix}-{use}")


def plain(service: str) -> Any:
    """A client that comes without TLS, as a proxy would say it of him."""
    client = boto3.client(service)  # type: ignore[call-overload]  # any of the services
    client.meta.events.register(f"before-sign.{service}", _by_http)
    return client


def _by_http(request: object, **_: object) -> None:
    vars(request)["headers"]["X-Forwarded-Proto"] = "http"


def almighty(stage: Stage, part: str) -> "SageMakerClient":
    """SageMaker as seen by somebody with the policy of a part, and one that allows everything."""
    iam, name = boto3.client("iam"), f"almighty-{part}"
    policy = iam.create_policy(PolicyName=name, PolicyDocument=json.dumps(ANYTHING))["Policy"]
    iam.create_user(UserName=name)
    for arn in (stage.target.policy(part), policy["Arn"]):
        iam.attach_user_policy(UserName=name, PolicyArn=arn)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return boto3.Session(key["AccessKeyId"], key["SecretAccessKey"]).client("sagemaker")


def refused(attempt: object) -> str:
    """The code of the refusal; empty if there was none."""
    assert callable(attempt)
    try:
        attempt()
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return ""
