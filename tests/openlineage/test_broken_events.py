"""Exported events that are broken in any one place are not valid any more."""

import copy
from collections.abc import Callable, Iterator
from typing import Any

from steward.lineage.openlineage import Origin, events
from tests.openlineage.validator import SCHEMAS, Json, facets, problems
from tests.steward.lineage.past import history

ORIGIN = Origin("eu-west-1", "123456789012", "https://example.com/team/models")
EXPORTED: list[Json] = list(events(history(), ORIGIN))
# What the core schema requires of an event, and of the datasets in it.
CORE = [
    "eventTime", "producer", "schemaURL", "run", "job", "run.runId", "job.namespace", "job.name",
    "inputs.0.namespace", "inputs.0.name", "outputs.0.namespace", "outputs.0.name",
]  # fmt: skip

type Path = tuple[str, ...]


def test_the_events_are_valid_before_they_are_broken() -> None:
    assert [problem for event in EXPORTED for problem in problems(event)] == []


def test_an_event_without_any_one_required_field_is_not_valid() -> None:
    whole = max(EXPORTED, key=lambda event: len(event["outputs"]))
    for path in CORE:
        assert problems(changed(whole, tuple(path.split(".")), None)) != [], path


def test_a_facet_without_any_one_required_field_is_not_valid() -> None:
    for name, event, path in every_facet():
        for field in ("_producer", "_schemaURL", *required(at(event, path))):
            assert problems(changed(event, (*path, field), None)) != [], (name, field)


def test_every_facet_that_the_exporter_knows_is_among_them() -> None:
    assert {name for name, _, _ in every_facet()} == {
        "dataQualityMetrics", "errorMessage", "jobType", "nominalTime", "parent",
        "sourceCodeLocation", "steward_approval", "steward_code", "steward_drift",
        "steward_rollout", "version",
    }  # fmt: skip


def test_a_facet_whose_schema_is_not_published_is_not_valid() -> None:
    for name, event, path in every_facet():
        other = "https://steward.invalid/openlineage/9-9-9/Other.json"
        assert problems(changed(event, (*path, "_schemaURL"), other)) != [], name


def test_every_value_is_described_by_a_schema_so_that_one_of_a_wrong_type_is_found() -> None:
    for event, path in every_place(lambda value: not isinstance(value, dict | list)):
        assert problems(changed(event, path, [["of a wrong type"]])) != [], path


def every_facet() -> Iterator[tuple[str, Json, Path]]:
    """Name, event and path of one facet of each kind in each place."""
    for event, path in every_place(lambda value: isinstance(value, dict)):
        for _, name, facet in facets(event):
            if at(event, path) is facet:
                yield name, event, path


def every_place(wanted: Callable[[object], bool]) -> Iterator[tuple[Json, Path]]:
    """One event and path of each wanted kind of value; a list's entries are of one kind."""
    seen: set[Path] = set()
    for event in EXPORTED:
        for path, value in walk(event):
            place = tuple(name for name in path if not name.isdigit())
            if wanted(value) and place not in seen:
                seen.add(place)
                yield event, path


def walk(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    yield path, value
    inside = value.items() if isinstance(value, dict) else ()
    listed = enumerate(value) if isinstance(value, list) else ()
    for name, content in (*inside, *listed):
        yield from walk(content, (*path, str(name)))


def required(facet: Json) -> Iterator[str]:
    """The fields that its own schema requires of a facet."""
    url, _, definition = str(facet["_schemaURL"]).partition("#/$defs/")
    for part in SCHEMAS[url]["$defs"][definition]["allOf"]:
        yield from part.get("required", ())


def at(event: Json, path: Path) -> Any:
    found: Any = event
    for name in path:
        found = found[int(name)] if isinstance(found, list) else found[name]
    return found


def changed(event: Json, path: Path, value: object) -> Json:
    """A copy with another value at a place; None takes it away."""
    copied = copy.deepcopy(event)
    within = at(copied, path[:-1])
    if value is None:
        del within[path[-1]]
    else:
        within[path[-1]] = value
    return copied
