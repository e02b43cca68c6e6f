"""Who did something: a person if one can be named; a bare role is nobody."""

import pytest

from steward.decide.people import Identity

ACCOUNT = "123456789012"
SSO = f"arn:aws:sts::{ACCOUNT}:assumed-role/AWSReservedSSO_Approver_0a1b/carol@example.com"
ROLE = f"arn:aws:sts::{ACCOUNT}:assumed-role/deploy/session-7"


@pytest.mark.parametrize(
    ("identity", "person"),
    [
        (Identity(arn=ROLE, source_identity="dora"), "dora"),
        (Identity(arn=SSO), "carol@example.com"),
        (Identity(arn=SSO, source_identity="dora"), "dora"),
        (Identity(arn=f"arn:aws:iam::{ACCOUNT}:user/alice"), "alice"),
        (Identity(arn=f"arn:aws:iam::{ACCOUNT}:user/team/alice"), "alice"),
        (Identity(user_profile="emil"), "emil"),
        (Identity(arn=ROLE, user_profile="emil"), "emil"),
        (Identity(arn=ROLE), None),
        (Identity(arn=f"arn:aws:iam::{ACCOUNT}:root"), None),
        (Identity(), None),
    ],
)
def test_person(identity: Identity, person: str | None) -> None:
    assert identity.person == person


@pytest.mark.parametrize(
    ("patterns", "listed"),
    [
        ([], True),
        ([f"arn:aws:iam::{ACCOUNT}:user/alice"], True),
        (["arn:aws:iam::*:user/ops", "arn:aws:iam::*:user/al*"], True),
        (["arn:aws:iam::*:user/Alice"], False),
        (["arn:aws:iam::*:user/bob"], False),
    ],
)
def test_is_on_the_list_of_approvers(patterns: list[str], listed: bool) -> None:
    assert Identity(arn=f"arn:aws:iam::{ACCOUNT}:user/alice").is_listed(patterns) is listed
