"""Two people on the embedded AWS, so that four eyes can be tried: one trains, one approves."""

from dataclasses import dataclass

import boto3

from cli.target import Target

NAMES = {"trainer": "tina.trainer", "approver": "anna.approver"}


@dataclass(frozen=True, slots=True)
class Person:
    """An IAM user who has one of the two policies of the template, and a key."""

    name: str
    access_key_id: str
    secret_access_key: str

    @property
    def session(self) -> boto3.Session:
        """The person's own way to AWS."""
        return boto3.Session(self.access_key_id, self.secret_access_key)


def people(target: Target) -> dict[str, Person]:
    """Make trainer and approver on the embedded AWS, each with a new key."""
    return {part: _person(target, part, name) for part, name in NAMES.items()}


def _person(target: Target, part: str, name: str) -> Person:
    iam = boto3.client("iam")
    known = {user["UserName"] for user in iam.list_users()["Users"]}
    if name not in known:
        iam.create_user(UserName=name)
    iam.attach_user_policy(UserName=name, PolicyArn=target.policy(part))
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return Person(name, key["AccessKeyId"], key["SecretAccessKey"])
