"""The answers of why, impact, timeline and diff as pages."""

from collections.abc import Iterator, Mapping

from cli.documents import listed, mapping
from cli.pages.page import template
from cli.pages.parts import Part, Section, Text, Words, pairs, table
from steward.lineage.answer import Answer

_PARTS = ("data", "code", "image", "hyperparameters", "metrics", "policy")


def answer_page(asked: str, answer: Answer) -> str:
    """One answer as a page; what there is more of is said."""
    title, sections = _PAGES[asked](answer)
    return template("document.html").render(
        title=title,
        brand=asked,
        lead="As it is on record.",
        warnings=list(_warnings(answer)),
        tiles=[],
        sections=list(sections),
        picture=None,
    )


def _warnings(answer: Answer) -> Iterator[str]:
    if answer.get("next"):
        yield f"There is more: ask again with --after '{answer['next']}'."
    for node in listed(answer.get("cut")):
        yield f"More came from {node} than is followed here: ask for its own impact."


def _why(answer: Answer) -> tuple[str, Iterator[Section]]:
    facts = mapping(answer["why"])
    return f"Why {facts['endpoint']} served what it served", _why_sections(answer, facts)


def _why_sections(answer: Answer, facts: Mapping[str, object]) -> Iterator[Section]:
    shown = {
        "at": facts["at"],
        "versions and shares in percent": facts["versions"],
        "since": facts["since"],
        "rollout": facts["rollout"],
        "replaced": facts["replaced"],
    }
    yield Section("answer", "Answer", "", (Text(str(answer["text"])), pairs(shown)))
    word = mapping(facts["approval"])
    if word:
        said = Words(str(word["words"] or "without words"), f"{word['by']}, {word['at']}")
        gate = pairs({"the gate said": word["gate"], "on these numbers": word["numbers"]})
        yield Section("approval", "Approval", "", (said, gate))
    rows = [
        [one["version"], one["outcome"], one["ended"], one["reason"]]
        for one in map(mapping, listed(facts["tried_since"]))
    ]
    head = ("version", "outcome", "ended", "because")
    yield Section("tried", "Tried since", "", (table(head, rows, "Nothing was tried since."),))


def _impact(answer: Answer) -> tuple[str, Iterator[Section]]:
    of = str(mapping(answer["impact"])["of"])
    return f"What {of.rpartition('/')[2]} reached", _impact_sections(answer, of)


def _impact_sections(answer: Answer, of: str) -> Iterator[Section]:
    versions = [
        [one["version"], one["group"], one["at"]]
        for one in map(mapping, listed(answer["versions"]))
    ]
    served = [
        [one["endpoint"], one["version"], one["how"], one["since"], one["until"] or "now"]
        for one in map(mapping, listed(answer["served"]))
    ]
    found = table(("version", "group", "registered"), versions, "It reached no version.")
    yield Section("versions", "Versions", of, (found,))
    head = ("endpoint", "version", "how", "since", "until")
    none = "None of them ever served."
    yield Section("served", "Where and when they served", "", (table(head, served, none),))


def _timeline(answer: Answer) -> tuple[str, Iterator[Section]]:
    return f"Timeline of {answer['timeline']}", iter([_events(answer)])


def _events(answer: Answer) -> Section:
    head = ("at", "concern", "subject", "verdict", "reason")
    rows = [[one[name] for name in head] for one in map(mapping, listed(answer["events"]))]
    none = "Nothing was decided by which something was done."
    return Section("decisions", "Decisions", "", (table(head, rows, none),))


def _diff(answer: Answer) -> tuple[str, Iterator[Section]]:
    asked = mapping(answer["diff"])
    title = f"{asked['group']}: version {asked['from']} and version {asked['to']}"
    return title, (_part(name, answer) for name in _PARTS)


def _part(name: str, answer: Answer) -> Section:
    rows = [
        [one["what"] or name, one["from"], one["to"]] for one in map(mapping, listed(answer[name]))
    ]
    told: Part = table(("what", "was", "is"), rows, "The same in both.")
    return Section(name, name.capitalize(), "", (told,))


_PAGES = {"why": _why, "impact": _impact, "timeline": _timeline, "diff": _diff}
