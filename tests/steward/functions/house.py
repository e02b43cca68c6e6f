"""A deployment in one process: the real handlers; S3, SNS and SQS by moto."""

import csv
import importlib
import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from moto.moto_api._internal import mock_random

from steward.aws import Aws
from steward.decide.canary import Minute
from steward.record.store import Store
from tests.steward.builders import (
    ACCOUNT,
    ARTIFACT,
    REGION,
    SAGEMAKER,
    bias_report,
    champion,
    evaluation,
)  # fmt: skip
from tests.steward.fakes import Clock, FakeAutoscaling, FakeCloudWatch, FakeSageMaker
from tests.steward.ledger import decisions
from tests.steward.signing import FakeKms
from tests.steward.standin import Json
from tests.steward.tables import FakeTables

PREFIX = "steward"
LANDING, ARTIFACTS, LEDGER = (
    f"{PREFIX}-{use}-{ACCOUNT}-{REGION}" for use in ("landing", "artifacts", "ledger")
)
NAME = f"{PREFIX}-mortgage"
INCOMING = "mortgage/incoming/"
CONCERNS = ("training", "approval", "rollout", "drift")


@contextmanager
def open_house(
    aws: Aws, time: Clock, columns: list[str], monkeypatch: pytest.MonkeyPatch
) -> "Iterator[House]":
    """An empty deployment: buckets, topic, queues, tables, and the functions' own modules."""
    for bucket in (LANDING, ARTIFACTS):
        aws.s3.create_bucket(
            Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION}
        )
        aws.s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    aws.s3.create_bucket(
        Bucket=LEDGER,
        CreateBucketConfiguration={"LocationConstraint": REGION},
        ObjectLockEnabledForBucket=True,
    )
    aws.sns.create_topic(Name=f"{PREFIX}-people")
    apps = {}
    for concern in (*CONCERNS, "sweep"):
        aws.sqs.create_queue(QueueName=f"{PREFIX}-{concern}")
        apps[concern] = importlib.import_module(f"{concern}.app")
        monkeypatch.setattr(apps[concern], "_aws", aws)
    house = House(aws, time, apps, columns)
    house.enter()
    try:
        yield house
    finally:
        house.leave()


