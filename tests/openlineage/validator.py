"""Validates events of OpenLineage offline: the core schema, and each facet by its own."""

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urldefrag, urlparse

from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry, Resource
from referencing.exceptions import Unresolvable

type Json = dict[str, Any]

ROOT = Path(__file__).parent.parent.parent
SPEC = Path(__file__).parent / "spec"
OURS = ROOT / "docs/openlineage"

# Where facets may be, and how the schema of one that may be there is named.
_PLACES = {
    ("run", "facets"): "RunFacet",
    ("job", "facets"): "JobFacet",
    ("inputs", "facets"): "DatasetFacet",
    ("outputs", "facets"): "DatasetFacet",
    ("inputs", "inputFacets"): "InputDatasetFacet",
    ("outputs", "outputFacets"): "OutputDatasetFacet",
}

formats = FormatChecker(("uuid",))


@formats.checks("date-time", raises=ValueError)
def _is_time(value: object) -> bool:
    return not isinstance(value, str) or datetime.fromisoformat(value).tzinfo is not None


@formats.checks("uri", raises=ValueError)
def _is_uri(value: object) -> bool:
    return not isinstance(value, str) or bool(urlparse(value).scheme)


def _published() -> Iterator[tuple[str, Json]]:
    for path in (*SPEC.glob("*/OpenLineage.json"), *SPEC.glob("facets/*/*.json"), *OURS.glob("*")):
        schema = json.loads(path.read_text())
        yield schema["$id"], schema


SCHEMAS = dict(_published())
# A registry fetches nothing: what it does not hold cannot be resolved.
_registry: Registry[Json] = Registry().with_resources(
    (name, Resource.from_contents(schema)) for name, schema in SCHEMAS.items()
)


def problems(event: Json) -> list[str]:
    """What is wrong with an event; nothing, if it is valid and so is each facet in it."""
    found = list(_against(event, str(event.get("schemaURL"))))
    for place, name, facet in facets(event):
        found += [f"{name}: {problem}" for problem in _of_facet(place, name, facet)]
    return found


def facets(value: object, above: str = "") -> Iterator[tuple[str, str, Any]]:
    """Every facet in a value, however deep: what its place takes, its name, and itself."""
    if isinstance(value, list):
        for one in value:
            yield from facets(one, above)
    elif isinstance(value, dict):
        for key, content in value.items():
            place = _PLACES.get((above, key))
            if place and isinstance(content, dict):
                yield from ((place, name, facet) for name, facet in content.items())
            yield from facets(content, key)


def _of_facet(place: str, name: str, facet: object) -> Iterator[str]:
    if not isinstance(facet, dict) or not isinstance(facet.get("_schemaURL"), str):
        yield "it names no schema"
        return
    base, pointer = urldefrag(facet["_schemaURL"])
    schema = SCHEMAS.get(base)
    if schema is None:
        yield f"its schema {base} is not published"
    elif name not in schema.get("properties", {}):
        yield f"{base} is the schema of another facet"
    elif not _takes(place, schema, name):
        yield f"it may not stand where a {place} may"
    else:
        yield from _against({name: facet}, base)
        if pointer:
            yield from _against(facet, facet["_schemaURL"])


def _takes(place: str, schema: Json, name: str) -> bool:
    """Whether the facet's definition extends the one of its place."""
    definition = schema["properties"][name]["$ref"].rpartition("/")[2]
    extended = schema["$defs"][definition]["allOf"][0]["$ref"].rpartition("/")[2]
    return bool(extended == place)


def _against(value: object, url: str) -> Iterator[str]:
    if urldefrag(url)[0] not in SCHEMAS:
        yield f"there is no schema {url}"
        return
    validator = Draft202012Validator({"$ref": url}, registry=_registry, format_checker=formats)
    try:
        yield from (f"{error.json_path}: {error.message}" for error in validator.iter_errors(value))
    except Unresolvable:
        yield f"there is no schema {url}"
