"""What people order, and what is held from then on."""

import pytest

from steward.decide.orders import adopted, weigh
from steward.decide.rollout_facts import Order
from tests.steward.builders import ARTIFACT, after, order, rollout, version


@pytest.mark.parametrize("kind", ["pause", "retire"])
def test_a_pause_and_a_retirement_hold(kind: str) -> None:
    verdict, holds = weigh(order(kind), None)
    assert (verdict.kind, verdict.reason) == (kind, f"bob orders {kind}: customers complain")
    assert holds == Order(kind, "bob", "customers complain")
    assert weigh(order(kind), rollout(4)) == (verdict, holds), "whatever is open"


def test_a_resumption_holds_nothing() -> None:
    verdict, holds = weigh(order("resume"), rollout())
    assert (verdict.kind, holds) == ("resume", None)


class TestAbort:
    def test_means_the_rollout_that_is_open(self) -> None:
        verdict, holds = weigh(order("abort"), rollout(4))
        assert (verdict.kind, holds) == ("abort", Order("abort", "bob", "customers complain", 4))

    @pytest.mark.parametrize(
        "last",
        [None, rollout(4, state="closed"), rollout(4, opened_at=after(11))],
        ids=["none yet", "it has ended", "a later one"],
    )
    def test_of_none_does_nothing(self, last: object) -> None:
        verdict, holds = weigh(order("abort"), last)  # type: ignore[arg-type]
        assert (verdict.kind, holds) == ("nothing", None)
        assert verdict.reason.endswith("; no rollout was open")


def test_an_order_that_comes_twice_is_the_same_decision_and_two_orders_are_two() -> None:
    once, again = (weigh(order(), None)[0].id("mortgage") for _ in range(2))
    assert once == again
    assert weigh(order(id="order-2"), None)[0].id("mortgage") != once


class TestAdoption:
    ORDER = order("adopt", version=1, config="handmade")

    @pytest.mark.parametrize("serves", [ARTIFACT.format(1), version(1).arn])
    def test_of_what_serves_the_versions_artifact(self, serves: str) -> None:
        verdict, after_it = adopted(self.ORDER, version(1), "handmade", serves)
        assert verdict.kind == "adopt"
        assert after_it is not None
        assert after_it.adopted == "handmade"

    def test_of_something_else_is_held(self) -> None:
        verdict, after_it = adopted(self.ORDER, version(1), "handmade", ARTIFACT.format(2))
        assert (verdict.kind, after_it) == ("hold", None)
        assert "version 1 is" in verdict.reason

    def test_of_what_does_not_serve_any_more_is_held(self) -> None:
        verdict, after_it = adopted(self.ORDER, version(1), "another", ARTIFACT.format(1))
        assert (verdict.kind, after_it) == ("hold", None)
        assert verdict.reason == "the endpoint serves another, handmade was to be adopted"
