"""One embedded SageMaker on moto's server for all tests here; each test uses names of its own."""

import io
import itertools
import json
import tarfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, cast

import boto3
import pytest
from botocore.config import Config
from moto.server import ThreadedMotoServer

from local_aws import sagemaker
from local_aws.kernel import Event, World

# boto3's clients and its answers are used as a person at a shell uses them.
type Client = Any
type Json = dict[str, Any]
type Calls = Callable[..., Any]
type Put = Callable[[str, bytes | str], str]
type Get = Callable[[str], bytes]

ROLE = "arn:aws:iam::123456789012:role/execution"
TRUST, ANYTHING = (
    json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow"} | rest]})
    for rest in (
        {"Action": "sts:AssumeRole", "Principal": {"Service": "sagemaker.amazonaws.com"}},
        {"Action": "*", "Resource": "*"},
    )
)
IMAGE = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/sklearn:1.9"
BUCKET = "artifacts"
_numbers = itertools.count(1)


@dataclass
class Local:
    """The embedded SageMaker under test, and what it has announced."""

    world: World
    events: list[Event] = field(default_factory=list)

    def client(self, service: str, **credentials: str) -> Client:
        config = Config(retries={"total_max_attempts": 1}, max_pool_connections=50)
        return boto3.client(
            service,
            region_name="eu-west-1",
            endpoint_url=self.world.endpoint,
            config=config,
            **credentials,
        )

    def settle(self, seconds: float = 20) -> None:
        """Wait until nothing runs."""
        end = time.monotonic() + seconds
        while running := self.world.running():
            assert time.monotonic() < end, f"still running: {running}"
            self.world.wait_for_change(0.02)

    def advance(self, seconds: float) -> None:
        """Let everything happen that is due until then, as the embedded AWS does."""
        end = self.world.now() + timedelta(seconds=seconds)
        self.settle()
        while self.world.fire_next(end):
            self.settle()
        self.world.clock.jump_to(end)

    def announced(self, detail_type: str, resource: str) -> list[Json]:
        """The details of the events of one type about one resource."""
        return [
            cast(Json, event["detail"])
            for event in list(self.events)
            if event["detail-type"] == detail_type
            and resource in cast("list[str]", event["resources"])
        ]


@pytest.fixture(scope="session")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Local]:
    world = World(tmp_path_factory.mktemp("aws"))
    local = Local(world)
    world.publish = local.events.append
    sagemaker.install(world)
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    world.endpoint = f"http://{host}:{port}"
    iam = local.client("iam")
    iam.create_role(RoleName="execution", AssumeRolePolicyDocument=TRUST)
    iam.put_role_policy(RoleName="execution", PolicyName="all", PolicyDocument=ANYTHING)
    local.client("s3").create_bucket(
        Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    yield local
    sagemaker.stop()
    server.stop()


@pytest.fixture(scope="session")
def sm(local: Local) -> Client:
    return local.client("sagemaker")


@pytest.fixture(scope="session")
def s3(local: Local) -> Client:
    return local.client("s3")


@pytest.fixture(scope="session")
def sts(local: Local) -> Client:
    return local.client("sts")


@pytest.fixture(scope="session")
def runtime(local: Local) -> Client:
    return local.client("sagemaker-runtime")


@pytest.fixture
def name() -> str:
    """A name that no other test uses."""
    return f"thing-{next(_numbers)}"


@pytest.fixture
def put(s3: Client, name: str) -> Put:
    """Puts an object below the test's own prefix and returns its URI."""

    def put(key: str, body: bytes | str) -> str:
        s3.put_object(Bucket=BUCKET, Key=f"{name}/{key}", Body=body)
        return f"s3://{BUCKET}/{name}/{key}"

    return put


@pytest.fixture
def get(s3: Client) -> Get:
    """Reads the object at a URI."""

    def get(uri: str) -> bytes:
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        return s3.get_object(Bucket=bucket, Key=key)["Body"].read()

    return get


def tar_gz(files: dict[str, bytes | str]) -> bytes:
    """An archive of these files."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for path, content in files.items():
            data = content.encode() if isinstance(content, str) else content
            member = tarfile.TarInfo(path)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return packed.getvalue()
