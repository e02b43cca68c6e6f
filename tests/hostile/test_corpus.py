"""Each message of the corpus ends as its file says; among good ones only bad ones come back."""

import json
from collections.abc import Iterator
from itertools import batched

import pytest

from tests.hostile.cases import CORPUS, Case, cases
from tests.hostile.fit import assert_fit_for_people
from tests.hostile.shapes import SHAPES
from tests.hostile.watched import (
    AGAIN,
    DECISION,
    EFFECT,
    IGNORED,
    REFUSED,
    Came,
    Watched,
    at_work,
)

TYPES = (
    "alarm", "deployment", "drift-report", "endpoint", "job", "look-at", "order", "run", "upload",
    "version", "violation-file",
)  # fmt: skip
# Of each function, a message that is good.
GOOD = {
    "training": "upload",
    "approval": "version-approved",
    "rollout": "endpoint-updating",
    "drift": "job-failed",
}


# Rows that make no difference to the next message.
HARMLESS = {"object", "pending"}


class Lodging:
    """A house to be used again while nothing is held there, and nothing has been started."""

    def __init__(self) -> None:
        self._watched: Watched | None = None
        self._number = 0

    def hand_over(self, case: Case) -> list[Came]:
        """What comes of a case's messages, one at a time."""
        watched, self._number = self._watched or Watched(), self._number + 20
        self._watched = watched
        watched.house.enter()
        came = [
            watched.hand_over(case.function, [body])[0]
            for body in case.bodies(watched, self._number)
        ]
        if not all(HARMLESS.issuperset(one.rows) for one in came):
            self._watched = None
        return came


@pytest.fixture(scope="module")
def lodging() -> Lodging:
    return Lodging()


@pytest.fixture(autouse=True)
def working() -> Iterator[None]:
    with at_work():
        yield


@pytest.mark.parametrize("case", cases(), ids=[case.name for case in cases()])
def test_it_ends_as_its_file_says(lodging: Lodging, case: Case) -> None:
    for came in lodging.hand_over(case):
        assert came.outcome == case.says["expected"], came.said
        assert any(case.says["says"] in one for one in came.said), came.said
        assert set(came.rows) == set(case.says.get("rows", []))
        assert came.started == case.says.get("starts", [])
        if came.failed:
            assert not came.changed
            assert len(came.said[-1]) < 1000
        if case.says.get("told"):
            assert came.told
        for message in came.told:
            assert_fit_for_people(message)


@pytest.mark.parametrize("function", GOOD)
def test_in_batches_of_ten_only_what_is_bad_comes_back(function: str) -> None:
    """Every message of the corpus that is refused, each between good ones."""
    watched, number = Watched(), 0
    bad = [
        body
        for place, case in enumerate(cases())
        if case.says["expected"] == REFUSED and case.function == function
        for body in case.bodies(watched, 10_000 + 20 * place)
    ]
    for five in batched(bad, 5, strict=False):
        batch: list[str] = []
        for body in five:
            number += 1
            good = json.dumps(SHAPES[GOOD[function]].make(watched, number))
            batch += [body, good]
        came = watched.hand_over(function, batch)
        assert [one.outcome == REFUSED for one in came] == [True, False] * len(five)
        assert {one.outcome for one in came[1::2]} <= {EFFECT, DECISION, IGNORED}
        assert [one.failed for one in came] == [True, False] * len(five)


def test_the_corpus_has_a_folder_for_each_type_of_message() -> None:
    assert tuple(sorted(folder.name for folder in CORPUS.iterdir())) == TYPES
    assert {case.says["expected"] for case in cases()} == {
        AGAIN, DECISION, EFFECT, IGNORED, REFUSED,
    }  # fmt: skip
    for case in cases():
        assert case.says["says"], case.name