class House:
    """What happens around the model `mortgage`, and what the functions make of it."""

    def __init__(
        self, aws: Aws, clock: Clock, apps: dict[str, ModuleType], columns: list[str]
    ) -> None:
        self.aws, self.clock = aws, clock
        self.store = Store(aws, "lineage", "work", ARTIFACTS)
        self.sagemaker, self._tables = FakeSageMaker(clock), FakeTables()
        self.cloudwatch, self.autoscaling = FakeCloudWatch(), FakeAutoscaling()
        self._kms = FakeKms()
        self._apps, self._columns = apps, columns
        self._sequence = 0
        self.said: list[Json] = []

    def enter(self) -> None:
        """Answer behind the clients, and overhear what is said to people."""
        self.sagemaker.install(self.aws.sagemaker)
        self._tables.install(self.aws.dynamodb)
        self.cloudwatch.install(self.aws.cloudwatch)
        self.autoscaling.install(self.aws.autoscaling)
        self._kms.install(self.aws.kms)
        self.aws.sns.meta.events.register("provide-client-params.sns.Publish", self._overhear)

    def leave(self) -> None:
        """Leave the clients as they were."""
        self.sagemaker.leave(self.aws.sagemaker)
        self._tables.leave(self.aws.dynamodb)
        self.cloudwatch.leave(self.aws.cloudwatch)
        self.autoscaling.leave(self.aws.autoscaling)
        self._kms.leave(self.aws.kms)
        self.aws.sns.meta.events.unregister("provide-client-params.sns.Publish", self._overhear)

    def _overhear(self, params: Json, **_: object) -> None:
        self.said.append(params)

    # ---- messages to functions

    def deliver(self, concern: str, *events: Json, times: int = 3) -> int:
        """Hand events to a function as its queue does: a failed one comes again.

        Returns how many are left after so many deliveries: they would go to the dead letters.
        """
        waiting = {f"m{number}": event for number, event in enumerate(events)}
        for _ in range(times):
            answer = self._apps[concern].lambda_handler(batch(waiting), SimpleNamespace())
            failed = {one["itemIdentifier"] for one in answer["batchItemFailures"]}
            waiting = {name: event for name, event in waiting.items() if name in failed}
            if not waiting:
                break
        return len(waiting)

    def look(self, concern: str, times: int = 3, asked_by: str = "") -> int:
        asked = {"asked_by": asked_by} if asked_by else {}
        return self.deliver(concern, {"look_at": "mortgage"} | asked, times=times)

    def sweep(self, at: str = "2026-11-20T12:01:00Z") -> list[tuple[str, str]]:
        """What the sweep asks for: concern and model."""
        for concern in CONCERNS:
            self.asked(concern)
        self._apps["sweep"].lambda_handler({"time": at}, SimpleNamespace())
        return [
            (concern, json.loads(body)["look_at"])
            for concern in CONCERNS
            for body in self.asked(concern)
        ]

    def asked(self, concern: str) -> list[str]:
        """Messages that wait in a function's queue; reading takes them out."""
        url = self.aws.sqs.get_queue_url(QueueName=f"{PREFIX}-{concern}")["QueueUrl"]
        found = self.aws.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)
        for message in found.get("Messages", []):
            self.aws.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return [message["Body"] for message in found.get("Messages", [])]

    # ---- what happens outside

    def upload(
        self, name: str = "a.csv", text: str | None = None, *, bucket: str = LANDING
    ) -> Json:
        """Somebody writes an object; returns the event that S3 sends."""
        key = name if "/" in name else INCOMING + name
        body = (self.rows(3) if text is None else text).encode()
        mock_random.seed(self._sequence)  # the version id depends on nothing that came before
        put = self.aws.s3.put_object(Bucket=bucket, Key=key, Body=body)
        self._sequence += 1
        return event("aws.s3", "Object Created", self.clock, {
            "bucket": {"name": bucket},
            "object": {
                "key": key,
                "size": len(body),
                "etag": put["ETag"].strip('"'),
                "version-id": put["VersionId"],
                "sequencer": f"{self._sequence:04X}",
            },
        })  # fmt: skip

    def rows(self, count: int, without: str = "") -> str:
        """A data file with a header and some rows."""
        columns = [column for column in self._columns if column != without]
        file = io.StringIO()
        csv.writer(file).writerows([columns, *[["1"] * len(columns)] * count])
        return file.getvalue()

    def run_event(self, number: int = 1) -> Json:
        arn = f"{SAGEMAKER}:pipeline/{NAME}/execution/r{number}"
        kind = "SageMaker Model Building Pipeline Execution Status Change"
        return event("aws.sagemaker", kind, self.clock, {"pipelineExecutionArn": arn})

    def trained(self, number: int = 1) -> None:
        """Upload, wait, run and end: a run of the model is on record."""
        self.deliver("training", self.upload(f"{number}.csv"))
        self.clock.pass_by(minutes=10)
        self.look("training")
        self.clock.pass_by(minutes=5)

    def registered(self, number: int = 1, auc: float = 0.72, against: int | None = None) -> Json:
        """The run registers a version with its evidence and ends; returns the event."""
        execution = f"{SAGEMAKER}:pipeline/{NAME}/execution/r{number}"
        key = f"runs/mortgage/r{number}/model/model.tar.gz"
        self.aws.s3.put_object(Bucket=ARTIFACTS, Key=key, Body=f"model {number}".encode())
        reports = {
            "evaluation": evaluation(auc, champion=champion(version=against) if against else None),
            "bias": bias_report(0.1),
            "explainability": {"explanations": {}},
        }
        uris = {
            name: {"ContentType": "application/json", "S3Uri": self.report(number, name, report)}
            for name, report in reports.items()
        }
        baseline = f"runs/mortgage/r{number}/baseline/rows.csv"
        self.aws.s3.put_object(Bucket=ARTIFACTS, Key=baseline, Body=self.rows(3).encode())
        snapshot = self.sagemaker.parameters(execution)["SnapshotDigest"]
        self.sagemaker.register(
            number,
            InferenceSpecification={
                "Containers": [
                    {
                        "Image": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/sklearn:1",
                        "ImageDigest": "sha256:" + "8" * 64,
                        "ModelDataUrl": f"s3://{ARTIFACTS}/{key}",
                    }
                ],
                "SupportedContentTypes": ["text/csv"],
            },
            MetadataProperties={"GeneratedBy": execution, "CommitId": "0123abcd"},
            CustomerMetadataProperties={
                "snapshot_digest": snapshot,
                "artifact_sha256": "7" * 64,
            },
            ModelMetrics={
                "ModelQuality": {"Statistics": uris["evaluation"]},
                "Bias": {"Report": uris["bias"]},
                "Explainability": {"Report": uris["explainability"]},
            },
        )
        self.sagemaker.end(execution, "Succeeded")
        self.deliver("training", self.run_event(number))
        return self.version_event(number)

    def report(self, number: int, name: str, content: object) -> str:
        """Writes a report of a version; returns its URI."""
        key = f"runs/mortgage/r{number}/{name}/analysis.json"
        self.aws.s3.put_object(Bucket=ARTIFACTS, Key=key, Body=json.dumps(content).encode())
        return f"s3://{ARTIFACTS}/{key}"

    def version_event(self, number: int = 1, *updated: str) -> Json:
        detail: Json = {"ModelPackageGroupName": NAME, "ModelPackageVersion": number}
        if updated:
            detail |= {
                "UpdatedModelPackageFields": list(updated),
                "LastModifiedTime": text(self.clock),
            }
        return event("aws.sagemaker", "SageMaker Model Package State Change", self.clock, detail)

    def says(self, number: int, status: str = "Approved", words: str = "", who: str = "") -> Json:
        """Somebody sets a version's status in the registry; returns the event."""
        self.clock.pass_by(minutes=1)
        self.sagemaker.decide(arn(number), status, words, who)
        return self.version_event(number, "ModelApprovalStatus")

    def endpoint_event(self) -> Json:
        detail = {"EndpointName": NAME, "EndpointStatus": "IN_SERVICE"}
        return event("aws.sagemaker", "SageMaker Endpoint State Change", self.clock, detail)

    def judged(self, number: int = 1, **given: Any) -> None:
        """A version with good evidence, judged."""
        self.trained(number)
        self.deliver("approval", self.registered(number, **given))

    def serving(self, number: int = 1, **given: Any) -> None:
        """A version that was approved and rolled out."""
        self.judged(number, **given)
        self.deliver("approval", self.says(number))
        self.look("rollout")
        self.clock.pass_by(minutes=4)
        self.sagemaker.settle()
        self.deliver("rollout", self.endpoint_event())

    def order(self, kind: str, number: int = 1, **more: Any) -> Json:
        """The message by which bob orders something."""
        body = {"order": kind, "model": "mortgage", "by": "bob", "why": "customers complain"}
        return body | {"id": f"order-{number}", "at": text(self.clock)} | more

    def takes(self, *minutes: tuple[int, int, int, int]) -> None:
        """Requests and errors of the new fleet and of the old, minute by minute."""
        for counts in minutes:
            at = self.clock.now().replace(second=0, microsecond=0)
            self.cloudwatch.minutes.append(Minute(at, *counts))
            self.clock.pass_by(minutes=1)

    # ---- what became of it

    def tables(self) -> list[Json]:
        """Every item of both tables."""
        return self._tables.items()

    def row(self, sk: str) -> dict[str, Any] | None:
        """A row of the model in the Work table."""
        return self.store.get(self.store.work, "mortgage", sk)

    def decisions(self, concern: str = "") -> list[tuple[str, str]]:
        """Subject and verdict of every decision on record, in order."""
        return [
            (str(one["subject"]), str(one["verdict"]))
            for one in decisions(self.store)
            if concern in ("", one["concern"])
        ]

    def repairs(self) -> list[tuple[str, str]]:
        """Subject and verdict of every decision by which the sweep mended something, in order."""
        return [
            (str(one["subject"]), str(one["verdict"]))
            for one in decisions(self.store)
            if "repair" in one
        ]

    def subjects(self) -> list[str]:
        """Subjects of the messages to people."""
        return [message["Subject"] for message in self.said]


def arn(number: int) -> str:
    return f"{SAGEMAKER}:model-package/{NAME}/{number}"


def artifact(number: int) -> str:
    return ARTIFACT.format(number)


def text(clock: Clock) -> str:
    return clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")


def event(source: str, kind: str, clock: Clock, detail: Json) -> Json:
    """A bare EventBridge event."""
    return {
        "version": "0",
        "id": "6a4f0d3e-0000-4000-8000-000000000001",
        "detail-type": kind,
        "source": source,
        "account": ACCOUNT,
        "time": text(clock),
        "region": REGION,
        "resources": [],
        "detail": detail,
    }


def batch(messages: dict[str, Json]) -> Json:
    """A batch as the queue's event source mapping hands it over."""
    return {
        "Records": [
            {
                "messageId": name,
                "receiptHandle": f"handle-{name}",
                "body": json.dumps(body),
                "attributes": {},
                "messageAttributes": {},
                "md5OfBody": "",
                "eventSource": "aws:sqs",
                "eventSourceARN": f"arn:aws:sqs:{REGION}:{ACCOUNT}:queue",
                "awsRegion": REGION,
            }
            for name, body in messages.items()
        ]
    }
