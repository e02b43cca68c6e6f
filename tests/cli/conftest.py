"""The `steward` command in this process, against one embedded AWS for all tests of this folder."""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import boto3
import pytest

from cli import repository
from cli.local import PREFIX, target
from cli.main import main
from cli.publish import publish
from cli.target import Target
from local_aws.client import LocalAws

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Ran:
    """How a command ended, and what it printed."""

    code: int
    out: str
    err: str

    @property
    def said(self) -> list[str]:
        """What stands on stderr, but for how the command is used and which AWS it talks to."""
        lines = [line for line in self.err.splitlines() if not line.startswith(("usage:", " "))]
        return [line for line in lines if ", account " not in line]


type Steward = Callable[..., Ran]


@pytest.fixture
def steward(capsys: pytest.CaptureFixture[str]) -> Steward:
    def run(*arguments: str | Path) -> Ran:
        capsys.readouterr()
        try:
            code = main([str(argument) for argument in arguments])
        except SystemExit as end:
            code = int(end.code or 0)
        return Ran(code, *capsys.readouterr())

    return run


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAws]:
    """The embedded AWS with the app deployed and published; nobody's environment is changed."""
    root = tmp_path_factory.mktemp("embedded")
    with LocalAws.start(root, repository.TEMPLATE, {"Prefix": PREFIX}) as local:
        with pytest.MonkeyPatch.context() as patch:
            point(patch, local)
            publish(target(local), dry_run=False)
        yield local


@pytest.fixture
def aws(running: LocalAws, monkeypatch: pytest.MonkeyPatch) -> LocalAws:
    """The embedded AWS, with the environment pointing to it."""
    point(monkeypatch, running)
    return running


def point(patch: pytest.MonkeyPatch, local: LocalAws) -> None:
    for name, value in local.environment().items():
        patch.setenv(name, value)
    patch.setattr(boto3, "DEFAULT_SESSION", None)  # it keeps what it once read


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAws]:
    """An embedded AWS of its own: what these tests leave there would surprise others."""
    with (
        LocalAws.start(
            tmp_path_factory.mktemp("alone"), repository.TEMPLATE, {"Prefix": PREFIX}
        ) as local,
        pytest.MonkeyPatch.context() as patch,
    ):
        point(patch, local)
        publish(target(local), dry_run=False)
        yield local
        local.settle()
        assert local.faults() == []


@pytest.fixture
def empty(aws: LocalAws) -> Target:
    """A deployment of its own with its bucket, and nothing published yet."""
    where = target(aws)
    fresh = Target(f"fresh{next(_numbers):02}", where.account, where.region, where.endpoint)
    boto3.client("s3").create_bucket(
        Bucket=fresh.artifact_bucket,
        CreateBucketConfiguration={"LocationConstraint": "eu-west-1"},
    )
    return fresh
