"""The `steward` command.

Exit codes: 0 done, 1 the answer is no, 2 usage, 3 AWS failed, 130 stopped.
"""

import argparse
import errno
import json
import os
import re
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from cli import ask, bundles, destroy, repository, review, rollouts
from cli.backfill import backfill, send
from cli.check import check
from cli.demo.story import demo
from cli.doctor import command as doctor
from cli.export import export
from cli.invoke import CONCERNS, Result, catalogue, invoke, read_event, write_wrapped
from cli.ledger import command as ledger
from cli.local import embedded, target
from cli.logs import find as find_log
from cli.logs import follow, listing
from cli.publish import publish
from cli.redrive import command as redrive
from cli.replay import options as replay
from cli.status import lines, status
from cli.target import Misused, Refused, confirm, find, local_endpoint, now
from cli.up import DATA, samples, up
from local_aws.client import LocalAwsError, Way, advance, logs_folder
from local_aws.client import now as embedded_now
from steward import times
from steward.aws import Aws, error_code
from steward.errors import BadSpec
from steward.spec.read import read_all

DONE, NO, USAGE, AWS_FAILED, STOPPED = 0, 1, 2, 3, 130


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns its exit code."""
    options = _parser().parse_args(arguments)
    try:
        code = int(options.run(options))
        sys.stdout.flush()
    except KeyboardInterrupt:
        print("stopped; everything it started has ended", file=sys.stderr)
        return STOPPED
    except BrokenPipeError:
        # Whoever read the output has left; closing it later must not fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return NO
    except (BadSpec, BotoCoreError, ClientError, LocalAwsError, Misused, OSError, Refused) as error:
        code, sentence = _explained(error, options.prefix)
        print(sentence, file=sys.stderr)
    return code


def _explained(error: Exception, prefix: str) -> tuple[int, str]:
    """Exit code and sentence of what went wrong; what nobody foresaw is raised again."""
    match error:
        case BadSpec() | Refused():
            return NO, str(error)
        case Misused():
            return USAGE, str(error)
        case LocalAwsError():
            return AWS_FAILED, str(error)
        case ClientError() if error_code(error) == "ResourceNotFoundException":
            return AWS_FAILED, f"There is no Steward with prefix {prefix} there ({error})."
        case ClientError() | BotoCoreError():
            return AWS_FAILED, f"AWS failed: {error}"
        case OSError():
            return _of_this_machine(error)
        case _:
            raise error


def _of_this_machine(error: OSError) -> tuple[int, str]:
    if error.errno == errno.ENOSPC:
        return NO, "The disk is full; make room and start again."
    if error.filename:
        return USAGE, f"{error.filename} cannot be used ({error.strerror}); name another."
    raise error


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="steward", description="Event-driven MLOps on AWS.")
    parser.add_argument("--prefix", default="steward", help="the deployment's prefix")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _of_a_deployment(commands.add_parser)
    doctor.add(commands.add_parser)
    redrive.add(commands.add_parser)
    ask.add(commands.add_parser)
    ledger.add(commands.add_parser)
    rollouts.add(commands.add_parser)
    review.add(commands.add_parser)
    bundles.add(commands.add_parser)
    replay.add(commands.add_parser)
    _of_a_laptop(commands.add_parser)
    return parser


def _of_a_deployment(add: Callable[..., argparse.ArgumentParser]) -> None:
    one = add("check", help="check every model's file")
    one.add_argument("folder", nargs="?", type=Path, default=repository.MODELS)
    one.set_defaults(run=_check)

    one = add("publish", help="make each model's package group and pipeline")
    one.add_argument("--dry-run", action="store_true", help="only show what differs")
    one.add_argument("--yes", action="store_true", help="do not ask")
    one.set_defaults(run=_publish)

    one = add("backfill", help="count objects that are there as uploads")
    one.add_argument("model")
    one.add_argument("--dry-run", action="store_true", help="only show which")
    one.add_argument("--yes", action="store_true", help="do not ask")
    one.set_defaults(run=_backfill)

    one = add("destroy", help="remove endpoints, pipelines and versions")
    one.add_argument("model", nargs="*", help="of these models only; all of them otherwise")
    one.add_argument("--dry-run", action="store_true", help="only show what would go")
    one.add_argument("--yes", action="store_true", help="do not ask")
    one.set_defaults(run=_destroy)

    one = add("status", help="what is registered, serves, waits, comes next")
    one.add_argument("--json", action="store_true")
    one.set_defaults(run=_status)

    one = add("export", help="write the lineage as events of a standard")
    one.add_argument("--openlineage", action="store_true", required=True, help="OpenLineage 2-0-2")
    one.add_argument("--model", help="of this model only")
    one.add_argument("--repository", type=_url, metavar="URL", help="where its commits lie")
    one.add_argument("file", nargs="?", type=Path, help="the standard output by default")
    one.set_defaults(run=_export)


def _url(text: str) -> str:
    if not re.fullmatch(r"https?://[^\s/@]+/\S+", text):
        raise argparse.ArgumentTypeError(f"{text!r} is no URL such as https://host/team/repository")
    return text


def _of_a_laptop(add: Callable[..., argparse.ArgumentParser]) -> None:
    one = add("demo", help="watch a model go round on the embedded AWS")
    one.add_argument("--keep", action="store_true", help="keep it running until ctrl-C")
    one.set_defaults(run=lambda options: demo(keep=options.keep))

    one = add("up", help="keep an embedded AWS running for other programs")
    one.add_argument("--port", type=_port, default=0, help="any free one by default")
    one.add_argument(
        "--state", type=Path, metavar="DIR", help="keep all there, and go on next time"
    )
    one.add_argument("--clock-rate", type=_rate, default=1.0, metavar="N", help="N times as fast")
    one.add_argument("--sam-env", type=Path, metavar="FILE", help="for `sam local invoke -n FILE`")
    one.set_defaults(run=_up)

    one = add("clock", help="what time is it on the embedded AWS?")
    one.add_argument("--advance", type=_duration, metavar="1h", help="let so much time pass there")
    one.set_defaults(run=_clock)

    one = add("logs", help="logs of the embedded AWS")
    one.add_argument("name", nargs="?", help="a function, pipeline step or endpoint")
    one.add_argument("-f", "--follow", action="store_true", help="go on until ctrl-C")
    one.set_defaults(run=_logs)

    one = add("data", help="write the demo's files, to upload them yourself")
    one.add_argument("folder", nargs="?", type=Path, default=Path(DATA))
    one.set_defaults(run=_data)

    one = add("invoke", help="run one deployed function with a sample event")
    one.add_argument("function", nargs="?", choices=CONCERNS)
    one.add_argument("--event", type=Path, help="a file such as events/training-upload.json")
    one.add_argument("--list", action="store_true", help="show functions and events")
    one.set_defaults(run=_invoke)

    one = add("events", help="wrap the sample events as queue batches again")
    one.set_defaults(run=_events)


def _port(text: str) -> int:
    if not re.fullmatch(r"\d{1,5}", text) or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port from 0 to 65535")
    return int(text)


def _rate(text: str) -> float:
    if not re.fullmatch(r"\d{1,4}(\.\d+)?", text) or not 1 <= float(text) <= 1000:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 to 1000")
    return float(text)


def _duration(text: str) -> timedelta:
    length = times.duration(text)
    if length is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no duration such as 90s, 10m, 1h or 7d")
    return length


def _check(options: argparse.Namespace) -> int:
    print(check(options.folder))
    return DONE


def _publish(options: argparse.Namespace) -> int:
    where = find(options.prefix)
    told = publish(where, dry_run=True)
    for line in told or ["nothing differs"]:
        print(line)
    if told and not options.dry_run:
        confirm(where, f"Make these {len(told)} changes", yes=options.yes)
        publish(where, dry_run=False)
        print(f"{len(told)} changes made")
    return DONE


def _destroy(options: argparse.Namespace) -> int:
    models = options.model or sorted(read_all(repository.MODELS))
    where = find(options.prefix)
    found = list(destroy.removals(where, models))
    for change in found:
        print(change.what)
    if not found:
        print(f"there is nothing of {', '.join(models)}")
    elif not options.dry_run:
        destroy.confirm(where, len(found), yes=options.yes)
        for change in found:
            change.make()
        print(f"{len(found)} things deleted")
    print(destroy.LEFT, file=sys.stderr)
    return DONE


def _backfill(options: argparse.Namespace) -> int:
    specs = read_all(repository.MODELS)
    if options.model not in specs:
        raise Misused(f"There is no models/{options.model}.toml; known are {sorted(specs)}.")
    where, aws = find(options.prefix), Aws()
    found = backfill(aws, where, where.landing_bucket, specs[options.model], now(where))
    for one in found.missing:
        print(f"{one.key} ({one.size} bytes)")
    count = f"{len(found.missing)} of {found.objects} objects"
    print(f"{count} are not accepted yet")
    if found.missing and not options.dry_run:
        confirm(where, f"Hand {count} to training", yes=options.yes)
        print(f"{send(aws, where, found.messages)} handed to training")
    return DONE


def _invoke(options: argparse.Namespace) -> int:
    if options.list:
        print("\n".join(catalogue()))
        return DONE
    if not options.function or not options.event:
        raise Misused("Give a function and --event FILE; `steward invoke --list` shows them all.")
    event = read_event(options.event)
    if "AWS_ENDPOINT_URL" in os.environ and (where := find(options.prefix)).is_local:
        return _tell(invoke(where, options.function, event))
    print(
        "starting an embedded AWS for this one call: nothing is on it but the published models",
        file=sys.stderr,
    )
    with embedded(repository.ROOT / ".steward" / "invoke") as aws:
        return _tell(invoke(target(aws), options.function, event))


def _tell(result: Result) -> int:
    print(result.log.rstrip(), file=sys.stderr)
    print(json.dumps(result.answer, indent=2))
    print("it failed" if result.failed else "done: nothing failed", file=sys.stderr)
    return NO if result.failed else DONE


def _events(_: argparse.Namespace) -> int:
    print("\n".join(write_wrapped() or ["nothing differs"]))
    return DONE


def _status(options: argparse.Namespace) -> int:
    found = status(Aws(), find(options.prefix))
    as_json = [asdict(model) for model in found]
    print(json.dumps(as_json, indent=2) if options.json else "\n".join(lines(found)))
    return DONE


def _export(options: argparse.Namespace) -> int:
    target = find(options.prefix)
    written = export(Aws(), target, options.file, options.model, options.repository)
    print(f"{written} events", file=sys.stderr)
    return DONE


def _up(options: argparse.Namespace) -> int:
    rate, keep = options.clock_rate, options.state is not None
    way = Way(options.port, hold=False, clock_rate=rate, keep=keep)
    return up(options.state, way, options.sam_env)


def _clock(options: argparse.Namespace) -> int:
    endpoint = local_endpoint()
    if options.advance:
        for what in advance(endpoint, options.advance.total_seconds()):
            print(what)
    print(times.iso(embedded_now(endpoint)))
    return DONE


def _logs(options: argparse.Namespace) -> int:
    folder = logs_folder(local_endpoint())
    if options.name is None:
        print("\n".join(listing(folder)))
    elif options.follow:
        with suppress(KeyboardInterrupt):
            for text in follow(find_log(folder, options.name, options.prefix)):
                print(text, end="", flush=True)
    else:
        print(find_log(folder, options.name, options.prefix).read_text(errors="replace"), end="")
    return DONE


def _data(options: argparse.Namespace) -> int:
    print("\n".join(samples(options.folder)))
    return DONE
