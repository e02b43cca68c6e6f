"""The embedded SageMaker speaks AWS JSON 1.1 and refuses loudly."""

import json
import urllib.error
import urllib.request
from email.message import Message
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local_aws.kernel import World
from local_aws.sagemaker import COVERED
from local_aws.sagemaker.service import Service

from .conftest import Client, Json, Local

AUTHORIZATION = (
    "AWS4-HMAC-SHA256 Credential=dummy/20261123/eu-west-1/sagemaker/aws4_request, "
    "SignedHeaders=host, Signature=0"
)


def raw(local: Local, target: str, body: Json) -> tuple[int, Message, Any]:
    """A call without botocore's own checks; returns status, headers and body."""
    call = urllib.request.Request(  # noqa: S310 - the embedded AWS's own address
        f"{local.world.endpoint}/",
        data=json.dumps(body).encode(),
        headers={
            "X-Amz-Target": f"SageMaker.{target}",
            "Authorization": AUTHORIZATION,
            "Content-Type": "application/x-amz-json-1.1",
        },
    )
    try:
        with urllib.request.urlopen(call) as answer:  # noqa: S310
            return answer.status, answer.headers, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers, json.load(error)


def test_an_operation_that_is_not_covered_is_named_and_refused(sm: Client) -> None:
    with pytest.raises(ClientError, match="ListDomains") as refused:
        sm.list_domains()

    assert refused.value.response["Error"]["Code"] == "UnknownOperationException"
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_bad_input_is_refused_with_all_that_is_wrong(local: Local) -> None:
    status, headers, body = raw(local, "CreateModelPackageGroup", {"Tags": [{"Key": "a"}]})

    assert status == 400
    assert headers["x-amzn-errortype"] == "ValidationException"
    assert body["__type"] == "ValidationException"
    assert 'Missing required parameter in input: "ModelPackageGroupName"' in body["message"]
    assert 'Missing required parameter in Tags[0]: "Value"' in body["message"]


@pytest.mark.parametrize(
    ("request_", "complaint"),
    [
        ({"SortOrder": "Sideways"}, "enum value set"),
        ({"MaxResults": 1000}, "less than or equal to 100"),
        ({"NameContains": "not/allowed"}, "regular expression pattern"),
    ],
)
def test_what_botocore_leaves_to_the_service_is_checked_too(
    local: Local, request_: Json, complaint: str
) -> None:
    status, _, body = raw(local, "ListModelPackageGroups", request_)

    assert status == 400
    assert complaint in body["message"]


def test_times_are_epoch_seconds(local: Local, name: str) -> None:
    raw(local, "CreateModelPackageGroup", {"ModelPackageGroupName": name})

    _, _, body = raw(local, "DescribeModelPackageGroup", {"ModelPackageGroupName": name})

    assert isinstance(body["CreationTime"], float)


def test_the_published_list_is_what_is_answered(tmp_path: Path) -> None:
    service = Service(World(tmp_path))
    service.stop()

    assert set(service.operations) == COVERED["sagemaker"]
