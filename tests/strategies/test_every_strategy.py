"""Every strategy, end to end: a good version is promoted, a bad one goes back, nothing is lost.

And the same bad version with its alarms switched off is promoted: so the test could fail.
"""

import pytest

from tests.strategies.models import SHARES, STRATEGIES
from tests.strategies.street import AT_LEAST, Case, open_street

GOOD, BAD, UNGUARDED = "a good version", "a bad one", "a bad one without alarms"
FAILING = 0.2


@pytest.fixture(scope="session")
def rounds(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Case]]:
    # Closed before the first test: it replaces the repository's models and the AWS of this process.
    with open_street(tmp_path_factory.mktemp("street")) as street:
        street.first()
        return {
            GOOD: street.round(2, 2, failing=0.0, alarms=True),
            BAD: street.round(3, 3, failing=FAILING, alarms=True),
            UNGUARDED: street.round(4, 4, failing=FAILING, alarms=False),
        }


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("kind", [GOOD, BAD, UNGUARDED])
class TestRequests:
    def test_are_many_and_none_is_lost(
        self, rounds: dict[str, dict[str, Case]], kind: str, strategy: str
    ) -> None:
        case = rounds[kind][strategy]
        assert case.requests >= AT_LEAST
        assert case.lost == []

    def test_are_answered_by_a_version_that_is_live(
        self, rounds: dict[str, dict[str, Case]], kind: str, strategy: str
    ) -> None:
        assert rounds[kind][strategy].wrong == []

    def test_meet_the_new_version_as_the_policy_says(
        self, rounds: dict[str, dict[str, Case]], kind: str, strategy: str
    ) -> None:
        """Within three points, stage by stage; a version that goes back sees no later stage."""
        found, expected = rounds[kind][strategy].shares, SHARES[strategy]
        if kind != BAD:
            assert len(found) == len(expected)
        assert found
        for share, policy in zip(found, expected, strict=False):
            assert share == pytest.approx(policy, abs=0.03)


@pytest.mark.parametrize("strategy", STRATEGIES)
class TestRollout:
    def test_of_a_good_version_ends_with_it_serving(
        self, rounds: dict[str, dict[str, Case]], strategy: str
    ) -> None:
        case = rounds[GOOD][strategy]
        assert case.served == [1, 2]
        assert case.failed.total() == 0
        assert case.last is not None
        assert (case.last.version, case.last.outcome) == (2, "served")

    def test_of_a_bad_version_goes_back_by_itself(
        self, rounds: dict[str, dict[str, Case]], strategy: str
    ) -> None:
        case = rounds[BAD][strategy]
        assert case.served == [1, 2]
        assert set(case.failed) == {3}
        assert case.last is not None
        assert (case.last.version, case.last.outcome) == (3, "failed")
        assert case.last.ended_by in ("alarm", "judge")

    def test_of_a_bad_version_without_alarms_promotes_it(
        self, rounds: dict[str, dict[str, Case]], strategy: str
    ) -> None:
        """SageMaker has nothing to stop it by; Steward steps back afterwards."""
        assert rounds[UNGUARDED][strategy].served[:3] == [1, 2, 4]


def test_an_endpoint_that_was_adopted_keeps_its_variants_name(
    rounds: dict[str, dict[str, Case]],
) -> None:
    """It was made by hand, and is then updated by Steward like any other."""
    variants = {strategy: rounds[GOOD][strategy].last for strategy in STRATEGIES}
    assert [one.variant for one in variants.values() if one] == [*["AllTraffic"] * 3, "blue"]
