"""The commands that ask the lineage: trace, why, impact, timeline, diff."""

import argparse
import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from cli.pages.answers import answer_page
from cli.pages.trace import trace_page
from cli.target import Misused, find, now
from cli.trace import tree
from steward import times
from steward.aws import Aws
from steward.errors import BadEvent
from steward.lineage.answer import Answer
from steward.lineage.ask import answer
from steward.lineage.captures import NotOnRecord
from steward.settings import LineageSettings

_PAGED = ("limit", "after")


def add(parser: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the commands."""
    one = _command(parser, "trace", "where did a prediction come from?", tree)
    one.add_argument(
        "--record", type=_record, metavar="S3URI#LINE", help="a line of a capture file"
    )
    one.add_argument("--id", help="the inference id of a captured prediction")
    one.add_argument("--endpoint", help="the endpoint that answered")
    one.add_argument("--at", type=_time, help="when, ISO 8601, UTC unless it says otherwise")

    one = _command(parser, "why", "why does an endpoint serve what it serves?", _told)
    one.add_argument("endpoint")
    one.add_argument("--at", type=_time, help="at another moment than now, ISO 8601")

    one = _command(parser, "impact", "what did a file, commit or image reach?", _reached)
    one.add_argument("of", help="s3://BUCKET/KEY, a commit, sha256:..., or an id of the lineage")
    _paged(one)

    one = _command(parser, "timeline", "what was decided about a model, in order", _events)
    one.add_argument("model")
    one.add_argument("--idle", action="store_true", default=None, help="what changed nothing, too")
    _paged(one)

    one = _command(parser, "diff", "how do two versions differ?", _changes)
    one.add_argument("model")
    one.add_argument("from", type=int, metavar="V1")
    one.add_argument("to", type=int, metavar="V2")


def _command(
    parser: Callable[..., argparse.ArgumentParser],
    name: str,
    text: str,
    told: Callable[[Answer], Iterable[str]],
) -> argparse.ArgumentParser:
    one = parser(name, help=text)
    form = one.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true")
    form.add_argument("--html", type=Path, metavar="FILE", help="write it as a page")
    one.set_defaults(run=_run, ask=name, told=told)
    return one


def _paged(one: argparse.ArgumentParser) -> None:
    one.add_argument("--limit", type=int, help="how much at once, 50 by default, 200 at most")
    one.add_argument("--after", help="go on behind this, as the last page said")


def _record(text: str) -> str:
    if not re.fullmatch(r"s3://[^/]+/.+#\d+", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not s3://bucket/key#LINE")
    return text


def _time(text: str) -> str:
    try:
        return times.iso(times.parse(text))
    except (ValueError, OverflowError):
        raise argparse.ArgumentTypeError(f"{text!r} is no ISO 8601 time") from None


def _run(options: argparse.Namespace) -> int:
    names = ("ask", "record", "id", "endpoint", "at", "of", "model", "from", "to", "idle", *_PAGED)
    given = {name: getattr(options, name, None) for name in names}
    question = {name: value for name, value in given.items() if value is not None}
    if options.ask == "trace" and not ("record" in question or _names_a_prediction(question)):
        raise Misused("Give --record, or --endpoint with --id or --at or both.")
    where = find(options.prefix)
    if "id" in question and "at" not in question:
        print("looking through the capture files of the last 24 hours", file=sys.stderr)
    settings = LineageSettings(where.prefix, where.artifact_bucket, where.lineage_table)
    try:
        found = answer(Aws(), settings, question, now(where))
    except NotOnRecord as reason:
        print(reason, file=sys.stderr)
        return 1
    except BadEvent as reason:
        raise Misused(str(reason)) from None
    if options.html:
        page = trace_page(found) if options.ask == "trace" else answer_page(options.ask, found)
        options.html.write_text(page, encoding="utf-8")
        print(options.html)
    else:
        print(json.dumps(found, indent=2) if options.json else "\n".join(options.told(found)))
    if found.get("next"):
        print(f"there is more: --after '{found['next']}'", file=sys.stderr)
    return 0


def _names_a_prediction(question: Mapping[str, object]) -> bool:
    return "endpoint" in question and ("id" in question or "at" in question)


def _told(answer: Answer) -> Iterator[str]:
    yield str(answer["text"])


def _reached(answer: Answer) -> Iterator[str]:
    versions, served = _rows(answer, "versions"), _rows(answer, "served")
    of = _row(answer, "impact")["of"]
    count = f"{len(versions)} version{'' if len(versions) == 1 else 's'}"
    yield f"{of} reached {count}:" if versions else f"{of} reached no version"
    for version in versions:
        yield f"  version {version['version']} of {version['group']}  (registered {version['at']})"
        for one in served:
            if one["version"] == version["id"]:
                yield f"    {_interval(one)}"
    for node in _texts(answer, "cut"):
        yield f"  more came from {node} than is followed here: ask for its own impact"


def _interval(one: Mapping[str, object]) -> str:
    how = "served" if one["how"] == "served" else "may have answered, while traffic was shifted,"
    return f"{how} on {one['endpoint']} from {one['since']} to {one['until'] or 'now'}"


def _events(answer: Answer) -> Iterator[str]:
    for one in _rows(answer, "events"):
        yield f"{one['at']}  {one['concern']:9} {one['subject']}: {one['verdict']}; {one['reason']}"


def _changes(answer: Answer) -> Iterator[str]:
    asked = _row(answer, "diff")
    yield f"{asked['group']}: version {asked['from']} -> version {asked['to']}"
    for part in ("data", "code", "image", "hyperparameters", "metrics", "policy"):
        if answer[part] is None:
            yield f"  {part}: not compared"
            continue
        rows = _rows(answer, part)
        yield f"  {part}:" if rows else f"  {part}: the same"
        for one in rows:
            what = f"{one['what']}: " if one["what"] else ""
            yield f"    {what}{_value(one['from'])} -> {_value(one['to'])}"
    for one in _rows(answer, "not_known"):
        yield f"  {one['part']} of version {one['version']}: {one['because']}"


def _value(value: object) -> str:
    if value is None:
        return "none"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _rows(answer: Answer, name: str) -> list[Mapping[str, object]]:
    found = answer.get(name)
    return found if isinstance(found, list) else []


def _row(answer: Answer, name: str) -> Mapping[str, object]:
    found = answer.get(name)
    return found if isinstance(found, Mapping) else {}


def _texts(answer: Answer, name: str) -> list[str]:
    found = answer.get(name)
    return list(map(str, found)) if isinstance(found, list) else []
