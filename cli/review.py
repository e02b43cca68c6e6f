"""The commands `review` and `sign-off`: what was done by way of exception, and who looked at it."""

import argparse
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict

from cli import repository
from cli.orders import Ordering
from cli.target import Misused, Refused, confirm, find, now
from steward import digest, times
from steward.aws import Aws
from steward.commands import Commands
from steward.decide.review import Exceptional, sign_off, unsigned
from steward.events.types import Ordered
from steward.observe.review import read_exceptional, read_exceptions
from steward.record.store import Store
from steward.spec.read import read_all


def add(parser: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the commands."""
    one = parser("review", help="what was done by way of exception and nobody has signed?")
    one.add_argument("model", nargs="?", help="this model only; all of them otherwise")
    one.add_argument("--json", action="store_true")
    one.set_defaults(run=_review)

    one = parser("sign-off", help="say that you have looked at an exception of somebody else")
    one.add_argument("model")
    one.add_argument("decision", help="as `steward review` tells it")
    one.add_argument("--why", required=True, metavar="WORDS", help="goes on record")
    one.add_argument("--yes", action="store_true", help="do not ask")
    one.set_defaults(run=_sign_off)


def _review(options: argparse.Namespace) -> int:
    known = sorted(read_all(repository.MODELS))
    if options.model not in (None, *known):
        raise Misused(f"There is no models/{options.model}.toml; known are {known}.")
    where = find(options.prefix)
    store = Store(Aws(), where.lineage_table, where.work_table)
    models = [options.model] if options.model else known
    found = [one for model in models for one in unsigned(*read_exceptions(store, model))]
    if options.json:
        print(json.dumps([json.loads(digest.canonical(asdict(one))) for one in found], indent=2))
    else:
        print("\n".join(lines(found, where.prefix, where.region)))
    return 1 if found else 0


def lines(found: list[Exceptional], prefix: str, region: str) -> Iterator[str]:
    """What waits, for people, each with the command to sign it."""
    for one in found:
        yield f"{times.minute(one.at)}  {one.model} {one.subject}: {one.exception} by {one.by}"
        yield f"  {one.reason}"
        yield f"  {Commands(prefix, one.model, region).sign_off(one.decision)[1]}"
    waits = "decision waits" if len(found) == 1 else "decisions wait"
    yield f"{len(found) or 'no'} {waits} for somebody's sign-off"


def _sign_off(options: argparse.Namespace) -> int:
    specs = read_all(repository.MODELS)
    if options.model not in specs:
        raise Misused(f"There is no models/{options.model}.toml; known are {sorted(specs)}.")
    where = find(options.prefix)
    ordering = Ordering(where, specs[options.model], options.why)
    found = read_exceptional(Store(Aws(), where.lineage_table, where.work_table), options.decision)
    asked = Ordered(
        "sign-off", options.model, ordering.by, options.why, "", now(where),
        decision=options.decision,
    )  # fmt: skip
    # The function says the same; here it is said to whoever asks.
    verdict = sign_off(asked, found)
    if verdict.kind == "refuse":
        raise Refused(verdict.reason)
    confirm(where, f"Sign off {options.decision}", yes=options.yes)
    number = ordering.send("sign-off", decision=options.decision)
    print(f"ordered as {asked.by}: sign-off (order {number}); `steward review` follows it")
    return 0
