"""The command `steward doctor`: is a deployment as it should be?"""

import argparse
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict

from cli import repository
from cli.doctor import checks, read
from cli.doctor.facts import Check
from cli.target import Target, find, now
from steward.spec.read import digests, read_all


def add(parser: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the command."""
    one = parser("doctor", help="is the deployment as it should be?")
    one.add_argument("--json", action="store_true")
    one.set_defaults(run=_doctor)


def _doctor(options: argparse.Namespace) -> int:
    found = examine(find(options.prefix))
    if options.json:
        print(json.dumps([asdict(check) for check in found], indent=2))
    else:
        print("\n".join(lines(found)))
    return 1 if any(check.findings for check in found) else 0


def examine(target: Target) -> list[Check]:
    """Ask everything of a deployment."""
    from cli.doctor.wanted import Deployed, wanted  # noqa: PLC0415 - half a second to import

    deployed = Deployed(target, read.parameters(target), read.arn_of)
    want, at, sweep = wanted(deployed, read.tried), now(target), read.sweep(target)
    return [
        checks.rules(want, read.rules(want.rules)),
        checks.takers(want, read.takers(target, want.takes)),
        checks.lost(want, read.waiting(want.lost)),
        checks.alarms(want, read.alarms(list(want.alarms))),
        checks.roles(want, read.roles(want.roles)),
        checks.specs(digests(read_all(repository.MODELS)), sweep),
        checks.published(read.published(target)),
        checks.sweeping(sweep, at),
        checks.checkpoint(read.ledger(target), at),
    ]


def lines(found: Sequence[Check]) -> Iterator[str]:
    """What was found, for people, with how to mend each thing that is not well."""
    for check in found:
        wrong = len({finding.thing for finding in check.findings})
        well = f"{wrong} of {check.looked_at} not well" if wrong else f"{check.looked_at} well"
        yield f"{check.name}: {well}"
        for finding in check.findings:
            yield f"  {finding.thing}: found {finding.found}; expected {finding.expected}"
            yield f"    mend it: {finding.mend}"
