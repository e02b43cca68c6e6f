"""`steward review` and `sign-off`: what was done by way of exception, until somebody else signs."""

import itertools
import json

import boto3
import pytest

from local_aws.client import LocalAws
from steward.aws import Aws
from steward.commands import Commands
from steward.decide.review import BREAK_GLASS, exception
from steward.decide.verdict import Verdict
from steward.record.decisions import record
from steward.record.store import Store
from tests.cli.conftest import Steward

_numbers = itertools.count(1)


@pytest.fixture
def decision(aws: LocalAws) -> str:
    """Alice has approved a version by break-glass."""
    del aws
    number = next(_numbers)
    facts = {"package": f"arn:{number}"} | exception(BREAK_GLASS, "alice")
    verdict = Verdict(
        "approval", f"version {number}", "approved", "Approved by alice: override: now", facts
    )
    store = Store(Aws(), "steward-lineage", "steward-work")
    assert record(store, "mortgage", verdict)
    return verdict.id("mortgage")


@pytest.fixture
def carol(decision: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A person with the policy of approvers."""
    del decision
    iam, name = boto3.client("iam"), f"carol-{next(_numbers)}"
    iam.create_user(UserName=name)
    policy = "arn:aws:iam::123456789012:policy/steward-approver-eu-west-1"
    iam.attach_user_policy(UserName=name, PolicyArn=policy)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", key["AccessKeyId"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"])
    boto3.setup_default_session()
    return name


def test_lists_what_waits_each_with_the_command_to_sign_it(steward: Steward, decision: str) -> None:
    ran = steward("review", "mortgage")
    assert ran.code == 1
    assert f"steward sign-off mortgage '{decision}' --why '<your words>'" in ran.out
    assert "break-glass by alice\n  Approved by alice: override: now\n" in ran.out


def test_lists_the_same_for_programs(steward: Steward, decision: str) -> None:
    ran = steward("review", "--json")
    assert ran.code == 1
    last = json.loads(ran.out)[-1]
    assert (last["decision"], last["exception"], last["by"]) == (decision, "break-glass", "alice")
    assert last["at"].endswith("Z")


def test_a_sign_off_takes_it_off_the_list(
    steward: Steward, decision: str, carol: str, aws: LocalAws
) -> None:
    ran = steward("sign-off", "mortgage", decision, "--why", "I have seen the board's minutes")
    assert ran.code == 0, ran.err
    assert f"ordered as {carol}: sign-off (order " in ran.out
    aws.settle()
    assert decision not in steward("review").out


def test_a_sign_off_of_nobody_is_refused(steward: Steward, decision: str) -> None:
    ran = steward("sign-off", "mortgage", decision, "--why", "as root")
    assert ran.code == 1
    assert "arn:aws:iam::123456789012:root is no person with a name" in ran.err


@pytest.mark.usefixtures("carol")
def test_a_sign_off_of_what_needs_none_is_refused(steward: Steward) -> None:
    ran = steward("sign-off", "mortgage", "decision#0", "--why", "why not")
    assert ran.code == 1
    assert "decision#0 is none of mortgage that needs a sign-off" in ran.err


@pytest.mark.usefixtures("aws")
def test_of_no_model_are_refused(steward: Steward) -> None:
    for command in (("review", "nothing"), ("sign-off", "nothing", "x", "--why", "y")):
        ran = steward(*command)
        assert (ran.code, ran.out) == (2, "")
        assert "There is no models/nothing.toml" in ran.err


def test_another_deployment_is_named_in_every_command() -> None:
    commands = Commands("dev", "mortgage", "eu-west-1")
    assert commands.status()[1] == "steward --prefix dev status"
    assert Commands("steward", "mortgage", "eu-west-1").status()[1] == "steward status"
