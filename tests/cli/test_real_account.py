"""A real AWS account in the environment is never touched by what runs on an embedded AWS."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from socket import create_server, socket

import pytest

from cli import repository
from local_aws.client import REGION

TRAPPED = ("S3", "STS", "SQS", "DYNAMODB", "SAGEMAKER", "LAMBDA", "SNS", "SECRETSMANAGER")

# How somebody may have one.
ACCOUNTS = {
    "keys": {"AWS_ACCESS_KEY_ID": "AKIAMINE", "AWS_SECRET_ACCESS_KEY": "mine"},
    "a credential process": {"AWS_PROFILE": "mine"},
    "instance metadata": {},
}


@dataclass
class Trap:
    """Stands for everything beyond this machine, and for what hands out credentials."""

    server: socket
    mark: Path
    callers: list[str] = field(default_factory=list)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server.getsockname()[1]}"

    def serve(self) -> None:
        while True:
            try:
                connection, _ = self.server.accept()
            except OSError:
                return
            with connection:
                self.callers.append(connection.recv(200).decode(errors="replace"))

    def environment(self, config: Path) -> dict[str, str]:
        """Somebody's own settings: profiles, endpoints, metadata, a proxy."""
        config.write_text(
            f"[profile mine]\nregion = us-east-1\ncredential_process = touch {self.mark}\n"
            f"endpoint_url = {self.address}\n[default]\nendpoint_url = {self.address}\n"
        )
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(config.parent),
            "AWS_CONFIG_FILE": str(config),
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_SERVICE_ENDPOINT": self.address,
            "HTTP_PROXY": self.address,
            "HTTPS_PROXY": self.address,
            **{f"AWS_ENDPOINT_URL_{service}": self.address for service in TRAPPED},
        }


@pytest.fixture
def trap(tmp_path: Path) -> Iterator[Trap]:
    with create_server(("127.0.0.1", 0)) as server:
        found = Trap(server, tmp_path / "credentials-were-asked-for")
        thread = threading.Thread(target=found.serve, daemon=True)
        thread.start()
        yield found
        server.shutdown(2)
    thread.join()


def run(code: list[str], environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *code],
        cwd=repository.ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_is_not_seen_by_a_command_on_an_embedded_aws(trap: Trap, tmp_path: Path) -> None:
    """It boots, deploys, publishes and invokes, as the demo does."""
    steward = "import sys; from cli.main import main; sys.exit(main())"
    arguments = ["invoke", "sweep", "--event", "events/sweep.json"]
    environment = trap.environment(tmp_path / "config") | ACCOUNTS["a credential process"]
    ran = run(["-P", "-c", steward, *arguments], environment)
    assert (ran.returncode, json.loads(ran.stdout or "null")) == (0, {"looks": 4}), ran.stderr
    assert trap.callers == []
    assert not trap.mark.exists()


def test_is_not_seen_by_the_tests(trap: Trap, tmp_path: Path) -> None:
    ask = (
        "import os, tests.conftest, boto3\n"
        "seen = {name: value for name, value in os.environ.items() if name.startswith('AWS_')}\n"
        "print(seen, boto3.client('s3').meta.endpoint_url, boto3.client('sts').meta.region_name)"
    )
    ran = run(["-c", ask], trap.environment(tmp_path / "config") | {"AWS_PROFILE": "mine"})
    assert ran.returncode == 0, ran.stderr
    for theirs in (trap.address, "mine", "us-east-1", str(tmp_path)):
        assert theirs not in ran.stdout
    assert f"amazonaws.com {REGION}" in ran.stdout
    assert trap.callers == []
    assert not trap.mark.exists()


@pytest.mark.parametrize("account", ACCOUNTS)
def test_is_seen_by_whoever_is_not_careful(trap: Trap, tmp_path: Path, account: str) -> None:
    careless = "import boto3; boto3.client('sts').get_caller_identity()"
    environment = trap.environment(tmp_path / "config") | ACCOUNTS[account]
    run(["-c", careless], environment | {"AWS_MAX_ATTEMPTS": "1"})
    assert trap.callers or trap.mark.exists()
