"""What the trace names is what is in S3: version by version, byte by byte, row by row."""

import csv
import hashlib
import io
import json
from collections.abc import Iterator, Mapping

import pytest

from cli.demo.stage import MODEL, Stage
from steward import times
from steward.observe.serving import read_version
from tests.story.conftest import Played

VERSIONS = ("1", "2")


@pytest.mark.parametrize("version", VERSIONS)
def test_each_object_version_has_the_digest_on_record(played: Played, version: str) -> None:
    for facts in datasets(trace_of(played, version)):
        assert hashlib.sha256(body(played.stage, facts)).hexdigest() == facts["sha256"]


@pytest.mark.parametrize("version", VERSIONS)
def test_rows_add_up_to_what_was_trained_and_tested(played: Played, version: str) -> None:
    graph = trace_of(played, version)
    keys: set[str] = set()
    for facts in datasets(graph):
        rows = csv.DictReader(io.StringIO(body(played.stage, facts).decode()))
        keys |= {row["application_id"] for row in rows}
    prepared = played.stage.document(str(fact(graph, "model-version", "prepared")))
    assert sum(int(str(facts["rows"])) for facts in datasets(graph)) == len(keys)
    assert int(str(prepared["train_rows"])) + int(str(prepared["test_rows"])) == len(keys)


def test_a_key_overwritten_later_changes_nothing(played: Played) -> None:
    stage = played.stage
    before = {version: again(played, version) for version in VERSIONS}
    first = datasets(before["1"])[0]
    stage.aws.s3.put_object(Bucket=str(first["bucket"]), Key=str(first["key"]), Body=b"other\n1\n")
    stage.local.settle()
    assert {version: again(played, version) for version in VERSIONS} == before
    for facts in datasets(before["2"]):
        assert hashlib.sha256(body(stage, facts)).hexdigest() == facts["sha256"]


def test_the_moment_a_version_went_into_service_is_its_own(played: Played) -> None:
    stage = played.stage
    version = read_version(stage.store, MODEL, 1)
    assert version is not None
    assert version.served_at is not None
    question = {"endpoint": stage.names.endpoint, "at": times.iso(version.served_at)}
    served = stage.ask(question)["served"]
    assert isinstance(served, list)
    assert [one["versions"] for one in served] == [{"1": 100}]


def test_before_the_first_deployment_nothing_served(played: Played) -> None:
    stage = played.stage
    question = {"endpoint": stage.names.endpoint, "at": "2020-01-01T00:00:00Z"}
    assert "served nothing" in str(stage.ask(question)["error"])


def again(played: Played, version: str) -> list[Mapping[str, object]]:
    stage = played.stage
    prediction = json.loads(json.dumps(stage.trace[f"version {version}"]))["prediction"]
    graph = stage.ask({"record": prediction["record"]})["graph"]
    assert isinstance(graph, list)
    return graph


def trace_of(played: Played, version: str) -> list[Mapping[str, object]]:
    answer = played.stage.trace[f"version {version}"]
    assert isinstance(answer, dict)
    return list(answer["graph"])


def datasets(graph: list[Mapping[str, object]]) -> list[Mapping[str, object]]:
    return list(_facts(graph, "dataset"))


def fact(graph: list[Mapping[str, object]], kind: str, name: str) -> object:
    return next(_facts(graph, kind))[name]


def _facts(graph: list[Mapping[str, object]], kind: str) -> Iterator[Mapping[str, object]]:
    for entry in graph:
        facts = entry["facts"]
        if str(entry["id"]).startswith(f"{kind}#") and isinstance(facts, Mapping):
            yield facts


def body(stage: Stage, facts: Mapping[str, object]) -> bytes:
    return stage.read(f"s3://{facts['bucket']}/{facts['key']}", str(facts["version_id"]))
