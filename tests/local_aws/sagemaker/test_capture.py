"""What an endpoint answers is captured in the files that SageMaker writes."""

import base64
import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from .conftest import BUCKET, Calls, Client, Local, Put
from .serving import Shop, adder


@pytest.fixture
def captured(s3: Client, name: str) -> Calls:
    """The captured records so far, by key."""

    def captured() -> dict[str, list[Any]]:
        found = s3.list_objects_v2(Bucket=BUCKET, Prefix=f"{name}/capture/").get("Contents", [])
        return {
            entry["Key"]: [
                json.loads(line)
                for line in s3.get_object(Bucket=BUCKET, Key=entry["Key"])["Body"].iter_lines()
            ]
            for entry in found
        }

    return captured


@pytest.fixture
def serve(local: Local, sm: Client, put: Put, name: str) -> Calls:
    """An endpoint in service that captures."""

    def serve(
        percent: int = 100,
        content_types: Sequence[str] = ("text/csv",),
        modes: Sequence[str] = ("Input", "Output"),
    ) -> Shop:
        shop = Shop(local, sm, put, name)
        header = {"CaptureContentTypeHeader": {"CsvContentTypes": list(content_types)}}
        config = {
            "EnableCapture": True,
            "InitialSamplingPercentage": percent,
            "DestinationS3Uri": f"s3://{BUCKET}/{name}/capture",
            "CaptureOptions": [{"CaptureMode": mode} for mode in modes],
            **(header if content_types else {}),
        }
        shop.serve(shop.config("one", adder(1), DataCaptureConfig=config))
        return shop

    return serve


@pytest.fixture
def ask(runtime: Client, name: str) -> Calls:
    def ask(body: bytes = b"1", **more: str) -> None:
        runtime.invoke_endpoint(
            EndpointName=name, Body=body, ContentType="text/csv", Accept="text/csv", **more
        )

    return ask


def all_of(captured: Calls) -> list[Any]:
    return [record for records in captured().values() for record in records]


def test_a_record_has_request_answer_and_who_asked(
    local: Local, serve: Calls, ask: Calls, captured: Calls, name: str
) -> None:
    serve()
    asked = local.world.now()
    ask(b"1,2", InferenceId="row-1", CustomAttributes="trace=1")
    assert captured() == {}
    local.advance(60)

    ((key, records),) = captured().items()
    folder = f"{name}/capture/{name}/AllTraffic/{asked:%Y/%m/%d/%H}/"
    assert key.startswith(folder)
    assert key.endswith(".jsonl")
    metadata = records[0]["eventMetadata"]
    assert records[0]["captureData"] == {
        "endpointInput": {
            "observedContentType": "text/csv",
            "mode": "INPUT",
            "data": "1,2",
            "encoding": "CSV",
        },
        "endpointOutput": {
            "observedContentType": "text/csv; charset=utf-8",
            "mode": "OUTPUT",
            "data": "2.0",
            "encoding": "CSV",
        },
    }
    assert metadata["inferenceId"] == "row-1"
    assert metadata["customAttributes"] == ["trace=1"]
    assert metadata["inferenceTime"].endswith("Z")
    assert records[0]["eventVersion"] == "0"


def test_a_hundred_records_are_written_at_once(
    local: Local, serve: Calls, ask: Calls, captured: Calls
) -> None:
    serve()
    for _ in range(101):
        ask()
    local.settle()
    assert [len(records) for records in captured().values()] == [100]

    local.advance(120)
    assert sorted(len(records) for records in captured().values()) == [1, 100]


def test_records_of_two_hours_lie_in_two_folders(
    local: Local, serve: Calls, ask: Calls, captured: Calls
) -> None:
    serve()
    now = local.world.now()
    until_the_hour = 3600 - (now.minute * 60 + now.second + now.microsecond / 1e6)
    local.advance(until_the_hour - 1)
    ask()
    local.world.clock.jump_to(
        local.world.now().replace(minute=59, second=59) + timedelta(seconds=2)
    )
    ask()
    local.advance(60)

    folders = {key.rsplit("/", 1)[0] for key in captured()}
    assert len(folders) == 2


def test_what_waits_is_written_when_the_fleet_ends(
    local: Local, serve: Calls, ask: Calls, captured: Calls, sm: Client, name: str
) -> None:
    serve()
    ask()
    sm.delete_endpoint(EndpointName=name)
    local.settle()

    assert len(all_of(captured)) == 1


def test_only_a_sample_is_kept(local: Local, serve: Calls, ask: Calls, captured: Calls) -> None:
    serve(percent=0)
    ask()
    local.advance(60)

    assert captured() == {}


def test_a_content_type_that_is_not_listed_is_kept_as_base64(
    local: Local, serve: Calls, ask: Calls, captured: Calls
) -> None:
    serve(content_types=())
    ask(b"1,2")
    local.advance(60)

    kept = all_of(captured)[0]["captureData"]["endpointInput"]
    assert kept["encoding"] == "BASE64"
    assert base64.b64decode(kept["data"]) == b"1,2"


def test_only_the_sides_that_were_asked_for_are_kept(
    local: Local, serve: Calls, ask: Calls, captured: Calls
) -> None:
    serve(modes=("Input",))
    ask()
    local.advance(60)

    assert set(all_of(captured)[0]["captureData"]) == {"endpointInput"}


def test_the_endpoint_says_that_it_captures(serve: Calls, name: str) -> None:
    shop = serve(percent=50)

    assert shop.described()["DataCaptureConfig"] == {
        "EnableCapture": True,
        "CaptureStatus": "Started",
        "CurrentSamplingPercentage": 50,
        "DestinationS3Uri": f"s3://{BUCKET}/{name}/capture",
        "KmsKeyId": "",
    }
