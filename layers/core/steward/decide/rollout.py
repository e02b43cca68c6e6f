"""Rollout: what should serve, and what is the next step towards it?"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from steward.decide.in_flight import in_flight
from steward.decide.preflight import CONCERN, held
from steward.decide.repair import LONG_AGO
from steward.decide.review import STALE, exception
from steward.decide.rollout_facts import (
    BACK,
    FORWARD,
    MOVING,
    EndpointFacts,
    Rollout,
    RolloutFacts,
)
from steward.decide.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Target:
    """The version that should serve, and whether getting there is a step forward or back."""

    version: int
    direction: str
    reason: str
    stale: str | None = None


@dataclass(frozen=True, slots=True)
class Stay:
    """Why what serves stays: `hold` when a person must do something.

    `now` is no part of why; `version` is the one that another word would let go on.
    """

    kind: str
    why: str
    now: str = ""
    version: int | None = None


def desired(facts: RolloutFacts) -> Target | Stay:
    """The version to roll out next, or why what serves stays."""
    live = facts.endpoint.version if facts.endpoint else None
    eligible = facts.eligible()
    if live is not None and (why_not := facts.why_not(live)):
        return _step_back(facts, live, why_not, eligible)
    return _forward(facts, live, eligible)


def _step_back(facts: RolloutFacts, live: int, why_not: str, eligible: list[int]) -> Target | Stay:
    served = [n for n in eligible if facts.versions[n].served_at is not None]
    if not served:
        return Stay("hold", f"{why_not}, and no other approved version has served; {live} stays")
    return Target(served[0], BACK, f"{why_not}; version {served[0]} has served before")


def _stale(facts: RolloutFacts, live: int | None, number: int) -> str | None:
    """Why a version's evidence says nothing about what serves now; None when it does."""
    version = facts.versions[number]
    if live is None:
        return None
    serving = facts.versions[live].artifact.uri
    if version.compared_with is None or version.overridden or version.compared_with == serving:
        return None
    compared = version.compared_with or "nothing"
    return f"version {number} was compared with {compared}, and {serving} serves"


def _forward(facts: RolloutFacts, live: int | None, eligible: list[int]) -> Target | Stay:
    last = facts.rollout
    highest = last.highest if last else 0
    back = last.stepped_back_at if last else None
    for number in eligible:
        approval = facts.versions[number].approval
        again = back is not None and approval is not None and approval.at > back
        newer = live is None or number > live
        if newer and (number > highest or again or live is None):
            return _begin(facts, live, number)
    if live is None:
        return Stay("nothing", "no version may serve yet")
    return Stay("nothing", f"version {live} serves; no newer version may replace it")


def _begin(facts: RolloutFacts, live: int | None, number: int) -> Target | Stay:
    """The start of a version that is to serve next, if its approval and evidence still hold."""
    if late := facts.too_late(number):
        return Stay("hold", late.why, late.now, number)
    stale = _stale(facts, live, number)
    # What was compared with nothing is not stale but missing, and is never allowed.
    if stale and not (facts.gate.stale == "allow" and facts.versions[number].compared_with):
        again = "approve it again with 'override: <reason>' to roll it out"
        return Stay("hold", f"{stale}; {again}", version=number)
    approval = facts.versions[number].approval
    words = approval.reason if approval else ""
    against = f"version {live} serves" if live else "nothing serves yet"
    reason = f"version {number} may serve ({words}) and {against}"
    if stale:
        reason += f"; its evidence is stale, which the model's file allows: {stale}"
    return Target(number, FORWARD, reason, stale)


def next_step(facts: RolloutFacts) -> Verdict:
    """What to do for an endpoint now.

    Of a rollout in flight: resume, withdraw, wait, note, abort, finish, fail or gone; otherwise
    start, found, gone, remove, retire, wait, hold or nothing.
    """
    if facts.rollout and facts.rollout.open:
        return in_flight(facts, facts.rollout)
    return _at_rest(facts)


def since(verdict: Verdict, facts: RolloutFacts) -> datetime | None:
    """Since when a step was due; None when it is time that makes it so, or the bake's figures."""
    rollout, endpoint = facts.rollout, facts.endpoint
    match verdict.kind:
        case "start":
            return _start_due(facts, int(str(verdict.facts["version"])))
        case "gone":
            return LONG_AGO
        case "resume" | "withdraw" if rollout:
            return rollout.opened_at
        case "finish" | "fail" | "found" | "remove" if endpoint:
            return endpoint.modified_at
        case _:
            return None


def _start_due(facts: RolloutFacts, number: int) -> datetime | None:
    """When the last word came that lets a version start; None when a freeze ended after it."""
    live = facts.endpoint.version if facts.endpoint else None
    about = {number, live} & set(facts.versions)
    last = max(version.modified_at for n, version in facts.versions.items() if n in about)
    thawed = any(last < freeze.end <= facts.now for freeze in facts.policy.freeze)
    return None if thawed else last


