"""docs/clients.md says what the AWS command line prints against `steward up`."""

from pathlib import Path

import pytest

from tests.clients.tour import as_printed, started, steps

NEEDED = (
    "sagemaker list-model-packages",
    "sagemaker update-model-package",
    "sagemaker describe-endpoint",
    "sagemaker-runtime invoke-endpoint",
    "s3 cp",
)


def test_every_command_prints_what_the_page_says(tmp_path: Path) -> None:
    with started(tmp_path) as tour:
        for step in steps():
            printed = tour.run(step.who, ["bash", "-c", step.command])
            assert as_printed(step.printed, printed), f"{step.command}\n{printed}"
        assert tour.aws.faults() == []


@pytest.mark.parametrize("command", NEEDED)
def test_the_page_shows_the_command_with_its_endpoint(command: str) -> None:
    named = f"aws --endpoint-url $AWS_ENDPOINT_URL {command}"
    assert any(step.command.startswith(named) for step in steps())


@pytest.mark.parametrize(
    ("wanted", "printed", "same"),
    [
        ("a\n", "a\n", True),
        ("a ... c\n...\n", "a b c\nd\ne\n", True),
        ("a\n", "b\n", False),
        ("a\n", "a\nb\n", False),
    ],
)
def test_dots_stand_for_anything_and_nothing_else_does(
    wanted: str, printed: str, same: bool
) -> None:
    assert as_printed(wanted, printed) is same
