"""The answer of `steward trace` as a page."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from cli.pages.page import pictured, template
from cli.pages.told import Story, moment
from cli.trace import Entry, entries
from steward.lineage.answer import Answer


@dataclass(frozen=True, slots=True)
class Served:
    """What may have answered: versions with their shares, and the rollout that brought them."""

    since: str
    versions: str
    rollout: str
    anchor: str


def trace_page(answer: Answer) -> str:
    """The page of one answer about a prediction or a moment."""
    told, picture = pictured(entries(answer, "graph"))
    question, said = _question(answer)
    return template("trace.html").render(
        question=question,
        answer=said,
        warnings=list(_warnings(answer, told)),
        tiles=list(_tiles(answer, told)),
        served=[_served(one, told) for one in entries(answer, "served")],
        story=told,
        picture=picture,
    )


def _asked(answer: Answer, name: str) -> Entry:
    found = answer.get(name)
    return found if isinstance(found, Mapping) else {}


def _question(answer: Answer) -> tuple[str, str]:
    prediction, asked = _asked(answer, "prediction"), _asked(answer, "moment")
    if prediction:
        by = "as its capture says" if prediction.get("by") != "time" else "known by the time only"
        where = f"{prediction['endpoint']} at {moment(str(prediction['at']))} UTC"
        said = f"{where} answered with version {_or(prediction) or 'unknown'}, {by}."
        return f"Where prediction {prediction['inference_id']} came from", said
    at = moment(str(asked.get("at")))
    return f"What {asked.get('endpoint')} served at {at} UTC", "And where that came from."


def _or(prediction: Entry) -> str:
    """The version, or those that it may have been."""
    candidates = prediction.get("candidates")
    numbers = candidates if isinstance(candidates, list) else [prediction.get("version")]
    return " or ".join(str(number) for number in numbers if number is not None)


def _warnings(answer: Answer, told: Story) -> Iterator[str]:
    prediction, asked = _asked(answer, "prediction"), _asked(answer, "moment")
    if prediction.get("by") == "time" and " or " in _or(prediction):
        yield (
            "The capture names no version, and traffic was being shifted: "
            f"it was version {_or(prediction)}."
        )
    if asked and not asked.get("exact"):
        yield "Traffic was being shifted at that moment: it was one of these."
    for node in told.nodes:
        if node.is_open:
            yield f"{node.name} has not ended, as far as is on record."


def _tiles(answer: Answer, told: Story) -> Iterator[tuple[str, str]]:
    prediction = _asked(answer, "prediction")
    served = [one["versions"] for one in entries(answer, "served")]
    numbers = dict.fromkeys(number for one in served if isinstance(one, Mapping) for number in one)
    yield "version", _or(prediction) or " or ".join(map(str, numbers)) or "none"
    objects = [*told.nodes, *(node for fold in told.folds for node in fold.nodes)]
    yield "nodes on record", str(len(objects))
    data = [one for one in objects if one.kind == "dataset"]
    yield "objects learned from", str(len(data))
    people = dict.fromkeys(node.title for node in told.nodes if node.kind == "person")
    yield "people", ", ".join(people) or "none"


def _served(one: Entry, told: Story) -> Served:
    versions, rollout = one["versions"], str(one["rollout"])
    shares = versions.items() if isinstance(versions, Mapping) else ()
    return Served(
        since=str(one["since"]),
        versions=", ".join(f"version {number} ({share} %)" for number, share in shares),
        rollout=rollout.replace("#", " "),
        anchor=told.anchors.get(rollout, ""),
    )
