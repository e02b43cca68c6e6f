"""The commands `steward ledger verify` and `steward ledger export`."""

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from cli import repository
from cli.ledger import checkpoints, export
from cli.ledger.checkpoints import Checkpoint
from cli.target import Misused, Target, find
from steward.aws import Aws
from steward.lineage.verify import Head, Verified, verify
from steward.observe.checkpoint import read_heads
from steward.record.store import Store
from steward.spec.read import read_all


def add(parser: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the commands."""
    group = parser("ledger", help="was the record altered?")
    commands = group.add_subparsers(required=True, metavar="COMMAND")
    one = commands.add_parser("verify", help="name the first entry that is not as it was written")
    one.add_argument("--export", type=Path, metavar="F", help="an export, instead of the table")
    one.add_argument("--checkpoints", type=Path, metavar="DIR", help="that were kept, with the key")
    one.add_argument("--model", help="the export holds this model alone")
    one.set_defaults(run=_verify)
    one = commands.add_parser("export", help="write the record and its checkpoints into a folder")
    one.add_argument("folder", type=Path)
    one.set_defaults(run=_export)


def _export(options: argparse.Namespace) -> int:
    where, aws = find(options.prefix), Aws()
    count = write(aws, where, options.folder)
    print(f"{count} items, the checkpoints and the public key are in {options.folder}")
    return 0


def write(aws: Aws, target: Target, folder: Path) -> int:
    """Everything that a proof needs: items, checkpoints, public key; returns how many items."""
    folder.mkdir(parents=True, exist_ok=True)
    count = export.write(aws, target.lineage_table, folder / "items.jsonl")
    checkpoints.keep(aws, target, folder)
    return count


def _verify(options: argparse.Namespace) -> int:
    if (options.checkpoints or options.model) and not options.export:
        raise Misused("--checkpoints and --model go with --export; else all is read from AWS.")
    try:
        signed, found = _kept(options) if options.export else verified(find(options.prefix))
    except ValueError as error:
        raise Misused(f"{error}.") from None
    print("\n".join(lines(signed, found)))
    return 1 if found.faults or any(one.fault for one in signed) else 0


def verified(target: Target) -> tuple[list[Checkpoint], Verified]:
    """The checkpoints of a deployment, and what was found in its table."""
    aws = Aws()
    signed = checkpoints.checked(
        checkpoints.fetch(aws, target), checkpoints.public_key(aws, target)
    )
    store = Store(aws, target.lineage_table, work="")
    models = {*read_all(repository.MODELS), *(model for one in signed for model in one.heads)}
    # What is written from now on is read in part only: it is left to the next time.
    upto = {model: int(str(head["seq"])) for model, head in read_heads(store, models).items()}
    return signed, verify(store.scan(target.lineage_table), _heads(signed), upto)


def _kept(options: argparse.Namespace) -> tuple[list[Checkpoint], Verified]:
    """From files alone, with the checkpoints beside them if nothing else is said."""
    path: Path = options.export
    beside = path if path.is_dir() else path.parent
    folder: Path = options.checkpoints or beside
    key, files = folder / checkpoints.KEY_FILE, folder / checkpoints.FOLDER
    signed = checkpoints.checked(checkpoints.read(files), key.read_bytes()) if key.is_file() else []
    if not signed:
        print(f"there are no checkpoints in {folder}", file=sys.stderr)
    items = beside / "items.jsonl" if path.is_dir() and (path / "items.jsonl").exists() else path
    heads = _heads(signed)
    if options.model:
        heads = [{options.model: one[options.model]} for one in heads if options.model in one]
    return signed, verify(export.read(items), heads)


def _heads(signed: Iterable[Checkpoint]) -> list[Mapping[str, Head]]:
    return [one.heads for one in signed if one.fault is None]


def lines(signed: list[Checkpoint], found: Verified) -> Iterator[str]:
    """What was found, and up to where it can be said."""
    for one in signed:
        if one.fault:
            yield f"checkpoint {one.name} cannot be believed: {one.fault}"
    for fault in found.faults[:20]:
        where = f"{fault.model} entry {fault.seq}" if fault.seq else fault.model or "the table"
        yield f"{where} {fault.kind}: {fault.what}"
    if len(found.faults) > 20:
        yield f"and {len(found.faults) - 20} more"
    if found.faults:
        return
    good = [one for one in signed if one.fault is None]
    for model, head in found.heads.items():
        last = next((one for one in reversed(good) if model in one.heads), None)
        signed_to = _upto(model, head.seq, last)
        yield f"{model}: {head.seq} entries are as they were written; {signed_to}"
    yield f"{found.items} items were looked at"


def _upto(model: str, seq: int, last: Checkpoint | None) -> str:
    if last is None:
        return (
            "none is signed yet: if the chain was cut off or computed anew, this does not show it"
        )
    signed = last.heads[model].seq
    if signed >= seq:
        return f"all are signed, at {last.at}"
    return (
        f"up to {signed} they are signed, at {last.at}; the {seq - signed} behind hang together, "
        "and the next checkpoint signs them"
    )
