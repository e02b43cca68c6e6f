"""A verdict: what is to be done, and why, in numbers."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from steward import digest


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer to one question about one subject.

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

    @property
    def facts_digest(self) -> str:
        """Digest of the facts."""
        return digest.of(self.facts)

    def id(self, model: str) -> str:
        """Node id of this decision."""
        return "decision#" + digest.of(
            [model, self.concern, self.subject, self.kind, self.facts_digest]
        )
