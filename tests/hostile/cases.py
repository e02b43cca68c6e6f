"""The corpus: one file a case, which says how a documented message is spoilt and what comes of it.

    shape      the message that it begins with, one of shapes.py; `function` if another one gets it
    set, drop  members that are other, or not there; "detail.object.key" is a path
    field      with `values`: a case for each value of this member
    lies       another key, under which the object lies
    body       other text altogether; or `before`, `after` it, `first`, `last` members, `cut` short
    expected   refused, again, ignored, decision or effect; `says` is what the log tells
    rows       what an effect writes into the Work table; `starts`, what it starts; `told`, anybody

A value may be {"$raw": JSON}, {"$long": [text, times]} or {"$repeat": [[JSON, times], ...]}.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tests.hostile.nasty import Raw, holder, written
from tests.hostile.shapes import SHAPES, Event, object_created, rows_of_data, sample
from tests.hostile.watched import Watched

CORPUS = Path(__file__).parent / "corpus"


@dataclass(frozen=True)
class Case:
    """A file of the corpus."""

    name: str
    says: dict[str, Any]

    @property
    def function(self) -> str:
        """Which function gets it."""
        return str(self.says.get("function", SHAPES[self.says["shape"]].function))

    def bodies(self, watched: Watched, number: int) -> Iterator[str]:
        """The messages, each about something new."""
        if "field" not in self.says:
            yield self._body(self._event(watched, number))
            return
        for place, value in enumerate(self.says["values"]):
            event = self._event(watched, number + place)
            put(event, self.says["field"], meant(value))
            yield self._body(event)

    def _event(self, watched: Watched, number: int) -> Event:
        event = SHAPES[self.says["shape"]].make(watched, number)
        if lies := self.says.get("lies"):
            event = object_created(watched, sample("training-upload"), lies["key"], rows_of_data())
        for path, value in self.says.get("set", {}).items():
            put(event, path, meant(value))
        for path in self.says.get("drop", ()):
            place = steps(path)
            del holder(event, place)[place[-1]]
        return event

    def _body(self, event: Event) -> str:
        says = self.says
        text = str(says.get("body", written(event)))
        if "first" in says:
            text = f"{written(meant(says['first']))[:-1]}, {text[1:]}"
        if "last" in says:
            text = f"{text[:-1]}, {written(meant(says['last']))[1:]}"
        whole = f"{says.get('before', '')}{text}{says.get('after', '')}"
        return whole[: says.get("cut")]


def steps(path: str) -> tuple[str | int, ...]:
    """A path as names and numbers."""
    return tuple(int(step) if step.isdigit() else step for step in path.split("."))


def put(event: Event, path: str, value: object) -> None:
    """Something else stands at a path."""
    place = steps(path)
    holder(event, place)[place[-1]] = value


def meant(value: Any) -> Any:
    """What a value in a file stands for."""
    match value:
        case {"$raw": text}:
            return Raw(text)
        case {"$long": [text, times]}:
            return text * times
        case {"$repeat": parts}:
            return Raw("".join(text * times for text, times in parts))
        case dict():
            return {name: meant(inner) for name, inner in value.items()}
        case list():
            return [meant(inner) for inner in value]
    return value


@cache
def cases() -> list[Case]:
    """All of them, by name."""
    return [
        Case(path.relative_to(CORPUS).with_suffix("").as_posix(), json.loads(path.read_text()))
        for path in sorted(CORPUS.glob("*/*.json"))
    ]
