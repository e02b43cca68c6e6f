"""A function may die after any change that it makes: delivered again, all ends the same."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from moto import mock_aws

from steward.aws import Aws
from steward.spec.model import ModelSpec
from tests.steward.fakes import Mortal, new_clock
from tests.steward.functions.house import ARTIFACTS, House, open_house

type Part = Callable[[House], None]


def nothing(house: House) -> None:
    """The story has no beginning."""


def uploads(house: House) -> None:
    house.deliver("training", house.upload("a.csv"))
    house.deliver("training", house.upload("b.csv", house.rows(3, without="unem")))


def run(house: House) -> None:
    house.clock.pass_by(minutes=10)
    house.look("training")


def failed_run(house: House) -> None:
    (execution,) = house.sagemaker.executions
    house.sagemaker.end(execution, "Failed", "no rows")
    house.deliver("training", house.run_event())


def judgement(house: House) -> None:
    house.deliver("approval", house.registered())


def word(house: House) -> None:
    house.deliver("approval", house.says(1))


def rollout(house: House) -> None:
    house.look("rollout")
    house.clock.pass_by(minutes=4)
    house.sagemaker.settle()
    house.deliver("rollout", house.endpoint_event())


def next_version(house: House) -> None:
    house.judged(2, against=1)
    house.deliver("approval", house.says(2))


def failed_rollout(house: House) -> None:
    house.look("rollout")
    house.sagemaker.settle(failure="alarm")
    house.deliver("rollout", house.endpoint_event())


def revoked_before_the_call(house: House) -> None:
    house.sagemaker.meanwhile["CreateModel"] = lambda: house.says(1, "Rejected")
    house.look("rollout")


def drift(house: House) -> None:
    key = "monitoring/mortgage/v1/2026/11/20/12/constraint_violations.json"
    house.deliver("drift", house.upload(key, '{"violations": [{}]}', bucket=ARTIFACTS))


def then(*parts: Part) -> Part:
    def together(house: House) -> None:
        for part in parts:
            part(house)

    return together


JUDGED = then(uploads, run, judgement)
STORIES: dict[str, tuple[Part, Part]] = {
    "uploads": (nothing, uploads),
    "a run": (uploads, run),
    "a failed run": (then(uploads, run), failed_run),
    "a judgement": (then(uploads, run), judgement),
    "a word": (JUDGED, word),
    "a rollout": (then(JUDGED, word), rollout),
    "a failed rollout": (then(JUDGED, word, rollout, next_version), failed_rollout),
    "a revocation": (then(JUDGED, word), revoked_before_the_call),
    "drift": (nothing, drift),
}


def ended(house: House) -> list[object]:
    """Both tables, SageMaker and S3 at the end.

    Without the agenda, of which too much only costs a look, and without the time of a call that was
    the last thing done, which nobody can know.
    """
    items = [item for item in house.tables() if item["pk"]["S"] != "#agenda"]
    for item in items:
        item.pop("called_at", None)
        item.get("facts", {}).get("M", {}).pop("asked_at", None)
    fake = house.sagemaker
    listed = house.aws.s3.list_objects_v2(Bucket=ARTIFACTS).get("Contents", [])
    keys = sorted(found["Key"] for found in listed)
    return [items, fake.executions, fake.models, fake.configs, fake.endpoints, keys]


@pytest.mark.parametrize("story", STORIES)
def test_after_any_change(
    story: str, clients: Aws, mortgage: ModelSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    beginning, part = STORIES[story]

    @contextmanager
    def told(dies_after: int) -> Iterator[tuple[House, list[str]]]:
        columns = list(mortgage.data.columns)
        with mock_aws(), open_house(clients, new_clock(monkeypatch), columns, monkeypatch) as house:
            beginning(house)
            mortal = Mortal(clients, lambda: house.at_work)
            mortal.dies_after = dies_after
            try:
                part(house)
                yield house, mortal.changes
            finally:
                mortal.close()

    with told(dies_after=0) as (house, changes):
        usual, said = ended(house), set(house.subjects())
    assert changes
    for number, change in enumerate(changes, start=1):
        with told(dies_after=number) as (house, _):
            where = f"after {change}, change {number} of {len(changes)}"
            for found, expected in zip(ended(house), usual, strict=True):
                assert found == expected, where
            assert set(house.subjects()) == said
