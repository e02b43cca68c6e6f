"""The model registry keeps versions, approvals and who gave them."""

from datetime import timedelta

import pytest
from botocore.exceptions import ClientError

from .conftest import IMAGE, Client, Json, Local

EVENT = "SageMaker Model Package State Change"
GROUP_ARN = "arn:aws:sagemaker:eu-west-1:123456789012:model-package-group/"
PACKAGE_ARN = "arn:aws:sagemaker:eu-west-1:123456789012:model-package/"
CONTAINERS = {
    "Containers": [{"Image": IMAGE, "ModelDataUrl": "s3://b/model.tar.gz"}],
    "SupportedContentTypes": ["text/csv"],
    "SupportedResponseMIMETypes": ["text/csv"],
}


@pytest.fixture
def group(sm: Client, name: str) -> str:
    sm.create_model_package_group(ModelPackageGroupName=name)
    return name


def register(sm: Client, group: str, **more: object) -> str:
    given = {"ModelPackageGroupName": group, "InferenceSpecification": CONTAINERS} | more
    return sm.create_model_package(**given)["ModelPackageArn"]


def code_of(refused: pytest.ExceptionInfo[ClientError]) -> str:
    return refused.value.response["Error"]["Code"]


def test_versions_count_up_and_describe_shows_what_was_given(sm: Client, group: str) -> None:
    register(sm, group)
    arn = register(
        sm,
        group,
        CustomerMetadataProperties={"snapshot_digest": "abc"},
        MetadataProperties={"CommitId": "c0ffee", "GeneratedBy": "arn:of:execution"},
    )

    shown = sm.describe_model_package(ModelPackageName=arn)

    assert arn == f"{PACKAGE_ARN}{group}/2"
    assert shown["ModelPackageVersion"] == 2
    assert shown["ModelApprovalStatus"] == "PendingManualApproval"
    assert shown["MetadataProperties"]["GeneratedBy"] == "arn:of:execution"
    assert shown["CustomerMetadataProperties"] == {"snapshot_digest": "abc"}
    assert shown["InferenceSpecification"]["Containers"][0]["ImageDigest"].startswith("sha256:")


def test_a_group_is_found_by_name_and_by_arn_in_any_case(sm: Client) -> None:
    sm.create_model_package_group(ModelPackageGroupName="Mixed-Case")
    arn = f"{GROUP_ARN}mixed-case"

    assert register(sm, arn) == f"{PACKAGE_ARN}mixed-case/1"
    shown = sm.describe_model_package_group(ModelPackageGroupName=arn)
    assert shown["ModelPackageGroupName"] == "Mixed-Case"


def test_the_same_client_token_is_the_same_version(sm: Client, group: str) -> None:
    first = register(sm, group, ClientToken="once")

    assert register(sm, group, ClientToken="once") == first
    with pytest.raises(ClientError) as refused:
        register(sm, group, ClientToken="once", ModelPackageDescription="another")
    assert code_of(refused) == "ConflictException"


def test_an_update_leaves_alone_what_it_does_not_name(sm: Client, group: str) -> None:
    arn = register(sm, group, ModelApprovalStatus="Approved")

    sm.update_model_package(ModelPackageArn=arn, CustomerMetadataProperties={"a": "1", "b": "2"})
    sm.update_model_package(ModelPackageArn=arn, CustomerMetadataPropertiesToRemove=["a"])

    shown = sm.describe_model_package(ModelPackageName=arn)
    assert shown["ModelApprovalStatus"] == "Approved"
    assert shown["CustomerMetadataProperties"] == {"b": "2"}


def test_who_approved_is_on_the_version_until_the_next_edit(
    local: Local, sm: Client, sts: Client, group: str
) -> None:
    arn = register(sm, group)
    session = sts.assume_role(
        RoleArn="arn:aws:iam::123456789012:role/approver", RoleSessionName="ada"
    )["Credentials"]
    approver = local.client(
        "sagemaker",
        aws_access_key_id=session["AccessKeyId"],
        aws_secret_access_key=session["SecretAccessKey"],
        aws_session_token=session["SessionToken"],
    )

    approver.update_model_package(
        ModelPackageArn=arn, ModelApprovalStatus="Approved", ApprovalDescription="looks good"
    )
    approved = sm.describe_model_package(ModelPackageName=arn)
    sm.update_model_package(ModelPackageArn=arn, CustomerMetadataProperties={"a": "1"})
    edited = sm.describe_model_package(ModelPackageName=arn)

    identity = approved["LastModifiedBy"]["IamIdentity"]
    assert identity["Arn"] == "arn:aws:sts::123456789012:assumed-role/approver/ada"
    assert identity["PrincipalId"].endswith(":ada")
    assert edited["LastModifiedBy"]["IamIdentity"]["Arn"].endswith(":root")
    assert edited["LastModifiedTime"] >= approved["LastModifiedTime"]
    assert edited["ApprovalDescription"] == "looks good"


