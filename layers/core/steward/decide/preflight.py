"""Preflight: whether a rollout that is due may begin, as everything is just before the call."""

from collections.abc import Sequence

from steward.decide.rollout_facts import Alarm, Rollout
from steward.decide.verdict import Verdict
from steward.decide.versions import Version

CONCERN = "rollout"


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


def unfit(wanted: Sequence[str], found: Sequence[Alarm]) -> str | None:
    """Why these alarms would not guard an update; None when they would.

    A new one has INSUFFICIENT_DATA, which is fit.
    """
    known = {alarm.name for alarm in found}
    if missing := [name for name in wanted if name not in known]:
        return f"the alarm {missing[0]} does not exist"
    for alarm in found:
        if alarm.state == "ALARM" and alarm.name in wanted:
            return f"the alarm {alarm.name} is in ALARM already: {alarm.reason}"
    return None


def blocked(rollout: Rollout) -> Verdict:
    """The verdict when the account's limits leave no room for the new fleet."""
    facts = {"rollout": rollout.number, "config": rollout.config_name}
    reason = (
        f"a limit of the account leaves no room for version {rollout.version}; the rollout stays "
        "open and is asked for again every minute"
    )
    return Verdict(CONCERN, f"rollout {rollout.number}", "hold", reason, facts)


def held(verdict: Verdict, why: str) -> Verdict:
    """The verdict when a start was due and something forbids it."""
    facts = dict(verdict.facts) | {"why": why}
    return Verdict(CONCERN, verdict.subject, "hold", why, facts)


def withdrawn(rollout: Rollout, why: str) -> Verdict:
    """The verdict when an opened rollout is not started after all."""
    facts = {"rollout": rollout.number, "why": why}
    return Verdict(CONCERN, f"rollout {rollout.number}", "withdraw", why, facts)
