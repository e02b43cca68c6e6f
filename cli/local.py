"""The embedded AWS for the commands that need one of their own: booted, deployed, published."""

import fcntl
import itertools
import os
import shutil
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
    with (
        _own_folder(root) as own,
        LocalAws.start(own, repository.TEMPLATE, {"Prefix": PREFIX}) as aws,
    ):
        before, inside = dict(os.environ), aws.environment()
        try:
            os.environ.clear()  # a profile or an endpoint of one service would lead elsewhere
            os.environ.update(inside)
            publish(target(aws), dry_run=False)
            yield aws
        finally:
            os.environ.clear()
            os.environ.update(before)


@contextmanager
def _own_folder(root: Path) -> Iterator[Path]:
    """An empty folder that no other process uses: `root`, or `root` with a number while it is."""
    for number in itertools.count(1):
        folder = root if number == 1 else root.with_name(f"{root.name}-{number}")
        folder.mkdir(parents=True, exist_ok=True)
        with (folder.parent / f"{folder.name}.lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            shutil.rmtree(folder)
            folder.mkdir()
            yield folder
            return


def target(aws: LocalAws) -> Target:
    """The deployment inside an embedded AWS."""
    return Target(PREFIX, ACCOUNT, REGION, aws.endpoint)
