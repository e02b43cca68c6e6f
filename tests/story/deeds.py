"""What the demo leaves out: people who look, functions that fail, attempts that are forbidden."""

import json
import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import boto3
from botocore.exceptions import ClientError

from cli.demo import acts
from cli.demo.stage import MODEL, Stage
from cli.dossier.read import read_dossier
from cli.evidence.read import Period, read_evidence
from cli.main import main
from cli.people import NAMES
from cli.status import status
from steward import times
from steward.aws import Aws
from steward.lineage.ask import ask
from steward.observe.rollout import read_rollout
from tests import signed

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient

HTTP_OK = 200
ANYTHING = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
}


def done(stage: Stage) -> dict[str, str]:
    """Do it all; returns the forbidden attempts with the code of the answer."""
    for part in NAMES:
        look_around(stage, part)
    order(stage)
    fail(stage)
    with environment(keys(stage, "approver")):
        assert main(["review", MODEL]) == 1, "versions were approved by break-glass"
    key = reader(stage)
    read_over_https(stage, key)
    return dict(attempts(stage, key))


def look_around(stage: Stage, part: str) -> None:
    """A person reads what there is to read, with nothing but the policy of that part."""
    person, names, where = stage.people[part], stage.names, stage.target
    assert status_of(stage, part) == 5
    asked = questions(stage)
    with environment(keys(stage, part)):
        for one in asked:
            answer = ask(Aws(), stage.lineage, one, stage.now())
            assert "error" not in answer, answer
        assert main(["export", "--openlineage", os.devnull]) == 0
        assert main(["ledger", "verify"]) == 0
        dossier = read_dossier(Aws(), where, MODEL, 5, stage.now())
        assert all(one.body for one in dossier.documents.values())
        day = Period(stage.now() - timedelta(days=1), stage.now())
        assert read_evidence(Aws(), where, names.endpoint, day, stage.now()).captures
    sagemaker = person.session.client("sagemaker")
    runs = sagemaker.list_pipeline_executions(PipelineName=names.pipeline)
    arn = runs["PipelineExecutionSummaries"][0]["PipelineExecutionArn"]
    sagemaker.describe_pipeline_execution(PipelineExecutionArn=arn)
    sagemaker.list_pipeline_execution_steps(PipelineExecutionArn=arn)
    if part == "trainer":
        listed = stage.landing.list_objects_v2(Bucket=where.landing_bucket)["Contents"]
        stage.landing.get_object(Bucket=where.landing_bucket, Key=listed[0]["Key"])


def question(stage: Stage) -> dict[str, str]:
    """Where a prediction of version 1 came from."""
    key = next(key for key, (version, _) in stage.answers.items() if version == 1)
    served = stage.store.query(stage.store.lineage, f"serving#{stage.names.endpoint}")[0]["sk"]
    return {"endpoint": stage.names.endpoint, "id": key, "at": str(served)}


def while_shifting(stage: Stage) -> dict[str, str]:
    """What served just before version 2 did, when some traffic may have gone there already."""
    since = stage.store.query(stage.store.lineage, f"serving#{stage.names.endpoint}")[1]["sk"]
    at = times.iso(times.parse(str(since)) - timedelta(seconds=30))
    return {"endpoint": stage.names.endpoint, "at": at}


@contextmanager
def environment(given: dict[str, str]) -> Iterator[None]:
    """Variables that are set inside; boto3 would keep the key of before."""
    before = dict(os.environ)
    os.environ.update(given)
    boto3.setup_default_session()
    yield
    os.environ.clear()
    os.environ.update(before)
    boto3.setup_default_session()


def fail(stage: Stage) -> None:
    """Each function meets what is missing, or has to tell somebody."""
    function = boto3.client("lambda")
    for asked in (question(stage), while_shifting(stage)):
        name, payload = stage.target.function("lineage"), json.dumps(asked).encode()
        answer = json.load(function.invoke(FunctionName=name, Payload=payload)["Payload"])
        assert "error" not in answer, answer
    landing, prefix = stage.target.landing_bucket, stage.spec.data.prefix
    stage.landing.put_object(Bucket=landing, Key=f"{prefix}broken.csv", Body=b"a,b\n1,2\n")
    gone(stage, "training", landing, f"{prefix}gone.csv")
    report = f"monitoring/{MODEL}/v5/2026/01/01/00/constraint_violations.json"
    gone(stage, "drift", stage.target.artifact_bucket, report)
    without_evidence(stage)
    stage.local.settle()


def read_over_https(stage: Stage, key: tuple[str, str]) -> None:
    """Somebody who may do nothing else asks the lineage by its URL."""
    for asked in questions(stage):
        answer = over_https(stage, asked, key)
        assert answer.status == HTTP_OK, answer


def over_https(stage: Stage, asked: dict[str, str], key: tuple[str, str] | None) -> signed.Answer:
    """Ask by the URL as whoever has this key; without one, as nobody."""
    name = stage.target.function("lineage")
    url = boto3.client("lambda").get_function_url_config(FunctionName=name)["FunctionUrl"]
    given = {name: value for name, value in asked.items() if name != "ask"}
    return signed.ask(f"{url}{asked['ask']}?{urlencode(given)}", key)


def questions(stage: Stage) -> list[dict[str, str]]:
    """One of each kind, about what the demo did."""
    uploaded = f"s3://{stage.target.landing_bucket}"
    first = stage.landing.list_objects_v2(
        Bucket=stage.target.landing_bucket, Prefix=stage.spec.data.prefix
    )["Contents"][0]["Key"]
    return [
        {"ask": "trace"} | question(stage),
        {"ask": "trace"} | while_shifting(stage),
        {"ask": "why"} | while_shifting(stage),
        {"ask": "impact", "of": f"{uploaded}/{first}", "limit": "100"},
        {"ask": "timeline", "model": MODEL, "limit": "100", "idle": "true"},
        {"ask": "diff", "model": MODEL, "from": "1", "to": "2"},
    ]


