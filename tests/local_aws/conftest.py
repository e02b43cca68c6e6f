"""One embedded AWS for all tests of this folder, with a small app deployed on it."""

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import boto3
import pytest

from local_aws.client import ROOT_KEY, LocalAws
from local_aws.memory import InMemoryAws
from tests.local_aws.tables import OneTable

HERE = Path(__file__).parent
REGION = "eu-west-1"


@pytest.fixture(scope="session")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAws]:
    with LocalAws.start(tmp_path_factory.mktemp("local-aws"), HERE / "template.yaml") as running:
        yield running


@pytest.fixture(scope="session")
def client(aws: LocalAws) -> Callable[[str], Any]:
    made: dict[str, Any] = {}

    def get(service: str) -> Any:
        if service not in made:
            made[service] = boto3.client(
                service,
                endpoint_url=aws.endpoint,
                region_name=REGION,
                aws_access_key_id=ROOT_KEY,
                aws_secret_access_key="local",
            )
        return made[service]

    return get


@pytest.fixture(scope="session")
def receive(client: Callable[[str], Any]) -> Callable[[str], list[Any]]:
    """All messages of a queue, which is empty afterwards."""

    def get(url: str) -> list[Any]:
        sqs, messages = client("sqs"), []
        wanted = {"MessageAttributeNames": ["All"], "MaxNumberOfMessages": 10}
        while batch := sqs.receive_message(QueueUrl=url, **wanted).get("Messages"):
            messages += batch
            for message in batch:
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return messages

    return get


@pytest.fixture(scope="session")
def empty(client: Callable[[str], Any]) -> Callable[[str], OneTable]:
    """A new table, in memory or on the port."""
    numbers = count()

    def make(where: str) -> OneTable:
        name = f"contract-{next(numbers)}"
        if where == "memory":
            return OneTable(InMemoryAws(name).dynamodb, name)
        names = ("pk", "sk")
        client("dynamodb").create_table(
            TableName=name,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": one, "AttributeType": "S"} for one in names],
            KeySchema=[
                {"AttributeName": one, "KeyType": kind}
                for one, kind in zip(names, ("HASH", "RANGE"), strict=True)
            ],
        )
        return OneTable(client("dynamodb"), name)

    return make
