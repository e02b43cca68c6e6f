"""A whole account in memory, in place of `steward.aws.Aws`: for simulations and large benchmarks.

One thread at a time. What happens between calls happens when its world's time passes.
"""

from collections.abc import Callable, Mapping
from datetime import datetime

from local_aws.account import ACCOUNT, REGION
from local_aws.cloudwatch.service import CloudWatch
from local_aws.cloudwatch.wire import CloudWatchError
from local_aws.memory.autoscaling import InMemoryAutoScaling
from local_aws.memory.client import Around, Client, Operation, as_json, at_once, copied
from local_aws.memory.dynamodb import InMemoryDynamoDB
from local_aws.memory.errors import error
from local_aws.memory.items import Json
from local_aws.memory.kms import InMemoryKMS
from local_aws.memory.messages import InMemorySNS, InMemorySQS
from local_aws.memory.s3 import InMemoryS3
from local_aws.memory.sagemaker import InMemorySageMaker, Stage
from local_aws.memory.world import InMemoryWorld
from local_aws.sagemaker.core import Caller

ROOT = Caller(f"arn:aws:iam::{ACCOUNT}:root")


class InMemoryAccount:
    """One account in one region; tables, buckets, queues, topics and keys are made by hand."""

    def __init__(self, now: datetime, stage: Stage, *tables: str) -> None:
        self.world = InMemoryWorld(now)
        self.dynamodb = InMemoryDynamoDB(*tables)
        self.s3 = InMemoryS3(self.world)
        self.sqs, self.sns, self.kms = InMemorySQS(self.world), InMemorySNS(), InMemoryKMS()
        self.sagemaker = InMemorySageMaker(self.world, stage)
        self.cloudwatch = CloudWatch(self.world)
        self.cloudwatch.tell = self._tell
        self.autoscaling = InMemoryAutoScaling(self.world)
        self.world.measure = self.cloudwatch.measure
        self.world.alarm_state = self.cloudwatch.alarm_state

    def clients(self, caller: Caller = ROOT, around: Around = at_once) -> "Clients":
        """What somebody has in place of boto3's clients; `around` sees each call."""
        return Clients(
            {
                "application-autoscaling": self.autoscaling.operations(),
                "cloudwatch": _cloudwatch(self.cloudwatch),
                "dynamodb": self.dynamodb.operations(),
                "kms": self.kms.operations(),
                "s3": self.s3.operations(),
                "sagemaker": self.sagemaker.operations(caller),
                "sns": self.sns.operations(),
                "sqs": self.sqs.operations(),
            },
            around,
        )

    def _tell(self, topic: str, subject: str, message: str) -> None:
        self.sns.publish({"TopicArn": topic, "Subject": subject, "Message": message})


class Clients:
    """The attributes of `steward.aws.Aws`."""

    def __init__(self, services: Mapping[str, Mapping[str, Operation]], around: Around) -> None:
        for service, operations in services.items():
            client = Client(service, operations, around)
            setattr(self, service.removeprefix("application-"), client)


def _cloudwatch(cloudwatch: CloudWatch) -> Mapping[str, Operation]:
    def answering(run: Callable[[Json], Json | None]) -> Operation:
        def answer(request: Json) -> Json:
            try:
                return copied(run(as_json(request)) or {})
            except CloudWatchError as refused:
                raise error(refused.code, str(refused), refused.status) from None

        return answer

    return {name: answering(run) for name, run in cloudwatch.operations.items()}


def queue_url(name: str) -> str:
    """The URL of a queue of the account."""
    return f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{name}"
