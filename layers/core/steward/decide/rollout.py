"""Rollout: what should serve, and what is the next step towards it?"""

from dataclasses import dataclass
from datetime import timedelta

from steward.decide.canary import NOT_ENOUGH, WORSE
from steward.decide.preflight import CONCERN, held, withdrawn
from steward.decide.rollout_facts import (
    BACK,
    FORWARD,
    MOVING,
    Alarm,
    EndpointFacts,
    Rollout,
    RolloutFacts,
    brakes,
)
from steward.decide.verdict import Verdict

# An abort needs a datapoint and an evaluation of its alarm, a period each, before the bake ends.
LEAD = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Target:
    """The version that should serve, and whether getting there is a step forward or back."""

    version: int
    direction: str
    reason: str


def desired(facts: RolloutFacts) -> Target | str:
    """The version to roll out next, or why what serves stays."""
    live = facts.endpoint.version if facts.endpoint else None
    eligible = facts.eligible()
    if live is not None and (why_not := facts.why_not(live)):
        return _step_back(facts, live, why_not, eligible)
    return _forward(facts, live, eligible)


def _step_back(facts: RolloutFacts, live: int, why_not: str, eligible: list[int]) -> Target | str:
    served = [n for n in eligible if n != live and facts.versions[n].served_at is not None]
    if not served:
        return f"hold: {why_not}, and no other approved version has served; {live} stays"
    return Target(served[0], BACK, f"{why_not}; version {served[0]} has served before")


def _stale(facts: RolloutFacts, live: int | None, number: int) -> str | None:
    """Why a version's evidence says nothing about what serves now; None when it does."""
    version = facts.versions[number]
    if live is None or live not in facts.versions:
        return None
    serving = facts.versions[live].artifact.uri
    if version.compared_with is None or version.overridden or version.compared_with == serving:
        return None
    return (
        f"hold: version {number} was compared with {version.compared_with or 'nothing'}, and "
        f"{serving} serves; approve it again with 'override: <reason>' to roll it out"
    )


def _forward(facts: RolloutFacts, live: int | None, eligible: list[int]) -> Target | str:
    last = facts.rollout
    highest = last.highest if last else 0
    back = last.stepped_back_at if last else None
    for number in eligible:
        approval = facts.versions[number].approval
        again = back is not None and approval is not None and approval.at > back
        newer = live is None or number > live
        if newer and (number > highest or again or live is None):
            if stale := _stale(facts, live, number):
                return stale
            against = f"version {live} serves" if live else "nothing serves yet"
            words = approval.reason if approval else ""
            return Target(number, FORWARD, f"version {number} may serve ({words}) and {against}")
    if live is None:
        return "no version may serve yet"
    return f"version {live} serves; no newer version may replace it"


def next_step(facts: RolloutFacts) -> Verdict:
    """What to do for an endpoint now.

    Of a rollout in flight: resume, withdraw, wait, note, abort, finish, fail or gone; otherwise
    start, found, gone, remove, retire, wait, hold or nothing.
    """
    if facts.rollout and facts.rollout.open:
        return _in_flight(facts, facts.rollout)
    return _at_rest(facts)


def _at_rest(facts: RolloutFacts) -> Verdict:
    endpoint, last = facts.endpoint, facts.rollout
    if endpoint is None:
        if last and last.live:
            return _at("gone", f"the endpoint, which served {last.live}, is gone", last.live)
        return _towards(facts, None)
    if endpoint.status in (*MOVING, "Deleting"):
        reason = f"the endpoint is {endpoint.status}, not by a rollout of ours"
        return _at("wait", reason, endpoint.config)
    return (
        _taken_down(facts, endpoint) or _wrong(endpoint, last) or _towards(facts, endpoint.config)
    )


