"""Decides every call by the policies that are deployed now, and keeps what it decided."""

import json
import threading
from collections.abc import Iterator, Mapping
from typing import cast

from moto.awslambda.models import lambda_backends
from moto.iam.models import IAMBackend, ManagedPolicy, Role, User, iam_backends
from moto.kms.models import Key, kms_backends
from moto.s3.models import s3_backends
from moto.sns.models import sns_backends
from moto.sqs.models import sqs_backends

from local_aws.account import ACCOUNT, REGION
from local_aws.authorization.keys import behind
from local_aws.authorization.policy import (
    Call,
    Decision,
    Json,
    Pairs,
    Policies,
    Statement,
    statements_of,
)

# Operations after which policies may be others.
CHANGES = (
    "AddPermission", "AttachRolePolicy", "AttachUserPolicy", "CreateAlias", "CreateBucket",
    "CreateFunction", "CreateKey", "CreatePolicy", "CreateQueue", "CreateRole", "CreateTopic",
    "CreateUser", "DeleteUser", "PutBucketPolicy", "PutRolePolicy", "SetQueueAttributes",
    "SetTopicAttributes",
)  # fmt: skip


class Denied(Exception):
    """A call that no policy allows, or that one denies; the message is worded as AWS's."""

    def __init__(self, who: str, call: Call, decision: Decision) -> None:
        because = (
            "with an explicit deny in a policy"
            if decision.explicit
            else f"because no identity-based policy allows the {call.action} action"
        )
        super().__init__(
            f"User: {who} is not authorized to perform: {call.action} on resource: "
            f"{call.resource} {because}"
        )


class Guard:
    """Holds calls against the deployed policies, which are read again after they changed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._policies: Policies | None = None
        self._decided: dict[Call, Decision] = {}

    def require(self, principal: str, action: str, resource: str, context: Pairs = ()) -> None:
        """Raises Denied unless `principal`, an ARN or a service, may do this."""
        self.require_call(principal, Call(principal, action, resource, context))

    def require_call(self, who: str, call: Call) -> None:
        """The same for a call; `who` is named in the refusal, a role's session for instance."""
        for one in (call, *behind(call)):
            decision = self.may(one)
            if not decision.allowed:
                raise Denied(who, one, decision)

    def may(self, call: Call) -> Decision:
        """The decision on a call, which is kept."""
        with self._lock:
            if self._policies is None:
                self._policies = deployed()
                self._decided_before()
            if call not in self._decided:
                self._decided[call] = self._policies.decide(call)
            return self._decided[call]

    def _decided_before(self) -> None:
        """Calls of before are decided again, so that what is kept fits the policies of now."""
        assert self._policies is not None
        self._decided = {call: self._policies.decide(call) for call in self._decided}

    def changed(self) -> None:
        """Policies may have changed."""
        with self._lock:
            self._policies = None

    def decided(self) -> list[dict[str, object]]:
        """Every distinct call so far, with the decision and the statements that made it."""
        with self._lock:
            return [
                {
                    "principal": call.principal,
                    "action": call.action,
                    "resource": call.resource,
                    "context": [list(pair) for pair in call.context],
                    "allowed": decision.allowed,
                    "by": list(decision.by),
                }
                for call, decision in self._decided.items()
            ]

    def shown(self) -> dict[str, dict[str, list[dict[str, object]]]]:
        """Every statement that is deployed now, by principal and by resource."""
        found = deployed()
        return {
            kind: {
                owner: [{"id": one.id, "document": one.document} for one in held]
                for owner, held in statements.items()
            }
            for kind, statements in (("identity", found.identity), ("resource", found.resource))
        }


def deployed() -> Policies:
    """Every policy that is on the embedded AWS now."""
    return Policies(dict(_identity()), dict(_resource()))


def _iam() -> IAMBackend:
    return iam_backends[ACCOUNT]["aws"]


def _identity() -> Iterator[tuple[str, tuple[Statement, ...]]]:
    holders: list[Role | User] = [*_iam().roles.values(), *_iam().users.values()]
    for holder in holders:
        found: list[Statement] = []
        for name, document in _inline(holder.policies):
            found += statements_of(f"{holder.name}/{name}", document)
        for policy in holder.managed_policies.values():
            found += statements_of(policy.name, json.loads(_default(policy)))
        yield str(holder.arn), tuple(found)


def _default(policy: ManagedPolicy) -> str:
    return next(version.document for version in policy.versions if version.is_default)


def _inline(policies: object) -> Iterator[tuple[str, Json]]:
    """moto keeps a role's inline policies by name, and a user's too."""
    assert isinstance(policies, dict)
    for name, document in policies.items():
        yield name, json.loads(document)


def _resource() -> Iterator[tuple[str, tuple[Statement, ...]]]:
    for role in _iam().roles.values():
        trust = _parsed(role.assume_role_policy_document)
        yield str(role.arn), statements_of(f"{role.name}/trust", trust)
    for bucket in s3_backends[ACCOUNT]["aws"].buckets.values():
        if bucket.policy:
            yield f"arn:aws:s3:::{bucket.name}", statements_of(bucket.name, _parsed(bucket.policy))
    for queue in sqs_backends[ACCOUNT][REGION].queues.values():
        if queue.policy:
            yield queue.queue_arn, statements_of(queue.name, _parsed(queue.policy))
    for topic in sns_backends[ACCOUNT][REGION].topics.values():
        yield topic.arn, statements_of(topic.name, _parsed(topic.policy))
    for key in kms_backends[ACCOUNT][REGION].keys.values():
        yield key.arn, statements_of(_name(key), _parsed(key.policy))
    for function in lambda_backends[ACCOUNT][REGION].list_functions():
        # moto writes the version behind the ARN, which AWS does not unless a qualifier was given.
        statements = [
            {**one, "Resource": function.function_arn} for one in function.policy.statements
        ]
        yield (
            function.function_arn,
            statements_of(function.function_name, {"Statement": statements}),
        )


def _name(key: Key) -> str:
    """A key is known by an alias, if it has one; its own id is another one each time."""
    return next(iter(key.aliases), key.id)


def _parsed(document: str | bytes | Mapping[str, object]) -> Json:
    return cast(Json, json.loads(document)) if isinstance(document, str | bytes) else document
