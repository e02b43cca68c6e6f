"""Which deployment a command talks to: endpoint, account, region and prefix."""

import os
import sys
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlparse

import boto3

from local_aws.client import now as embedded_now
from steward import clock

LOOPBACK = ("127.0.0.1", "localhost", "::1")


class Refused(Exception):
    """The command was not carried out; the message says why and how to go on."""


class Misused(Exception):
    """The command was called wrongly; the message says how it is called."""


@dataclass(frozen=True, slots=True)
class Target:
    """One deployment of Steward; every name follows from prefix, account and region."""

    prefix: str
    account: str
    region: str
    endpoint: str

    @property
    def is_local(self) -> bool:
        """Whether this is an embedded AWS on this machine."""
        return urlparse(self.endpoint).hostname in LOOPBACK

    @property
    def landing_bucket(self) -> str:
        """The bucket that training is deployed for, asked of AWS: it may be one of the user's."""
        function = boto3.client("lambda").get_function_configuration(
            FunctionName=self.function("training")
        )
        return function["Environment"]["Variables"]["LANDING_BUCKET"]

    @property
    def own_landing_bucket(self) -> str:
        """The landing bucket that the stack makes unless it is given one."""
        return f"{self.prefix}-landing-{self.account}-{self.region}"

    @property
    def artifact_bucket(self) -> str:
        return f"{self.prefix}-artifacts-{self.account}-{self.region}"

    @property
    def ledger_bucket(self) -> str:
        return f"{self.prefix}-ledger-{self.account}-{self.region}"

    @property
    def lineage_table(self) -> str:
        return f"{self.prefix}-lineage"

    @property
    def work_table(self) -> str:
        return f"{self.prefix}-work"

    @property
    def execution_role(self) -> str:
        return f"arn:aws:iam::{self.account}:role/{self.prefix}-execution-{self.region}"

    @property
    def pii_secret(self) -> str:
        return f"{self.prefix}-pii-key"

    def policy(self, part: str) -> str:
        """ARN of the policy for one part that people play: `trainer`, `approver` or `reader`."""
        return f"arn:aws:iam::{self.account}:policy/{self.prefix}-{part}-{self.region}"

    def function(self, concern: str) -> str:
        """Deployed name of a function."""
        return f"{self.prefix}-{concern}"

    def queue_arn(self, concern: str) -> str:
        """ARN of the queue that feeds a function."""
        return f"arn:aws:sqs:{self.region}:{self.account}:{self.prefix}-{concern}"


def find(prefix: str) -> Target:
    """The deployment that the environment points to, told on stderr so that nobody is surprised."""
    session = boto3.Session()
    if session.region_name is None:
        raise Misused("No region is set: export AWS_DEFAULT_REGION, for example eu-west-1.")
    sts = session.client("sts")
    account = sts.get_caller_identity()["Account"]
    # What the client really calls: the environment may name an endpoint and also switch it off.
    endpoint = sts.meta.endpoint_url
    target = Target(prefix, account, session.region_name, endpoint)
    where = "AWS itself" if "amazonaws.com" in endpoint else endpoint
    print(f"{where}, account {account}, region {target.region}, prefix {prefix}", file=sys.stderr)
    return target


def local_endpoint() -> str:
    """The embedded AWS that the environment points to. Raises Misused if it does not."""
    endpoint = os.environ.get("AWS_ENDPOINT_URL", "")
    if urlparse(endpoint).hostname not in LOOPBACK:
        pointed = f"AWS_ENDPOINT_URL is {endpoint}" if endpoint else "AWS_ENDPOINT_URL is not set"
        raise Misused(
            "This works on an embedded AWS of this machine only: start `steward up` and export "
            f"what it prints ({pointed})."
        )
    return endpoint.rstrip("/")


def now(target: Target) -> datetime:
    """The time where the deployment is: the embedded AWS has a clock of its own."""
    if not target.is_local:
        return clock.now()
    return embedded_now(target.endpoint)


def confirm(target: Target, what: str, *, yes: bool) -> None:
    """Ask before anything is changed on an AWS that is not on this machine."""
    if target.is_local or yes:
        return
    if not sys.stdin.isatty():
        raise Refused(f"{what} in account {target.account}: add --yes to do it without asking.")
    answer = input(f"{what} in account {target.account}, region {target.region}? [y/N] ")
    if answer.strip().lower() not in ("y", "yes"):
        raise Refused("Nothing was changed.")
