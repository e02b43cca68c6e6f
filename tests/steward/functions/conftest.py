"""A deployment in one process, new for every test."""

import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from steward.aws import Aws
from steward.spec.model import ModelSpec
from tests.steward.builders import ACCOUNT, REGION
from tests.steward.fakes import Clock
from tests.steward.functions.house import ARTIFACTS, LANDING, LEDGER, PREFIX, House, open_house
from tests.steward.signing import KEY


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, root: Path) -> None:
    """The variables that the template gives to the functions; and what steward.log ignores.

    pytest begins each test with its own filters of warnings.
    """
    warnings.filterwarnings("ignore", "No application metrics to publish")
    for name, value in given_to_functions(root).items():
        monkeypatch.setenv(name, value)


def given_to_functions(root: Path) -> dict[str, str]:
    """The variables, for the models' files below this folder."""
    queue = f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{PREFIX}-"
    return {
        "PREFIX": PREFIX,
        "ACCOUNT_ID": ACCOUNT,
        "STEWARD_MODELS": str(root / "models"),
        "LANDING_BUCKET": LANDING,
        "ARTIFACT_BUCKET": ARTIFACTS,
        "LINEAGE_TABLE": "lineage",
        "WORK_TABLE": "work",
        "LEDGER_BUCKET": LEDGER,
        "LEDGER_KEY": KEY,
        "TOPIC_ARN": f"arn:aws:sns:{REGION}:{ACCOUNT}:{PREFIX}-people",
        "EXECUTION_ROLE_ARN": f"arn:aws:iam::{ACCOUNT}:role/{PREFIX}-execution-{REGION}",
        "TRAINING_QUEUE_URL": f"{queue}training",
        "APPROVAL_QUEUE_URL": f"{queue}approval",
        "ROLLOUT_QUEUE_URL": f"{queue}rollout",
        "DRIFT_QUEUE_URL": f"{queue}drift",
        "APPROVAL_ROLE": f"{PREFIX}-approval-{REGION}",
        "ALLOW_AUTOMATIC_APPROVAL": "false",
        "POWERTOOLS_SERVICE_NAME": "steward",
    }


@pytest.fixture
def house(
    aws: Aws, time: Clock, mortgage: ModelSpec, monkeypatch: pytest.MonkeyPatch
) -> Iterator[House]:
    with open_house(aws, time, list(mortgage.data.columns), monkeypatch) as house:
        yield house
