"""Is a deployment well? Each check compares what was read with what should be."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from cli.doctor.facts import (
    Alarm,
    Check,
    Document,
    Finding,
    Ledger,
    Read,
    Role,
    Rule,
    Sweep,
    Unread,
    Wanted,
)

PUBLISH = "steward publish"
# CloudFormation compares templates: it does not see what was changed beside it.
DEPLOY = "make deploy; what was changed by hand is put back by hand"
RUNBOOKS = "docs/runbooks"
# The sweep runs every minute; one that is late once is no trouble.
SWEPT_WITHIN = timedelta(minutes=5)


def _each[W, F](
    name: str,
    wanted: Mapping[str, W],
    found: Mapping[str, Read[F]],
    judge: Callable[[str, W, F], Iterator[Finding]],
) -> Check:
    """A check of many things: one that is not there, or could not be read, is not well."""
    findings: list[Finding] = []
    for thing, want in wanted.items():
        match found.get(thing):
            case Unread(why):
                findings.append(_unread(thing, why))
            case None:
                findings.append(Finding(thing, "nothing of this name", "it is there", DEPLOY))
            case known:
                findings += judge(thing, want, known)
    return Check(name, len(wanted), findings)


def _unread(thing: str, why: str) -> Finding:
    found = f"it could not be read: {why}"
    return Finding(thing, found, "an answer", "ask as somebody who may read it")


def rules(wanted: Wanted, found: Mapping[str, Read[Rule]]) -> Check:
    """Every rule is enabled, and leads where the template says."""
    return _each("rules", wanted.rules, found, _rule)


def _rule(name: str, targets: frozenset[str], rule: Rule) -> Iterator[Finding]:
    if rule.state != "ENABLED":
        enable = f"aws events enable-rule --name {name}"
        yield Finding(name, rule.state, "ENABLED", enable)
    if rule.targets != targets:
        yield Finding(name, _told(rule.targets), _told(targets), DEPLOY)


def takers(wanted: Wanted, found: Mapping[str, Read[tuple[str, str]]]) -> Check:
    """Every queue is emptied by its function; found: the function's name and the state."""
    return _each("queues", wanted.takes, found, _taker)


def _taker(queue: str, function: str, taker: tuple[str, str]) -> Iterator[Finding]:
    if taker != (function, "Enabled"):
        found = f"taken by {taker[0]}, {taker[1]}"
        yield Finding(queue, found, f"taken by {function}, Enabled", DEPLOY)


def lost(wanted: Wanted, found: Mapping[str, Read[int]]) -> Check:
    """No message was given up."""
    return _each("dead letters", dict.fromkeys(wanted.lost, 0), found, _lost)


def _lost(queue: str, most: int, count: int) -> Iterator[Finding]:
    if count > most:
        waiting = "1 message" if count == 1 else f"{count} messages"
        yield Finding(queue, waiting, "none", "steward redrive")


def alarms(wanted: Wanted, found: Mapping[str, Read[Alarm]]) -> Check:
    """Every alarm is OK, and would tell people if it were not."""

    def judge(name: str, tells: frozenset[str], alarm: Alarm) -> Iterator[Finding]:
        if alarm.state != "OK":
            yield Finding(name, f"{alarm.state}: {alarm.reason}", "OK", wanted.runbooks[name])
        if not alarm.enabled or alarm.tells != tells:
            told = _told(alarm.tells) if alarm.enabled else "nobody, its actions are off"
            yield Finding(name, f"it tells {told}", f"it tells {_told(tells)}", DEPLOY)

    return _each("alarms", wanted.alarms, found, judge)


def roles(wanted: Wanted, found: Mapping[str, Read[Role]]) -> Check:
    """Every role may do what the template says, no more and no less, and trusts its service."""
    known = {name: role for name, role in wanted.roles.items() if isinstance(role, Role)}
    unknown = [
        _unread(name, role.why if isinstance(role, Unread) else "what it names is not there")
        for name, role in wanted.roles.items()
        if name not in known
    ]
    check = _each("roles", known, found, _role)
    return Check(check.name, len(wanted.roles), [*unknown, *check.findings])


