"""What happened, in order: uploads, runs, versions, words of people, rollouts, drift."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from cli.demo.report.record import Node, Record
from cli.documents import listed, mapping

# Verdicts after which nothing was done, and those that another entry tells already.
_IDLE = ("wait", "nothing", "supersede", "forget", "resume")
_TOLD_ELSEWHERE = ("started", "accept", "reject")
# How a decision is told, by concern and verdict; any other is told by its subject and verdict.
_TITLES = {
    "training start": "{subject} starts",
    "training finish": "{subject} ends",
    "approval passed": "{subject} passes its gate",
    "approval failed": "{subject} fails its gate",
    "approval held": "{subject} is held at its gate",
    "approval approved": "{subject} is approved",
    "approval rejected": "{subject} is rejected",
    "rollout start": "{subject} is rolled out",
    "rollout finish": "{subject} is complete",
    "rollout fail": "{subject} fails",
    "drift retrain": "Drift asks for a run",
    "drift page": "Drift calls a person",
    "drift hold": "Drift is noted; no run is asked for",
    "drift ignore": "Drift is noted; nothing is done",
}
# Uploads this close together are one entry; a pause this long is told.
_TOGETHER = _PAUSE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Moment:
    """One entry: when, of which concern, what happened and why; `pause` is told before it."""

    at: datetime
    concern: str
    title: str
    text: str
    pause: str = ""


def moments(record: Record) -> list[Moment]:
    """Everything that happened, oldest first."""
    nodes = record.nodes
    found = [*_uploads(_of(nodes, "dataset")), *_registered(_of(nodes, "model-version"))]
    found += [*_reported(_of(nodes, "drift-report")), *_decided(_of(nodes, "decision"))]
    ordered = sorted(found, key=lambda moment: moment.at)
    before = [None, *[moment.at for moment in ordered[:-1]]]
    return (
        [
            replace(one, pause=_pause(last, one.at))
            for last, one in zip(before, ordered, strict=True)
        ]
        if ordered
        else []
    )


def _pause(last: datetime | None, at: datetime) -> str:
    """How long nothing happened, if that was long, and the day, if it is another."""
    later = [f"{length(at - last)} later"] if last and at - last >= _PAUSE else []
    day = [f"{at:%Y-%m-%d}"] if last is None or last.date() != at.date() else []
    return ", ".join(later + day)


def idle(record: Record) -> int:
    """How many decisions are left out: to wait, or that nothing was to be done."""
    return sum(node.facts.get("verdict") in _IDLE for node in _of(record.nodes, "decision"))


def length(span: timedelta) -> str:
    """A span in its largest two units."""
    minutes, seconds = divmod(round(span.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    units = ((days, "d"), (hours, "h"), (minutes, "min"), (seconds, "s"))
    return " ".join(f"{count} {unit}" for count, unit in units if count) or "0 s"


def _of(nodes: Iterable[Node], kind: str) -> list[Node]:
    return [node for node in nodes if node.kind == kind]


def _uploads(datasets: list[Node]) -> Iterator[Moment]:
    together: list[Node] = []
    for node in datasets:
        if node.facts.get("judgement") != "accept":
            yield Moment(node.at, "data", "A file is left out", str(node.facts.get("reason", "")))
            continue
        if together and node.at - together[0].at > _TOGETHER:
            yield _uploaded(together)
            together = []
        together.append(node)
    if together:
        yield _uploaded(together)


def _uploaded(nodes: list[Node]) -> Moment:
    keys = sorted(str(node.facts.get("key", "")) for node in nodes)
    names = ", ".join(key.rpartition("/")[2] for key in keys)
    size = sum(int(str(node.facts.get("size", 0))) for node in nodes)
    title = "A file arrives" if len(nodes) == 1 else f"{len(nodes)} files arrive"
    return Moment(nodes[0].at, "data", title, f"{names} ({size:,} bytes)")


def _registered(versions: list[Node]) -> Iterator[Moment]:
    for node in versions:
        number = node.name.rpartition("/")[2]
        text = f"its artifact has SHA-256 {str(node.facts.get('artifact_sha256'))[:12]}"
        yield Moment(node.at, "version", f"Version {number} is registered", text)


def _reported(reports: list[Node]) -> Iterator[Moment]:
    for node in reports:
        count, version = node.facts.get("violations", 0), node.facts.get("version")
        about = f" of version {version}" if version else ""
        title = f"A monitor reports {count} violation{'' if count == 1 else 's'}{about}"
        entries = [mapping(one) for one in listed(node.facts.get("listed"))]
        text = ", ".join(f"{one.get('about')} ({one.get('check')})" for one in entries)
        yield Moment(node.at, "drift", title, text)


def _decided(decisions: list[Node]) -> Iterator[Moment]:
    for node in decisions:
        verdict, concern = str(node.facts.get("verdict")), str(node.facts.get("concern"))
        if verdict in _IDLE + _TOLD_ELSEWHERE:
            continue
        subject = str(node.facts.get("subject"))
        title = _TITLES.get(f"{concern} {verdict}", f"{concern}, {{subject}}: {verdict}")
        told = title.replace("{subject}", subject)
        yield Moment(node.at, concern, told[:1].upper() + told[1:], str(node.facts.get("reason")))
