"""Every message to people, as it comes, for docs/messages.md and for the test of both.

AWS_DEFAULT_REGION=eu-west-1 PYTHONPATH=.:functions python -m tests.steward.functions.messages
"""

import re
import tempfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from moto import mock_aws

from steward.aws import Aws
from steward.spec.read import read
from tests.steward.fakes import new_clock
from tests.steward.functions import parts
from tests.steward.functions.conftest import given_to_functions
from tests.steward.functions.house import House, open_house
from tests.steward.functions.parts import JUDGED, Part, then

ROOT = Path(__file__).parents[3]
DOCUMENT = ROOT / "docs" / "messages.md"
AUTO = 'mode = "auto"'


def worse(house: House) -> None:
    """A version whose gate failed."""
    house.judged(auc=0.6)


def vainly(house: House) -> None:
    worse(house)
    house.deliver("approval", house.says(1, words="fine"))


def overridden(house: House) -> None:
    worse(house)
    house.deliver("approval", house.says(1, words="override: the board asked"))


def automatic(house: House) -> None:
    house.judged()
    house.look("approval")


def rolled_back(house: House) -> None:
    house.serving(1)
    parts.approved(house, 2, against=1)
    house.look("rollout")
    house.sagemaker.settle(failure="alarm steward-mortgage-r2-error-rate: 0.2 > 0.05")
    house.look("rollout")


def promoted(house: House) -> None:
    house.serving(1)
    house.serving(2, against=1)


def rolling(house: House) -> None:
    house.serving(1)
    parts.approved(house, 2, against=1)
    house.look("rollout")
    house.look("rollout")


def paused(house: House) -> None:
    parts.approved(house)
    house.deliver("rollout", house.order("pause"))


def stale(house: House) -> None:
    promoted(house)
    parts.approved(house, 3)
    house.deliver("approval", house.says(3, words="override:"))
    house.look("rollout")


def expired(house: House) -> None:
    parts.approved(house)
    house.clock.pass_by(minutes=24 * 60)
    house.look("rollout")


def gone(house: House) -> None:
    house.serving(1)
    house.sagemaker.endpoints.clear()
    house.look("rollout")


def found(house: House) -> None:
    promoted(house)
    house.clock.pass_by(minutes=1)
    first = next(name for name in house.sagemaker.configs if "-v1-" in name)
    house.sagemaker.endpoints["steward-mortgage"] |= {
        "EndpointConfigName": first, "LastModifiedTime": house.clock.now(),
    }  # fmt: skip
    house.look("rollout")


def signed_by_nobody(house: House) -> None:
    overridden(house)
    house.deliver("rollout", house.order("sign-off", decision="decision#0"))


def retrained(house: House) -> None:
    house.serving(1)
    parts.drifting(house)
    parts.drift(house)


def broken(house: House) -> None:
    house.serving(1)
    parts.broken_schema(house)


def job_failed(house: House) -> None:
    house.serving(1)
    parts.captured(house)
    parts.watched(house)


# Title -> what happens, the subject it is told under, what the model's file says besides.
MESSAGES: Mapping[str, tuple[Part, str, str]] = {
    "An upload was rejected": (parts.uploads, "an upload was rejected", ""),
    "A training run failed": (
        then(parts.uploads, parts.run, parts.failed_run), "training run 1 failed", "",
    ),
    "Approval is needed": (JUDGED, "the gate says", ""),
    "Approval is needed, and the gate did not pass": (worse, "the gate says", ""),
    "Steward approves": (automatic, "the gate says", AUTO),
    "Steward has approved": (automatic, "automatic approval", AUTO),
    "An approval changes nothing": (vainly, "changes nothing", ""),
    "Somebody approved by break-glass": (overridden, "break-glass", ""),
    "A version is rolled out": (rolling, "is rolled out", ""),
    "A version serves": (gone, "version 1 serves", ""),
    "A version serves without evidence": (promoted, "version 2 serves", ""),
    "A rollout went back": (rolled_back, "the rollout of version 2 failed", ""),
    "A rollout is held by a pause": (paused, "is held", ""),
    "A rollout is held by an approval that has expired": (
        expired, "is held", 'approval_expires = "2h"',
    ),
    "The endpoint is gone": (gone, "the endpoint is gone", ""),
    "Somebody else deployed": (found, "changed by somebody else", ""),
    "A sign-off does not count": (signed_by_nobody, "is held", ""),
    "Drift asks for a run": (retrained, "drift asks for a training run", ""),
    "A monitor needs a person": (broken, "a monitor needs a person", ""),
    "A monitor's job failed": (job_failed, "a monitor's job failed", ""),
}  # fmt: skip


def told(title: str, clients: Aws) -> str:
    """One message, whole, with digests left out."""
    story, subject, more = MESSAGES[title]
    with (
        mock_aws(),
        pytest.MonkeyPatch.context() as patch,
        tempfile.TemporaryDirectory() as folder,
    ):
        model = Path(folder) / "models" / "mortgage.toml"
        model.parent.mkdir()
        text = (ROOT / "models" / "mortgage.toml").read_text(encoding="utf-8")
        model.write_text(text.replace('mode = "manual"', more))
        for name, value in given_to_functions(Path(folder)).items():
            patch.setenv(name, value)
        patch.setenv("ALLOW_AUTOMATIC_APPROVAL", "true")
        columns = list(read(model).data.columns)
        with open_house(clients, new_clock(patch), columns, patch) as house:
            story(house)
        last = [one for one in house.said if subject in one["Subject"]][-1]
    whole = f"Subject: {last['Subject']}\n\n{last['Message'].rstrip()}"
    whole = re.sub(r"decision#[0-9a-f]{64}", "decision#<digest>", whole)
    return re.sub(r"-v(\d)-[0-9a-f]{8}", r"-v\1-<digest>", whole)


def block(title: str, message: str) -> str:
    """A message as the document shows it."""
    return f"## {title}\n\n```\n{message}\n```\n"


def written(document: str, clients: Aws) -> str:
    """The document with the messages of now."""
    blocks = "\n".join(block(title, told(title, clients)) for title in MESSAGES)
    return f"{document.partition('## ')[0]}{blocks}"


if __name__ == "__main__":
    DOCUMENT.write_text(written(DOCUMENT.read_text(encoding="utf-8"), Aws()), encoding="utf-8")
