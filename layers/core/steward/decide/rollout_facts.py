"""What rollout decides on: the row, the endpoint, the registry, people's orders and the canary."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from steward.decide.canary import Judgement
from steward.decide.freshness import Late, too_late
from steward.decide.versions import Version
from steward.names import VARIANT
from steward.spec.model import GateSpec, RolloutSpec
from steward.spec.shifting import has_brake

MOVING = ("Creating", "Updating", "SystemUpdating", "RollingBack")
FORWARD, BACK = "forward", "back"


@dataclass(frozen=True, slots=True)
class Rollout:
    """The rollout row: the last rollout of a model's endpoint.

    `called_at` is noted just before SageMaker is asked, and with it `endpoint_at`, when the
    endpoint was last modified before; None: it was not asked, or there was no endpoint. `asks`
    counts how often it was. `highest` is the highest version that was ever served or failed;
    `stepped_back_at` is when a rollout last went back to an older version. `live` is the config
    that is on record as serving. `ended_by` says who or what wants its end, `cause` in words.
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
    live: str | None = None
    variant: str = VARIANT
    ended_by: str | None = None
    cause: str | None = None

    @property
    def open(self) -> bool:
        """Whether the rollout is in flight, or was about to start."""
        return self.state == "open"


@dataclass(frozen=True, slots=True)
class EndpointFacts:
    """The endpoint as it is now. `version` is None when somebody else's config serves.

    `pending` is the config that it moves towards, as far as SageMaker says; `baking_since` is when
    the bake began that goes on now.
    """

    status: str
    config: str
    version: int | None
    modified_at: datetime
    failure: str
    variants: tuple[str, ...] = (VARIANT,)
    instances: int = 1
    pending: str | None = None
    baking_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Alarm:
    """An alarm of a rollout: OK, ALARM or INSUFFICIENT_DATA, and why in CloudWatch's words."""

    name: str
    state: str
    reason: str


@dataclass(frozen=True, slots=True)
class Order:
    """What a person asked for and holds until it is taken back: `pause`, `retire` or `abort`.

    `rollout` is the one that an abort means.
    """

    kind: str
    by: str
    why: str
    rollout: int = 0


@dataclass(frozen=True, slots=True)
class RolloutFacts:
    """Everything that one look at a model's endpoint rests on.

    `registry` is the approval status of each version now; no `endpoint`: there is none now; no
    `rollout`: there was none yet. `alarms` and `judged` are read of a rollout in flight.
    """

    registry: Mapping[int, str]
    versions: Mapping[int, Version]
    endpoint: EndpointFacts | None
    rollout: Rollout | None
    now: datetime
    policy: RolloutSpec
    gate: GateSpec
    pause: Order | None = None
    abort: Order | None = None
    alarms: tuple[Alarm, ...] = ()
    judged: Judgement | None = None

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

    def too_late(self, number: int) -> Late | None:
        """Why a version's approval or evidence are too old for a start forward."""
        return too_late(self.versions[number], self.gate, self.now)

    def no_start(self, direction: str) -> str | None:
        """Why no rollout of this direction may start now; None when it may."""
        if self.pause and (self.pause.kind == "retire" or direction == FORWARD):
            done = "retired" if self.pause.kind == "retire" else "paused"
            return f"{done} by {self.pause.by}: {self.pause.why}"
        frozen = [one for one in self.policy.freeze if one.begin <= self.now < one.end]
        if frozen and direction == FORWARD:
            return f"frozen from {frozen[0].begin:%Y-%m-%d %H:%M} to {frozen[0].end:%Y-%m-%d %H:%M}"
        return None


def brakes(rollout: Rollout, policy: RolloutSpec) -> bool:
    """Whether alarms can end this rollout: an update forward that bakes."""
    updates = rollout.live is not None or rollout.endpoint_at is not None
    return rollout.direction == FORWARD and updates and has_brake(policy)
