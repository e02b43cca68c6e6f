"""In flight: how far is an open rollout, and does it end?"""

from datetime import timedelta

from steward.decide.canary import NOT_ENOUGH, WORSE
from steward.decide.preflight import CONCERN, withdrawn
from steward.decide.review import NO_EVIDENCE, exception
from steward.decide.rollout_facts import (
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


def in_flight(facts: RolloutFacts, rollout: Rollout) -> Verdict:
    """What to do for a rollout that is open: DescribeEndpoint alone says how it is."""
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
        if endpoint.config != rollout.live:
            was = f"{rollout.live} did when the rollout was opened"
            return withdrawn(rollout, f"{endpoint.config} serves, {was}")
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
    late = facts.too_late(rollout.version) if rollout.direction == FORWARD else None
    return facts.no_start(rollout.direction) or (late.why if late else None)


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
    figures = _figures(facts)
    if rollout.cause:
        reason += f", though it was to end: {rollout.cause}"
    elif judged and judged.kind == NOT_ENOUGH:
        reason += f", promoted without evidence: {judged.reason}"
        approval = facts.versions[rollout.version].approval
        figures |= exception(NO_EVIDENCE, approval.by if approval else "")
    elif judged:
        reason += f": {judged.reason}"
    return _of(rollout, "finish", reason, figures)
