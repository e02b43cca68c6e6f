"""Who served when, as the embedded AWS itself announced it: never what Steward wrote of it."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from steward.names import Names

STATE = "SageMaker Endpoint State Change"
# An endpoint that is taken down is gone after a minute, and every model is looked at every quarter
# of an hour: AWS keeps nothing from which it could be known better.
UNNOTICED = timedelta(minutes=17)
_BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)

type Json = dict[str, Any]


@dataclass(frozen=True)
class Stretch:
    """From `since` on a request is answered by one of these versions.

    `moving`: traffic is being shifted, or the endpoint is being taken down.
    """

    since: datetime
    versions: frozenset[int]
    moving: bool = False


class Timeline:
    """Who served on one endpoint, from the beginning of time."""

    def __init__(self, names: Names, events: Iterable[Mapping[str, Any]]) -> None:
        self._names = names
        self.stretches = [Stretch(_BEGINNING, frozenset())]
        for entry in events:
            event = entry["event"]
            if event["detail"].get("EndpointName") == names.endpoint:
                for stretch in self._told(event["detail-type"], event["detail"]):
                    self._add(stretch)

    def _add(self, stretch: Stretch) -> None:
        # What was to be noticed by then was noticed, when something follows from it before.
        while self.stretches[-1].since > stretch.since:
            self.stretches.pop()
        self.stretches.append(stretch)

    def _told(self, kind: str, detail: Json) -> Iterator[Stretch]:
        since, version = _time(detail["LastModifiedTime"]), self._version(detail)
        status, former = detail["EndpointStatus"], self.stretches[-1].versions
        if kind != STATE:
            yield from self._baking(detail["PendingDeploymentSummary"], version)
        elif status == "IN_SERVICE":
            yield Stretch(since, frozenset({version}))
        elif status in ("CREATING", "FAILED"):
            yield Stretch(since, frozenset())
        elif status in ("UPDATING", "ROLLING_BACK"):
            yield Stretch(since, former if status == "UPDATING" else frozenset({version}), True)
        elif status == "DELETING":
            yield Stretch(since, frozenset(), moving=True)
            yield Stretch(since + UNNOTICED, frozenset())
        else:
            raise AssertionError(f"{self._names.endpoint} became {status}")

    def _baking(self, pending: Json, version: int) -> Iterator[Stretch]:
        """The new fleet has traffic, and not said how much; without a bake all of it at once."""
        for variant in pending["ProductionVariants"]:
            for status in variant["VariantStatus"]:
                if status["Status"] == "Baking":
                    both = frozenset({version, self._version(pending)})
                    yield Stretch(_time(status["StartTime"]), both, moving=True)

    def _version(self, detail: Json) -> int:
        version = self._names.version_of(detail["EndpointConfigName"])
        assert version is not None
        return version

    def at(self, when: datetime) -> Stretch:
        """Who served at a moment."""
        return self.stretches[self._place(when)]

    def is_at_rest(self, when: datetime, around: timedelta) -> bool:
        """Whether nothing was moving at a moment, nor shortly after it."""
        first, last = self._place(when), self._place(when + around)
        return not any(one.moving for one in self.stretches[first : last + 1])

    def _place(self, when: datetime) -> int:
        return bisect_right(self.stretches, when, key=lambda one: one.since) - 1


def _time(milliseconds: float) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
