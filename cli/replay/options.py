"""How `steward drift replay` is called; what it needs is imported when it is."""

import argparse
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cli import repository
from cli.target import Misused
from steward import times

OUT = Path("build/replay")


@dataclass(frozen=True, slots=True)
class Settings:
    """One call. No `every`, no bound of the baseline: they follow from the rows."""

    path: Path
    out: Path
    time_column: str
    left_out: frozenset[str]
    baseline_rows: int | None
    baseline_until: datetime | None
    every: timedelta | None
    min_rows: int
    flagged: int
    of: int
    alpha: float
    min_effect: float


def add(parser: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the command."""
    commands = parser("drift", help="try the watch for drift").add_subparsers(
        required=True, metavar="WHAT"
    )
    one = commands.add_parser("replay", help="when would a stream of rows have asked for a run?")
    one.add_argument("csv", type=Path, help="rows with a header: .csv, .csv.gz or .csv.bz2")
    one.add_argument("--time-column", required=True, metavar="NAME", help="ISO 8601, or a year")
    one.add_argument("--target", required=True, metavar="NAME", help="the label; no feature")
    one.add_argument("--leave-out", action="append", default=[], metavar="NAME", help="no feature")
    one.add_argument("--baseline-rows", type=int, metavar="N", help="the first 30 %% by default")
    one.add_argument("--baseline-until", metavar="TIME", help="instead: all rows before it")
    one.add_argument("--every", metavar="1h", help="a window's length; about 500 rows by default")
    one.add_argument("--min-rows", type=int, default=200, metavar="N", help="fewer are not judged")
    one.add_argument("--flagged", type=int, default=3, metavar="K", help="drifted in K windows")
    one.add_argument("--of", type=int, default=3, metavar="N", help="of the last N")
    one.add_argument("--alpha", type=float, default=0.01, help="share of chance in what is found")
    one.add_argument("--min-effect", type=float, default=0.1, help="smaller changes do not count")
    one.add_argument("--out", type=Path, help=f"the page to write, in {OUT} by default")
    one.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    given = settings(options)
    # The statistics are those of the monitors' jobs, which bring these two folders along.
    for package in ("tabular", "monitor"):
        source = str(repository.PIPELINES / package / "source")
        if source not in sys.path:
            sys.path.append(source)
    from cli.replay.command import replay  # noqa: PLC0415 - no other command waits for numpy

    for line in replay(given):
        print(line)
    return 0


def settings(options: argparse.Namespace) -> Settings:
    """The call, checked as far as it can be without the rows."""
    if options.baseline_rows is not None and options.baseline_until is not None:
        raise Misused("Give --baseline-rows or --baseline-until, not both.")
    for name in ("min_rows", "of", "flagged", "baseline_rows"):
        _at_least_one(name, getattr(options, name))
    if options.flagged > options.of:
        raise Misused(f"--flagged is {options.flagged}, allowed is 1 to --of ({options.of}).")
    for name in ("alpha", "min_effect"):
        if not 0 < getattr(options, name) < 1:
            found = f"{_flag(name)} is {getattr(options, name)}"
            raise Misused(f"{found}, allowed is more than 0 and less than 1.")
    stem = re.sub(r"\.csv(\.gz|\.bz2)?$", "", options.csv.name)
    return Settings(
        path=options.csv,
        out=options.out or OUT / f"{stem}.html",
        time_column=options.time_column,
        left_out=frozenset((options.target, *options.leave_out)),
        baseline_rows=options.baseline_rows,
        baseline_until=_time(options.baseline_until),
        every=_length(options.every),
        min_rows=options.min_rows,
        flagged=options.flagged,
        of=options.of,
        alpha=options.alpha,
        min_effect=options.min_effect,
    )


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _at_least_one(name: str, number: int | None) -> None:
    if number is not None and number < 1:
        raise Misused(f"{_flag(name)} is {number}, allowed is 1 and more.")


def _time(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        return times.parse(whole_time(text))
    except ValueError:
        raise Misused(f"--baseline-until is {text!r}, which is no ISO 8601 time.") from None


def whole_time(text: str) -> str:
    """A year or a month begins with its first day; any other text stays as it is."""
    if re.fullmatch(r"\d{4}", text):
        return f"{text}-01-01"
    return f"{text}-01" if re.fullmatch(r"\d{4}-\d{2}", text) else text


def _length(text: str | None) -> timedelta | None:
    length = None if text is None else times.duration(text)
    if text is not None and not length:
        raise Misused(f"--every is {text!r}, which is no duration such as 90s, 10m, 1h or 30d.")
    return length
