"""What the demo leaves out: people who look, functions that fail, attempts that are forbidden."""

import json
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from urllib.parse import urlencode

import boto3

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
from tests.story.attempts import APPROVES_ITSELF, attempts, refused

HTTP_OK = 200


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
    sagemaker.describe_model_package(ModelPackageName=acts.arn_of(stage, 1))
    if part == "trainer":
        later = partial(
            person.session.client("sagemaker-runtime").invoke_endpoint_async,
            EndpointName=names.endpoint,
            InputLocation=f"s3://{where.artifact_bucket}/async/asked.csv",
        )
        assert refused(later) == "ValidationError", "this endpoint answers at once"
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
    # So long a name that what is on record about it does not fit into the table.
    broken = f"{prefix}broken-{'x' * 600}.csv"
    stage.landing.put_object(Bucket=landing, Key=broken, Body=b"a,b\n1,2\n")
    gone(stage, "training", landing, f"{prefix}gone.csv")
    report = f"monitoring/{MODEL}/v5/2026/01/01/00/constraint_violations.json"
    gone(stage, "drift", stage.target.artifact_bucket, report)
    without_evidence(stage)
    drifted_widely(stage)
    alarm = {"AlarmName": f"{stage.target.prefix}-training-dlq", "StateReason": "it was tried"}
    boto3.client("cloudwatch").set_alarm_state(**alarm, StateValue="ALARM")
    stage.local.settle()
    sign_again(stage)
    train_on_words(stage)


def drifted_widely(stage: Stage) -> None:
    """A monitor of the team's own finds more than fits into the table."""
    end = stage.now().replace(minute=0, second=0, microsecond=0)
    violations = [
        {
            "feature_name": column,
            "constraint_check_type": "baseline_drift_check",
            "description": f"Baseline drift distance of {column}: 0.31 exceeds threshold: 0.1",
        }
        for column in stage.spec.data.columns
    ]
    window = {"start": times.iso(end - timedelta(hours=1)), "end": times.iso(end)}
    detail = {"model": MODEL, "version": 2, "window": window, "rows": 500}
    entry = {
        "Source": "steward.drift",
        "DetailType": "Drift Report",
        "Detail": json.dumps(detail | {"violations": violations}),
    }
    assert boto3.client("events").put_events(Entries=[entry])["FailedEntryCount"] == 0


def sign_again(stage: Stage) -> None:
    """A sweep that does not know of today's checkpoint finds it signed."""
    row = {"pk": {"S": "#agenda"}, "sk": {"S": "#checkpoint"}}
    boto3.client("dynamodb").delete_item(TableName=stage.target.work_table, Key=row)
    name = stage.target.function("sweep")
    answer = boto3.client("lambda").invoke(FunctionName=name, Payload=b"{}")
    assert "FunctionError" not in answer, answer["Payload"].read()


def train_on_words(stage: Stage) -> None:
    """A run fails: its file has all the columns, and not a number in them."""
    before, columns = acts.ended_runs(stage), list(stage.spec.data.columns)
    text = "\n".join([",".join(columns), *[",".join("x" for _ in columns)] * 3])
    key = f"{stage.spec.data.prefix}words.csv"
    stage.landing.put_object(Bucket=stage.target.landing_bucket, Key=key, Body=text.encode())
    stage.until("a run has failed", lambda: acts.ended_runs(stage) > before)


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
        {"ask": "why", "endpoint": stage.names.endpoint, "at": times.iso(stage.now())},
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
    code = APPROVES_ITSELF.format(version=acts.arn_of(stage, 6), group=stage.names.group)
    acts.register_by_hand(stage, 6, line=code)
    acts.approve(stage, 6, "override: to be aborted")
    stage.until("version 6 is on its way", lambda: not acts.serving(stage))
    with environment(key):
        main(["abort", MODEL, "--why", "it was approved to be aborted, which takes words; " * 30])
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
