"""One embedded AWS that gets bad input, and what can be read back of it."""

import json
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3

from cli.demo.stage import MODEL, Stage
from steward import times
from steward.observe.training import read_run
from steward.record.store import Store
from tests.steward.ledger import decisions
from tests.story import dumps

CONCERNS = ("training", "approval", "rollout", "drift")
MAILBOX = "people-read-this"

type Json = dict[str, Any]


class House:
    """The deployment; `landing` is the bucket where data lands."""

    def __init__(self, stage: Stage) -> None:
        self.stage, self.local = stage, stage.local
        self.sqs, self.s3 = boto3.client("sqs"), boto3.client("s3")
        self.store: Store = stage.store
        self.landing = stage.target.landing_bucket
        self.prefix = stage.spec.data.prefix
        self._mailbox = self._subscribe()
        self._mail: list[Json] = []

    def _subscribe(self) -> str:
        """A queue that overhears what people are told."""
        where = f"{self.stage.target.region}:{self.stage.target.account}"
        arn, topic = f"arn:aws:sqs:{where}:{MAILBOX}", f"arn:aws:sns:{where}:steward-people"
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": "sns.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": arn,
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        url = self.sqs.create_queue(QueueName=MAILBOX, Attributes={"Policy": policy})["QueueUrl"]
        boto3.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
        return url

    # ---- what is done to it

    def put(self, name: str, body: bytes) -> Json:
        """Upload below the model's prefix; returns the event that S3 sent."""
        self.s3.put_object(Bucket=self.landing, Key=self.prefix + name, Body=body)
        return self.announced(self.prefix + name)

    def put_unannounced(self, name: str, body: bytes) -> Json:
        """Upload, and keep the event that S3 sent from the functions; returns it."""
        events = boto3.client("events")
        patterns = {
            one["Name"]: one.get("EventPattern", "") for one in events.list_rules()["Rules"]
        }
        wanted = ("Object Created", self.landing)
        (rule,) = (name for name, text in patterns.items() if all(one in text for one in wanted))
        events.disable_rule(Name=rule)
        event = self.put(name, body)
        events.enable_rule(Name=rule)
        return event

    def announced(self, key: str) -> Json:
        """The newest event about an object that was created."""
        events: list[Json] = [dict(entry["event"]) for entry in self.local.events()]  # type: ignore[call-overload]
        created = [event for event in events if event["detail-type"] == "Object Created"]
        return next(one for one in reversed(created) if one["detail"]["object"]["key"] == key)

    def deliver(self, concern: str, *bodies: object) -> list[str]:
        """Put messages on a function's queue, at most ten at once; returns their ids."""
        entries = [
            {"Id": str(place), "MessageBody": body if isinstance(body, str) else json.dumps(body)}
            for place, body in enumerate(bodies)
        ]
        sent = self.sqs.send_message_batch(QueueUrl=self.url(concern), Entries=entries)
        return [one["MessageId"] for one in sorted(sent["Successful"], key=lambda one: one["Id"])]

    def look(self, concern: str) -> None:
        """Have a function look at the model, until its message is done with."""
        self.deliver(concern, {"look_at": MODEL})
        self.local.settle()

    def event(self, source: str, kind: str, detail: Mapping[str, object]) -> Json:
        """An event of this account and region."""
        return {
            "version": "0",
            "id": str(uuid.uuid4()),
            "source": source,
            "detail-type": kind,
            "account": self.stage.target.account,
            "region": self.stage.target.region,
            "time": times.iso(self.stage.now()),
            "resources": [],
            "detail": dict(detail),
        }

    def be_patient(self, deliveries: int) -> None:
        """How often a message is delivered before it becomes a dead letter."""
        for concern in CONCERNS:
            where = {"QueueUrl": self.url(concern)}
            found = self.sqs.get_queue_attributes(**where, AttributeNames=["RedrivePolicy"])
            policy = json.loads(found["Attributes"]["RedrivePolicy"])
            redrive = json.dumps(policy | {"maxReceiveCount": deliveries})
            self.sqs.set_queue_attributes(**where, Attributes={"RedrivePolicy": redrive})

    def hand_over(self, at_most: int) -> None:
        """How many messages a function gets at once."""
        self._change_mappings(BatchSize=at_most)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Inside, no function gets messages; afterwards each gets those that wait as one batch."""
        self._change_mappings(Enabled=False)
        yield
        self._change_mappings(Enabled=True)

    def _change_mappings(self, **changes: Any) -> None:
        functions = boto3.client("lambda")
        for mapping in functions.list_event_source_mappings()["EventSourceMappings"]:
            functions.update_event_source_mapping(UUID=mapping["UUID"], **changes)

    # ---- what is read back

    def url(self, concern: str) -> str:
        """A function's queue."""
        return self.sqs.get_queue_url(QueueName=f"steward-{concern}")["QueueUrl"]

    def waiting(self, concern: str) -> int:
        """How many messages a function's queue holds, those in flight too."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = self.sqs.get_queue_attributes(QueueUrl=self.url(concern), AttributeNames=names)
        return sum(int(found["Attributes"][name]) for name in names)

    def dead_letters(self, concern: str) -> dict[str, str]:
        """The bodies of a function's dead letters by message id; reading takes them out."""
        return {one["MessageId"]: one["Body"] for one in self._drain(self.url(f"{concern}-dlq"))}

    def mail(self) -> list[Json]:
        """Everything that people were told so far."""
        self._mail += [json.loads(one["Body"]) for one in self._drain(self._mailbox)]
        return self._mail

    def told(self, part: str) -> list[Json]:
        """What people were told that holds these words."""
        return [one for one in self.mail() if part in f"{one['Subject']} {one['Message']}"]

    def _drain(self, url: str) -> list[Json]:
        taken: list[Json] = []
        while found := self.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get(
            "Messages"
        ):
            taken += [dict(one) for one in found]
            for one in found:
                self.sqs.delete_message(QueueUrl=url, ReceiptHandle=one["ReceiptHandle"])
        return taken

    def log(self, concern: str, message_id: str | None = None) -> list[str]:
        """What a function has logged, of one message or all."""
        text = self._logs(concern).read_text() if self._logs(concern).exists() else ""
        lines = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
        ours = [line for line in lines if message_id in (None, line.get("message_id"))]
        return [str(line["message"]) for line in ours if "message" in line]

    def batches(self, concern: str, message_id: str) -> set[str]:
        """The invocations of a function that had a message."""
        lines = self._logs(concern).read_text().splitlines()
        return {
            json.loads(line)["xray_trace_id"]
            for line in lines
            if line.startswith("{") and message_id in line
        }

    def counted(self, concern: str, metric: str) -> int:
        """How often a function has counted a metric."""
        return self._logs(concern).read_text().count(f'"{metric}":[1.0]')

    def _logs(self, concern: str) -> Path:
        return self.local.root / "logs" / f"function-steward-{concern}.log"

    def record(self) -> dict[str, dumps.Items]:
        """Both tables, whole."""
        tables = (self.store.lineage, self.store.work)
        return {table: dumps.table(self.stage, table) for table in tables}

    def nodes(self, kind: str) -> list[Json]:
        """Every node of a kind."""
        items = dumps.table(self.stage, self.store.lineage)
        return [
            one for (pk, sk), one in items.items() if pk.startswith(f"{kind}#") and sk == "node"
        ]

    def datasets(self, name: str) -> list[Json]:
        """The facts of every upload on record under a name, the oldest first."""
        nodes = sorted(self.nodes("dataset"), key=lambda node: str(node["at"]))
        return [node["facts"] for node in nodes if node["facts"]["key"] == self.prefix + name]

    def verdicts(self, subject: str) -> list[str]:
        """What was decided about a subject, in order."""
        return [str(one["verdict"]) for one in self.decided(subject)]

    def decided(self, subject: str) -> list[Json]:
        """The decisions about a subject, in order."""
        return [one for one in decisions(self.store) if one["subject"] == subject]

    def pending(self) -> list[str]:
        """The keys that wait for a run."""
        rows = self.store.query(self.store.work, MODEL, "pending#")
        return [str(row["key"]).removeprefix(self.prefix) for row in rows]

    def runs(self) -> list[tuple[str, str]]:
        """Name and status of every execution of the pipeline, the oldest first."""
        answer = self.stage.aws.sagemaker.list_pipeline_executions(
            PipelineName=self.stage.names.pipeline, SortOrder="Ascending"
        )
        return [
            (one["PipelineExecutionDisplayName"], one["PipelineExecutionStatus"])
            for one in answer["PipelineExecutionSummaries"]
        ]

    def let_run_end(self, number: int) -> None:
        """Let time pass until a run is closed."""
        self.stage.until(f"run {number} is closed", lambda: self._is_closed(number))

    def _is_closed(self, number: int) -> bool:
        run = read_run(self.store, MODEL)
        return run is not None and run.number == number and not run.open

    def let_windows_be_judged(self, version: int) -> None:
        """Let time pass until what the endpoint captured was looked at by the monitors' jobs."""
        self.stage.until("a window was judged", lambda: self._is_watched(version))

    def _is_watched(self, version: int) -> bool:
        row = self.store.get(self.store.work, MODEL, "monitor#prediction_drift")
        windows = self.store.query(
            self.store.work, MODEL, f"window#prediction_drift#{version:010d}#"
        )
        return bool(row and row["jobs"] and windows)

    def manifest(self) -> Json:
        """What the last run was given to learn from."""
        run = read_run(self.store, MODEL)
        assert run is not None
        return dict(self.stage.document(run.snapshot_uri))

    def prepared(self) -> list[Json]:
        """What the last run did with each object."""
        execution = str(self.store.get(self.store.work, MODEL, "run")["execution_arn"])  # type: ignore[index]
        bucket = self.stage.target.artifact_bucket
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
        keys = [entry["Key"] for page in pages for entry in page.get("Contents", [])]
        identity = execution.rpartition("/")[2]
        (key,) = (key for key in keys if key.endswith("/prepared.json") and identity in key)
        return list(self.stage.document(f"s3://{bucket}/{key}")["objects"])  # type: ignore[call-overload]
