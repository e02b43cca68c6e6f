"""Canary: does the new fleet fail more often than the old one?

Both fleets answer requests of the same minutes. If the new one is no worse, a minute's failures
fell on it by chance alone, by its share of that minute's requests, however many they were: a bad
minute for both is no evidence. That it fails R times as often is a bet against this chance, for
each R of `RATIOS`; what the bets have won on average after a minute is the evidence.

While the new fleet is no worse the evidence reaches 20 in at most one bake of 20, however often
one looks: each bet is expected to keep or lose what it holds (Hoeffding, "Probability Inequalities
for Sums of Bounded Random Variables", 1963, theorem 4: failures dealt out without replacement vary
less than by the binomial chance that a bet is paid by), and such a game multiplies its stake by 20
at any time with a probability of at most 1/20 (Ville 1939; for strata of counts: Turner and
Grünwald, "Safe Sequential Testing and Effect Estimation in Stratified Count Data", 2023).
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

WORSE = "worse"
NO_WORSE = "no worse"
NOT_ENOUGH = "not enough evidence"
RATIOS = (1.5, 2.0, 3.0, 5.0, 10.0, 30.0)
# One over the share of bakes that may be called worse though they are not.
NEEDED = 20.0
# Beyond this more evidence says nothing more.
_MOST = 1e6


@dataclass(frozen=True, slots=True)
class Minute:
    """The requests of one minute of a bake, and those that failed, on each fleet."""

    at: datetime
    new_requests: int
    new_errors: int
    old_requests: int
    old_errors: int


@dataclass(frozen=True, slots=True)
class Judgement:
    """`kind` is worse, no worse or not enough evidence; `facts` are the figures of `reason`.

    `evidence` is the highest after any minute, rounded down.
    """

    kind: str
    reason: str
    facts: Mapping[str, object]


def judge(minutes: Sequence[Minute], min_requests: int) -> Judgement:
    """Compare the fleets by the minutes, in any order, in which both answered requests.

    `min_requests` of the new fleet in these minutes are needed for "no worse", at least one; none
    for "worse", which later minutes never take back. A minute is given once, when its counts are
    complete. Counts that cannot be are no evidence at all.
    """
    if broken := _broken(minutes):
        return Judgement(NOT_ENOUGH, broken, {})
    compared = sorted((m for m in minutes if m.new_requests and m.old_requests), key=_at)
    if not compared:
        reason = f"in none of {len(minutes)} minutes did both fleets answer requests"
        return Judgement(NOT_ENOUGH, reason, {})
    highest = max(evidence(compared))
    new, new_errors = sum(m.new_requests for m in compared), sum(m.new_errors for m in compared)
    old, old_errors = sum(m.old_requests for m in compared), sum(m.old_errors for m in compared)
    facts: dict[str, object] = {
        "new_requests": new,
        "new_errors": new_errors,
        "old_requests": old,
        "old_errors": old_errors,
        "evidence": math.floor(highest * 10) / 10,
    }
    reason = (
        f"{_failed(new_errors, new)} failed on the new fleet, {_failed(old_errors, old)} on the "
        f"old; evidence {facts['evidence']:,}, {NEEDED:.0f} needed"
    )
    if highest >= NEEDED:
        return Judgement(WORSE, reason, facts)
    if new >= min_requests:
        return Judgement(NO_WORSE, reason, facts)
    return Judgement(NOT_ENOUGH, f"{reason}; {new:,} of {min_requests:,} requests needed", facts)


def counted(minutes: Sequence[Minute], min_requests: int) -> Judgement:
    """What a bake says in which the new fleet answers everything: only whether it was enough."""
    if broken := _broken(minutes):
        return Judgement(NOT_ENOUGH, broken, {})
    new, errors = sum(m.new_requests for m in minutes), sum(m.new_errors for m in minutes)
    facts: dict[str, object] = {"new_requests": new, "new_errors": errors}
    if new < max(1, min_requests):
        reason = f"{new:,} of {min_requests:,} requests needed came to the new fleet"
        return Judgement(NOT_ENOUGH, reason, facts)
    reason = f"{_failed(errors, new)} failed on the new fleet, and no other answered meanwhile"
    return Judgement(NO_WORSE, reason, facts)


def evidence(minutes: Iterable[Minute]) -> Iterator[float]:
    """After each minute of both fleets what a stake of 1, spread evenly, is worth; at most 1e6."""
    won = [0.0] * len(RATIOS)  # logarithms
    for minute in minutes:
        errors = minute.new_errors + minute.old_errors
        share = minute.new_requests / (minute.new_requests + minute.old_requests)
        for bet, ratio in enumerate(RATIOS):
            paid = minute.new_errors * math.log(ratio)
            won[bet] += paid - errors * math.log1p(share * (ratio - 1))
        yield min(_MOST, sum(math.exp(min(one, 700.0)) for one in won) / len(won))


def _broken(minutes: Sequence[Minute]) -> str | None:
    """Why the counts cannot be; None when they can."""
    seen = set[datetime]()
    for minute in minutes:
        if minute.at in seen:
            return f"the minute {minute.at:%Y-%m-%d %H:%M} was counted twice"
        seen.add(minute.at)
        for fleet, errors, requests in (
            ("new", minute.new_errors, minute.new_requests),
            ("old", minute.old_errors, minute.old_requests),
        ):
            if not 0 <= errors <= requests:
                return (
                    f"the counts of {minute.at:%Y-%m-%d %H:%M} cannot be: {errors} of {requests} "
                    f"requests failed on the {fleet} fleet"
                )
    return None


def _failed(errors: int, requests: int) -> str:
    return f"{errors:,} of {requests:,} requests ({100 * errors / requests:.3g} %)"


def _at(minute: Minute) -> datetime:
    return minute.at
