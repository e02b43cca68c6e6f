"""Least privilege, measured: what policies hold and no call needs."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from local_aws.authorization.policy import Call, Policies, Statement


def needless(policies: Policies, calls: Mapping[Call, bool]) -> set[str]:
    """The actions, resources and services without which each call is decided as it was.

    Each is taken out of its statement once. One that has decided no call cannot change any.
    """
    decided: dict[str, list[Call]] = {}
    for call in calls:
        for statement in policies.decide(call).by:
            decided.setdefault(statement, []).append(call)
    return {
        f"{statement.id} {part}"
        for statement in {one.id: one for one in policies.statements()}.values()
        for part, less in narrower(statement)
        if not _decides_otherwise(policies.instead(less), decided.get(statement.id, []), calls)
    }


def narrower(statement: Statement) -> Iterator[tuple[str, Statement]]:
    """All that a statement names, each with the statement that does not name it."""
    for member in ("Action", "Resource"):
        held = _listed(statement.document.get(member, []))
        for one in held:
            yield one, _with(statement, member, [other for other in held if other != one])
    principal = statement.document.get("Principal")
    services = _listed(principal.get("Service", [])) if isinstance(principal, Mapping) else []
    for one in services:
        others = {"Service": [other for other in services if other != one]}
        yield one, _with(statement, "Principal", others)


def _with(statement: Statement, member: str, value: object) -> Statement:
    return replace(statement, document={**statement.document, member: value})


def _decides_otherwise(policies: Policies, asked: list[Call], calls: Mapping[Call, bool]) -> bool:
    return any(policies.decide(call).allowed != calls[call] for call in asked)


def _listed(value: object) -> list[str]:
    return [str(one) for one in (value if isinstance(value, list) else [value])]