def test_creation_and_update_are_announced_as_aws_spells_it(
    local: Local, sm: Client, group: str
) -> None:
    arn = register(sm, group)
    sm.update_model_package(
        ModelPackageArn=arn, ModelApprovalStatus="Approved", SourceUri="s3://b/source"
    )

    created, updated = local.announced(EVENT, arn)

    assert "UpdatedModelPackageFields" not in created
    assert updated["UpdatedModelPackageFields"] == ["ModelApprovalStatus", "sourceUri"]
    assert updated["ModelApprovalStatus"] == "Approved"
    assert updated["ModelPackageVersion"] == 1
    assert updated["ModelPackageArn"] == arn
    assert updated["ModelPackageStatusDetails"] == {
        "ValidationStatuses": [],
        "ImageScanStatuses": [],
    }
    assert str(updated["CreationTime"]).endswith("Z")


def test_listing_filters_sorts_and_pages(sm: Client, group: str) -> None:
    arns = [register(sm, group) for _ in range(12)]
    sm.update_model_package(ModelPackageArn=arns[3], ModelApprovalStatus="Approved")

    listed = sm.list_model_packages(ModelPackageGroupName=group)
    newest = sm.list_model_packages(
        ModelPackageGroupName=group, SortBy="CreationTime", SortOrder="Descending", MaxResults=2
    )
    approved = sm.list_model_packages(ModelPackageGroupName=group, ModelApprovalStatus="Approved")
    pages = sm.get_paginator("list_model_packages").paginate(ModelPackageGroupName=group)
    everything = [p["ModelPackageArn"] for page in pages for p in page["ModelPackageSummaryList"]]

    assert [p["ModelPackageVersion"] for p in newest["ModelPackageSummaryList"]] == [12, 11]
    assert len(listed["ModelPackageSummaryList"]) == 10
    assert "NextToken" in listed
    assert [p["ModelPackageArn"] for p in approved["ModelPackageSummaryList"]] == [arns[3]]
    assert everything == arns


def test_listing_by_time(local: Local, sm: Client, group: str) -> None:
    register(sm, group)
    local.advance(60)
    between = local.world.now() - timedelta(seconds=30)
    register(sm, group)

    later = sm.list_model_packages(ModelPackageGroupName=group, CreationTimeAfter=between)
    earlier = sm.list_model_packages(ModelPackageGroupName=group, CreationTimeBefore=between)

    assert [p["ModelPackageVersion"] for p in later["ModelPackageSummaryList"]] == [2]
    assert [p["ModelPackageVersion"] for p in earlier["ModelPackageSummaryList"]] == [1]


def test_a_version_number_is_never_used_twice(sm: Client, group: str) -> None:
    arn = register(sm, group)
    with pytest.raises(ClientError) as refused:
        sm.delete_model_package_group(ModelPackageGroupName=group)
    sm.delete_model_package(ModelPackageName=arn)

    assert code_of(refused) == "ConflictException"
    assert register(sm, group) == f"{PACKAGE_ARN}{group}/2"


def test_metadata_takes_no_json_and_no_commas(sm: Client, group: str) -> None:
    with pytest.raises(ClientError) as refused:
        register(sm, group, CustomerMetadataProperties={"numbers": "1,2"})

    assert code_of(refused) == "ValidationException"
    assert "regular expression pattern" in str(refused.value)


def test_tags_go_on_the_group_and_its_versions_share_them(sm: Client, group: str) -> None:
    arn = register(sm, group)
    sm.add_tags(ResourceArn=f"{GROUP_ARN}{group}", Tags=[{"Key": "team", "Value": "risk"}])

    assert sm.list_tags(ResourceArn=arn)["Tags"] == [{"Key": "team", "Value": "risk"}]
    sm.delete_tags(ResourceArn=f"{GROUP_ARN}{group}", TagKeys=["team"])
    assert sm.list_tags(ResourceArn=arn)["Tags"] == []
    with pytest.raises(ClientError, match="model package group"):
        register(sm, group, Tags=[{"Key": "a", "Value": "b"}])


@pytest.mark.parametrize(
    ("operation", "request_"),
    [
        ("describe_model_package", {"ModelPackageName": f"{PACKAGE_ARN}nothing/1"}),
        ("describe_model_package_group", {"ModelPackageGroupName": "nothing"}),
        ("list_model_packages", {"ModelPackageGroupName": "nothing"}),
        ("create_model_package", {"ModelPackageGroupName": "nothing"}),
    ],
)
def test_what_is_not_there_is_a_validation_exception(
    sm: Client, operation: str, request_: Json
) -> None:
    with pytest.raises(ClientError, match="does not exist") as refused:
        getattr(sm, operation)(**request_)

    assert code_of(refused) == "ValidationException"


def test_a_name_is_taken_once(sm: Client, group: str) -> None:
    with pytest.raises(ClientError, match="already exists"):
        sm.create_model_package_group(ModelPackageGroupName=group)
