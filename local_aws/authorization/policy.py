"""Evaluates IAM policies. Pure: the same statements and the same call give the same answer.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache

type Json = Mapping[str, object]
type Pairs = tuple[tuple[str, str], ...]

ANYBODY = "*"


@dataclass(frozen=True)
class Statement:
    """One statement of a policy; `id` names the policy and the statement in it."""

    id: str
    document: Json


@dataclass(frozen=True)
class Call:
    """What somebody wants to do. `principal` is a role's, a user's or the root's ARN, or a service.

    `context` holds the condition keys of the call, with their values.
    """

    principal: str
    action: str
    resource: str
    context: Pairs = ()


def in_the_name_of(arn: str) -> Pairs:
    """The context of what a service does because of the rule, alarm, ... with this ARN."""
    return (("aws:SourceArn", arn), ("aws:SourceAccount", arn.split(":")[4]))


@dataclass(frozen=True)
class Decision:
    """The answer, and the statements that gave it; none if nothing allows it."""

    allowed: bool
    explicit: bool
    by: tuple[str, ...]


@dataclass(frozen=True)
class Policies:
    """Statements by the principal that has them, and by the resource that they hang on.

    A bucket's statements are found for its objects too. A role's trust policy hangs on its ARN.
    """

    identity: Mapping[str, tuple[Statement, ...]]
    resource: Mapping[str, tuple[Statement, ...]]

    def decide(self, call: Call) -> Decision:
        """An explicit deny beats every allow; without one, an allow on either side is enough."""
        owner = call.resource.partition("/")[0] if ":s3:::" in call.resource else call.resource
        mine = [one for one in self.identity.get(call.principal, ()) if _matches(one, call)]
        its = [
            one
            for one in self.resource.get(owner, ())
            if _matches(one, call) and _names(one.document.get("Principal"), call.principal)
        ]
        denying = [one.id for one in (*mine, *its) if one.document["Effect"] == "Deny"]
        allowing = [one.id for one in (*mine, *its) if one.document["Effect"] == "Allow"]
        if denying:
            return Decision(False, True, tuple(denying))
        if _is_key(call.resource):
            allowing = _let_in_by_key(mine, its, call)
            return Decision(bool(allowing), False, tuple(allowing))
        return Decision(bool(allowing) or _is_root(call), False, tuple(allowing))

    def instead(self, changed: Statement) -> "Policies":
        """The same policies with one statement as it is here."""
        return Policies(_changed(self.identity, changed), _changed(self.resource, changed))

    def statements(self) -> Iterator[Statement]:
        """Every statement."""
        for held in (*self.identity.values(), *self.resource.values()):
            yield from held


def _changed(
    statements: Mapping[str, tuple[Statement, ...]], changed: Statement
) -> dict[str, tuple[Statement, ...]]:
    return {
        owner: tuple(changed if one.id == changed.id else one for one in held)
        for owner, held in statements.items()
    }


def statements_of(policy: str, document: Json) -> tuple[Statement, ...]:
    """The statements of a policy document, each named by its Sid, else by its place."""
    return tuple(
        Statement(f"{policy}#{one.get('Sid', place)}", one)
        for place, one in enumerate(_objects(document["Statement"]))
    )


def _is_root(call: Call) -> bool:
    """The account's root needs no allow; only a role's trust must name whoever takes it."""
    return call.principal.endswith(":root") and call.action != "sts:AssumeRole"


def _is_key(resource: str) -> bool:
    return resource.startswith("arn:aws:kms:") and ":key/" in resource


def _let_in_by_key(mine: list[Statement], its: list[Statement], call: Call) -> list[str]:
    """Nothing opens a KMS key but its own policy, for the root too.

    It names the caller, or the account, which leaves it to IAM.
    https://docs.aws.amazon.com/kms/latest/developerguide/policy-evaluation.html
    """
    direct = [one.id for one in its if _names_only(one.document.get("Principal"), call.principal)]
    if direct or not mine:
        return direct
    return [one.id for one in (*mine, *its)] if its else []


def _matches(statement: Statement, call: Call) -> bool:
    document = statement.document
    known = {"Sid", "Effect", "Principal", "Action", "Resource", "Condition"}
    if unknown := set(document) - known:
        raise NotImplementedError(f"{', '.join(sorted(unknown))} in the statement {statement.id}")
    return (
        any(_glob(one.lower(), call.action.lower()) for one in _texts(document["Action"]))
        and any(_glob(one, call.resource) for one in _texts(document.get("Resource", "*")))
        and _holds(document.get("Condition", {}), {key.lower(): v for key, v in call.context})
    )


def _names(principal: object, who: str) -> bool:
    """Whether a resource's policy speaks of this principal, or of its account."""
    account = ":".join(who.split(":")[:5]) + ":root"
    return _names_only(principal, who) or _names_only(principal, account)


def _names_only(principal: object, who: str) -> bool:
    """Whether a resource's policy speaks of this principal itself, or of everybody."""
    if principal == ANYBODY:
        return True
    named = principal if isinstance(principal, Mapping) else {}
    kind = "AWS" if who.startswith("arn:") else "Service"
    return any(one in (ANYBODY, who) for one in _texts(named.get(kind, ())))


def _holds(conditions: object, context: Mapping[str, str]) -> bool:
    """Whether every operator holds for every one of its keys."""
    assert isinstance(conditions, Mapping)
    return all(
        _compare(str(operator), context.get(str(key).lower()), _texts(values))
        for operator, keys in conditions.items()
        for key, values in keys.items()
    )


def _compare(operator: str, found: str | None, wanted: list[str]) -> bool:
    if operator == "Null":
        return wanted == [str(found is None).lower()]
    negated = "Not" in operator
    positive = operator.replace("Not", "")
    if positive not in ("StringEquals", "StringLike", "ArnEquals", "ArnLike", "Bool"):
        raise NotImplementedError(f"the condition operator {operator}")
    if found is None:
        return negated  # what is absent differs from everything
    if positive == "Bool":
        return found.lower() in [one.lower() for one in wanted]
    plain = positive == "StringEquals"
    return negated != any(found == one if plain else _glob(one, found) for one in wanted)


@cache
def _pattern(text: str) -> re.Pattern[str]:
    wild = {"*": ".*", "?": "."}
    return re.compile("".join(wild.get(letter) or re.escape(letter) for letter in text), re.DOTALL)


def _glob(pattern: str, text: str) -> bool:
    return _pattern(pattern).fullmatch(text) is not None


def _texts(value: object) -> list[str]:
    values: Iterable[object] = value if isinstance(value, list | tuple) else [value]
    return [str(one) for one in values]


def _objects(value: object) -> list[Json]:
    return value if isinstance(value, list) else [value]  # type: ignore[list-item]
