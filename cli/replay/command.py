"""What `steward drift replay` says, line by line, while it goes."""

from collections.abc import Iterator, Sequence

from cli.replay.options import Settings
from cli.replay.page import render
from cli.replay.play import Span, Step, play, span
from cli.replay.stream import Stream, read
from steward import times


def replay(given: Settings) -> Iterator[str]:
    """Tell what is replayed, each window that is not ignored, and a summary; write the page."""
    stream = read(given)
    cut = span(stream, given)
    yield from _head(stream, cut)
    steps = list[Step]()
    for step in play(stream, given, cut):
        steps.append(step)
        if step.verdict.kind != "ignore":
            yield f"{_when(step)}  {step.verdict.kind:8}{step.verdict.reason}"
    yield summary(steps)
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_text(render(given, steps), encoding="utf-8")
    yield f"the picture: {given.out}"


def summary(steps: Sequence[Step]) -> str:
    """How many windows were judged and held, and when a run would have been asked for."""
    held = sum(step.verdict.kind == "hold" for step in steps)
    asked = [_when(step) for step in steps if step.verdict.kind == "retrain"]
    noun = "retraining" if len(asked) == 1 else "retrainings"
    listed = f": {', '.join(asked)}" if asked else ""
    return f"{len(steps)} windows judged, {held} held, {len(asked)} {noun}{listed}"


def _head(stream: Stream, cut: Span) -> Iterator[str]:
    table = stream.table
    kinds = f"numbers: {len(table.numbers)}, categories: {len(table.categories)}"
    yield (
        f"{len(stream.times)} rows; {kinds}; the first {cut.baseline_rows} rows are the baseline, "
        f"windows of {_length(cut)} from {times.iso(cut.start)[:16]}Z on"
    )
    if stream.ids:
        yield f"left out, no text in them comes twice: {', '.join(stream.ids)}"


def _when(step: Step) -> str:
    return f"{times.iso(step.window.start)[:16]}Z"


def _length(cut: Span) -> str:
    seconds = int(cut.every.total_seconds())
    sizes = (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1))
    return next(f"{seconds // size}{unit}" for unit, size in sizes if seconds % size == 0)
