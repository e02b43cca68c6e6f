"""`steward doctor` finds what is not as it should be, and never takes silence for health."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import boto3
import pytest

from cli.doctor import checks
from cli.doctor.facts import Alarm, Finding, Ledger, Role, Rule, Sweep, Unread, Wanted
from local_aws.client import LocalAws
from tests.cli.conftest import Steward

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
QUEUE, TOPIC = "arn:aws:sqs:queue", "arn:aws:sns:people"
READ = {"Sid": "Read", "Effect": "Allow", "Action": ["s3:GetObject", "s3:ListBucket"]}
ROLE = Role({"Statement": [{"Principal": "lambda"}]}, {"own": {"Statement": [READ]}}, frozenset())
WANTED = Wanted(
    rules={"upload": frozenset({QUEUE})},
    takes={"training": "training"},
    lost=["training-dlq"],
    alarms={"training-dlq": frozenset({TOPIC})},
    runbooks={"training-dlq": "docs/runbooks/dlq.md"},
    roles={"training": ROLE},
)
OK = Alarm("OK", "", enabled=True, tells=frozenset({TOPIC}))
SWEPT = Sweep(NOON - timedelta(minutes=1), {"mortgage": "abc"})
FILES = {"mortgage": "abc"}
DENIED = Unread("AccessDenied")


def test_a_deployment_that_is_as_the_template_says_has_no_findings() -> None:
    every = [
        checks.rules(WANTED, {"upload": Rule("ENABLED", frozenset({QUEUE}))}),
        checks.takers(WANTED, {"training": ("training", "Enabled")}),
        checks.lost(WANTED, {"training-dlq": 0}),
        checks.alarms(WANTED, {"training-dlq": OK}),
        checks.roles(WANTED, {"training": ROLE}),
        checks.specs(FILES, SWEPT),
        checks.published([]),
        checks.sweeping(SWEPT, NOON),
        checks.checkpoint(Ledger(NOON, NOON.date()), NOON),
    ]
    assert [check.findings for check in every] == [[]] * 9


@pytest.mark.parametrize(
    "check",
    [
        checks.rules(WANTED, {"upload": DENIED}),
        checks.takers(WANTED, {"training": DENIED}),
        checks.lost(WANTED, {"training-dlq": DENIED}),
        checks.alarms(WANTED, {"training-dlq": DENIED}),
        checks.roles(WANTED, {"training": DENIED}),
        checks.roles(replace(WANTED, roles={"training": DENIED}), {"training": ROLE}),
        checks.specs(FILES, DENIED),
        checks.published(DENIED),
        checks.sweeping(DENIED, NOON),
        checks.checkpoint(DENIED, NOON),
    ],
)
def test_what_could_not_be_read_is_not_well(check: checks.Check) -> None:
    (finding,) = check.findings
    assert finding.found == "it could not be read: AccessDenied"


@pytest.mark.parametrize(
    "check",
    [
        checks.rules(WANTED, {"upload": None}),
        checks.takers(WANTED, {}),
        checks.alarms(WANTED, {}),
        checks.roles(WANTED, {}),
    ],
)
def test_what_is_not_there_is_deployed_again(check: checks.Check) -> None:
    (finding,) = check.findings
    assert (finding.found, finding.mend) == ("nothing of this name", checks.DEPLOY)


def test_a_rule_that_is_off_or_leads_elsewhere_is_told() -> None:
    off = Rule("DISABLED", frozenset({"arn:other"}))
    assert checks.rules(WANTED, {"upload": off}).findings == [
        Finding("upload", "DISABLED", "ENABLED", "aws events enable-rule --name upload"),
        Finding("upload", "arn:other", QUEUE, checks.DEPLOY),
    ]


def test_dead_letters_are_told_with_the_command_that_shows_them() -> None:
    (finding,) = checks.lost(WANTED, {"training-dlq": 2}).findings
    assert (finding.found, finding.mend) == (
        "2 messages",
        "steward redrive",
    )


def test_an_alarm_that_fires_leads_to_its_runbook() -> None:
    firing = replace(OK, state="ALARM", reason="3 datapoints")
    (finding,) = checks.alarms(WANTED, {"training-dlq": firing}).findings
    assert (finding.found, finding.mend) == ("ALARM: 3 datapoints", "docs/runbooks/dlq.md")


@pytest.mark.parametrize("mute", [replace(OK, enabled=False), replace(OK, tells=frozenset())])
def test_an_alarm_that_tells_nobody_is_not_well(mute: Alarm) -> None:
    (finding,) = checks.alarms(WANTED, {"training-dlq": mute}).findings
    assert "nobody" in finding.found


def test_a_roles_statements_are_compared_one_by_one_whatever_their_order() -> None:
    turned = {**READ, "Action": list(reversed(READ["Action"])), "Effect": ["Allow"]}
    more = {"Sid": "Write", "Effect": "Allow", "Action": "s3:PutObject"}
    role = replace(ROLE, policies={"own": {"Statement": [more, turned]}})
    (finding,) = checks.roles(WANTED, {"training": role}).findings
    assert (finding.thing, finding.expected) == ("training own/Write", "nothing")
    assert "s3:PutObject" in finding.found


@pytest.mark.parametrize(
    "role",
    [
        replace(ROLE, trust={"Statement": {"Principal": "anybody"}}),
        replace(ROLE, policies={}),
        replace(ROLE, attached=frozenset({"arn:admin"})),
        replace(ROLE, policies={**ROLE.policies, "added": {"Statement": READ}}),
    ],
)
def test_a_role_that_may_more_or_less_is_told(role: Role) -> None:
    assert len(checks.roles(WANTED, {"training": role}).findings) == 1


@pytest.mark.parametrize(
    ("files", "found", "expected"),
    [
        ({"mortgage": "new"}, "digest abc", "digest new"),
        ({}, "digest abc", "no such file"),
        ({"mortgage": "abc", "loans": "def"}, "no such file", "digest def"),
    ],
)
def test_a_models_file_that_was_not_deployed_is_told(
    files: dict[str, str], found: str, expected: str
) -> None:
    (finding,) = checks.specs(files, SWEPT).findings
    assert (finding.found, finding.expected) == (found, expected)


@pytest.mark.parametrize(
    ("sweep", "found"),
    [
        (None, "none in an hour"),
        (replace(SWEPT, at=NOON - timedelta(minutes=7)), "the last one was 7 min ago"),
    ],
)
def test_a_sweep_that_is_late_is_told(sweep: Sweep | None, found: str) -> None:
    (finding,) = checks.sweeping(sweep, NOON).findings
    assert finding.found == found


def test_models_are_not_known_before_a_sweep_has_said_them() -> None:
    assert checks.specs(FILES, None).findings


@pytest.mark.parametrize(
    ("begun", "signed", "well"),
    [
        (None, None, True),
        (NOON - timedelta(minutes=1), None, True),
        (NOON - timedelta(hours=1), None, False),
        (NOON - timedelta(days=9), date(2026, 11, 19), True),
        (NOON - timedelta(days=9), date(2026, 11, 18), False),
    ],
)
def test_what_is_on_record_is_signed_every_day(
    begun: datetime | None, signed: date | None, *, well: bool
) -> None:
    assert (not checks.checkpoint(Ledger(begun, signed), NOON).findings) == well


@pytest.mark.usefixtures("aws")
def test_a_fresh_deployment_is_well_once_the_sweep_has_run(steward: Steward) -> None:
    boto3.client("lambda").invoke(FunctionName="steward-sweep", Payload=b"{}")
    # A quarter of an hour after it was deployed, its alarm has seen sweeps enough.
    boto3.client("cloudwatch").set_alarm_state(
        AlarmName="steward-sweep-silent", StateValue="OK", StateReason="it runs"
    )
    ran = steward("doctor", "--json")
    told = {check["name"]: check for check in json.loads(ran.out)}
    assert [name for name, check in told.items() if check["findings"]] == []
    assert ran.code == 0
    assert told["roles"]["looked_at"] >= 7


def test_everything_that_somebody_broke_is_told_at_once(aws: LocalAws, steward: Steward) -> None:
    del aws
    iam, events, sqs = boto3.client("iam"), boto3.client("events"), boto3.client("sqs")
    role = {"RoleName": "steward-sweep-eu-west-1", "PolicyName": "sweep"}
    before = iam.get_role_policy(**role)["PolicyDocument"]
    less = {**before, "Statement": before["Statement"][1:]}
    url = sqs.get_queue_url(QueueName="steward-drift-dlq")["QueueUrl"]
    events.disable_rule(Name="steward-upload")
    iam.put_role_policy(**role, PolicyDocument=json.dumps(less))
    sqs.send_message(QueueUrl=url, MessageBody="lost")
    try:
        ran = steward("doctor")
    finally:
        events.enable_rule(Name="steward-upload")
        iam.put_role_policy(**role, PolicyDocument=json.dumps(before))
        sqs.purge_queue(QueueUrl=url)
    assert ran.code == 1
    for told in (
        "steward-upload: found DISABLED; expected ENABLED",
        "steward-sweep-eu-west-1 sweep/WriteLogs: found nothing; expected {",
        "steward-drift-dlq: found 1 message; expected none",
        "mend it: steward redrive",
    ):
        assert told in ran.out
