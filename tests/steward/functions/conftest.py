"""A deployment in one process, new for every test."""

import importlib
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from steward.aws import Aws
from steward.record.store import Store
from steward.spec.model import ModelSpec
from tests.steward.builders import ACCOUNT, REGION
from tests.steward.fakes import Clock, Mortal
from tests.steward.functions.house import ARTIFACTS, LANDING, PREFIX, House


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, root: Path) -> None:
    """The variables that the template gives to the functions; and what steward.log ignores.

    pytest begins each test with its own filters of warnings.
    """
    warnings.filterwarnings("ignore", "No application metrics to publish")
    queue = f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{PREFIX}-"
    given = {
        "PREFIX": PREFIX,
        "ACCOUNT_ID": ACCOUNT,
        "STEWARD_MODELS": str(root / "models"),
        "LANDING_BUCKET": LANDING,
        "ARTIFACT_BUCKET": ARTIFACTS,
        "LINEAGE_TABLE": "lineage",
        "WORK_TABLE": "work",
        "TOPIC_ARN": f"arn:aws:sns:{REGION}:{ACCOUNT}:{PREFIX}-people",
        "EXECUTION_ROLE_ARN": f"arn:aws:iam::{ACCOUNT}:role/{PREFIX}-execution-{REGION}",
        "TRAINING_QUEUE_URL": f"{queue}training",
        "APPROVAL_QUEUE_URL": f"{queue}approval",
        "ROLLOUT_QUEUE_URL": f"{queue}rollout",
        "POWERTOOLS_SERVICE_NAME": "steward",
        "POWERTOOLS_METRICS_NAMESPACE": "Steward",
    }
    for name, value in given.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def house(
    aws: Aws, store: Store, time: Clock, mortgage: ModelSpec, monkeypatch: pytest.MonkeyPatch
) -> Iterator[House]:
    for bucket in (LANDING, ARTIFACTS):
        aws.s3.create_bucket(
            Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION}
        )
        aws.s3.put_bucket_versioning(
            Bucket=bucket, VersioningConfiguration={"Status": "Enabled"}
        )
    aws.sns.create_topic(Name=f"{PREFIX}-people")
    concerns = ("training", "approval", "rollout", "drift", "sweep", "lineage")
    for concern in concerns:
        aws.sqs.create_queue(QueueName=f"{PREFIX}-{concern}")
    apps = {concern: importlib.import_module(f"{concern}.app") for concern in concerns}
    for app in apps.values():
        monkeypatch.setattr(app, "_aws", aws)
    found = House(aws, store, time, apps, list(mortgage.data.columns))
    yield found
    found.close()


@pytest.fixture
def mortal(house: House) -> Iterator[Mortal]:
    """The functions die when the test says so."""
    found = Mortal(house.aws)
    yield found
    found.close()
