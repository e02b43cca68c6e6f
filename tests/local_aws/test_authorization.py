"""IAM as documented: what allows, what denies, what a condition means, who is known."""

from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from local_aws.authorization.policy import Call, Policies, statements_of
from local_aws.client import REGION

ROLE = "arn:aws:iam::123456789012:role/worker"
ROOT = "arn:aws:iam::123456789012:root"
BUCKET = "arn:aws:s3:::data"


def allow(action: object = "s3:GetObject", resource: object = f"{BUCKET}/*", **more: Any) -> Any:
    return {"Effect": "Allow", "Action": action, "Resource": resource} | more


def deny(action: object = "s3:*", resource: object = "*", **more: Any) -> Any:
    return allow(action, resource, **more) | {"Effect": "Deny"}


def may(
    *statements: Any,
    action: str = "s3:GetObject",
    resource: str = f"{BUCKET}/a",
    who: str = ROLE,
    context: dict[str, str] | None = None,
    on: dict[str, list[Any]] | None = None,
) -> bool:
    mine = {ROLE: statements_of("mine", {"Statement": list(statements)})}
    its = {arn: statements_of(arn, {"Statement": found}) for arn, found in (on or {}).items()}
    return (
        Policies(mine, its)
        .decide(Call(who, action, resource, tuple((context or {}).items())))
        .allowed
    )


def test_nothing_is_allowed_by_itself() -> None:
    assert not may()
    assert may(allow())


@pytest.mark.parametrize(
    ("action", "resource", "answer"),
    [
        ("s3:getobject", f"{BUCKET}/*", True),
        ("s3:Get*", f"{BUCKET}/*", True),
        ("s3:Get?bject", f"{BUCKET}/?", True),
        (["s3:PutObject", "s3:GetObject"], ["x", f"{BUCKET}/a"], True),
        ("s3:PutObject", f"{BUCKET}/*", False),
        ("s3:GetObject", BUCKET, False),
        ("s3:GetObject", f"{BUCKET.upper()}/*", False),
    ],
)
def test_actions_ignore_case_and_resources_do_not(
    action: object, resource: object, answer: bool
) -> None:
    assert may(allow(action, resource)) is answer


def test_a_deny_beats_every_allow_and_root_too() -> None:
    assert not may(allow(), deny())
    on = {BUCKET: [deny("s3:GetObject", f"{BUCKET}/*", Principal="*")]}
    assert not may(allow(), on=on)
    assert not may(who=ROOT, on=on)
    assert may(who=ROOT)


@pytest.mark.parametrize(
    ("principal", "answer"),
    [
        ("*", True),
        ({"AWS": ROLE}, True),
        ({"AWS": ROOT}, True),
        ({"AWS": "arn:aws:iam::123456789012:role/other"}, False),
        ({"Service": "events.amazonaws.com"}, False),
    ],
)
def test_a_resources_own_policy_allows_whom_it_names(principal: object, answer: bool) -> None:
    assert may(on={BUCKET: [allow(Principal=principal)]}) is answer


CONDITIONS = [
    ({"StringEquals": {"k": "v"}}, {"k": "v"}, True),
    ({"StringEquals": {"K": ["u", "v"]}}, {"k": "v"}, True),
    ({"StringEquals": {"k": "v*"}}, {"k": "vv"}, False),
    ({"StringEquals": {"k": "v"}}, {}, False),
    ({"StringLike": {"k": "v*"}}, {"k": "vv"}, True),
    ({"StringNotEquals": {"k": "v"}}, {"k": "v"}, False),
    ({"StringNotEquals": {"k": "v"}}, {}, True),
    ({"ArnLike": {"k": "arn:aws:*:x"}}, {"k": "arn:aws:a:x"}, True),
    ({"ArnNotEquals": {"k": "arn:a"}}, {"k": "arn:b"}, True),
    ({"Bool": {"k": "false"}}, {"k": "false"}, True),
    ({"Bool": {"k": "false"}}, {"k": "true"}, False),
    ({"Null": {"k": "true"}}, {}, True),
    ({"Null": {"k": "true"}}, {"k": "v"}, False),
    ({"Null": {"k": "false"}}, {"k": "v"}, True),
    ({"StringEquals": {"k": "v"}, "Bool": {"l": "true"}}, {"k": "v"}, False),
]


@pytest.mark.parametrize(("condition", "context", "answer"), CONDITIONS)
def test_all_operators_of_a_condition_must_hold_for_all_keys(
    condition: object, context: dict[str, str], answer: bool
) -> None:
    assert may(allow(Condition=condition), context=context) is answer


@pytest.mark.parametrize(
    "statement",
    [
        allow(Condition={"NumericLessThan": {"k": "1"}}),
        allow(NotAction="s3:PutObject"),
        allow(NotResource="x"),
    ],
)
def test_what_is_not_known_fails_loudly_instead_of_deciding(statement: Any) -> None:
    with pytest.raises(NotImplementedError):
        may(statement, context={"k": "0"})


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "code"),
    [
        ("s3", "list_buckets", {}, "InvalidAccessKeyId"),
        ("dynamodb", "list_tables", {}, "UnrecognizedClientException"),
        ("sns", "list_topics", {}, "InvalidClientTokenId"),
        ("sts", "get_caller_identity", {}, "InvalidClientTokenId"),
    ],
)
def test_a_key_that_the_account_does_not_know_is_refused(
    aws: Any, service: str, operation: str, parameters: dict[str, str], code: str
) -> None:
    client = boto3.client(
        service,
        endpoint_url=aws.endpoint,
        region_name=REGION,
        aws_access_key_id="AKIASOMEBODY00000000",
        aws_secret_access_key="x",
    )
    with pytest.raises(ClientError) as refused:
        getattr(client, operation)(**parameters)
    assert refused.value.response["Error"]["Code"] == code
