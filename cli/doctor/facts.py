"""What a deployment should be, what it is, and a finding where the two differ."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class Unread:
    """Something that AWS did not tell, and why not: nobody knows whether it is well."""

    why: str


# None: it is not there.
type Read[T] = T | Unread | None
type Document = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of EventBridge: its state, and the ARNs of its targets."""

    state: str
    targets: frozenset[str]


@dataclass(frozen=True, slots=True)
class Alarm:
    """An alarm: its state with CloudWatch's reason, and whether and whom it tells."""

    state: str
    reason: str
    enabled: bool
    tells: frozenset[str]


@dataclass(frozen=True, slots=True)
class Role:
    """A role: who may take it, its inline policies by name, the ARNs of the attached ones."""

    trust: Document
    policies: Mapping[str, Document]
    attached: frozenset[str]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the template of this checkout says; rules and alarms with whom they lead to.

    `takes` has the function that each queue feeds, `runbooks` the page of each alarm.
    """

    rules: Mapping[str, frozenset[str]]
    takes: Mapping[str, str]
    lost: Sequence[str]
    alarms: Mapping[str, frozenset[str]]
    runbooks: Mapping[str, str]
    roles: Mapping[str, Read[Role]]


@dataclass(frozen=True, slots=True)
class Sweep:
    """The last sweep: when it was, and the digest of each model's file that it read."""

    at: datetime
    specs: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Ledger:
    """When the first ledger began, and the day of the newest checkpoint of the last week."""

    begun: datetime | None
    signed: date | None


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not well: what was found, what is expected, and how to mend it."""

    thing: str
    found: str
    expected: str
    mend: str


@dataclass(frozen=True, slots=True)
class Check:
    """One question, of how many things it was asked, and of which the answer is no."""

    name: str
    looked_at: int
    findings: Sequence[Finding]
