"""Processing jobs are listed as AWS lists them: filtered, in order, page by page."""

from datetime import timedelta

import pytest

from .conftest import IMAGE, ROLE, Calls, Client, Local, Put


@pytest.fixture
def job(local: Local, sm: Client, put: Put, name: str) -> Calls:
    """Runs a script as a processing job, to its end."""

    def job(label: str, source: str) -> str:
        job_name = f"{name}-{label}"
        script = {
            "S3Uri": put(f"{label}.py", source),
            "LocalPath": "/opt/ml/processing/code",
            "S3DataType": "S3Prefix",
            "S3InputMode": "File",
        }
        cluster = {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 1}
        sm.create_processing_job(
            ProcessingJobName=job_name,
            ProcessingInputs=[{"InputName": "code", "S3Input": script}],
            ProcessingResources={"ClusterConfig": cluster},
            AppSpecification={
                "ImageUri": IMAGE,
                "ContainerEntrypoint": ["python3", f"/opt/ml/processing/code/{label}.py"],
            },
            RoleArn=ROLE,
        )
        local.settle()
        return job_name

    return job


def names(answer: dict[str, list[dict[str, str]]]) -> list[str]:
    return [summary["ProcessingJobName"] for summary in answer["ProcessingJobSummaries"]]


def test_a_listed_job_says_how_it_ended(sm: Client, job: Calls, name: str) -> None:
    job("fine", "")
    job("broken", "raise SystemExit(2)")

    broken, fine = sm.list_processing_jobs(NameContains=name, SortBy="Name")[
        "ProcessingJobSummaries"
    ]
    assert (fine["ProcessingJobName"], fine["ProcessingJobStatus"]) == (f"{name}-fine", "Completed")
    assert fine["ProcessingJobArn"].endswith(f":processing-job/{name}-fine")
    assert fine["CreationTime"] <= fine["ProcessingEndTime"] == fine["LastModifiedTime"]
    assert broken["FailureReason"].startswith("AlgorithmError")


def test_jobs_are_filtered_by_name_status_and_time(
    local: Local, sm: Client, job: Calls, name: str
) -> None:
    first = job("first", "")
    local.advance(60)
    between = local.world.now() - timedelta(seconds=30)
    second = job("second", "raise SystemExit(2)")

    def listed(**filters: object) -> list[str]:
        return names(sm.list_processing_jobs(NameContains=name, **filters))

    assert listed() == [first, second]
    assert listed(SortOrder="Descending") == [second, first]
    assert listed(SortBy="Status", SortOrder="Descending") == [second, first]
    assert listed(StatusEquals="Failed") == [second]
    assert listed(CreationTimeAfter=between) == [second]
    assert listed(CreationTimeBefore=between) == [first]
    assert listed(LastModifiedTimeAfter=between) == [second]
    assert listed(LastModifiedTimeBefore=between) == [first]


def test_jobs_are_listed_page_by_page(sm: Client, job: Calls, name: str) -> None:
    made = [job(label, "") for label in ("a", "b", "c")]

    pages = list(
        sm.get_paginator("list_processing_jobs").paginate(
            NameContains=name, PaginationConfig={"PageSize": 2}
        )
    )
    assert [names(page) for page in pages] == [made[:2], made[2:]]
