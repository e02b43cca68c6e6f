"""A story of odd, rejected and broken uploads, on an AWS that denies and loses what it can.

Every call of every function is denied once for each way to get there, and each kind of change is
carried out once without an answer; nothing of that may be seen in how the story ends.
"""

import json
from dataclasses import dataclass

from cli.demo import acts, mortgage
from cli.demo.stage import MODEL
from tests.bad_input.house import CONCERNS, House, Json
from tests.steward.ledger import decisions

# Each is uploaded with rows of its own.
ODD = (
    "with blanks.csv",
    " a blank before/and after .csv",
    "one+one.csv",
    "100%.csv",
    "100%2Fpercent%20.csv",
    "&amp; \"quotes\" <and> 'tags'.csv",
    "Ærø-日本-🏡.csv",
    "caf\u00e9.csv",  # one letter
    "cafe\u0301.csv",  # a letter and an accent: another key, though it looks the same
    "folder//./double.csv",
    "x" * (1000 - len("mortgage/incoming/.csv")) + ".csv",
    "UPPER.CSV",
)
OVERWRITTEN, DELETED, BROKEN = "overwritten.csv", "deleted.csv", "broken label.csv"
REJECTED = {
    "empty.csv": (b"", "the object is empty"),
    "lacks.csv": (b"application_id,approve\nL1,1\n", "19 of 21 columns are missing: white, name"),
    "table.parquet": (b"PAR1\x15\x04\x15", "the file is not a .csv file"),
    "blank at the end.csv ": (mortgage.part(5), "the file is not a .csv file"),
    "zipped.csv": (b"\x1f\x8b\x08\x00\x00\x00\x00\x00\xff", "21 of 21 columns are missing"),
}
# Three hours of one day in which the same feature went up.
REPORTS = tuple(
    f"monitoring/{MODEL}/v1/data_quality/2026/01/01/{hour}/constraint_violations.json"
    for hour in (20, 21, 22)
)
# Carried out, and never answered: SDK and function must not do it twice.
LOST = (
    ("training", "dynamodb:TransactWriteItems"),
    ("training", "s3:PutObject"),
    ("training", "sagemaker:StartPipelineExecution"),
    ("approval", "sns:Publish"),
    ("sweep", "sqs:SendMessage"),
    ("rollout", "sagemaker:CreateModel"),
    ("rollout", "sagemaker:CreateEndpointConfig"),
    ("rollout", "sagemaker:CreateEndpoint"),
    ("drift", "sns:Publish"),
    ("drift", "sagemaker:CreateProcessingJob"),
)


FAILED = "message failed, the queue will deliver it again"


@dataclass
class Told:
    """What was read at moments of the story that are gone at its end."""

    first_pending: list[str]
    first_manifest: Json
    second_manifest: Json
    prepared: list[Json]
    decided: list[Json]
    denied: list[tuple[str, str]]
    called: set[tuple[str, str]]
    dead: dict[str, dict[str, str]]
    came_back: dict[str, int]


def slices() -> dict[str, bytes]:
    """Part 1 of the data in as many files as there are odd names, and the one to be broken."""
    header, *rows = mortgage.part(1).decode().splitlines(keepends=True)
    names = (*ODD, OVERWRITTEN, BROKEN)
    return {
        name: "".join([header, *rows[place :: len(names)]]).encode()
        for place, name in enumerate(names)
    }


def unreadable(data: bytes) -> bytes:
    """The same rows, one of which neither approves nor denies."""
    header, row, *rows = data.decode().splitlines(keepends=True)
    cells = row.split(",")
    cells[mortgage.COLUMNS.index(mortgage.LABEL)] = "perhaps"
    return "".join([header, ",".join(cells), *rows]).encode()


def tell(house: House) -> Told:
    house.be_patient(1000)
    # A call is denied once in an invocation: beside a message that is denied another would pass.
    house.hand_over(1)
    house.local.deny_everywhere(on=True)
    for concern, call in LOST:
        house.local.misbehave("timeout", call, function=f"steward-{concern}")
    files = slices()
    upload(house, files)
    first_pending = house.pending()
    house.let_run_end(1)
    first_manifest = house.manifest()
    house.put(BROKEN, files[BROKEN])
    house.let_run_end(2)
    second_manifest, prepared = house.manifest(), house.prepared()
    acts.approve(house.stage, 1, "good enough, whatever its data was called")
    acts.let_it_serve(house.stage, 1)
    drift(house)
    house.let_run_end(3)
    house.let_windows_be_judged(1)
    house.local.deny_everywhere(on=False)
    house.local.settle()
    house.hand_over(10)
    house.be_patient(5)
    return Told(
        first_pending,
        first_manifest,
        second_manifest,
        prepared,
        decisions(house.store),
        denied(house),
        called(house),
        {concern: house.dead_letters(concern) for concern in CONCERNS},
        {concern: house.log(concern).count(FAILED) for concern in CONCERNS},
    )


def upload(house: House, files: dict[str, bytes]) -> None:
    for name in ODD:
        house.put(name, files[name])
    for part in (2, 3):
        house.put(f"part-{part}.csv", mortgage.part(part))
    house.put(OVERWRITTEN, mortgage.part(4))
    house.put(OVERWRITTEN, files[OVERWRITTEN])
    house.put(DELETED, mortgage.part(5))
    house.put(BROKEN, unreadable(files[BROKEN]))
    for name, (body, _) in REJECTED.items():
        house.put(name, body)
    house.local.settle()
    house.s3.delete_object(Bucket=house.landing, Key=house.prefix + DELETED)


def drift(house: House) -> None:
    """Requests are captured, new data comes, and what version 1 is asked has drifted."""
    acts.predict(house.stage, 1, acts.requests()[0][:20])
    house.put("part-6.csv", mortgage.part(6))
    drifted = {
        "feature_name": "unem",
        "constraint_check_type": "baseline_drift_check",
        "direction": "up",
    }
    for hour, key in enumerate(REPORTS, start=20):
        window = {"kind": "data_quality", "version": 1, "rows": 500}
        window |= {"start": f"2026-01-01T{hour}:00:00Z", "end": f"2026-01-01T{hour + 1}:00:00Z"}
        body = json.dumps({"violations": [drifted], "window": window}).encode()
        house.s3.put_object(Bucket=house.stage.target.artifact_bucket, Key=key, Body=body)
        house.local.settle()


def denied(house: House) -> list[tuple[str, str]]:
    """Function and operation of every call that was denied."""
    done = house.local.misbehaviours()["done"]
    return [(str(one["function"]), str(one["call"])) for one in done if one["kind"] == "denied"]


def called(house: House) -> set[tuple[str, str]]:
    """Function and operation of every call that a function made."""
    return {
        (function, call)
        for call, found in house.local.calls().items()
        for function in found["functions"]  # type: ignore[attr-defined]
        if function.startswith("steward-")
    }
