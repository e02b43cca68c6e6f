"""The commands that ask: trace, dossier, evidence."""

import argparse
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path

from cli.dossier.read import read_dossier
from cli.dossier.write import write_dossier
from cli.evidence.proof import proof
from cli.evidence.read import Period, read_evidence
from cli.evidence.write import folder_of, write_evidence
from cli.pages.trace import trace_page
from cli.target import Misused, find, now
from cli.trace import tree
from steward import times
from steward.aws import Aws
from steward.lineage.ask import ask
from steward.settings import LineageSettings


def add(parser: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the commands."""
    one = parser("trace", help="where did a prediction come from?")
    one.add_argument("--record", metavar="S3URI#LINE", help="a line of a capture file")
    one.add_argument("--id", help="the inference id of a captured prediction")
    one.add_argument("--endpoint", help="the endpoint that answered")
    one.add_argument("--at", type=moment, help="when, ISO 8601, UTC unless it says otherwise")
    told = one.add_mutually_exclusive_group()
    told.add_argument("--json", action="store_true")
    told.add_argument("--html", type=Path, metavar="FILE", help="write it as a page, with a graph")
    one.set_defaults(run=_trace)

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


def _trace(options: argparse.Namespace) -> int:
    if not (options.record or (options.endpoint and (options.id or options.at))):
        raise Misused("Give --record, or --endpoint with --id or --at or both.")
    if options.record and not re.fullmatch(r"s3://[^/]+/.+#\d+", options.record):
        raise Misused(f"--record is s3://bucket/key#LINE, not {options.record}.")
    where = find(options.prefix)
    settings = LineageSettings(where.prefix, where.artifact_bucket, where.lineage_table)
    named = {"record": options.record, "id": options.id}
    named |= {"endpoint": options.endpoint, "at": options.at}
    if options.id and not options.at:
        print("looking through the capture files of the last 24 hours", file=sys.stderr)
    question = {name: value for name, value in named.items() if value}
    answer = ask(Aws(), settings, question, now(where))
    if "error" in answer:
        print(answer["error"], file=sys.stderr)
        return 1
    if options.html:
        options.html.write_text(trace_page(answer), encoding="utf-8")
        print(options.html)
    else:
        print(json.dumps(answer, indent=2) if options.json else "\n".join(tree(answer)))
    return 0


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
