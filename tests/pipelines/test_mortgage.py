"""The demo's data."""

import csv
import io
import subprocess
import sys

import pytest

from cli.demo import mortgage
from tests.pipelines.house import REPOSITORY


def rows(number: int) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(mortgage.part(number).decode())))


def test_the_parts_are_the_first_1300_rows_in_order() -> None:
    parts = [rows(number) for number in range(1, 6)]
    assert [len(part) for part in parts] == [300, 300, 300, 200, 200]
    keys = [row["application_id"] for part in parts for row in part]
    assert keys == [f"L{number:05d}" for number in range(1, 1301)]


def test_production_is_what_no_part_holds_without_outcome_or_person() -> None:
    production = mortgage.production()
    assert [one.application_id for one in production] == [f"L{n:05d}" for n in range(1301, 1990)]
    record = mortgage.records()[1300]
    assert production[0].payload.split(",") == [record[name] for name in mortgage.FEATURES]


def test_the_surveys_codes_for_unknown_are_blank() -> None:
    records = mortgage.records()
    assert sum(record["liq"] == "" for record in records) == 9
    assert sum(record["term"] == "" for record in records) == 4
    assert max(float(record["term"] or 0) for record in records) == 480
    assert max(float(record["liq"] or 0) for record in records) < 10_000


def test_the_outcome_and_the_facet_are_the_real_ones() -> None:
    records = mortgage.records()
    approved = {
        white: [record["approve"] == "1" for record in records if record["white"] == white]
        for white in ("0", "1")
    }
    assert len(approved["0"]) == 308
    assert sum(approved["0"]) / len(approved["0"]) == pytest.approx(0.708, abs=0.0005)
    assert sum(approved["1"]) / len(approved["1"]) == pytest.approx(0.908, abs=0.0005)


def test_people_are_made_up_and_each_is_unlike_the_others() -> None:
    records = mortgage.records()
    assert len({record["name"] for record in records}) == len(records)
    assert len({record["ssn"] for record in records}) == len(records)
    assert {record["ssn"][:3] for record in records} == {"000"}


def test_there_are_six_parts() -> None:
    with pytest.raises(ValueError, match="parts 1 to 6, not 7"):
        mortgage.part(7)


def test_reading_the_data_does_not_load_pandas() -> None:
    program = "import sys; from cli.demo import mortgage; mortgage.part(1); print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", program],
        cwd=REPOSITORY, check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert "pandas" not in loaded.stdout.split()