def _taken_down(facts: RolloutFacts, endpoint: EndpointFacts) -> Verdict | None:
    """An endpoint that is to be deleted: it never served, or a person retires it."""
    last, config = facts.rollout, endpoint.config
    if endpoint.status == "Failed" and last and last.live is None and last.config_name == config:
        return _at("remove", "the first deployment failed; the endpoint never served", config)
    if facts.pause and facts.pause.kind == "retire":
        return _at("retire", f"retired by {facts.pause.by}: {facts.pause.why}", config)
    return None


def _wrong(endpoint: EndpointFacts, last: Rollout | None) -> Verdict | None:
    """An endpoint that is not as the last rollout left it."""
    config = endpoint.config
    if endpoint.status != "InService":
        failure = endpoint.failure or "no reason given"
        reason = f"the endpoint is {endpoint.status} ({failure}); a person must look"
        return _at("hold", reason, config)
    if strange := _strange(endpoint):
        return _at("hold", strange, config)
    if last is None or last.live != config:
        known = f"{last.live} was on record" if last and last.live else "nothing was on record"
        return _at("found", f"the endpoint serves {config}, and {known}", config)
    return None


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


def _towards(facts: RolloutFacts, config: str | None) -> Verdict:
    target = desired(facts)
    if isinstance(target, str):
        return _at("hold" if target.startswith("hold:") else "nothing", target, config)
    verdict = _start(facts, target)
    why_not = facts.no_start(target.direction)
    return held(verdict, f"version {target.version} waits: {why_not}") if why_not else verdict


def _start(facts: RolloutFacts, target: Target) -> Verdict:
    approval = facts.versions[target.version].approval
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
        },
    )


def _in_flight(facts: RolloutFacts, rollout: Rollout) -> Verdict:
    endpoint = facts.endpoint
    wanted = f"version {rollout.version} ({rollout.config_name})"
    if rollout.called_at is None and (why_not := _not_begun(facts, rollout)):
        return withdrawn(rollout, why_not)
    if endpoint is None:
        if rollout.endpoint_at:
            return _of(rollout, "gone", f"the endpoint was deleted on its way to {wanted}")
        return _of(rollout, "resume", f"the endpoint for {wanted} is not there yet")
    if endpoint.status in (*MOVING, "Deleting"):
        return _under_way(facts, rollout, endpoint, wanted)
    if endpoint.status == "InService" and endpoint.config == rollout.config_name:
        return _finished(facts, rollout, wanted)
    return _elsewhere(facts, rollout, endpoint, wanted)


def _elsewhere(
    facts: RolloutFacts, rollout: Rollout, endpoint: EndpointFacts, wanted: str
) -> Verdict:
    """The endpoint is at rest and does not serve what was wanted: not yet, or not any more."""
    if endpoint.status == "InService" and rollout.called_at is None:
        return _of(rollout, "resume", f"the update to {wanted} has not been asked for")
    if endpoint.status == "InService" and endpoint.modified_at == rollout.endpoint_at:
        if why_not := _not_begun(facts, rollout):
            return withdrawn(rollout, why_not)
        return _of(rollout, "resume", f"the endpoint has not begun to move towards {wanted}")
    if rollout.called_at is None:
        return withdrawn(rollout, f"the endpoint became {endpoint.status} before the call")
    reason = f"{endpoint.config} is {endpoint.status} instead of {wanted}: "
    return _of(rollout, "fail", reason + _explained(facts, rollout, endpoint), _figures(facts))


def _of(rollout: Rollout, kind: str, reason: str, more: dict[str, object] | None = None) -> Verdict:
    facts = {"rollout": rollout.number, "config": rollout.config_name, **(more or {})}
    return Verdict(CONCERN, f"rollout {rollout.number}", kind, reason, facts)


def _not_begun(facts: RolloutFacts, rollout: Rollout) -> str | None:
    """Why a rollout that SageMaker was not asked for must not begin."""
    if facts.abort and facts.abort.rollout == rollout.number:
        return f"aborted by {facts.abort.by}: {facts.abort.why}"
    return facts.no_start(rollout.direction)


