"""What is approved and cannot be rolled out, and words that come in any order."""

from itertools import permutations

import pytest

from tests.steward.functions.house import ARTIFACTS, NAME, House
from tests.steward.functions.parts import approved, row

IMAGE = {"Image": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/sklearn:1"}


def started(house: House) -> list[int]:
    """The versions whose rollout was opened, in order."""
    opened = [subject for subject, verdict in house.decisions("rollout") if verdict == "start"]
    return [int(subject.removeprefix("version ")) for subject in opened]


@pytest.mark.parametrize(
    "details",
    [
        {"InferenceSpecification": {"Containers": [IMAGE]}},
        {},
        {
            "InferenceSpecification": {
                "Containers": [IMAGE | {"ModelDataUrl": f"s3://{ARTIFACTS}/gone"}]
            }
        },
    ],
    ids=["without an artifact", "without an inference specification", "with one that is gone"],
)
def test_an_approved_version_that_cannot_serve_is_held_and_told(
    house: House, details: dict[str, object]
) -> None:
    house.sagemaker.register(1, **details)
    house.deliver("approval", house.version_event(1))
    house.deliver("approval", house.says(1, words="override: it has to"))
    assert house.look("rollout") == 0
    assert house.sagemaker.endpoints == {}
    assert "[mortgage] version 1 is held" in house.subjects()
    assert "is not what was registered" in house.said[-1]["Message"]


def test_an_approved_version_of_another_group_is_none_of_ours(house: House) -> None:
    house.sagemaker.register(1, ModelPackageGroupName="theirs")
    event = house.version_event(1)
    event["detail"]["ModelPackageGroupName"] = "theirs"
    assert house.deliver("approval", event) == 0
    assert house.look("rollout") == 0
    assert house.sagemaker.endpoints == {}


@pytest.mark.parametrize("order", list(permutations((3, 5, 4))), ids=str)
@pytest.mark.parametrize("looks", ["after each", "at the end"])
def test_approvals_in_any_order_lead_to_the_newest_and_never_back(
    house: House, order: tuple[int, ...], looks: str
) -> None:
    """Each of them is fit to serve; while one rolls out, the others wait for its end."""
    for number in range(1, 6):
        house.judged(number)
    for number in order:
        house.deliver("approval", house.says(number, words="override: not compared"))
        if looks == "after each":
            house.look("rollout")
    for _ in order:
        house.look("rollout")
        house.clock.pass_by(minutes=5)
        if house.sagemaker.endpoints[NAME]["EndpointStatus"] == "Updating":
            house.sagemaker.bake()
            house.takes(*[(30, 0, 90, 0)] * 4)
        house.sagemaker.settle()
        house.look("rollout")
    assert started(house) == sorted(started(house))
    assert started(house)[-1] == 5
    assert house.sagemaker.endpoints[NAME]["EndpointConfigName"].startswith(f"{NAME}-v5-")


def test_approved_rejected_and_approved_within_a_second_rolls_out_once(house: House) -> None:
    house.judged(1)
    for status in ("Approved", "Rejected", "Approved"):
        house.clock.pass_by(seconds=0.3)
        house.sagemaker.decide(house.sagemaker.arn_of(1), status)
        house.deliver("approval", house.version_event(1, "ModelApprovalStatus"))
        house.look("rollout")
    house.look("rollout")
    assert house.sagemaker.calls.count("CreateEndpoint") == 1
    noted = house.row("version#0000000001")
    assert noted is not None
    assert row(house)["version"] == 1
    assert noted["status"] == "Approved"


def test_a_version_that_is_deleted_while_it_bakes_is_ended(house: House) -> None:
    house.serving(1)
    house.clock.pass_by(minutes=60)
    approved(house, 2, against=1)
    house.look("rollout")
    house.clock.pass_by(minutes=5)
    house.sagemaker.bake()
    del house.sagemaker.packages[house.sagemaker.arn_of(2)]
    house.look("rollout")
    assert row(house)["ended_by"] == "revoked"
    assert row(house)["cause"] == "version 2 is not in the registry any more"
    house.sagemaker.settle(failure="alarm")
    assert house.look("rollout") == 0
    assert row(house)["outcome"] == "revoked"
