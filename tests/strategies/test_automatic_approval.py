"""`mode = "auto"` end to end: Steward approves under its own role, and only where the stack may."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from cli import repository
from cli.local import target
from local_aws.authorization.policy import Call, Policies, Statement
from local_aws.client import LocalAws
from steward.aws import Aws
from steward.decide.review import unsigned
from steward.observe.review import read_exceptions
from steward.observe.serving import read_version
from steward.record.store import Store
from tests.strategies.models import ENVIRONMENT, archive, file_of
from tests.strategies.street import IMAGE, of_models

MODEL = "automatic"
ALLOWED = 'Default: "false"\n    AllowedValues: ["true", "false"]'


@dataclass(frozen=True)
class End:
    """What became of a version that had nothing to prove."""

    status: str
    words: str
    serves: list[str]
    exceptions: list[str]
    counts: bool
    may: dict[str, bool]


def play(folder: Path, *, allowed: bool) -> End:
    # Closed before the test: it replaces the repository's models and the AWS of this process.
    text = file_of("all-at-once").replace("allatonce", MODEL)
    text = text.replace("[serve]", '[gate]\nmode = "auto"\nrequire = []\n[serve]')
    template = repository.TEMPLATE.read_text()
    assert ALLOWED in template
    if allowed:
        template = template.replace(ALLOWED, ALLOWED.replace('"false"', '"true"', 1))
    with of_models(folder, {MODEL: text}, template) as local:
        return _end(local, _registered(local))


def _registered(local: LocalAws) -> str:
    """A version by hand, with a model that answers; everything that follows has happened."""
    aws, bucket, key = Aws(), target(local).artifact_bucket, f"models/{MODEL}/v1/model.tar.gz"
    aws.s3.put_object(Bucket=bucket, Key=key, Body=archive(1, 0.0))
    made = aws.sagemaker.create_model_package(
        ModelPackageGroupName=f"steward-{MODEL}",
        ModelApprovalStatus="PendingManualApproval",
        InferenceSpecification={
            "Containers": [
                {
                    "Image": IMAGE,
                    "ModelDataUrl": f"s3://{bucket}/{key}",
                    "Environment": ENVIRONMENT,
                }
            ],
            "SupportedContentTypes": ["text/csv"],
            "SupportedResponseMIMETypes": ["text/csv"],
        },
    )
    local.settle()
    local.advance(1200)
    local.settle()
    return made["ModelPackageArn"]


def _end(local: LocalAws, arn: str) -> End:
    aws, where = Aws(), target(local)
    store = Store(aws, where.lineage_table, where.work_table)
    package = aws.sagemaker.describe_model_package(ModelPackageName=arn)
    version = read_version(store, MODEL, 1)
    endpoints = aws.sagemaker.list_endpoints(NameContains=MODEL)["Endpoints"]
    shown = local.policies()["identity"]
    held = {
        owner: tuple(Statement(one["id"], one["document"]) for one in statements)
        for owner, statements in shown.items()
    }
    role = f"arn:aws:iam::{where.account}:role/steward-approval-{where.region}"
    return End(
        status=package["ModelApprovalStatus"],
        words=package.get("ApprovalDescription", ""),
        serves=[one["EndpointStatus"] for one in endpoints],
        exceptions=[one.exception for one in unsigned(*read_exceptions(store, MODEL))],
        counts=bool(version and version.approval and version.approval.counts),
        may={status: _may(Policies(held, {}), role, arn, status) for status in STATUSES},
    )


STATUSES = ("Approved", "Rejected")


def _may(policies: Policies, role: str, arn: str, status: str) -> bool:
    said = (("sagemaker:ModelApprovalStatus", status),)
    return policies.decide(Call(role, "sagemaker:UpdateModelPackage", arn, said)).allowed


def test_where_the_stack_allows_it_the_version_comes_to_serve(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    end = play(tmp_path_factory.mktemp("allowed"), allowed=True)
    assert (end.status, end.counts, end.serves) == ("Approved", True, ["InService"])
    assert end.words.startswith("auto:")
    assert end.exceptions == ["automatic approval"]
    assert end.may == {"Approved": True, "Rejected": False}


def test_elsewhere_it_waits_for_a_person(tmp_path_factory: pytest.TempPathFactory) -> None:
    end = play(tmp_path_factory.mktemp("forbidden"), allowed=False)
    assert (end.status, end.counts, end.serves) == ("PendingManualApproval", False, [])
    assert end.exceptions == []
    assert end.may == {"Approved": False, "Rejected": False}
