"""The judge of a canary: what it calls worse, what no worse, and when it says neither."""

from dataclasses import replace
from fractions import Fraction
from math import comb, isclose, prod

import pytest

from steward.decide.canary import (
    NEEDED,
    NO_WORSE,
    NOT_ENOUGH,
    RATIOS,
    WORSE,
    Minute,
    counted,
    evidence,
    judge,
)
from tests.steward.builders import after


def bake(minutes: int, new: tuple[int, int], old: tuple[int, int], start: int = 0) -> list[Minute]:
    """Equal minutes; a fleet is told as (errors, requests)."""
    return [
        Minute(after(start + number), new[1], new[0], old[1], old[0]) for number in range(minutes)
    ]


def kind(minutes: list[Minute], min_requests: int = 100) -> str:
    return judge(minutes, min_requests).kind


def test_a_fleet_that_fails_ten_times_as_often_is_worse_and_the_reason_has_the_figures() -> None:
    judgement = judge(bake(20, new=(1, 20), old=(1, 180)), 100)
    assert judgement.kind == WORSE
    assert judgement.reason == (
        "20 of 400 requests (5 %) failed on the new fleet, 20 of 3,600 requests (0.556 %) on the "
        "old; evidence 1,000,000.0, 20 needed"
    )
    assert judgement.facts == {
        "new_requests": 400,
        "new_errors": 20,
        "old_requests": 3600,
        "old_errors": 20,
        "evidence": 1e6,
    }


def test_a_fleet_that_answers_nothing_right_is_found_in_its_first_minute() -> None:
    judgement = judge(bake(1, new=(3, 3), old=(0, 27)), 100)
    assert judgement.kind == WORSE
    assert judgement.reason.startswith("3 of 3 requests (100 %) failed on the new fleet")


def test_two_fleets_without_a_failure_are_no_worse_and_the_evidence_is_the_stake() -> None:
    judgement = judge(bake(5, new=(0, 20), old=(0, 180)), 100)
    assert (judgement.kind, judgement.facts["evidence"]) == (NO_WORSE, 1.0)


def test_a_bad_hour_of_both_fleets_is_no_alarm() -> None:
    quiet = bake(30, new=(0, 20), old=(0, 180))
    bad = bake(60, new=(8, 20), old=(72, 180), start=30)
    assert kind(quiet + bad) == NO_WORSE


def test_a_better_fleet_is_no_worse() -> None:
    assert kind(bake(50, new=(0, 20), old=(9, 180))) == NO_WORSE


def test_a_bad_hour_of_the_new_fleet_alone_is_found_among_good_ones() -> None:
    good = bake(100, new=(0, 20), old=(2, 180))
    assert kind([*good, *bake(60, new=(4, 20), old=(2, 180), start=100)]) == WORSE


def test_what_was_worse_once_stays_worse() -> None:
    bad = bake(5, new=(4, 20), old=(2, 180))
    good = bake(500, new=(0, 20), old=(4, 180), start=5)
    assert list(evidence(bad + good))[-1] < 0.01
    assert kind(bad + good) == WORSE


def test_minutes_are_judged_in_the_order_of_time_however_they_are_given() -> None:
    minutes = bake(3, new=(2, 20), old=(2, 180)) + bake(3, new=(0, 20), old=(9, 180), start=3)
    assert judge(minutes[::-1], 100) == judge(minutes, 100)


def test_too_few_requests_of_the_new_fleet_are_no_answer() -> None:
    judgement = judge(bake(4, new=(0, 20), old=(2, 180)), 100)
    assert judgement.kind == NOT_ENOUGH
    assert judgement.reason.endswith("evidence 0.5, 20 needed; 80 of 100 requests needed")


def test_too_few_requests_do_not_hide_a_bad_fleet() -> None:
    assert kind(bake(1, new=(20, 20), old=(0, 180)), min_requests=10_000) == WORSE


@pytest.mark.parametrize(
    ("new", "old"), [((50, 100), (0, 0)), ((0, 0), (50, 100)), ((0, 0), (0, 0))]
)
def test_minutes_of_one_fleet_alone_say_nothing(new: tuple[int, int], old: tuple[int, int]) -> None:
    judgement = judge(bake(3, new, old), 100)
    assert (judgement.kind, judgement.facts) == (NOT_ENOUGH, {})
    assert judgement.reason == "in none of 3 minutes did both fleets answer requests"


def test_minutes_of_one_fleet_alone_neither_add_requests_nor_evidence() -> None:
    both = bake(3, new=(1, 20), old=(1, 180))
    alone = bake(9, new=(90, 900), old=(0, 0), start=3)
    assert judge(both + alone, 100) == judge(both, 100)


