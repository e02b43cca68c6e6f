"""The validator of exported events passes what the standard gives as examples, and nothing less."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from steward.lineage.facets import SCHEMA
from tests.openlineage.validator import SPEC, Json, problems

FIXTURES = sorted(SPEC.glob("tests/*/*.json"))
# It names the branch that the standard was developed on, where nothing keeps its meaning.
NAMES_A_BRANCH = "NominalTimeRunFacet"
NEWEST = {
    path.stem: json.loads(path.read_text())["$id"]
    for path in sorted(SPEC.glob("facets/*/*.json"), key=lambda path: path.parent.name)
}
each_fixture = pytest.mark.parametrize(
    "fixture", FIXTURES, ids=lambda path: f"{path.parent.name}-{path.stem}"
)


def event(**given: object) -> Json:
    """The least that is an event."""
    least = {
        "eventType": "COMPLETE",
        "eventTime": "2026-11-20T12:00:00.000Z",
        "producer": "https://steward.invalid/",
        "schemaURL": SCHEMA,
        "run": {"runId": "f99310b4-3c3c-1a1a-2b2b-c1b95c24ff11"},
        "job": {"namespace": "sagemaker://eu-west-1/123456789012", "name": "steward-mortgage"},
    }
    return least | given


def holding(facet: Json, kind: str) -> Json:
    """An event with a facet where facets of its kind belong."""
    where = {"namespace": "s3://bucket", "name": "key"}
    if kind.endswith("InputDatasetFacet"):
        return event(inputs=[where | {"inputFacets": facet}])
    if kind.endswith("DatasetFacet"):
        return event(inputs=[where | {"facets": facet}])
    place = "run" if kind.endswith("RunFacet") else "job"
    return event(**{place: event()[place] | {"facets": facet}})


def read(fixture: Path) -> tuple[Json, str]:
    """A fixture's facet by its name, and the name of its schema."""
    return json.loads(fixture.read_text()), fixture.parent.name


def test_there_are_fixtures_of_every_facet_of_the_standard_that_is_emitted() -> None:
    assert {fixture.parent.name for fixture in FIXTURES} >= {
        "DataQualityMetricsInputDatasetFacet", "DatasetVersionDatasetFacet", "ErrorMessageRunFacet",
        "JobTypeJobFacet", "NominalTimeRunFacet", "ParentRunFacet", "SourceCodeLocationJobFacet",
    }  # fmt: skip


@each_fixture
def test_the_standards_own_fixture_is_valid_by_the_schema_that_it_names(fixture: Path) -> None:
    facet, kind = read(fixture)
    found = problems(holding(facet, kind))
    if kind == NAMES_A_BRANCH:
        assert [problem for problem in found if "not published" not in problem] == []
    else:
        assert found == []


@each_fixture
def test_the_standards_own_fixture_is_valid_by_the_newest_schema(fixture: Path) -> None:
    facet, kind = read(fixture)
    for content in facet.values():
        content["_schemaURL"] = f"{NEWEST[kind]}#/$defs/{kind}"
    assert problems(holding(facet, kind)) == []


@each_fixture
def test_the_standards_own_fixture_is_not_valid_in_another_place(fixture: Path) -> None:
    facet, kind = read(fixture)
    other = "JobFacet" if kind.endswith("RunFacet") else "RunFacet"
    assert problems(holding(facet, other)) != []


def test_the_standards_example_of_an_event_fails_by_its_unpublished_schemas_alone() -> None:
    example = json.loads((SPEC / "tests/example_full_event.json").read_text())
    assert problems(example | {"schemaURL": SCHEMA}) == [
        "sql: its schema http://123 is not published"
    ]
    assert problems(example)[0].startswith("there is no schema https://openlineage.io/spec/1-0-5/")


def required(schema_url: str) -> Iterator[str]:
    """The fields that the standard's schema of a facet requires."""
    path = SPEC / schema_url.partition("#")[0].removeprefix("https://openlineage.io/spec/")
    (definition,) = (
        one for name, one in json.loads(path.read_text())["$defs"].items() if name == path.stem
    )
    for part in definition["allOf"]:
        yield from part.get("required", ())


@each_fixture
def test_a_fixture_without_a_required_field_is_not_valid(fixture: Path) -> None:
    facet, kind = read(fixture)
    ((name, content),) = facet.items()
    content["_schemaURL"] = NEWEST[kind]
    for field in ("_producer", "_schemaURL", *required(NEWEST[kind])):
        less = {key: value for key, value in content.items() if key != field}
        assert problems(holding({name: less}, kind)) != [], field


@pytest.mark.parametrize("field", ["eventTime", "producer", "schemaURL", "run", "job"])
def test_an_event_without_a_required_field_is_not_valid(field: str) -> None:
    assert problems(event()) == []
    assert problems({key: value for key, value in event().items() if key != field}) != []


@pytest.mark.parametrize(
    "wrong",
    [
        {"eventTime": "yesterday"},
        {"eventTime": "2026-11-20T12:00:00"},
        {"eventType": "DONE"},
        {"producer": "steward"},
        {"run": {"runId": "run-1"}},
        {"job": {"namespace": "n", "name": 1}},
        {"inputs": [{"namespace": "s3://bucket"}]},
        {"outputs": {}},
    ],
    ids=str,
)
def test_an_event_with_a_wrong_value_is_not_valid(wrong: Json) -> None:
    assert problems(event(**wrong)) != []


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("https://steward.invalid/openlineage/9-9-9/StewardCodeJobFacet.json", "is not published"),
        ("https://openlineage.io/spec/facets/2-0-4/JobTypeJobFacet.json", "of another facet"),
        (
            "https://steward.invalid/openlineage/1-0-0/StewardCodeJobFacet.json#/$defs/Other",
            "there is no schema",
        ),
    ],
)
def test_a_facet_of_an_unknown_schema_is_not_valid(url: str, why: str) -> None:
    facet = {"_producer": "https://steward.invalid/", "_schemaURL": url, "commit": "0123abcd"}
    (problem,) = problems(holding({"steward_code": facet}, "JobFacet"))
    assert why in problem
