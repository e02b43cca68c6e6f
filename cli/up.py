"""`steward up`: an embedded AWS that keeps running, for other programs to talk to."""

import json
import os
import signal
import sys
from dataclasses import asdict
from pathlib import Path

from botocore.exceptions import ClientError

from cli import repository
from cli.local import embedded, target
from cli.people import Person, people
from cli.sam import write_environment
from local_aws.client import LocalAws, LocalAwsError, Way

ROOT = repository.ROOT / ".steward" / "up"
DATA = "build/data"


def up(state: Path | None, way: Way, sam_env: Path | None) -> int:
    """Boot, print what to export, serve until ctrl-C or the end of the embedded AWS."""
    for number in (signal.SIGINT, signal.SIGTERM):  # a shell's background job ignores the first
        signal.signal(number, signal.default_int_handler)
    with embedded(state or ROOT, way=way, tell=_tell) as aws:
        print("\n".join(_told(aws, _people(aws))), flush=True)
        if sam_env:
            write_environment(target(aws), sam_env)
            _tell(f"{sam_env} is for `sam local invoke`, see docs/laptop.md")
        try:
            ended = aws.wait()
        except KeyboardInterrupt:
            _tell("ending; ctrl-C again ends it at once")
            print(_at_the_end(aws.stop(), state), file=sys.stderr)
            return 0
        raise LocalAwsError(f"the embedded AWS has ended by itself, with status {ended}")


def _tell(line: str) -> None:
    print(f"-- {line}", file=sys.stderr, flush=True)


def _people(aws: LocalAws) -> dict[str, Person]:
    """The two identities; those of a state that goes on are the same as before."""
    kept = aws.root / "people.json"
    if aws.resumed and kept.exists():
        told = json.loads(kept.read_text())
        found = {what: Person(**person) for what, person in told.items()}
        if all(map(_is_known, found.values())):
            return found
    found = people(target(aws))
    with os.fdopen(os.open(kept, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump({what: asdict(person) for what, person in found.items()}, file)
    return found


def _is_known(person: Person) -> bool:
    """Whether the key is there: a kill may have come between it and the state."""
    try:
        person.session.client("sts").get_caller_identity()
    except ClientError:
        return False
    return True


def _told(aws: LocalAws, found: dict[str, Person]) -> list[str]:
    bucket = target(aws).landing_bucket
    return [
        f"The embedded AWS serves at {aws.endpoint}; ctrl-C ends it. In another terminal:",
        "",
        "  unset AWS_PROFILE AWS_SESSION_TOKEN",
        "  export NO_PROXY=127.0.0.1,localhost AWS_DEFAULT_REGION=eu-west-1",
        f"  export AWS_ENDPOINT_URL={aws.endpoint}",
        "",
        *_exports("who uploads, trains and asks", found["trainer"]),
        *_exports("who approves, in a terminal of their own", found["approver"]),
        "Next:",
        f"  .venv/bin/steward data {DATA}",
        f"  aws s3 cp {DATA}/part-1.csv s3://{bucket}/mortgage/incoming/part-1.csv",
        "  .venv/bin/steward clock --advance 10m   # no need to wait until uploads are quiet",
        "  .venv/bin/steward status",
        "  .venv/bin/steward logs",
        "The whole tour, with the AWS command line: docs/clients.md",
    ]


def _exports(who: str, person: Person) -> list[str]:
    return [
        f"  # {person.name}, {who}",
        f"  export AWS_ACCESS_KEY_ID={person.access_key_id}",
        f"  export AWS_SECRET_ACCESS_KEY={person.secret_access_key}",
        "",
    ]


def _at_the_end(lost: str, state: Path | None) -> str:
    if lost:
        return lost
    if state is None:
        return "It has ended, and everything on it is gone."
    return f"It has ended; `steward up --state {state}` goes on."


def samples(folder: Path) -> list[str]:
    """Write the demo's files into `folder`; returns what was written, a line each."""
    from cli.demo import mortgage  # noqa: PLC0415 - only this command needs the data

    folder.mkdir(parents=True, exist_ok=True)
    files = {f"part-{n}.csv": mortgage.part(n) for n in range(1, len(mortgage.PART_SIZES) + 1)}
    first = mortgage.production()[0]
    files["request.csv"] = f"{first.payload}\n".encode()
    for name, data in files.items():
        (folder / name).write_bytes(data)
    told = [f"{folder / name} ({len(data)} bytes)" for name, data in files.items()]
    return [*told, f"request.csv is what {first.application_id} asks for: one row of features"]
