"""`steward export --openlineage` writes one event a line, and says how many on stderr."""

import json
from pathlib import Path

import boto3
import pytest

from cli.target import Target
from steward import digest
from steward.record.items import to_item
from tests.cli.conftest import Steward
from tests.openlineage.validator import Json, problems
from tests.steward.lineage.past import APPROVAL, Item, history


@pytest.fixture
def kept(empty: Target) -> Target:
    """A deployment with a short history; what somebody said did not fit into the table."""
    dynamodb = boto3.client("dynamodb")
    dynamodb.create_table(
        TableName=empty.lineage_table,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "sk", "AttributeType": "S"},
        ],
        KeySchema=[
            {"AttributeName": "pk", "KeyType": "HASH"},
            {"AttributeName": "sk", "KeyType": "RANGE"},
        ],
    )
    for item in history():
        named = json.loads(json.dumps(item).replace("steward-mortgage", f"{empty.prefix}-mortgage"))
        short = abridged(empty, named) if item["pk"] == APPROVAL else named
        dynamodb.put_item(TableName=empty.lineage_table, Item=to_item(short))
    return empty


def abridged(target: Target, item: Json) -> Item:
    """The item as the table has it, when its facts lie in S3."""
    content = digest.canonical({"facts": item["facts"]})
    sha256 = digest.of_text(content)
    boto3.client("s3").put_object(
        Bucket=target.artifact_bucket, Key=f"record/{sha256}.json", Body=content.encode()
    )
    return item | {"facts": item["facts"] | {"words": "…"}, "bulk": sha256}


def test_a_file_has_a_valid_event_a_line(steward: Steward, kept: Target, tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    ran = steward("--prefix", kept.prefix, "export", "--openlineage", file)
    found = [json.loads(line) for line in file.read_text().splitlines()]
    assert (ran.code, ran.out, ran.said) == (0, "", [f"{len(found)} events"])
    assert found
    assert [problem for event in found for problem in problems(event)] == []


def test_without_a_file_it_goes_to_the_standard_output(steward: Steward, kept: Target) -> None:
    ran = steward("--prefix", kept.prefix, "export", "--openlineage", "--model", "mortgage")
    assert ran.said == [f"{len(ran.out.splitlines())} events"]
    ran = steward("--prefix", kept.prefix, "export", "--openlineage", "--model", "churn")
    assert (ran.code, ran.out, ran.said) == (0, "", ["0 events"])


def test_facts_that_did_not_fit_into_the_table_are_told_whole(
    steward: Steward, kept: Target
) -> None:
    ran = steward("--prefix", kept.prefix, "export", "--openlineage")
    said = [
        event["run"]["facets"]["steward_approval"]["words"]
        for event in map(json.loads, ran.out.splitlines())
        if "steward_approval" in event["run"]["facets"]
    ]
    assert set(said) == {"good"}
