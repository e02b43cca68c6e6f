"""Pages from templates: whatever stands in the data is text, and a page loads and runs nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from cli.pages.drawing import NARROW, WIDE, Drawing, Edge
from cli.pages.graph import draw
from cli.pages.text import wrapped
from cli.pages.told import Story, moment, story
from cli.trace import TERMS, Entry

# A term of tomorrow may be long, and stands where nothing wraps it.
_MOST_LETTERS = 20
HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Picture:
    """A drawn graph in two widths; `anchors` say where each box leads."""

    wide: Drawing
    narrow: Drawing
    anchors: Mapping[str, str]
    names: Mapping[str, str]
    undrawn: int

    def sentence(self, edge: Edge) -> str:
        """What a line says."""
        return f"{self.names[edge.source]} {self.words(edge.term)} {self.names[edge.target]}"

    def words(self, term: str) -> str:
        """A PROV term for people."""
        return TERMS.get(term) or " ".join(wrapped(term, _MOST_LETTERS, 1))


def picture(told: Story) -> Picture | None:
    """The graph of a story; None when there is nothing to draw."""
    if not told.vertices:
        return None
    return Picture(
        wide=draw(told.vertices, told.edges, WIDE),
        narrow=draw(told.vertices, told.edges, NARROW),
        anchors=told.anchors,
        names={one.id: f"{one.kind} {one.title}" for one in told.vertices},
        undrawn=told.undrawn,
    )


def pictured(graph: Sequence[Entry]) -> tuple[Story, Picture | None]:
    """What a page tells of an answer's graph, and its drawing."""
    told = story(graph)
    return told, picture(told)


@cache
def template(name: str, *folders: Path) -> Template:
    """A template of one of these folders, or of the pages in general."""
    environment = Environment(
        loader=FileSystemLoader([*folders, HERE]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["moment"] = moment
    return environment.get_template(name)
