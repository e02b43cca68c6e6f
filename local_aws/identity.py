"""Who calls: from the access key of a request to the ARN of a user or of a role's session."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from moto.core.responses import ActionResult
from moto.iam.models import IAMBackend, iam_backends
from moto.sts import urls
from moto.sts.models import AssumedRole, STSBackend, sts_backends
from moto.sts.responses import TokenResponse

from local_aws.account import ACCOUNT, REGION
from local_aws.adapter import replace

ROOT_ARN = f"arn:aws:iam::{ACCOUNT}:root"
# Who deploys and plays the audience, and the embedded AWS itself.
ROOT_KEYS = ("AKIALOCALLOCALLOCAL0", "AKIALOCALDEPLOYER000", "AKIALOCALEMBEDDED000")
_source_identities: dict[str, str] = {}


def access_key(headers: Mapping[str, str]) -> str:
    """The access key in a request's Authorization header, empty without one."""
    authorization = next((v for k, v in headers.items() if k.lower() == "authorization"), "")
    found = re.search(r"Credential=([^/]+)/", authorization)
    return found[1] if found else ""


def caller_arn(headers: Mapping[str, str]) -> str:
    """The ARN of the caller: a role's session, an IAM user, else the account's root."""
    return arn_of_key(access_key(headers))


def arn_of_key(key: str) -> str:
    """The ARN behind an access key: a role's session, an IAM user, else the account's root."""
    if role := _session(key):
        return role.arn
    user = _iam().get_user_from_access_key_id(key)
    return str(user.arn) if user else ROOT_ARN


def user_id(key: str) -> str:
    """The unique id behind an access key, with the session's name if it is a role's."""
    return _sts().get_caller_identity(key, REGION)[0]


@dataclass(frozen=True)
class Principal:
    """Who calls: the role or user whose policies count, and the session as messages name it."""

    arn: str
    session: str


def principal(key: str) -> Principal | None:
    """Whom an access key belongs to; None if the account knows no such key."""
    if key in ROOT_KEYS:
        return Principal(ROOT_ARN, ROOT_ARN)
    if role := _session(key):
        return Principal(role.role_arn, role.arn)
    user = _iam().get_user_from_access_key_id(key)
    return Principal(str(user.arn), str(user.arn)) if user else None


def source_identity(headers: Mapping[str, str]) -> str | None:
    """The SourceIdentity that the caller's session was opened with; None without one."""
    return _source_identities.get(access_key(headers))


def session_name(headers: Mapping[str, str]) -> str | None:
    """The session's name if the caller is a role; a function's session has the function's name."""
    role = _session(access_key(headers))
    return role.session_name if role else None


def _session(key: str) -> AssumedRole | None:
    return _sts().get_assumed_role_from_access_key(key) if key else None


def _sts() -> STSBackend:
    return sts_backends[ACCOUNT]["aws"]


def _iam() -> IAMBackend:
    return iam_backends[ACCOUNT]["aws"]


def assume_role(role_arn: str, session: str) -> dict[str, str]:
    """Environment variables with the credentials of a new session of a role.

    Whether the role may be assumed is asked by whoever assumes it.
    """
    role = _sts().assume_role("us-east-1", session, role_arn, "", 43200, "")
    return {
        "AWS_ACCESS_KEY_ID": role.access_key_id,
        "AWS_SECRET_ACCESS_KEY": role.secret_access_key,
        "AWS_SESSION_TOKEN": role.session_token,
    }


class _Backend(STSBackend):
    """moto's STS; an unknown key is the account's root instead of a made-up user."""

    def get_caller_identity(self, access_key_id: str, region: str) -> tuple[str, str, str]:
        if arn_of_key(access_key_id) == ROOT_ARN:
            return ACCOUNT, ROOT_ARN, ACCOUNT
        return super().get_caller_identity(access_key_id, region)


class _Response(TokenResponse):
    """moto's STS; keeps SourceIdentity, which a session inherits from the one that opened it."""

    def assume_role(self) -> ActionResult:
        answer = super().assume_role()
        result = answer.result
        assert isinstance(result, dict)
        given = self._get_param("SourceIdentity") or _source_identities.get(self.access_key)
        if given:
            _source_identities[result["Credentials"].access_key_id] = given
            result["SourceIdentity"] = given
        return answer


def state() -> object:
    """Who opened the sessions that there are."""
    return _source_identities


def resume(state: object) -> None:
    """Take up what was kept."""
    _source_identities.update(cast("dict[str, str]", state))


def install() -> None:
    """Put the extensions in moto's place; before its first use."""
    replace(sts_backends, _Backend, urls, _Response.dispatch)