def _under_way(
    facts: RolloutFacts, rollout: Rollout, endpoint: EndpointFacts, wanted: str
) -> Verdict:
    waiting = f"the endpoint is {endpoint.status}, wanted is {wanted}"
    if endpoint.pending not in (None, rollout.config_name):
        return _of(rollout, "wait", f"{waiting}, and {endpoint.pending} is on its way")
    if rollout.called_at is None or rollout.cause:
        return _of(rollout, "wait", f"{waiting}; {rollout.cause}" if rollout.cause else waiting)
    ends = endpoint.status in ("Creating", "Updating")
    if ends and (end := _by_people(facts, rollout)):
        return _abort(rollout, end, facts)
    if tripped := _tripped(facts):
        return _of(rollout, "note", tripped, {"by": "alarm"} | _figures(facts))
    if ends and (end := _by_figures(facts, rollout)):
        return _abort(rollout, end, facts)
    return _of(rollout, "wait", waiting)


def _abort(rollout: Rollout, end: tuple[str, str], facts: RolloutFacts) -> Verdict:
    by, cause = end
    return _of(rollout, "abort", cause, {"by": by} | _figures(facts))


def _by_people(facts: RolloutFacts, rollout: Rollout) -> tuple[str, str] | None:
    """Who ends a rollout that is under way, and why."""
    if facts.abort and facts.abort.rollout == rollout.number:
        return "abort", f"aborted by {facts.abort.by}: {facts.abort.why}"
    if rollout.direction == FORWARD and (why_not := facts.why_not(rollout.version)):
        return "revoked", why_not
    return None


def _by_figures(facts: RolloutFacts, rollout: Rollout) -> tuple[str, str] | None:
    """Whether the canary's figures end a rollout, or that there are too few of them."""
    judged = facts.judged if brakes(rollout, facts.policy) else None
    if judged and judged.kind == WORSE:
        return "judge", f"the new fleet is worse: {judged.reason}"
    if judged and judged.kind == NOT_ENOUGH and _last_chance(facts):
        return "no evidence", f"the bake is about to end without enough evidence: {judged.reason}"
    return None


def _last_chance(facts: RolloutFacts) -> bool:
    since = facts.endpoint.baking_since if facts.endpoint else None
    if since is None or facts.policy.on_no_evidence == "promote":
        return False
    return facts.now >= since + facts.policy.bake - LEAD


def _firing(facts: RolloutFacts) -> list[Alarm]:
    return [alarm for alarm in facts.alarms if alarm.state == "ALARM"]


def _tripped(facts: RolloutFacts) -> str | None:
    return "; ".join(f"alarm {one.name}: {one.reason}" for one in _firing(facts)) or None


def _explained(facts: RolloutFacts, rollout: Rollout, endpoint: EndpointFacts) -> str:
    """Why a rollout did not end with its version serving, as far as anybody says."""
    tripped = _tripped(facts)
    said = [rollout.cause or tripped or endpoint.failure or "SageMaker gives no reason"]
    if tripped and tripped not in said:
        said.append(f"in ALARM: {', '.join(one.name for one in _firing(facts))}")
    if facts.judged and not _by_judge(rollout):
        said.append(facts.judged.reason)
    return "; ".join(said)


def _by_judge(rollout: Rollout) -> bool:
    return rollout.ended_by in ("judge", "no evidence")


def _figures(facts: RolloutFacts) -> dict[str, object]:
    return dict(facts.judged.facts) if facts.judged else {}


def _finished(facts: RolloutFacts, rollout: Rollout, wanted: str) -> Verdict:
    reason, judged = f"{wanted} is in service", facts.judged
    if rollout.cause:
        reason += f", though it was to end: {rollout.cause}"
    elif judged and judged.kind == NOT_ENOUGH:
        reason += f", promoted without evidence: {judged.reason}"
    elif judged:
        reason += f": {judged.reason}"
    return _of(rollout, "finish", reason, _figures(facts))
