"""Rollout: what should serve, and what is the next step towards it?"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from steward.decide.verdict import Verdict
from steward.decide.versions import Version

CONCERN = "rollout"
MOVING = ("Creating", "Updating", "SystemUpdating", "RollingBack")


@dataclass(frozen=True, slots=True)
class Rollout:
    """The rollout row: the last rollout of a model's endpoint.

    `called_at` is noted just before SageMaker is asked, and with it `endpoint_at`, when the
    endpoint was last modified before; None: it was not asked. `asks` counts how often it was.
    `highest` is the highest version that was ever served or failed; `stepped_back_at` is when a
    rollout last went back to an older version.
    """

    number: int
    state: str
    version: int
    direction: str
    approval: str
    decision: str
    config_name: str
    opened_at: datetime
    highest: int
    asks: int = 0
    endpoint_at: datetime | None = None
    called_at: datetime | None = None
    stepped_back_at: datetime | None = None
    outcome: str | None = None

    @property
    def open(self) -> bool:
        """Whether the rollout is in flight, or was about to start."""
        return self.state == "open"


@dataclass(frozen=True, slots=True)
class EndpointFacts:
    """The endpoint as it is now. `version` is None when somebody else's config serves."""

    status: str
    config: str
    version: int | None
    modified_at: datetime
    failure: str


@dataclass(frozen=True, slots=True)
class RolloutFacts:
    """Everything that one look at a model's endpoint rests on.

    `registry` is the approval status of each version now; no `endpoint`: there is none yet; no
    `rollout`: there was none yet.
    """

    registry: Mapping[int, str]
    versions: Mapping[int, Version]
    endpoint: EndpointFacts | None
    rollout: Rollout | None

    @property
    def in_flight(self) -> Rollout:
        """The open rollout."""
        if self.rollout is None or not self.rollout.open:
            raise ValueError("no rollout is open")
        return self.rollout

    def why_not(self, number: int) -> str | None:
        """Why a version may not serve; None when it may."""
        if number not in self.registry:
            return f"version {number} is not in the registry any more"
        if number not in self.versions:
            return f"version {number} has not been judged yet"
        return self.versions[number].why_not(self.registry[number])

    def eligible(self) -> list[int]:
        """The versions that may serve, newest first."""
        return [
            number for number in sorted(self.registry, reverse=True) if not self.why_not(number)
        ]


@dataclass(frozen=True, slots=True)
class Target:
    """The version that should serve, and whether getting there is a step forward or back."""

    version: int
    direction: str
    reason: str


def desired(facts: RolloutFacts) -> Target | str:
    """The version to roll out next, or why what serves stays."""
    live = facts.endpoint.version if facts.endpoint else None
    if facts.endpoint and live is None:
        return f"the endpoint serves {facts.endpoint.config}, which is not Steward's"
    eligible = facts.eligible()
    if live is not None and (why_not := facts.why_not(live)):
        return _step_back(facts, live, why_not, eligible)
    return _forward(facts, live, eligible)


def _step_back(facts: RolloutFacts, live: int, why_not: str, eligible: list[int]) -> Target | str:
    served = [n for n in eligible if n != live and facts.versions[n].served_at is not None]
    if not served:
        return f"hold: {why_not}, and no other approved version has served; {live} stays"
    return Target(served[0], "back", f"{why_not}; version {served[0]} has served before")


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
            return Target(number, "forward", f"version {number} may serve ({words}) and {against}")
    if live is None:
        return "no version may serve yet"
    return f"version {live} serves; no newer version may replace it"