def tidied(alarms: Sequence[str]) -> Verdict:
    """That alarms were removed which rollouts that are over had left behind."""
    reason = f"rollouts that are over had left {len(alarms)} alarms: {', '.join(sorted(alarms))}"
    return Verdict(CONCERN, "endpoint", "tidy", reason, {"alarms": sorted(alarms)})


def overdue(facts: RolloutFacts) -> timedelta | None:
    """How long a rollout has been open, if SageMaker should have given it up long ago."""
    rollout = facts.rollout
    if rollout is None or not rollout.open:
        return None
    # As long again for the way back.
    open_for = facts.now - rollout.opened_at
    return open_for if open_for > 2 * facts.policy.timeout else None


def _at_rest(facts: RolloutFacts) -> Verdict:
    endpoint, last = facts.endpoint, facts.rollout
    if endpoint is None:
        if last and last.live:
            reason = f"the endpoint, which served {last.live}, is gone"
            return _happened("gone", reason, last.live, last)
        return _towards(facts, None)
    if endpoint.status in (*MOVING, "Deleting"):
        reason = f"the endpoint is {endpoint.status}, not by a rollout of ours"
        return _at("wait", reason, endpoint.config)
    # What serves is on record before anything is done to it, a retirement too.
    return (
        _found(endpoint, last)
        or _taken_down(facts, endpoint)
        or _wrong(endpoint)
        or _towards(facts, endpoint.config)
    )


def _found(endpoint: EndpointFacts, last: Rollout | None) -> Verdict | None:
    """A version of ours that no rollout of ours brought there."""
    config = endpoint.config
    if endpoint.status != "InService" or _strange(endpoint) or (last and last.live == config):
        return None
    known = f"{last.live} was on record" if last and last.live else "nothing was on record"
    return _happened("found", f"the endpoint serves {config}, and {known}", config, last)


def _taken_down(facts: RolloutFacts, endpoint: EndpointFacts) -> Verdict | None:
    """An endpoint that is to be deleted: it never served, or a person retires it."""
    last, config = facts.rollout, endpoint.config
    if endpoint.status == "Failed" and last and last.live is None and last.config_name == config:
        return _at("remove", "the first deployment failed; the endpoint never served", config)
    if facts.pause and facts.pause.kind == "retire":
        return _at("retire", f"retired by {facts.pause.by}: {facts.pause.why}", config)
    return None


def _wrong(endpoint: EndpointFacts) -> Verdict | None:
    """An endpoint that Steward cannot update."""
    if endpoint.status != "InService":
        failure = endpoint.failure or "no reason given"
        reason = f"the endpoint is {endpoint.status} ({failure}); a person must look"
        return _at("hold", reason, endpoint.config)
    strange = _strange(endpoint)
    return _at("hold", strange, endpoint.config) if strange else None


def _strange(endpoint: EndpointFacts) -> str | None:
    """Why an endpoint is none that Steward can update; None when it is."""
    if endpoint.version is None:
        return (
            f"the endpoint serves {endpoint.config}, which is not Steward's; take it over with "
            "`steward adopt`, or deploy a version of the registry"
        )
    if len(endpoint.variants) != 1:
        return f"the endpoint has the variants {list(endpoint.variants)}, Steward updates one only"
    return None


def _at(kind: str, reason: str, config: str | None) -> Verdict:
    return Verdict(CONCERN, "endpoint", kind, reason, {"config": config, "why": reason})


def _stay(stay: Stay, config: str | None) -> Verdict:
    verdict = _at(stay.kind, stay.why, config)
    told = f"{stay.why}; {stay.now}" if stay.now else stay.why
    about = {"version": stay.version} if stay.version else {}
    return replace(verdict, reason=told, facts={**verdict.facts, **about})


def _happened(kind: str, reason: str, config: str, last: Rollout | None) -> Verdict:
    """What came to the endpoint from outside; the same may come again, after another rollout."""
    facts = {"config": config, "why": reason, "after": last.number if last else 0}
    return Verdict(CONCERN, "endpoint", kind, reason, facts)


def _towards(facts: RolloutFacts, config: str | None) -> Verdict:
    target = desired(facts)
    if isinstance(target, Stay):
        return _stay(target, config)
    verdict = _start(facts, target)
    why_not = facts.no_start(target.direction)
    return held(verdict, f"version {target.version} waits: {why_not}") if why_not else verdict


def _start(facts: RolloutFacts, target: Target) -> Verdict:
    approval = facts.versions[target.version].approval
    by = approval.by if approval else ""
    return Verdict(
        CONCERN,
        f"version {target.version}",
        "start",
        target.reason,
        {
            "version": target.version,
            "direction": target.direction,
            "approval": approval.id if approval else None,
            "config": facts.endpoint.config if facts.endpoint else None,
            "after": facts.rollout.number if facts.rollout else 0,
        }
        | (exception(STALE, by) if target.stale else {}),
    )
