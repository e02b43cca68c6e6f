"""The commands that write folders for others to keep: dossier, evidence."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from cli.dossier.read import read_dossier
from cli.dossier.write import write_dossier
from cli.evidence.proof import proof
from cli.evidence.read import Period, read_evidence
from cli.evidence.write import folder_of, write_evidence
from cli.target import Misused, find, now
from steward import times
from steward.aws import Aws


def add(parser: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the commands."""
    one = parser("dossier", help="technical documentation of one version, as a folder")
    one.add_argument("model")
    one.add_argument("version", type=int)
    _out(one)
    one.set_defaults(run=_dossier)

    one = parser("evidence", help="what served in a time, and why: a folder for auditors")
    one.add_argument("endpoint")
    one.add_argument("--from", dest="begin", type=moment, required=True, metavar="T")
    one.add_argument("--to", dest="end", type=moment, required=True, metavar="T")
    _out(one)
    one.set_defaults(run=_evidence)


def _out(one: argparse.ArgumentParser) -> None:
    one.add_argument(
        "--out", type=Path, default=Path(), metavar="DIR", help="where the folder goes"
    )


def moment(text: str) -> str:
    """A time of the command line as text of the record."""
    try:
        return times.iso(times.parse(text))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no ISO 8601 time") from None


def _dossier(options: argparse.Namespace) -> int:
    where = find(options.prefix)
    dossier = read_dossier(Aws(), where, options.model, options.version, now(where))
    print(write_dossier(dossier, options.out))
    return 0


def _evidence(options: argparse.Namespace) -> int:
    period = Period(times.parse(options.begin), times.parse(options.end))
    if period.begin >= period.end:
        raise Misused(f"--from is before --to; found {options.begin} and {options.end}.")
    where, aws = find(options.prefix), Aws()
    evidence = read_evidence(aws, where, options.endpoint, period, now(where))
    folder = folder_of(evidence, options.out)
    proved = proof(aws, where, evidence.model, folder / "ledger")
    print(write_evidence(evidence, proved, folder))
    if proved.faults:
        print(f"the ledger of {evidence.model} does not verify", file=sys.stderr)
        return 1
    return 0
