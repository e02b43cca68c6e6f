"""Who did something: a person if one can be named; a bare role is nobody."""

import pytest

from steward.decide.people import Identity, is_author

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


def test_no_role_has_an_empty_name() -> None:
    session = Identity(arn=f"arn:aws:sts::{ACCOUNT}:assumed-role//session-7")
    assert not session.is_role("")


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


@pytest.mark.parametrize(
    ("person", "author", "may_be"),
    [
        ("ada", "ada@example.com Ada Lovelace", True),
        ("Ada.Lovelace", "ada@example.com Ada Lovelace", True),
        ("ada.lovelace@corp.example", "ada@example.com Ada Lovelace", True),
        ("ADA@other.example", "ada@example.com Ada Lovelace", True),
        ("ada_lovelace", "7+ada-lovelace@users.noreply.example A.", True),
        ("ada", "ada+work@example.com A. L.", True),
        ("zoë", "zoe@example.com Zoë", True),
        ("bob", "ada@example.com Ada Lovelace", False),
        ("example.com", "ada@example.com Ada Lovelace", False),
        ("lovelace", "ada@example.com Ada Lovelace", False),
        ("ada", "", False),
        ("...", "@example.com -", False),
        ("", "", False),
    ],
)
def test_may_be_the_author_of_a_commit(person: str, author: str, may_be: bool) -> None:
    assert is_author(person, author) is may_be