def _role(name: str, wanted: Role, role: Role) -> Iterator[Finding]:
    if _plain(role.trust) != _plain(wanted.trust):
        yield Finding(name, f"trust {_json(role.trust)}", _json(wanted.trust), DEPLOY)
    if role.attached != wanted.attached:
        attached, ought = _told(role.attached), _told(wanted.attached)
        yield Finding(name, f"attached {attached}", ought, DEPLOY)
    for policy in sorted({*wanted.policies, *role.policies}):
        want, has = (_statements(one.policies.get(policy)) for one in (wanted, role))
        for sid in sorted({*want, *has}):
            if want.get(sid) != has.get(sid):
                about = f"{name} {policy}/{sid}"
                yield Finding(about, _json(has.get(sid)), _json(want.get(sid)), DEPLOY)


def _statements(policy: Document | None) -> dict[str, object]:
    """The statements of a policy by their Sid, or by their place where there is none."""
    listed = _plain(policy.get("Statement", [])) if policy else []
    every = listed if isinstance(listed, list) else [listed]
    return {
        str(one.get("Sid", number)): one
        for number, one in enumerate(every)
        if isinstance(one, dict)
    }


def _plain(value: object) -> object:
    """A policy's text as IAM reads it: one of a list is the list, and its order says nothing."""
    match value:
        case Mapping():
            return {str(key): _plain(part) for key, part in value.items()}
        case [only]:
            return _plain(only)
        case list() if all(isinstance(part, str) for part in value):
            return sorted(value)
        case list():
            return [_plain(part) for part in value]
        case bool():
            return str(value).lower()
        case _:
            return value


def specs(files: Mapping[str, str], sweep: Read[Sweep]) -> Check:
    """The functions were deployed with the models' files as they are in this checkout."""
    if isinstance(sweep, Unread):
        return Check("models", len(files), [_unread("models/", sweep.why)])
    if sweep is None:
        return Check("models", len(files), [_unread("models/", "no sweep has said it yet")])
    deployed = sweep.specs
    findings = [
        Finding(f"models/{model}.toml", _named(deployed, model), _named(files, model), DEPLOY)
        for model in sorted({*files, *deployed})
        if files.get(model) != deployed.get(model)
    ]
    return Check("models", len(files), findings)


def _named(digests: Mapping[str, str], model: str) -> str:
    return f"digest {digests[model]}" if model in digests else "no such file"


def published(differs: Read[Sequence[str]]) -> Check:
    """Pipelines, groups and code are as `steward publish` would make them."""
    if isinstance(differs, Unread):
        return Check("published", 1, [_unread("pipelines and code", differs.why)])
    findings = [
        Finding("publish", f"to do: {one}", "nothing differs", PUBLISH) for one in differs or ()
    ]
    return Check("published", 1, findings)


def sweeping(sweep: Read[Sweep], now: datetime) -> Check:
    """A sweep came to its end within the last minutes."""
    silent, expected = f"{RUNBOOKS}/silent.md", f"one within {_minutes(SWEPT_WITHIN)}"
    match sweep:
        case Unread(why):
            findings = [_unread("the sweep", why)]
        case None:
            findings = [Finding("the sweep", "none in an hour", expected, silent)]
        case _ if now - sweep.at > SWEPT_WITHIN:
            ago = f"the last one was {_minutes(now - sweep.at)} ago"
            findings = [Finding("the sweep", ago, expected, silent)]
        case _:
            findings = []
    return Check("sweep", 1, findings)


def checkpoint(ledger: Read[Ledger], now: datetime) -> Check:
    """What is on record was signed today or, early in the day, yesterday."""
    mend, yesterday = f"{RUNBOOKS}/silent.md", now.date() - timedelta(days=1)
    expected = f"one of {yesterday} or later"
    match ledger:
        case Unread(why):
            findings = [_unread("the checkpoint", why)]
        case Ledger(begun=begun, signed=None) if begun and now - begun > SWEPT_WITHIN:
            findings = [Finding("the checkpoint", "none within a week", expected, mend)]
        case Ledger(signed=day) if day and day < yesterday:
            findings = [Finding("the checkpoint", f"the newest is of {day}", expected, mend)]
        case _:
            findings = []
    return Check("checkpoint", 1, findings)


def _minutes(length: timedelta) -> str:
    return f"{length.total_seconds() / 60:.0f} min"


def _told(names: frozenset[str]) -> str:
    return ", ".join(sorted(names)) or "nobody"


def _json(value: object) -> str:
    return "nothing" if value is None else json.dumps(_plain(value), sort_keys=True)