def reader(stage: Stage) -> tuple[str, str]:
    """The access key of a new user with the policy of a reader."""
    iam, name = boto3.client("iam"), f"rita.reader-{uuid.uuid4()}"
    iam.create_user(UserName=name)
    iam.attach_user_policy(UserName=name, PolicyArn=stage.target.policy("reader"))
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return key["AccessKeyId"], key["SecretAccessKey"]


def order(stage: Stage) -> None:
    """A person ends a canary, takes the endpoint down, and lets it be made again."""
    key = keys(stage, "approver")
    acts.register_by_hand(stage, 6, line="# Once more.")
    acts.approve(stage, 6, "override: to be aborted")
    stage.until("version 6 is on its way", lambda: not acts.serving(stage))
    with environment(key):
        main(["abort", MODEL, "--why", "it was approved to be aborted"])
    stage.until("the canary has ended", lambda: acts.serving(stage) == 5)
    rollout = read_rollout(stage.store, MODEL)
    assert rollout is not None
    assert rollout.ended_by == "abort"
    with environment(key):
        main(["retire", MODEL, "--why", "nobody asks any more"])
    stage.until("the endpoint is gone", lambda: not endpoints(stage))
    assert [status_of(stage, part) for part in NAMES] == [None, None]
    with environment(key):
        main(["resume", MODEL, "--why", "somebody does"])
    stage.until("it serves again", lambda: acts.serving(stage) == 5)
    with environment(key):
        main(["rollback", MODEL, "--why", "version 2 will do"])
    stage.until("version 2 serves again", lambda: acts.serving(stage) == 2)


def status_of(stage: Stage, part: str) -> int | None:
    """What serves, as a person sees it."""
    with environment(keys(stage, part)):
        return status(Aws(), stage.target)[0].serves


def keys(stage: Stage, part: str) -> dict[str, str]:
    """The variables with which a person calls."""
    person = stage.people[part]
    return {
        "AWS_ACCESS_KEY_ID": person.access_key_id,
        "AWS_SECRET_ACCESS_KEY": person.secret_access_key,
    }


def endpoints(stage: Stage) -> list[str]:
    listed = stage.aws.sagemaker.list_endpoints(NameContains=stage.names.endpoint)
    return [one["EndpointName"] for one in listed["Endpoints"]]


def gone(stage: Stage, concern: str, bucket: str, key: str) -> None:
    """An object is announced that does not exist any more."""
    sqs = boto3.client("sqs")
    event = {
        "source": "aws.s3",
        "detail-type": "Object Created",
        "account": stage.target.account,
        "region": stage.target.region,
        "time": times.iso(stage.now()),
        "detail": {
            "bucket": {"name": bucket},
            "object": {"key": key, "size": 1, "etag": "e", "sequencer": "0A"},
        },
    }
    url = sqs.get_queue_url(QueueName=f"{stage.target.prefix}-{concern}")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody=json.dumps(event))


def without_evidence(stage: Stage) -> None:
    """A version by hand, whose reports and artifact were never written, is approved anyway."""
    there = f"s3://{stage.target.artifact_bucket}/runs/{MODEL}/by-hand"
    image = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/sagemaker-scikit-learn:1"
    stage.aws.sagemaker.create_model_package(
        ModelPackageGroupName=stage.names.group,
        ModelApprovalStatus="PendingManualApproval",
        InferenceSpecification={
            "Containers": [{"Image": image, "ModelDataUrl": f"{there}/model.tar.gz"}],
            "SupportedContentTypes": ["text/csv"],
            "SupportedResponseMIMETypes": ["text/csv"],
        },
        ModelMetrics={
            "ModelQuality": {
                "Statistics": {"ContentType": "application/json", "S3Uri": f"{there}/none.json"}
            }
        },
    )
    stage.local.settle()
    arn = f"arn:aws:sagemaker:{stage.target.region}:{stage.target.account}:model-package"
    stage.approver.update_model_package(
        ModelPackageArn=f"{arn}/{stage.names.group}/7",
        ModelApprovalStatus="Approved",
        ApprovalDescription="override: to see what becomes of it",
    )


def attempts(stage: Stage, key: tuple[str, str]) -> Iterator[tuple[str, str]]:
    """What is forbidden even to somebody who may do anything else."""
    s3, bucket = stage.aws.s3, stage.target.artifact_bucket
    yield "write a model", refused(lambda: s3.put_object(Bucket=bucket, Key="runs/x", Body=b""))
    yield (
        "overwrite a snapshot",
        refused(lambda: s3.put_object(Bucket=bucket, Key="snapshots/x", Body=b"")),
    )
    signed = partial(s3.put_object, Bucket=stage.target.ledger_bucket, Key="checkpoints/x")
    yield "sign in the sweep's place", refused(partial(signed, Body=b"", IfNoneMatch="*"))
    for what, attempt in without_tls(stage):
        yield f"use {what} without TLS", refused(attempt)
    functions = boto3.Session(*key).client("lambda")
    ask_directly = partial(functions.invoke, FunctionName=stage.target.function("lineage"))
    yield "ask the lineage but not by its URL", refused(ask_directly)
    yield "approve as trainer", approve(stage, almighty(stage, "trainer"))
    yield "train as approver", train(stage, almighty(stage, "approver"))


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
