"""The embedded AWS for the commands that need one of their own: booted, deployed, published."""

import fcntl
import itertools
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import boto3

from cli import repository
from cli.logs import last_lines
from cli.publish import publish
from cli.target import Refused, Target
from local_aws.client import LocalAws, LocalAwsError, Way

PREFIX, ACCOUNT, REGION = "steward", "123456789012", "eu-west-1"


type Tell = Callable[[str], object]


def _silent(line: str) -> None:
    del line


@contextmanager
def embedded(root: Path, *, way: Way | None = None, tell: Tell = _silent) -> Iterator[LocalAws]:
    """An embedded AWS with the template deployed and the models published; gone when left.

    Inside, this process's own AWS settings are replaced, so that nothing reaches a real account.
    """
    way = way or Way()
    parameters = {"Prefix": PREFIX}
    with (
        (_kept_folder if way.keep else _own_folder)(root) as own,
        _with_the_last_lines(own / "logs"),
        LocalAws.start(own, repository.TEMPLATE, parameters, way=way, tell=tell) as aws,
    ):
        before, inside = dict(os.environ), aws.environment()
        try:
            os.environ.clear()  # a profile or an endpoint of one service would lead elsewhere
            os.environ.update(inside)
            boto3.DEFAULT_SESSION = None  # one of before would keep its credentials
            changes = publish(target(aws), dry_run=False)
            tell(f"the models are published: {len(changes)} changes")
            yield aws
        finally:
            os.environ.clear()
            os.environ.update(before)
            boto3.DEFAULT_SESSION = None


@contextmanager
def _with_the_last_lines(logs: Path) -> Iterator[None]:
    """What goes wrong with the embedded AWS is told with its logs, if it wrote any."""
    began = time.time()
    try:
        yield
    except LocalAwsError as error:
        found = last_lines(logs, since=began)
        where = [f"Its logs are in {logs}; the last lines:"] if found else []
        raise LocalAwsError("\n".join([str(error), *where, *found])) from None


@contextmanager
def _kept_folder(root: Path) -> Iterator[Path]:
    """The folder of a state, which no other process uses; made if there is none."""
    root.mkdir(parents=True, exist_ok=True)
    mark = root / "lock"
    if not mark.exists() and any(root.iterdir()):
        raise Refused(f"{root} holds other things than a state; name a new or an empty folder.")
    with mark.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Refused(f"The state in {root} is in use; end the program that has it.") from None
        yield root


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