def next_step(facts: RolloutFacts) -> Verdict:
    """What to do for an endpoint now: start, resume, wait, finish, fail, hold or nothing."""
    if facts.rollout and facts.rollout.open:
        return _in_flight(facts.rollout, facts.endpoint)
    if facts.endpoint and facts.endpoint.status in MOVING:
        reason = f"the endpoint is {facts.endpoint.status}, not by a rollout of ours"
        return Verdict(CONCERN, "endpoint", "wait", reason, {"config": facts.endpoint.config})
    if facts.endpoint and facts.endpoint.status != "InService":
        failure = facts.endpoint.failure or "no reason given"
        reason = f"the endpoint is {facts.endpoint.status} ({failure}); a person must look"
        return Verdict(CONCERN, "endpoint", "hold", reason, {"config": facts.endpoint.config})
    target = desired(facts)
    if isinstance(target, str):
        kind = "hold" if target.startswith("hold:") else "nothing"
        live = facts.endpoint.config if facts.endpoint else None
        return Verdict(CONCERN, "endpoint", kind, target, {"config": live, "why": target})
    return _start(facts, target)


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


def _in_flight(rollout: Rollout, endpoint: EndpointFacts | None) -> Verdict:
    def verdict(kind: str, reason: str) -> Verdict:
        facts = {"rollout": rollout.number, "config": rollout.config_name}
        return Verdict(CONCERN, f"rollout {rollout.number}", kind, reason, facts)

    wanted = f"version {rollout.version} ({rollout.config_name})"
    if endpoint is None:
        return verdict("resume", f"the endpoint for {wanted} is not there yet")
    if endpoint.status in MOVING:
        return verdict("wait", f"the endpoint is {endpoint.status}, wanted is {wanted}")
    if endpoint.status == "InService" and endpoint.config == rollout.config_name:
        return verdict("finish", f"{wanted} is in service")
    if endpoint.status == "InService" and rollout.called_at is None:
        return verdict("resume", f"the update to {wanted} has not been asked for")
    if endpoint.status == "InService" and endpoint.modified_at == rollout.endpoint_at:
        return verdict("resume", f"the endpoint has not begun to move towards {wanted}")
    failure = endpoint.failure or "SageMaker gives no reason"
    return verdict("fail", f"{endpoint.config} is {endpoint.status} instead of {wanted}: {failure}")


def blocked(rollout: Rollout) -> Verdict:
    """The verdict when the account's limits leave no room for the new fleet."""
    facts = {"rollout": rollout.number, "config": rollout.config_name}
    reason = (
        f"a limit of the account leaves no room for version {rollout.version}; the rollout stays "
        "open and is asked for again every minute"
    )
    return Verdict(CONCERN, f"rollout {rollout.number}", "hold", reason, facts)


def still_stands(
    version: Version | None, rollout: Rollout, status: str, config_name: str
) -> str | None:
    """Why an opened rollout must not be started after all, read just before the call."""
    if status != "Approved":
        return f"version {rollout.version} became {status} before the call"
    if version is None or version.approval is None or version.approval.id != rollout.approval:
        return f"the approval that opened the rollout of version {rollout.version} was replaced"
    if config_name != rollout.config_name:
        return f"the model's file changed after the rollout of version {rollout.version} was opened"
    return None


def held(verdict: Verdict, why: str) -> Verdict:
    """The verdict when a start was due and something forbids it."""
    facts = dict(verdict.facts) | {"why": why}
    return Verdict(CONCERN, verdict.subject, "hold", why, facts)


def withdrawn(rollout: Rollout, why: str) -> Verdict:
    """The verdict when an opened rollout is not started after all."""
    facts = {"rollout": rollout.number, "why": why}
    return Verdict(CONCERN, f"rollout {rollout.number}", "withdraw", why, facts)


def same_artifact(
    version: Version, etag: str | None, version_id: str | None, image: str
) -> str | None:
    """Why the artifact or image is not the one that was registered; None when it is."""
    registered = version.artifact
    if etag is None or (etag, version_id) != (registered.etag, registered.version_id):
        return (
            f"{registered.uri} is not what was registered: found ETag {etag} version "
            f"{version_id}, registered were {registered.etag} and {registered.version_id}"
        )
    if image != (registered.image_digest or ""):
        return f"the image digest is {image}, registered was {registered.image_digest}"
    return None
