"""The embedded AWS for the commands that need one of their own: booted, deployed, published."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cli import repository
from cli.publish import publish
from cli.target import Target
from local_aws.client import LocalAws

PREFIX, ACCOUNT, REGION = "steward", "123456789012", "eu-west-1"


@contextmanager
def embedded(root: Path) -> Iterator[LocalAws]:
    """An embedded AWS with the template deployed and the models published; gone when left.

    Inside, this process's own AWS settings are replaced, so that nothing reaches a real account.
    """
    with LocalAws.start(root, repository.TEMPLATE, {"Prefix": PREFIX}) as aws:
        before = dict(os.environ)
        os.environ.update(aws.environment())
        os.environ.pop("AWS_PROFILE", None)
        try:
            publish(target(aws), dry_run=False)
            yield aws
        finally:
            os.environ.clear()
            os.environ.update(before)


def target(aws: LocalAws) -> Target:
    """The deployment inside an embedded AWS."""
    return Target(PREFIX, ACCOUNT, REGION, aws.endpoint)
