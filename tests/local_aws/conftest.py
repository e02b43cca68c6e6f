"""One embedded AWS for all tests of this folder, with a small app deployed on it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from local_aws.client import ROOT_KEY, LocalAws

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
