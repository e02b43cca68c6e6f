"""Names and social security numbers of applicants end where the pipeline reads them.

They are planted in the data, and searched for in all that is written, said and exported.
"""

import gzip
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import boto3

from cli.demo import mortgage
from cli.demo.stage import MODEL, Stage
from cli.dossier.read import read_dossier
from cli.dossier.write import write_dossier
from cli.evidence.proof import proof
from cli.evidence.read import Period, read_evidence
from cli.evidence.write import folder_of, write_evidence
from tests.story import dumps
from tests.story.conftest import LISTENER, Played

PERSONAL = [value for row in mortgage.records() for value in (row["name"], row["ssn"])]


def planted_in(text: str) -> list[str]:
    return [value for value in PERSONAL if value in text]


def test_no_name_and_no_number_is_in_a_table_a_log_or_an_artifact(played: Played) -> None:
    assert len(PERSONAL) == 2 * 1989
    for where, text in everything_written(played.stage):
        assert not planted_in(text), f"{where} holds {planted_in(text)[:3]}"


def test_none_is_in_a_message_to_people(played: Played) -> None:
    said = list(messages())
    assert any("the gate says passed" in one for one in said)
    assert not planted_in("\n".join(said))


def test_none_is_in_what_is_written_for_others(played: Played, tmp_path: Path) -> None:
    stage = played.stage
    where, now = stage.target, stage.now()
    write_dossier(read_dossier(stage.aws, where, MODEL, 5, now), tmp_path)
    day = Period(now - timedelta(days=1), now)
    evidence = read_evidence(stage.aws, where, stage.names.endpoint, day, now)
    folder = folder_of(evidence, tmp_path)
    write_evidence(evidence, proof(stage.aws, where, MODEL, folder / "ledger"), folder)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) > 20
    for path in files:
        assert not planted_in(path.read_text()), path.name


def test_the_search_would_find_them(played: Played) -> None:
    stage = played.stage
    uri = f"s3://{stage.target.landing_bucket}/{stage.spec.data.prefix}part-2.csv"
    assert mortgage.records()[400]["name"] in stage.read(uri).decode()


def everything_written(stage: Stage) -> Iterator[tuple[str, str]]:
    for table in (stage.store.lineage, stage.store.work):
        yield table, json.dumps(list(dumps.table(stage, table).values()))
    for log in sorted((stage.local.root / "logs").glob("*.log")):
        yield log.name, log.read_text(errors="replace")
    for bucket in (stage.target.artifact_bucket, stage.target.ledger_bucket):
        yield from _objects(stage, bucket)


def messages() -> Iterator[str]:
    """Everything that was said to people."""
    sqs = boto3.client("sqs")
    url = sqs.get_queue_url(QueueName=LISTENER)["QueueUrl"]
    while found := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        for one in found:
            yield one["Body"]
            sqs.delete_message(QueueUrl=url, ReceiptHandle=one["ReceiptHandle"])


def _objects(stage: Stage, bucket: str) -> Iterator[tuple[str, str]]:
    pages = stage.aws.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
    for entry in (entry for page in pages for entry in page.get("Contents", [])):
        data = stage.read(f"s3://{bucket}/{entry['Key']}")
        if entry["Key"].endswith(".gz"):
            data = gzip.decompress(data)
        yield entry["Key"], data.decode(errors="replace")
