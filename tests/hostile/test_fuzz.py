"""Twenty thousand messages, damaged by fixed seeds: each ends as its shape says, none is lost."""

import pytest

from tests.hostile.fuzz import BATCH, BATCHES, CHUNKS, run
from tests.hostile.watched import AGAIN, DECISION, EFFECT, IGNORED, REFUSED, at_work

ENDS = {REFUSED, AGAIN, IGNORED, DECISION, EFFECT}


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_each_of_a_thousand_messages_ends_as_its_shape_says(chunk: int) -> None:
    """What is wrong is told with the command that shows it again."""
    with at_work():
        ended, wrong = run(chunk)
    assert wrong == []
    assert set(ended) <= ENDS
    assert ended.total() == BATCHES * BATCH
    # What is refused at once proves little: most of what is damaged must still be understood.
    assert ended[REFUSED] < ended.total() / 2


def test_they_are_twenty_thousand() -> None:
    assert CHUNKS * BATCHES * BATCH >= 20_000
