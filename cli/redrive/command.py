"""The command `steward redrive`: shows messages that were given up, and tries them again."""

import argparse
import json
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta

from cli.redrive.letters import Box, Letter
from cli.target import Misused, Target, confirm, find, now
from steward import times

_SHORT = 160


def add(parser: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the command."""
    one = parser("redrive", help="show the messages that were given up, or try them again")
    which = one.add_mutually_exclusive_group()
    which.add_argument("--id", nargs="+", metavar="ID", help="try these messages again")
    which.add_argument("--queue", metavar="NAME", help="try all messages of this queue again")
    which.add_argument("--all", action="store_true", help="try all of them again")
    one.add_argument("--json", action="store_true")
    one.add_argument("--yes", action="store_true", help="do not ask")
    one.set_defaults(run=_redrive)


def _redrive(options: argparse.Namespace) -> int:
    where = find(options.prefix)
    box = Box(_queues(where, options.queue))
    waiting = box.letters()
    try:
        at = now(where)
        told = [_json(one, at) for one in waiting]
        print(json.dumps(told, indent=2) if options.json else "\n".join(lines(waiting, at)))
        for letter in _chosen(options, where, waiting):
            box.replay(letter)
            waiting.remove(letter)
            _tell(options, letter)
    finally:
        box.release(waiting)
    return 0


def _queues(where: Target, only: str | None) -> list[str]:
    from cli.doctor.read import arn_of  # noqa: PLC0415 - half a second to import
    from cli.doctor.wanted import Deployed, lost  # noqa: PLC0415

    known = lost(Deployed(where, {"Prefix": where.prefix}, arn_of))
    if only not in (None, *known):
        raise Misused(f"{only} is no queue of dead letters; these are: {', '.join(known)}.")
    return [only] if only else known


def _chosen(options: argparse.Namespace, where: Target, waiting: Sequence[Letter]) -> list[Letter]:
    """The messages to be tried again. Raises Misused when one is not there."""
    if not (options.id or options.queue or options.all):
        return []
    found = [one for one in waiting if not options.id or one.id in options.id]
    if missing := sorted({*(options.id or ())} - {one.id for one in found}):
        raise Misused(f"There is no dead letter {', '.join(missing)} that can be seen now.")
    if found:
        confirm(where, f"Try {_count(found)} again", yes=options.yes)
    return found


def lines(waiting: Sequence[Letter], at: datetime) -> Iterator[str]:
    """The messages for people, oldest first."""
    for letter in waiting:
        tries = f"received {letter.receives} times"
        yield f"{letter.queue}  {letter.id}  {_age(at - letter.sent_at)} old, {tries}"
        yield f"  {letter.reason}"
        yield f"  {letter.body[:_SHORT]}{'...' if len(letter.body) > _SHORT else ''}"
    yield f"{_count(waiting)} given up"


def _count(letters: Sequence[Letter]) -> str:
    return f"{len(letters) or 'no'} message{'' if len(letters) == 1 else 's'}"


def _age(length: timedelta) -> str:
    minutes = int(length.total_seconds()) // 60
    days, hours = minutes // 1440, minutes // 60 % 24
    return f"{days} d {hours} h" if days else f"{hours} h {minutes % 60} min"


def _json(letter: Letter, at: datetime) -> dict[str, object]:
    return {
        "queue": letter.queue,
        "id": letter.id,
        "sent_at": times.iso(letter.sent_at),
        "age_seconds": int((at - letter.sent_at).total_seconds()),
        "receives": letter.receives,
        "reason": letter.reason,
        "to": letter.to,
        "body": letter.body,
    }


def _tell(options: argparse.Namespace, letter: Letter) -> None:
    if not options.json:
        print(f"{letter.id} is sent to {letter.to.rpartition(':')[2]} again")
