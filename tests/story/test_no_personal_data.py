"""Names and social security numbers of applicants end where the pipeline reads them."""

import gzip
import json
from collections.abc import Iterator

from cli.demo import mortgage
from cli.demo.stage import Stage
from tests.story import dumps
from tests.story.conftest import Played


def test_no_name_and_no_number_is_in_a_table_a_log_or_an_artifact(played: Played) -> None:
    personal = [value for row in mortgage.records() for value in (row["name"], row["ssn"])]
    assert len(personal) == 2 * 1989
    for where, text in everything_written(played.stage):
        found = [value for value in personal if value in text]
        assert not found, f"{where} holds {found[:3]}"


def test_the_search_would_find_them(played: Played) -> None:
    stage = played.stage
    uri = f"s3://{stage.target.landing_bucket}/{stage.spec.data.prefix}part-2.csv"
    assert mortgage.records()[400]["name"] in stage.read(uri).decode()


def everything_written(stage: Stage) -> Iterator[tuple[str, str]]:
    for table in (stage.store.lineage, stage.store.work):
        yield table, json.dumps(list(dumps.table(stage, table).values()))
    for log in sorted((stage.local.root / "logs").glob("*.log")):
        yield log.name, log.read_text(errors="replace")
    bucket = stage.target.artifact_bucket
    pages = stage.aws.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
    for entry in (entry for page in pages for entry in page.get("Contents", [])):
        data = stage.read(f"s3://{bucket}/{entry['Key']}")
        if entry["Key"].endswith(".gz"):
            data = gzip.decompress(data)
        yield entry["Key"], data.decode(errors="replace")