def test_without_a_minute_there_is_no_answer_even_if_no_request_is_needed() -> None:
    assert judge([], 0).kind == NOT_ENOUGH


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"new_errors": 21}, "21 of 20 requests failed on the new fleet"),
        ({"old_errors": 181}, "181 of 180 requests failed on the old fleet"),
        ({"new_errors": -1}, "-1 of 20 requests failed on the new fleet"),
        ({"old_requests": -5, "old_errors": -5}, "-5 of -5 requests failed on the old fleet"),
    ],
)
def test_counts_that_cannot_be_are_no_evidence_however_bad_the_rest(
    wrong: dict[str, int], told: str
) -> None:
    first, *rest = bake(20, new=(10, 20), old=(1, 180))
    judgement = judge([*rest, replace(first, **wrong)], 100)
    assert judgement.kind == NOT_ENOUGH
    assert judgement.reason == f"the counts of 2026-11-20 12:00 cannot be: {told}"


def test_a_minute_that_was_counted_twice_is_no_evidence() -> None:
    judgement = judge(2 * bake(1, new=(10, 20), old=(1, 180)), 10)
    assert judgement.kind == NOT_ENOUGH
    assert judgement.reason == "the minute 2026-11-20 12:00 was counted twice"


def test_one_failure_is_worth_what_each_bet_pays_for_it() -> None:
    """The new fleet has a tenth of the requests: of its R times as many failures, R in R + 9."""
    hit, missed = (
        list(evidence(bake(1, new, old))) for new, old in [((1, 10), (0, 90)), ((0, 10), (1, 90))]
    )
    assert isclose(hit[0], sum(10 * ratio / (ratio + 9) for ratio in RATIOS) / len(RATIOS))
    assert isclose(missed[0], sum(10 / (ratio + 9) for ratio in RATIOS) / len(RATIOS))


def test_each_bet_is_on_all_minutes_together() -> None:
    won = list(evidence(bake(2, new=(1, 10), old=(0, 90))))
    assert isclose(won[1], sum((10 * ratio / (ratio + 9)) ** 2 for ratio in RATIOS) / len(RATIOS))


def test_the_evidence_does_not_depend_on_how_often_requests_fail_at_all() -> None:
    """The same failures among a hundred times the requests of both fleets are the same evidence."""
    rare = list(evidence(bake(9, new=(2, 2_000), old=(3, 18_000))))
    often = list(evidence(bake(9, new=(2, 20), old=(3, 180))))
    assert all(map(isclose, rare, often))


@pytest.mark.parametrize("failures", [1, 3, 10, 20])
@pytest.mark.parametrize(("new", "old"), [(5, 15), (10, 10), (15, 5), (1, 19)])
def test_a_minute_of_equal_fleets_adds_no_evidence_on_average(
    failures: int, new: int, old: int
) -> None:
    """All ways of dealing a minute's failures to the requests, each as likely as the other."""
    ways = {
        hit: comb(new, hit) * comb(old, failures - hit)
        for hit in range(max(0, failures - old), min(new, failures) + 1)
    }
    expected = sum(
        ways[hit] * next(evidence(bake(1, (hit, new), (failures - hit, old)))) for hit in ways
    )
    assert expected / comb(new + old, failures) <= 1 + 1e-12


def test_whoever_looks_after_every_minute_of_equal_fleets_is_misled_once_in_twenty_at_most() -> (
    None
):
    """Every bake of four minutes with two failures each, by its exact chance."""
    chance = {hit: Fraction(comb(4, hit) * comb(8, 2 - hit), comb(12, 2)) for hit in range(3)}
    misled = Fraction(0)
    for number in range(3**4):
        hits = [number // 3**minute % 3 for minute in range(4)]
        minutes = [Minute(after(at), 4, hit, 8, 2 - hit) for at, hit in enumerate(hits)]
        if kind(minutes) == WORSE:
            misled += prod(chance[hit] for hit in hits)
    assert 0 < misled <= 1 / Fraction(NEEDED)


def test_a_great_fleet_is_judged_as_any_other() -> None:
    assert kind(bake(60, new=(1_000, 100_000), old=(9_000, 900_000))) == NO_WORSE
    assert kind(bake(60, new=(2_000, 100_000), old=(9_000, 900_000))) == WORSE


class TestCounted:
    """All traffic goes to the new fleet: there is none to compare it with."""

    def test_enough_requests_are_enough(self) -> None:
        found = counted([*bake(1, (1, 30), (0, 0)), *bake(1, (0, 20), (0, 0), start=1)], 50)
        assert (found.kind, found.facts) == (NO_WORSE, {"new_requests": 50, "new_errors": 1})
        assert found.reason.startswith("1 of 50 requests (2 %) failed on the new fleet")

    def test_fewer_are_not(self) -> None:
        found = counted(bake(1, (0, 49), (0, 9)), 50)
        assert found.kind == NOT_ENOUGH
        assert found.reason == "49 of 50 requests needed came to the new fleet"
        assert counted([], 1).kind == NOT_ENOUGH

    def test_counts_that_cannot_be_are_no_evidence(self) -> None:
        assert counted(bake(1, (2, 1), (0, 0)), 1).kind == NOT_ENOUGH
