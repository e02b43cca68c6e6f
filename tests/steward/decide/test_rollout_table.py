"""Every verdict stands in docs/rollout.md as the code gives it."""

import boto3

from tests.steward.decide.rollout_table import DOCUMENT, STATUSES, at_rest, in_flight, written


def test_the_document_holds_the_tables_of_the_code() -> None:
    document = DOCUMENT.read_text(encoding="utf-8")
    assert document == written(document), "run: python -m tests.steward.decide.rollout_table"


def test_each_status_of_an_endpoint_is_there() -> None:
    model = boto3.client("sagemaker", region_name="eu-west-1").meta.service_model
    assert set(STATUSES) == set(model.shape_for("EndpointStatus").enum)


def test_nothing_starts_while_a_rollout_is_open_or_the_endpoint_moves() -> None:
    assert not [line for line in in_flight() if "start" in line]
    moving = ("Creating", "Updating", "SystemUpdating", "RollingBack", "Deleting")
    rows = [line for line in at_rest() if line.split("|")[1].strip() in moving]
    assert len(rows) == 5
    assert {cell.strip() for row in rows for cell in row.split("|")[3:-1]} == {"wait"}


def test_a_version_that_was_found_wanting_is_never_waited_for_in_vain() -> None:
    """Whatever happens under way, an endpoint at rest ends the rollout or asks for it again."""
    rest = [line for line in in_flight() if line.startswith(("| InService", "| Failed", "| OutOf"))]
    kinds = {cell.strip() for line in rest for cell in line.split("|")[3:-1]}
    assert kinds == {"finish", "fail", "resume", "withdraw"}
