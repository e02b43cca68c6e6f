"""A verdict: what is to be done, and why, in numbers."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from steward import digest
from steward.words import one_line


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer to one question about one subject; both are told on one line.

    `facts` are what the answer rests on, without clocks and counters of looks, so that the same
    answer on the same facts is the same decision, however often it is given. `repair` says how it
    came about if the sweep had to find it; it is no part of the answer either.
    """

    concern: str
    subject: str
    kind: str
    reason: str
    facts: Mapping[str, object] = field(default_factory=dict)
    repair: str = ""

    def __post_init__(self) -> None:
        # Keys of objects, reasons of failures and people's words stand in them as they came.
        object.__setattr__(self, "subject", one_line(self.subject))
        object.__setattr__(self, "reason", one_line(self.reason))

    @property
    def facts_digest(self) -> str:
        """Digest of the facts."""
        return digest.of(self.facts)

    def id(self, model: str) -> str:
        """Node id of this decision."""
        return "decision#" + digest.of(
            [model, self.concern, self.subject, self.kind, self.facts_digest]
        )
