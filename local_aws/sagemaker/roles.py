"""The identity under which work runs: a session of the role that the request names."""

import threading
from functools import cached_property
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

from local_aws import identity
from local_aws.account import ACCOUNT, REGION
from local_aws.authorization import Denied
from local_aws.kernel import World
from local_aws.sagemaker.errors import invalid

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sagemaker import SageMakerClient

SESSION = "SageMaker"
SERVICE = "sagemaker.amazonaws.com"
_ROOT = {
    "AWS_ACCESS_KEY_ID": identity.ROOT_KEYS[2],
    "AWS_SECRET_ACCESS_KEY": "local",
}
# What is refused is to be seen at once, and a broken answer not to be asked for again.
_CONFIG = Config(
    retries={"total_max_attempts": 1}, max_pool_connections=20, s3={"addressing_style": "path"}
)


class RoleSession:
    """Credentials of one role's session, and clients that use them."""

    def __init__(self, endpoint: str, credentials: dict[str, str]) -> None:
        self._endpoint = endpoint
        self.credentials = credentials
        self._lock = threading.Lock()

    @cached_property
    def _session(self) -> boto3.Session:
        return boto3.Session(
            aws_access_key_id=self.credentials["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=self.credentials["AWS_SECRET_ACCESS_KEY"],
            aws_session_token=self.credentials.get("AWS_SESSION_TOKEN"),
            region_name=REGION,
        )

    @property
    def s3(self) -> "S3Client":
        """S3 as the role."""
        with self._lock:  # a boto3 session makes one client at a time
            return self._s3

    @property
    def sagemaker(self) -> "SageMakerClient":
        """SageMaker as the role."""
        with self._lock:
            return self._sagemaker

    @cached_property
    def _s3(self) -> "S3Client":
        return self._session.client("s3", endpoint_url=self._endpoint, config=_CONFIG)

    @cached_property
    def _sagemaker(self) -> "SageMakerClient":
        return self._session.client("sagemaker", endpoint_url=self._endpoint, config=_CONFIG)

    def environment(self) -> dict[str, str]:
        """Variables with which a process reaches the embedded AWS as the role, and nothing else."""
        return {
            **self.credentials,
            "AWS_ENDPOINT_URL": self._endpoint,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_CONFIG_FILE": "",
            "AWS_SHARED_CREDENTIALS_FILE": "",
            "AWS_EC2_METADATA_DISABLED": "true",
            "NO_PROXY": "127.0.0.1,localhost",
        }


class Roles:
    """One session per role, opened when it is first needed."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._sessions: dict[str, RoleSession] = {}
        self._lock = threading.Lock()

    def session(self, role_arn: str | None) -> RoleSession:
        """The role's session; without a role, the embedded AWS's own root.

        Raises SageMakerError if SageMaker may not assume the role.
        """
        with self._lock:
            key = role_arn or ""
            if key not in self._sessions:
                self._sessions[key] = RoleSession(self._world.endpoint, self._assumed(role_arn))
            return self._sessions[key]

    def _assumed(self, role_arn: str | None) -> dict[str, str]:
        if not role_arn:
            return _ROOT
        assume = "sts:AssumeRole"
        try:
            self._world.guard.require(SERVICE, assume, role_arn, (("aws:SourceAccount", ACCOUNT),))
        except Denied:
            raise invalid(
                f"Could not assume role {role_arn}. Please ensure that the role exists and allows "
                f"principal '{SERVICE}' to assume the role."
            ) from None
        with self._world.lock("sts"):
            return identity.assume_role(role_arn, SESSION)
